"""The results window as the scripts open it, in a studio, with a desk that says what became of its fixes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.fake_reaper import FakeProject
from support.feedbacks import a_feedback, a_marker
from support.gfx_canvas import GfxCanvas
from support.studio import ANALYZE_MIX, RESULTS, Studio
from uptrack_bridges.messages import Analyze, Feedback, FeedbackApplied, FixApplied, FixResult, Marker, Step

BELL = Step(kind="EQ", text="Bell on Bass", gain_db=-2.5, frequency_hz=240.0, q=1.2, tool="bell", track="{BASS}")
HERE = {"start_s": 20.0, "end_s": 24.0}


class Window:
    """The results window, open, in a studio whose project has one track, Bass, and one finding of it."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.reaper = studio, studio.reaper
        (self.bass,) = studio.tracks("Bass", seconds=100.0)
        self.bass.guid = "{BASS}"
        self.project.history[:] = [("", self.project.snapshot())]
        self.gfx: GfxCanvas | None = None
        self.reaper.prepare = self._give_gfx

    @property
    def project(self) -> FakeProject:
        return self.reaper.front

    def _give_gfx(self, lua: Any, script: Path) -> None:
        if script == RESULTS:
            self.gfx = GfxCanvas(lua)

    async def analyzed(self, *steps: Step, **changes: Any) -> None:
        """One analysis that found one thing, and the window on it."""
        marker = a_marker("low.boom-1", actions=list(steps), track="{BASS}", stem="Bass", **(HERE | changes))
        self.studio.desk.answer = lambda request, job: self.again(request, job, marker)
        await self.studio.analyze(ANALYZE_MIX)
        await self.analyzed_already()

    async def analyzed_already(self) -> None:
        """Open the window on the report that is there."""
        self.reaper.run(RESULTS)
        await self.until_quiet()

    def again(self, request: Analyze, job: str, marker: Marker) -> Feedback:
        """What the desk says: the finding at first, and of a passage what became of it."""
        if request.passage is None:
            return a_feedback(marker, job=job, run="run-1")
        if request.passage.before is None:
            return a_feedback(marker, job=job, run="run-before", passage=True)
        assert request.passage.before == "run-before"
        result = FixResult(
            fix="f", finding=marker.id, status="closed", sentence="−2.4 dB at 240 Hz: closed.", before=4.0, after=None,
            unit="dB", change_db=-2.4, at_hz=240.0,
        )  # fmt: skip
        return a_feedback(job=job, run="run-2", passage=True, fixes=[result])

    async def until_quiet(self) -> None:
        """Go round until all that was asked is answered and the window has nothing left to do."""
        quiet = 0

        def settled() -> bool:
            nonlocal quiet
            said = self.studio.said
            analyses = len(said(Analyze))
            # A fix is measured by two passages, or by a new version.
            passages = [request.passage for request in said(Analyze) if request.passage is not None]
            whole = analyses - len(passages) - 1
            measured = sum(passage.before is not None for passage in passages) + whole
            open_ones = analyses != len(said(FeedbackApplied)) or len(said(FixApplied)) > measured
            waiting = self.studio.letters("to_daemon") or self.studio.letters("to_host") or open_ones
            quiet = 0 if waiting else quiet + 1
            return quiet > 12

        await self.studio.until(settled)

    async def press(self, *keys: str | int) -> None:
        assert self.gfx is not None
        for key in keys:
            self.gfx.press(key)
            self.reaper.turn(0.05)
        await self.until_quiet()

    async def click(self, words: str) -> None:
        """Press and let go where these words stand."""
        self.words()
        assert self.gfx is not None
        text = next(text for text in self.gfx.texts if text.text == words)
        self.gfx.mouse = ((text.left + text.right) / 2, (text.top + text.bottom) / 2)
        for self.gfx.mouse_cap in (1, 0):
            self.reaper.turn(0.05)
        await self.until_quiet()

    def fixes(self) -> list[dict[str, Any]]:
        """What the project remembers of fixes, oldest first."""
        found: list[dict[str, Any]] = [json.loads(line) for line in self.project.kept("fixes").splitlines()]
        return found

    async def fix(self) -> None:
        """Preview and apply, and wait until it is known what came of it."""
        before = len(self.fixes())
        await self.press("p")
        assert self.gfx is not None
        self.gfx.press("a")
        await self.studio.until(lambda: len(self.fixes()) > before and self.fixes()[-1]["state"] != "applied")
        await self.until_quiet()

    def words(self) -> str:
        """What stands in the window; nothing where it is closed."""
        if self.gfx is None or not self.reaper.running:
            return ""
        self.gfx.forget()
        self.gfx.resize(self.gfx.points[0] + 1, self.gfx.points[1])
        for _ in range(3):  # a round that works draws in the next one
            if self.reaper.running and not self.gfx.texts:
                self.reaper.turn(0.05)
        return " ".join(text.text for text in self.gfx.texts)
