"""A stand-in for REAPER's Lua API, strict about every call: it runs our real scripts under a real Lua.

Signatures are those published for REAPER 7.60 (``reaper_api_subset.json``). A call with another number of arguments,
an argument of another type, or a function that is not in the table, is an error; so is an answer of ours that would
not have the published shape. REAPER itself forgives more, so what passes here is not too loose for it.
"""

from __future__ import annotations

import json
import math
import re
import uuid
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POINTER = "a REAPER project"
API: dict[str, Any] = json.loads(Path(__file__).with_name("reaper_api_subset.json").read_text(encoding="utf-8"))


@dataclass(eq=False)
class FakeMarker:
    position_s: float
    name: str
    number: int
    colour: int = 0
    guid: str = field(default_factory=lambda: f"{{{str(uuid.uuid4()).upper()}}}")


@dataclass(frozen=True)
class TempoMarker:
    time_s: float
    quarter_bpm: float
    beats: int = 4
    denominator: int = 4
    gradual: bool = False


@dataclass(eq=False)
class FakeProject:
    """One project tab."""

    name: str = "Warehouse.rpp"
    path: str = "/music/Warehouse.rpp"
    cursor_s: float = 0.0
    tempo: list[TempoMarker] = field(default_factory=list[TempoMarker])
    default_tempo: TempoMarker = field(default_factory=lambda: TempoMarker(0.0, 120.0))
    first_bar: int = 1
    """The ruler's number of the first bar: the project's start offset."""
    markers: list[FakeMarker] = field(default_factory=list[FakeMarker])
    state: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    undo: list[tuple[str, list[FakeMarker]]] = field(default_factory=list[tuple[str, list[FakeMarker]]])
    """(description, markers before), oldest first."""
    _grid: tuple[tuple[TempoMarker, ...], list[float], list[float]] = ((), [], [])
    """Tempo markers the rest was worked out for, starts of measures in seconds, and in beats."""

    def points(self) -> list[TempoMarker]:
        return self.tempo or [self.default_tempo]

    def at(self, time_s: float) -> TempoMarker:
        return self.points()[self._index(time_s)]

    def measure_start_s(self, measure: int) -> float:
        while len(self._starts()) <= measure:
            self._grow()
        return self._starts()[measure]

    def position(self, time_s: float) -> tuple[float, int]:
        """Beats into the measure, and the measure, from 0; each tempo marker starts a measure."""
        while self._starts()[-1] <= time_s:
            self._grow()
        measure = bisect_right(self._starts(), time_s + 1e-9) - 1
        return self.beats_between(self._starts()[measure], time_s), measure

    def beats_between(self, start_s: float, end_s: float) -> float:
        """Beats between two times within one tempo marker's reach."""
        index = self._index(start_s + 1e-9)
        return self._beats_per_s(index, start_s) * (end_s - start_s) + self._slope(index) * (end_s - start_s) ** 2 / 2

    def whole_beats(self, measure: int) -> float:
        """Beats from the project's start to a measure's."""
        starts = self._starts()
        counted = self._grid[2]
        while len(counted) <= measure:
            start_s, end_s = starts[len(counted) - 1], starts[len(counted)]
            counted.append(counted[-1] + self.beats_between(start_s, end_s))
        return counted[measure]

    def _starts(self) -> list[float]:
        """Starts of the measures worked out so far, for the tempo markers as they are now."""
        now = tuple(self.points())
        if self._grid[0] != now:
            self._grid = (now, [now[0].time_s], [0.0])
        return self._grid[1]

    def _grow(self) -> None:
        starts = self._starts()
        index = self._index(starts[-1] + 1e-9)
        points = self.points()
        after_s = points[index + 1].time_s if index + 1 < len(points) else math.inf
        starts.append(min(self._later(index, starts[-1]), after_s))
        if after_s - starts[-1] < 1e-9:
            starts[-1] = after_s

    def _later(self, index: int, time_s: float) -> float:
        """One whole measure after ``time_s``."""
        beats, rate, slope = self.points()[index].beats, self._beats_per_s(index, time_s), self._slope(index)
        if abs(slope) < 1e-12:
            return time_s + beats / rate
        reached = rate**2 + 2 * slope * beats
        return time_s + (math.sqrt(reached) - rate) / slope if reached > 0 else math.inf

    def _index(self, time_s: float) -> int:
        return max(bisect_right(self.points(), time_s, key=lambda point: point.time_s) - 1, 0)

    def _beats_per_s(self, index: int, time_s: float) -> float:
        point = self.points()[index]
        return point.quarter_bpm * point.denominator / 4 / 60 + self._slope(index) * (time_s - point.time_s)

    def _slope(self, index: int) -> float:
        """Beats per second, per second: a gradual tempo moves straight to the next marker's."""
        points = self.points()
        point = points[index]
        if not point.gradual or index + 1 == len(points):
            return 0.0
        rise = (points[index + 1].quarter_bpm - point.quarter_bpm) * point.denominator / 4 / 60
        return rise / (points[index + 1].time_s - point.time_s)


