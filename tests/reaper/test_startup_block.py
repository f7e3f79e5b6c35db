"""The lines in ``__startup.lua``, run by both of REAPER's Luas: they register our actions once, and stop nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from uptrack_daemon.install.marked_block import with_block
from uptrack_daemon.install.reaper_startup import action_scripts, startup_lines

OURS = Path(__file__).parents[2] / "reaper_scripts" / "UpTrack"
PUBLISHED: dict[str, tuple[type, ...]] = {
    # Argument types as published for REAPER 7.60.
    "AddRemoveReaScript": (bool, int, str, bool),
    "GetExtState": (str, str),
    "GetResourcePath": (),
    "SetExtState": (str, str, str, bool),
    "ShowConsoleMsg": (str,),
    "file_exists": (str,),
}


@dataclass
class StartingReaper:
    """As much of REAPER as its start needs; a call that is not as published is an error."""

    lua: Any
    resources: Path
    state: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """What REAPER keeps between its starts."""
    actions: list[str] = field(default_factory=list[str])
    calls: list[tuple[bool, str, bool]] = field(default_factory=list[tuple[bool, str, bool]])
    console: str = ""
    full: bool = False
    """Whether REAPER refuses to register anything."""

    def start(self, startup: bytes) -> Any:
        """Start REAPER with this ``__startup.lua``; answers what the file returns."""
        path = self.resources / "Scripts" / "__startup.lua"
        path.write_bytes(startup)
        self.calls.clear()
        table = self.lua.table_from({name: self._checked(name) for name in PUBLISHED})
        self.lua.globals().reaper = table
        return self.lua.globals().dofile(str(path))

    def _checked(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            assert tuple(type(argument) for argument in arguments) == PUBLISHED[name], (name, arguments)
            return getattr(self, name)(*arguments)

        return call

    def AddRemoveReaScript(self, add: bool, sectionID: int, scriptfn: str, commit: bool) -> int:  # noqa: N802, N803
        assert sectionID == 0, "the main section"
        self.calls.append((add, scriptfn, commit))
        if self.full:
            return 0
        if add and scriptfn not in self.actions:
            self.actions.append(scriptfn)
        if not add and scriptfn in self.actions:
            self.actions.remove(scriptfn)
        return 50_000

    def GetExtState(self, section: str, key: str) -> str:  # noqa: N802
        return self.state.get((section, key), "")

    def GetResourcePath(self) -> str:  # noqa: N802
        return str(self.resources)

    def SetExtState(self, section: str, key: str, value: str, persist: bool) -> None:  # noqa: N802
        assert persist, "it has to outlive this REAPER"
        assert "\n" not in value, "REAPER keeps it as a line of an ini file"
        self.state[section, key] = value

    def ShowConsoleMsg(self, msg: str) -> None:  # noqa: N802
        self.console += msg

    def file_exists(self, path: str) -> bool:
        return Path(path).is_file()


@pytest.fixture(params=["lupa.lua53", "lupa.lua54"])
def reaper(request: pytest.FixtureRequest, tmp_path: Path) -> StartingReaper:
    lua = import_module(request.param).LuaRuntime(unpack_returned_tuples=True, register_eval=False)
    (tmp_path / "Scripts" / "UpTrack").mkdir(parents=True)
    return StartingReaper(lua, tmp_path)


def install(reaper: StartingReaper, names: list[str], version: str = "1.0", before: str | None = None) -> bytes:
    """Put files there, and answer the ``__startup.lua`` that goes with them."""
    for name in names:
        (reaper.resources / "Scripts" / "UpTrack" / name).touch()
    return with_block(None, startup_lines(version, names, before), "__startup.lua")


def path_of(reaper: StartingReaper, name: str) -> str:
    return str(reaper.resources / "Scripts" / "UpTrack" / name)


def test_every_action_we_ship_is_registered_and_the_last_call_commits(reaper: StartingReaper) -> None:
    names = action_scripts(path.relative_to(OURS).as_posix() for path in OURS.rglob("*.lua"))
    reaper.start(install(reaper, names))
    assert reaper.actions == [path_of(reaper, name) for name in names]
    assert [commit for _, _, commit in reaper.calls] == [False] * (len(names) - 1) + [True]
    assert reaper.console == ""


def test_it_happens_once_for_each_version(reaper: StartingReaper) -> None:
    first = startup_lines("1.0", ["a.lua"], None)
    startup = install(reaper, ["a.lua"], before=first)
    reaper.start(startup)
    reaper.actions.clear()  # the user deleted it from the list
    reaper.start(startup)
    assert reaper.calls == []
    reaper.start(install(reaper, ["a.lua"], "1.1", before=first))
    assert reaper.actions == [path_of(reaper, "a.lua")]


def test_a_new_installation_of_the_same_version_registers_again(reaper: StartingReaper) -> None:
    reaper.start(install(reaper, ["a.lua"]))
    reaper.actions.clear()
    reaper.start(install(reaper, ["a.lua"]))
    assert reaper.actions == [path_of(reaper, "a.lua")]


def test_an_action_this_version_no_longer_has_is_taken_out(reaper: StartingReaper) -> None:
    reaper.start(install(reaper, ["a.lua", "old name.lua"]))
    reaper.start(install(reaper, ["a.lua", "new name.lua"], "2.0"))
    assert reaper.calls == [
        (False, path_of(reaper, "old name.lua"), False),
        (True, path_of(reaper, "a.lua"), False),
        (True, path_of(reaper, "new name.lua"), True),
    ]
    assert reaper.actions == [path_of(reaper, "a.lua"), path_of(reaper, "new name.lua")]


def test_what_reaper_refused_is_tried_at_the_next_start(reaper: StartingReaper) -> None:
    startup = install(reaper, ["a.lua"])
    reaper.full = True
    reaper.start(startup)
    reaper.full = False
    reaper.start(startup)
    assert reaper.actions == [path_of(reaper, "a.lua")]


def test_without_the_scripts_nothing_is_registered(reaper: StartingReaper) -> None:
    startup = install(reaper, ["a.lua", "b.lua"])
    (reaper.resources / "Scripts" / "UpTrack" / "b.lua").unlink()
    reaper.start(startup)
    assert reaper.calls == []
    assert reaper.state == {}


@pytest.mark.parametrize(
    "users", [b"mine = 7\nreturn mine", b"\xef\xbb\xbfreturn 7", b"#!lua\r\nreturn 7\r\n", b"--[[ x ]] return 7 -- [["]
)
def test_the_users_own_lines_run_as_before(reaper: StartingReaper, users: bytes) -> None:
    install(reaper, ["a.lua"])
    startup = with_block(users, startup_lines("1.0", ["a.lua"], None), "__startup.lua")
    assert reaper.start(startup) == 7
    assert reaper.actions == [path_of(reaper, "a.lua")]


def test_an_error_of_ours_is_said_and_stops_nothing(reaper: StartingReaper) -> None:
    startup = install(reaper, ["a.lua"]) + b"return 7"
    reaper.file_exists = None  # type: ignore[assignment, method-assign]
    assert reaper.start(startup) == 7
    assert "UpTrack: its actions could not be registered" in reaper.console


@pytest.mark.parametrize("name", ['a "quoted" one.lua', "back\\slash.lua", "Wärme 音.lua", "$&[[]].lua"])
def test_any_name_reaches_reaper_as_it_is(reaper: StartingReaper, name: str) -> None:
    reaper.start(install(reaper, [name]))
    assert reaper.actions == [path_of(reaper, name)]


def test_only_files_directly_in_the_folder_are_actions() -> None:
    assert action_scripts(["lib/json.lua", "UpTrack_B.lua", "uptrack.json", "UpTrack_A.lua"]) == [
        "UpTrack_A.lua",
        "UpTrack_B.lua",
    ]


def test_the_lines_use_nothing_but_what_is_checked_here() -> None:
    lines = startup_lines("1.0", ["a.lua"], None)
    assert set(re.findall(r"\breaper\.(\w+)", lines)) == set(PUBLISHED)
