"""REAPER with the demo song's stems as its tracks, at a daemon that is a process of its own.

REAPER's clock is the real one. Waiting goes round and round as REAPER does, until something has happened or nobody can
hope for it any more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from support.daemon_process import GENEROUS_S
from support.fake_reaper import FakeProject, FakeReaper, FakeTrack, TempoMarker
from support.gfx_canvas import GfxCanvas
from support.studio import RESULTS, SCRIPTS
from uptrack_daemon.demo.arrangement import arrange
from uptrack_daemon.demo.song import render
from uptrack_daemon.demo.timeline import BPM

A_MOMENT_S = 0.01
"""Between two rounds: REAPER runs what was deferred some 30 times a second, and the daemon needs the processor too."""


def demo_stems(folder: Path) -> Path:
    """The folder with the demo song's stems, rendered there."""
    return render(folder, arrange(1)).stems[0].path.parent


def song_project(stems: Path, *, name: str = "Concrete Garden.rpp", last_s: float | None = None) -> FakeProject:
    """The song as a project: a track a stem, all of them selected, from its start to ``last_s``."""
    project = FakeProject(name, f"/music/{name}", tempo=[TempoMarker(0.0, BPM)])
    for path in sorted(stems.glob("*.wav")):
        sound, project.sample_rate_hz = soundfile.read(path, always_2d=True)
        both = np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound
        last = None if last_s is None else round(last_s * project.sample_rate_hz)
        project.tracks.append(FakeTrack(path.stem, both[:last], selected=True))
    project.history[:] = [("", project.snapshot())]
    return project


class ReaperAtWork:
    """One REAPER with one project.

    Parameters
    ----------
    project : FakeProject
        The one in front.
    version : str
        Of Lua: "5.3" or "5.4".
    scripts : pathlib.Path
        The folder the actions are run from.
    """

    def __init__(self, project: FakeProject, version: str = "5.4", *, scripts: Path = SCRIPTS) -> None:
        lua = import_module(f"lupa.lua{version.replace('.', '')}").LuaRuntime(unpack_returned_tuples=True)
        self.reaper = FakeReaper(lua, project=project)
        self.reaper.prepare = self._give_gfx
        # The results window is opened by whoever wants it.
        self.reaper.ext_state["UpTrack settings", "window"] = "no"
        self.project = project
        self.scripts = scripts
        self.gfx: GfxCanvas | None = None
        self._last = time.monotonic()

    def _give_gfx(self, lua: Any, script: Path) -> None:
        if script.name == RESULTS.name:
            self.gfx = GfxCanvas(lua)

    def turn(self) -> None:
        """One round; REAPER's clock has moved as far as ours."""
        time.sleep(A_MOMENT_S)
        now = time.monotonic()
        self.reaper.turn(now - self._last)
        self._last = now

    def until(self, happened: Callable[[], object]) -> None:
        """Go round until ``happened``; say what REAPER's console holds if that never comes."""
        last_hope = time.monotonic() + GENEROUS_S
        while not happened():
            assert time.monotonic() < last_hope, f"still waiting; the console says: {self.reaper.console}"
            self.turn()

    def start(self, action: Path) -> None:
        self.reaper.run(self.scripts / action.name)

    def to_its_end(self, action: Path) -> None:
        """Run an action from the key press to its end."""
        self.start(action)
        self.until(lambda: not self.reaper.running)

    def begin_job(self, action: Path) -> None:
        """Run an action until the daemon is at work for it."""
        self.start(action)
        self.until(lambda: '"analysing"' in self.reaper.ext_state.get(("UpTrack board", "progress"), ""))

    # -- the report and the window -------------------------------------------------------------------------------------

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.project.kept("report"))
        return found

    def fixes(self, finding: str) -> list[dict[str, Any]]:
        records = [json.loads(line) for line in self.project.kept("fixes").splitlines()]
        return [record for record in records if record["finding"] == finding]

    def press(self, *keys: str) -> None:
        """Type keys into the results window, one a round."""
        assert self.gfx is not None
        for key in keys:
            self.gfx.press(key)
            self.until(lambda: not self.gfx.keys if self.gfx else True)

    def words(self) -> str:
        """What stands in the window."""
        assert self.gfx is not None
        self.gfx.forget()
        self.gfx.resize(self.gfx.points[0] + 1, self.gfx.points[1])
        self.turn()
        return " ".join(text.text for text in self.gfx.texts)

    def choose(self, finding: str) -> None:
        """Go to a finding of the list by its keys."""
        report = self.report
        order = [one["id"] for one in [*report["markers"], *report["more"]]]
        self.press("home", *["down"] * order.index(finding))
