"""How long REAPER stands still for a tick of our scripts, under both Luas: 5,000 findings, and 2,000 stray files.

``PYTHONPATH=tests python benchmarks/reaper_ticks.py`` prints the median, the 99th percentile and the worst tick, each
as a share of the 2 ms a tick may take. What is measured is the processor's time in Lua: what the stand-in for REAPER
does in Python is taken off, and so is what REAPER's own functions would take, which only a REAPER can tell; the most
calls of them in a tick stand beside it. The scripts' clock runs as they work, so they pace themselves by time as well.

A tick that seems to come near 2 ms is run several times over from the same state, each time in a copy of this process:
its smallest time is printed beside the one it took when it counted, which has the machine's noise in it. Linux only.
"""

from __future__ import annotations

import asyncio
import ctypes
import math
import os
import statistics
import struct
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


PATIENCE_S = 1_000.0
"""A tick that is run six times over takes its time."""
REHEARSALS = 5
QUICK_MS = 1.9
"""A tick that was run in no longer is not run more often."""
REHEARSAL = """function()
  local open = io.open
  function io.open(path, mode)
    return open(mode and mode:find("w", 1, true) and "/dev/null" or path, mode)
  end
  function os.remove() return true end
  function os.rename() return true end
end"""
"""From now on nothing is changed on the disk."""
MADV_POPULATE_WRITE = 23


def unshare_memory() -> None:
    """Have every page of a copied process copied now: the first touch would do it else, in the middle of a tick."""
    libc = ctypes.CDLL(None)
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, *_rest, name = line.split()
        if name == "[heap]":
            begin, end = (int(address, 16) for address in span.split("-"))
            libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), MADV_POPULATE_WRITE)


class Meter:
    """The time of the scripts alone.

    To cross from Lua into Python and back takes most of a microsecond, and REAPER's functions are not in Python: what a
    crossing for nothing takes is measured first, and taken off each.
    """

    def __init__(self, lua: Any) -> None:
        self._outside_s = 0.0
        self._crossings = 0
        self._crossing_s = 0.0
        self._depth = 0
        self._began_s = 0.0
        self._crossing_s = min(self._crossed_s(lua, 1_000) for _ in range(50)) / 1_000

    def _crossed_s(self, lua: Any, count: int) -> float:
        cross = lua.eval("function(act, count) for number = 1, count do act(number, 1.5, 'x') end end")
        nothing = self.outside(lambda *_arguments: None)
        self.begin()
        cross(nothing, count)
        return self.spent_s()

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
                    self._crossings += 1
                    self._outside_s += clock_s() - began_s

        return timed

    def begin(self) -> None:
        self._began_s, self._outside_s, self._crossings = clock_s(), 0.0, 0

    def spent_s(self) -> float:
        return clock_s() - self._began_s - self._outside_s - self._crossings * self._crossing_s


class MeteredCanvas(GfxCanvas):
    def __init__(self, lua: Any, meter: Meter) -> None:
        self._meter = meter
        super().__init__(lua)

    def _checked(self, name: str) -> Any:
        return self._meter.outside(super()._checked(name))

    def _read(self, name: str) -> Any:
        return self._meter.outside(super()._read)(name)


class MeteredReaper(FakeReaper):
    """REAPER that tries a tick from the very same state before it counts; several times where it comes near the budget.

    What comes between on the machine (another process's cache lines, a late page, a clock that stutters) differs from
    one run to the next, and what the scripts do does not: the smallest is theirs, with the garbage they collect.
    """

    def __init__(self, lua: Any) -> None:
        self.meter = Meter(lua)
        self.once_ms: list[float] = []
        self.smallest_ms: list[float] = []
        self.starts_ms: list[float] = []
        """The smallest of each run that begins a script, whose files are compiled then: no tick of one that waits."""
        self._starts = False
        self.canvas: MeteredCanvas | None = None
        self._rehearsals: list[Callable[[], object]] = []
        super().__init__(lua, chosen_file="/music/mix.wav")
        self.prepare = self._prepare

    def _prepare(self, lua: Any, script: Path) -> None:
        self._rehearsals.append(lua.eval(REHEARSAL))
        if script == RESULTS:
            self.canvas = MeteredCanvas(lua, self.meter)

    def _counter(self, lua: Any) -> Callable[[], int]:
        return lambda: 0  # a hook that counts has every instruction look whether it is time: twice the work

    def _spent_ms(self, functions: list[Callable[[], object]]) -> float:
        self.meter.begin()
        for function in functions:
            function()
        return 1_000 * self.meter.spent_s()

    def _rehearsed_ms(self, functions: list[Callable[[], object]], *, exactly: bool) -> float:
        """The same tick in a copy of this process, which this one hears nothing of but the time."""
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                for quieten in self._rehearsals:
                    quieten()
                if exactly:
                    unshare_memory()
                os.write(writing, struct.pack("d", self._spent_ms(functions)))
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        return float(struct.unpack("d", said)[0])

    def _checked(self, name: str, runtime: int) -> Callable[..., Any]:
        plain = super()._checked(name, runtime)
        # A script that another one starts runs inside this call, and its work is ours.
        return plain if name == "Main_OnCommandEx" else self.meter.outside(plain)

    def _start(self, lua: Any, script: Path) -> None:
        self._starts = True
        super()._start(lua, script)

    def _as_a_tick(self, functions: list[Callable[[], object]]) -> None:
        def timed() -> None:
            self._starts = False
            once_ms = self._spent_ms(functions)
            if self._starts:
                self.starts_ms.append(min(rehearsed_ms, once_ms))
            else:
                self.once_ms.append(once_ms)
                self.smallest_ms.append(min(rehearsed_ms, once_ms))

        rehearsed_ms = math.inf
        for number in range(REHEARSALS):
            rehearsed_ms = min(rehearsed_ms, self._rehearsed_ms(functions, exactly=number > 0))
            if rehearsed_ms < QUICK_MS:
                break
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
    inbox = studio.mailbox / f"{reaper.ext_state['UpTrack', 'instance']}-files" / "to_host"
    for number in range(STRAY):
        (inbox / f"stray {number}").touch()
    del reaper.once_ms[:], reaper.smallest_ms[:], reaper.starts_ms[:], reaper.ticks[:]
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
            studio = Studio(reaper, Path(folder), EchoDesk(), PATIENCE_S)
            studio.announce()
            async with studio.daemon():
                await scenario(studio, reaper)
            show(f"{version}, {scenario.__name__.replace('_', ' ')}", reaper.once_ms)
            show("  the smallest of several runs of each", reaper.smallest_ms)
            print(f"    to begin a script: {', '.join(f'{start:.1f}' for start in reaper.starts_ms)} ms")
            show("  beside it, the same loop each time", loops(lua, LOOP_MS, len(reaper.once_ms)))
            most = [max(getattr(tick, what) for tick in reaper.ticks) for what in ("calls", "listings")]
            print(f"    most calls {most[0]}, listings {most[1]}")


def main() -> None:
    for version in ("lua53", "lua54"):
        asyncio.run(measure(version))


if __name__ == "__main__":
    main()
