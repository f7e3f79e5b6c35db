"""A stand-in for REAPER's Lua API, strict about every call: it runs our real scripts under a real Lua.

Signatures are those published for REAPER 7.60, all 722 of them (``reaper_api.json``). A call with another number of
arguments, an argument of another type, or of a function that is not in the table, is an error; so is an answer of ours
that would not have the published shape, and a call of a function the stand-in does not play. REAPER itself forgives
more, so what passes here is not too loose for it.

Each script has a Lua of its own, and a tick is counted in instructions and listings. What the functions do is
``reaper_functions``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from support import windows_paths
from support.reaper_functions import API, SWS, FakeSource, ReaperFunctions, Tick
from support.reaper_project import FakeEnvelope, FakeItem, FakeMarker, FakeProject, FakeTrack
from support.reaper_tempo import TempoMarker
from support.reaper_transport import advance

__all__ = ["API", "SWS", "FakeMarker", "FakeProject", "FakeReaper", "FakeTrack", "TempoMarker", "Tick"]

POINTER = "a REAPER pointer"
POINTERS = """function(name)
  local made = {}
  -- An address is the same in every script.
  local light = {__tostring = function(pointer) return ("userdata: 0x%012x"):format(pointer[name]) end}
  return function(number)
    made[number] = made[number] or setmetatable({[name] = number}, light)
    return made[number]
  end
end"""
"""Kept in Lua: what lupa hands to Python while a coroutine runs must not outlive the coroutine."""
INSTRUCTIONS_A_COUNT = 100
COUNTER = """function(step)
  local counted = 0
  local function count() counted = counted + step end
  -- A hook belongs to one coroutine, and most of our work is done in others.
  local create = coroutine.create
  function coroutine.create(body)
    local thread = create(body)
    debug.sethook(thread, count, "", step)
    return thread
  end
  coroutine.wrap = nil
  debug.sethook(count, "", step)
  return function()
    local since = counted
    counted = 0
    return since
  end
end"""
"""Counts in Lua itself: a call to Python every hundred instructions would cost more than the instructions."""


SLOW_DISK = """function(wait)
  for _, place in ipairs {{io, "open"}, {os, "remove"}, {os, "rename"}} do
    local library, name = place[1], place[2]
    local act = library[name]
    library[name] = function(...)
      wait()
      return act(...)
    end
  end
