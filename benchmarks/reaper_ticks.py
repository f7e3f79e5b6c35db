"""How long REAPER stands still for a tick of our scripts, under both Luas: 5,000 findings, and 2,000 stray files.

``PYTHONPATH=tests python benchmarks/reaper_ticks.py`` prints the median, the 99th percentile and the worst tick, each
as a share of the 2 ms a tick may take. What is measured is the processor's time in Lua: what the stand-in for REAPER
does in Python is taken off, and so is what REAPER's own functions would take, which only a REAPER can tell; the most
calls of them in a tick stand beside it. The scripts' clock runs as they work, so they pace themselves by time as well.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from support.desks import EchoDesk
from support.fake_reaper import FakeReaper
from support.feedbacks import a_feedback, a_marker, many_markers
from support.gfx_canvas import GfxCanvas
from support.reaper_project import FakeProject
from support.studio import ANALYZE_FILES, ANALYZE_MIX, REMOVE, RESULTS, Studio

BUDGET_MS = 2.0
FINDINGS, STRAY = 5_000, 2_000
LOOP_MS = 1.5
ROUNDS_A_SECOND = 30
clock_s = time.thread_time


class Meter:
    """The time of the scripts alone."""

    def __init__(self) -> None:
        self._outside_s = 0.0
        self._depth = 0
        self._began_s = 0.0

    def outside(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """``act``, whose time is not the scripts'; unless they run inside it."""

        @wraps(act)
        def timed(*arguments: Any) -> Any:
            began_s = clock_s()
            self._depth += 1
            try:
                return act(*arguments)
            finally:
                self._depth -= 1
                if not self._depth:
                    self._outside_s += clock_s() - began_s

        return timed

    def begin(self) -> None:
        self._began_s, self._outside_s = clock_s(), 0.0

    def spent_s(self) -> float:
        return clock_s() - self._began_s - self._outside_s


class MeteredCanvas(GfxCanvas):
    def __init__(self, lua: Any, meter: Meter) -> None:
        self._meter = meter
        super().__init__(lua)

    def _checked(self, name: str) -> Any:
        return self._meter.outside(super()._checked(name))

    def _read(self, name: str) -> Any:
        return self._meter.outside(super()._read)(name)


class MeteredReaper(FakeReaper):
    def __init__(self, lua: Any) -> None:
        self.meter = Meter()
        self.spent_ms: list[float] = []
        self.canvas: MeteredCanvas | None = None
        super().__init__(lua, chosen_file="/music/mix.wav")
        self.prepare = self._give_canvas

    def _give_canvas(self, lua: Any, script: Path) -> None:
        if script == RESULTS:
            self.canvas = MeteredCanvas(lua, self.meter)

    def _checked(self, name: str, runtime: int) -> Callable[..., Any]:
        plain = super()._checked(name, runtime)
        # A script that another one starts runs inside this call, and its work is ours.
        return plain if name == "Main_OnCommandEx" else self.meter.outside(plain)

    def _as_a_tick(self, functions: list[Callable[[], object]]) -> None:
        def timed() -> None:
            self.meter.begin()
            for function in functions:
                function()
            self.spent_ms.append(1_000 * self.meter.spent_s())

        super()._as_a_tick([timed])

    def _render(self, project: FakeProject) -> None:
        self.meter.outside(super()._render)(project)

    def time_precise(self) -> float:
        return self.now_s + self.meter.spent_s()


def loops(lua: Any, like_ms: float, count: int) -> list[float]:
    """Milliseconds of ``count`` loops that each take about ``like_ms``, always do the same and allocate nothing."""
    loop = lua.eval("function(turns) local sum = 0; for turn = 1, turns do sum = sum + turn % 7 end; return sum end")

    def spent_ms(turns: int) -> float:
        began_s = clock_s()
        loop(turns)
        return 1_000 * (clock_s() - began_s)

    probe = 100_000
    turns = round(probe * like_ms / statistics.median(spent_ms(probe) for _ in range(20)))
    return [spent_ms(turns) for _ in range(count)]


def show(what: str, spent_ms: list[float]) -> None:
    ordered = sorted(spent_ms)
    at_99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    over = sum(spent > BUDGET_MS for spent in ordered)
    figures = "  ".join(
        f"{name} {value:.2f} ms, {value / BUDGET_MS:.2f} ×"
        for name, value in (("median", statistics.median(ordered)), ("99 %", at_99), ("worst", ordered[-1]))
    )
    print(f"  {what}: {len(ordered)} ticks, {figures}; {over} over")


async def five_thousand_findings(studio: Studio, reaper: MeteredReaper) -> None:
    """Placed, compared with what stands, listed in the window, and removed."""
    (bass,) = studio.tracks("Bass", seconds=2.0)
    markers = many_markers(FINDINGS, bass.guid)
    studio.desk.answer = lambda _request, job: a_feedback(*markers, job=job)
    for _ in range(2):
        await studio.analyze(ANALYZE_MIX)
    reaper.run(RESULTS)
    canvas = reaper.canvas
    assert canvas is not None
    await studio.until(lambda: any(text.text == "low.boom-0000 is off" for text in canvas.texts))
    for key in ("end", "home", *["down"] * 20, "p", "c", "?"):
        canvas.press(key)
        reaper.turn(0.05)
    reaper.reload()
    reaper.run(REMOVE)
    await studio.until(lambda: not reaper.running)


async def two_thousand_stray_files(studio: Studio, reaper: MeteredReaper) -> None:
    """An action that waits for a minute for an answer, beside files that are nobody's."""
    studio.desk.answer = lambda _request, job: a_feedback(a_marker("low.boom-1"), job=job)
    await studio.analyze(ANALYZE_FILES)
    (inbox,) = studio.mailbox.glob("*/to_host")
    for number in range(STRAY):
        (inbox / f"stray {number}").touch()
    del reaper.spent_ms[:], reaper.ticks[:]
    studio.desk.answer = None
    reaper.run(ANALYZE_FILES)
    for _ in range(60 * ROUNDS_A_SECOND):
        reaper.turn(1 / ROUNDS_A_SECOND)
        await asyncio.sleep(0)


async def measure(version: str) -> None:
    for scenario in (five_thousand_findings, two_thousand_stray_files):
        with tempfile.TemporaryDirectory(prefix="uptrack-bench-") as folder:
            os.environ["UPTRACK_HOME"] = folder
            lua = import_module(f"lupa.{version}").LuaRuntime(unpack_returned_tuples=True, register_eval=False)
            reaper = MeteredReaper(lua)
            studio = Studio(reaper, Path(folder), EchoDesk())
            studio.announce()
            async with studio.daemon():
                await scenario(studio, reaper)
            show(f"{version}, {scenario.__name__.replace('_', ' ')}", reaper.spent_ms)
            show("  beside it, the same loop each time", loops(lua, LOOP_MS, len(reaper.spent_ms)))
            most = [max(getattr(tick, what) for tick in reaper.ticks) for what in ("calls", "listings")]
            print(f"    most calls {most[0]}, listings {most[1]}")


def main() -> None:
    for version in ("lua53", "lua54"):
        asyncio.run(measure(version))


if __name__ == "__main__":
    main()