class FakeReaper:
    """REAPER with one script running; call ``turn`` for one round of deferred functions."""

    def __init__(self, lua: Any, *, chosen_file: str | None, project: FakeProject | None = None) -> None:
        self.lua = lua
        self.chosen_file = chosen_file
        self.front = project or FakeProject()
        self.open_projects = [self.front]
        self.console = ""
        self.help = ""
        self.now_s = 100.0
        self.ext_state: dict[tuple[str, str], str] = {}
        self._deferred: list[Callable[[], None]] = []
        self._listing: dict[str, list[str]] = {}
        self._projects: list[FakeProject] = []
        self._pointers: list[Any] = []
        self._block_before: list[FakeMarker] | None = None
        self._refresh_held = 0

    # -- driving the script --------------------------------------------------------------------------------------------

    def run(self, script: Path) -> None:
        """Start an action, as the action list does."""
        table = self.lua.table()
        for name in API["functions"]:
            table[name] = self._checked(name)
        # `rawset` leaves the table's own names free; every other name is a mistake in the script.
        guard = self.lua.eval(
            "function(t) return setmetatable(t, {__index = function(_, name)"
            " error('REAPER 7.60 has no function reaper.' .. tostring(name), 2) end}) end"
        )
        self.lua.globals().reaper = guard(table)
        self.lua.globals().dofile(str(script))

    def turn(self, seconds: float = 0.2) -> None:
        """Let ``seconds`` pass and run what was deferred, once."""
        self.now_s += seconds
        deferred, self._deferred = self._deferred, []
        for function in deferred:
            function()
        assert self._refresh_held == 0, "PreventUIRefresh is not balanced"
        assert self._block_before is None, "an undo block was left open"

    @property
    def running(self) -> bool:
        return bool(self._deferred)

    def undo(self) -> str:
        """Take back the last undo step of the project in front; returns its description."""
        description, self.front.markers = self.front.undo.pop()
        return description

    # -- checking ------------------------------------------------------------------------------------------------------

    def _checked(self, name: str) -> Callable[..., Any]:
        signature = API["functions"][name]
        act = getattr(self, name)

        def call(*arguments: Any) -> Any:
            expected = signature["args"]
            least = sum(not argument.get("optional", False) for argument in expected)
            if not least <= len(arguments) <= len(expected):
                raise TypeError(f"reaper.{name} takes {len(expected)} arguments, got {len(arguments)}")
            for given, argument in zip(arguments, expected, strict=False):
                if not _fits(given, argument["type"]):
                    raise TypeError(f"reaper.{name}: {argument.get('name', 'argument')} must be a {argument['type']}")
            answer = act(*arguments)
            answers = (
                answer
                if isinstance(answer, tuple)
                else ()
                if answer is None and not signature["returns"]
                else (answer,)
            )
            assert len(answers) == len(signature["returns"]), f"the fake {name} answers in another shape"
            return answer

        return call

    def _project(self, project: Any) -> FakeProject:
        return self.front if project is None or isinstance(project, int) else self._projects[project[POINTER]]

    def _pointer(self, project: FakeProject) -> Any:
        """What Lua holds of a project: equal to itself, and nothing else can be done with it."""
        if project not in self._projects:
            self._projects.append(project)
            self._pointers.append(self.lua.table_from({POINTER: len(self._projects) - 1}))
        return self._pointers[self._projects.index(project)]

    # -- the API, by its own names -------------------------------------------------------------------------------------

    def APIExists(self, function_name: str) -> bool:  # noqa: N802
        return function_name in API["functions"]

    def AddProjectMarker2(  # noqa: N802
        self, proj: Any, isrgn: bool, pos: float, rgnend: float, name: str, wantidx: int, color: int
    ) -> int:
        markers = self._project(proj).markers
        taken = {marker.number for marker in markers}
        number = wantidx if wantidx >= 0 and wantidx not in taken else max(taken, default=0) + 1
        markers.append(FakeMarker(pos, name, number, color))
        markers.sort(key=lambda marker: marker.position_s)
        return number

    def ColorToNative(self, r: int, g: int, b: int) -> int:  # noqa: N802
        return r | g << 8 | b << 16

    def CountProjectMarkers(self, proj: Any) -> tuple[int, int, int]:  # noqa: N802
        count = len(self._project(proj).markers)
        return count, count, 0

    def CountTempoTimeSigMarkers(self, proj: Any) -> int:  # noqa: N802
        return len(self._project(proj).tempo)

    def DeleteProjectMarkerByIndex(self, proj: Any, markrgnidx: int) -> bool:  # noqa: N802
        markers = self._project(proj).markers
        if not 0 <= markrgnidx < len(markers):
            return False
        del markers[markrgnidx]
        return True

    def EnumProjectMarkers3(self, proj: Any, idx: int) -> tuple[int, bool, float, float, str, int, int]:  # noqa: N802
        markers = self._project(proj).markers
        if not 0 <= idx < len(markers):
            return 0, False, 0.0, 0.0, "", 0, 0
        marker = markers[idx]
        return idx + 1, False, marker.position_s, marker.position_s, marker.name, marker.number, marker.colour

    def EnumProjects(self, idx: int) -> tuple[Any, str]:  # noqa: N802
        assert idx == -1, "only the current project is enumerated here"
        return self._pointer(self.front), self.front.path

    def EnumerateFiles(self, path: str, fileindex: int) -> str | None:  # noqa: N802
        if fileindex == -1:
            self._listing.pop(path, None)
            return None
        if path not in self._listing:
            folder = Path(path)
            self._listing[path] = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        names = self._listing[path]
        return names[fileindex] if fileindex < len(names) else None

    def GetAppVersion(self) -> str:  # noqa: N802
        return "7.60/linux-x86_64"

    def GetCursorPositionEx(self, proj: Any) -> float:  # noqa: N802
        return self._project(proj).cursor_s

    def GetExtState(self, section: str, key: str) -> str:  # noqa: N802
        return self.ext_state.get((section, key), "")

    def GetProjExtState(self, proj: Any, extname: str, key: str) -> tuple[int, str]:  # noqa: N802
        text = self._project(proj).state.get((extname, key), "")
        return len(text), text

    def GetProjectName(self, proj: Any) -> str:  # noqa: N802
        return self._project(proj).name

    def GetResourcePath(self) -> str:  # noqa: N802
        return "/home/ada/.config/REAPER"

    def GetSetProjectInfo_String(  # noqa: N802
        self,
        project: Any,
        desc: str,
        valuestrNeedBig: str,  # noqa: N803
        is_set: bool,
    ) -> tuple[bool, str]:
        wanted = re.fullmatch(r"MARKER_GUID:(\d+)", desc)
        assert wanted, f"the fake knows no {desc}"
        assert not is_set, "MARKER_GUID is read-only"
        markers, index = self._project(project).markers, int(wanted[1])
        return (True, markers[index].guid) if index < len(markers) else (False, "")

    def GetTempoTimeSigMarker(  # noqa: N802
        self, proj: Any, ptidx: int
    ) -> tuple[bool, float, int, float, float, int, int, bool]:
        tempo = self._project(proj).tempo
        if not 0 <= ptidx < len(tempo):
            return False, 0.0, 0, 0.0, 0.0, 0, 0, False
        point = tempo[ptidx]
        beats, measure = self._project(proj).position(point.time_s)
        before = tempo[ptidx - 1] if ptidx else None
        changed = before is None or (before.beats, before.denominator) != (point.beats, point.denominator)
        # As in REAPER, a marker that changes no signature holds none.
        signature = (point.beats, point.denominator) if changed else (-1, -1)
        return True, point.time_s, measure, beats, point.quarter_bpm, *signature, point.gradual

    def GetUserFileNameForRead(self, filenameNeed4096: str, title: str, defext: str) -> tuple[bool, str]:  # noqa: N802, N803
        return (True, self.chosen_file) if self.chosen_file is not None else (False, "")

    def Help_Set(self, helpstring: str, is_temporary_help: bool) -> None:  # noqa: N802
        self.help = helpstring

    def PreventUIRefresh(self, prevent_count: int) -> None:  # noqa: N802
        self._refresh_held += prevent_count

    def RecursiveCreateDirectory(self, path: str, ignored: int) -> int:  # noqa: N802
        Path(path).mkdir(parents=True, exist_ok=True)
        return 1

    def SetExtState(self, section: str, key: str, value: str, persist: bool) -> None:  # noqa: N802
        self.ext_state[section, key] = value

    def SetProjExtState(self, proj: Any, extname: str, key: str, value: str) -> int:  # noqa: N802
        self._project(proj).state[extname, key] = value
        return len(value)

    def ShowConsoleMsg(self, msg: str) -> None:  # noqa: N802
        self.console += msg

    def TimeMap2_beatsToTime(self, proj: Any, tpos: float, measuresIn: int | None = None) -> float:  # noqa: N802, N803
        project = self._project(proj)
        assert measuresIn is not None
        assert tpos == 0
        return project.measure_start_s(measuresIn)

    def TimeMap2_timeToBeats(self, proj: Any, tpos: float) -> tuple[float, int, int, float, int]:  # noqa: N802
        project = self._project(proj)
        beats, measure = project.position(tpos)
        point = project.at(tpos + 1e-9)
        return beats, measure, point.beats, project.whole_beats(measure) + beats, point.denominator

    def TimeMap_GetTimeSigAtTime(self, proj: Any, time: float) -> tuple[int, int, float]:  # noqa: N802
        point = self._project(proj).at(time)
        return point.beats, point.denominator, point.quarter_bpm

    def Undo_BeginBlock2(self, proj: Any) -> None:  # noqa: N802
        assert self._block_before is None, "undo blocks do not nest"
        assert self._project(proj) is self.front, "undo works on the project in front"
        self._block_before = list(self._project(proj).markers)

    def Undo_EndBlock2(self, proj: Any, descchange: str, extraflags: int) -> None:  # noqa: N802
        assert self._block_before is not None, "no undo block is open"
        assert descchange, "an undo step needs a description"
        self._project(proj).undo.append((descchange, self._block_before))
        self._block_before = None

    def UpdateTimeline(self) -> None:  # noqa: N802
        pass

    def ValidatePtr2(self, proj: Any, pointer: Any, ctypename: str) -> bool:  # noqa: N802
        assert ctypename == "ReaProject*"
        return self._projects[pointer[POINTER]] in self.open_projects

    def defer(self, function: Callable[[], None]) -> None:
        self._deferred.append(function)

    def format_timestr_pos(self, tpos: float, buf: str, modeoverride: int) -> str:
        assert modeoverride == 2, "only measures.beats is known here"
        beats, measure = self.front.position(tpos)
        hundredths = int(beats * 100)
        return f"{measure + self.front.first_bar}.{hundredths // 100 + 1}.{hundredths % 100:02d}"

    def genGuid(self, gGUID: str) -> str:  # noqa: N802, N803
        return f"{{{str(uuid.uuid4()).upper()}}}"

    def set_action_options(self, flag: int) -> None:
        assert flag == 3

    def time_precise(self) -> float:
        return self.now_s


def _is_pointer(given: Any) -> bool:
    # Every Lua version of lupa has table classes of its own, so the name has to do.
    return type(given).__name__ == "_LuaTable" and given[POINTER] is not None


def _fits(given: Any, kind: str) -> bool:
    match kind:
        case "boolean":
            return isinstance(given, bool)
        case "integer" | "flag":
            return isinstance(given, int) and not isinstance(given, bool)
        case "number":
            return isinstance(given, int | float) and not isinstance(given, bool)
        case "string":
            return isinstance(given, str)
        case "ReaProject":
            return (isinstance(given, int) and given == 0) or given is None or _is_pointer(given)
        case "identifier":
            return _is_pointer(given)
        case "function":
            return callable(given)
        case _:
            raise AssertionError(f"the fake knows no type {kind}")