end"""


class FakeReaper(ReaperFunctions):
    """REAPER with our scripts in it; call ``turn`` for one round of deferred functions.

    Parameters
    ----------
    lua
        A Lua runtime of the version to run scripts under; each script gets one of its own like it.
    chosen_file : str or list of str, optional
        What the user picks in the file dialog, one after the other; ``None`` cancels.
    """

    def __init__(
        self, lua: Any, *, chosen_file: str | list[str] | None = None, project: FakeProject | None = None
    ) -> None:
        super().__init__(project or FakeProject(), chosen_file)
        self.lua = lua
        self.ticks: list[Tick] = []
        self.prepare: Callable[[Any, Path], object] = lambda _lua, _script: None
        """Called with each new runtime and its script, to give it what it needs beside ``reaper``, such as ``gfx``."""
        self.runtimes: list[Any] = []
        """One a script that was run, in the order they were started."""
        self._counters: list[Callable[[], int]] = []
        self._in_a_round = False
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}
        """Places in ``_objects`` by an object's id."""
        self._pointers: list[Callable[[int], Any]] = []

    # -- driving the scripts -------------------------------------------------------------------------------------------

    def run(self, script: Path) -> None:
        lua = type(self.lua)(unpack_returned_tuples=True, register_eval=False)
        number, self._picked = len(self.runtimes), False
        self.runtimes.append(lua)
        self._pointers.append(lua.eval(POINTERS)(POINTER))
        table = lua.table()
        for name in [*API["functions"], *(SWS if self.sws else ())]:
            if hasattr(self, name):
                table[name] = self._checked(name, number)
        # `rawset` leaves the table's own names free; every other name is a mistake in the script.
        guard = lua.eval(
            "function(t, is_there) return setmetatable(t, {__index = function(_, name)"
            " error(is_there(name) and 'the stand-in does not play reaper.' .. name"
            " or 'REAPER 7.60 has no function reaper.' .. tostring(name), 2) end}) end"
        )
        lua.globals().reaper = guard(table, lambda name: name in API["functions"])
        self.prepare(lua, script)
        self._counters.append(self._counter(lua))
        if self.windows:
            lua.execute(windows_paths.IN_LUA)
        if self.disk_s:
            lua.eval(SLOW_DISK)(self._wait_for_disk)
        if self._in_a_round:  # another script has started it
            self._start(lua, script)
        else:
            self._as_a_tick([lambda: self._start(lua, script)])

    def _counter(self, lua: Any) -> Callable[[], int]:
        return lua.eval(COUNTER)(INSTRUCTIONS_A_COUNT)  # type: ignore[no-any-return]

    def _start(self, lua: Any, script: Path) -> None:
        """Run a script to its end; unless it deferred something or made a step of its own, REAPER makes one."""
        project, before, self._keeps_undo = self.front, self._keeps_undo, False
        try:
            # REAPER reads a script itself, wherever it lies.
            lua.eval("function(text, name) assert(load(text, name))() end")(
                script.read_text("utf-8"), f"@{self.named(script)}"
            )
        finally:
            makes_one, self._keeps_undo = not self._keeps_undo, before
            if makes_one:
                project.add_undo_point(f"ReaScript: {script.name}")

    def _as_a_tick(self, functions: list[Callable[[], object]]) -> None:
        self.tick = Tick()
        self._read_counters()
        self._in_a_round = True
        try:
            for function in functions:
                function()
        finally:
            self._in_a_round = False
        self.tick.instructions = self._read_counters()
        self.ticks.append(self.tick)
        self._check_balance()

    def turn(self, seconds: float = 0.2) -> None:
        """Let ``seconds`` pass and run what was deferred, once."""
        self.now_s += seconds
        for project in [] if self.stream_out.by_itself else self.open_projects:
            self.stream_out.played(project, advance(project, seconds))
        deferred, self._deferred = self._deferred, []
        self._as_a_tick(list(deferred))

    def _check_balance(self) -> None:
        assert self._refresh_held == 0, "PreventUIRefresh is not balanced"
        assert self._undo_block is None, "an undo block was left open"

    def _read_counters(self) -> int:
        """Instructions of all scripts since the last call."""
        return sum(int(counter()) for counter in self._counters)

    @property
    def running(self) -> bool:
        return bool(self._deferred)

    def _wait_for_disk(self) -> None:
        self.now_s += self.disk_s
        self.tick.disk_s += self.disk_s

    def reload(self) -> None:
        """The user ends all scripts, as "terminate instances" does: what was deferred is gone, what ends runs."""
        exits, self._exits, self._deferred = self._exits, [], []
        for function in exits:
            function()

    def undo(self) -> str:
        """Take back the last undo step of the project in front; returns its description."""
        return self.front.undo()

    # -- checking ------------------------------------------------------------------------------------------------------

    def _checked(self, name: str, runtime: int) -> Callable[..., Any]:
        signature = API["functions"].get(name) or SWS[name]
        act = getattr(self, name)

        def call(*arguments: Any) -> Any:
            self.tick.calls += 1
            expected = signature["args"]
            least = sum(not argument.get("optional", False) for argument in expected)
            if not least <= len(arguments) <= len(expected):
                raise TypeError(f"reaper.{name} takes {len(expected)} arguments, got {len(arguments)}")
            for given, argument in zip(arguments, expected, strict=False):
                if not self._fits(given, argument["type"]):
                    raise TypeError(f"reaper.{name}: {argument.get('name', 'argument')} must be a {argument['type']}")
            answer = act(*(self._object(given) for given in arguments))
            answers = (
                answer
                if isinstance(answer, tuple)
                else ()
                if answer is None and not signature["returns"]
                else (answer,)
            )
            assert len(answers) == len(signature["returns"]), f"the fake {name} answers in another shape"
            handed = tuple(self._handed(one, runtime) for one in answers)
            return handed if len(handed) != 1 else handed[0]

        return call

    def _fits(self, given: Any, kind: str) -> bool:
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
                whole = isinstance(given, int) and given == 0
                return whole or given is None or isinstance(self._object(given), FakeProject)
            case "MediaTrack":
                return isinstance(self._object(given), FakeTrack)
            case "MediaItem":
                return isinstance(self._object(given), FakeItem)
            case "PCM_source":
                return isinstance(self._object(given), FakeSource)
            case "TrackEnvelope":
                return isinstance(self._object(given), FakeEnvelope)
            case "identifier":
                return _is_pointer(given)
            case "function":
                return callable(given)
            case _:
                raise AssertionError(f"the fake knows no type {kind}")

    def _object(self, given: Any) -> Any:
        return self._objects[given[POINTER]] if _is_pointer(given) else given

    def _handed(self, answer: Any, runtime: int) -> Any:
        """What Lua holds of a project, track or source: equal to itself, and nothing else can be done with it."""
        if not isinstance(answer, FakeProject | FakeTrack | FakeEnvelope | FakeItem | FakeSource):
            return answer
        number = self._numbers.setdefault(id(answer), len(self._objects))
        if number == len(self._objects):
            self._objects.append(answer)  # kept alive, so no other object gets its id
        return self._pointers[runtime](number)


def _is_pointer(given: Any) -> bool:
    # Every Lua version of lupa has table classes of its own, so the name has to do.
    return type(given).__name__ == "_LuaTable" and given[POINTER] is not None
