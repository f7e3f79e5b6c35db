"""``uptrack.json`` as the scripts in REAPER read it: by our Lua JSON, under both of REAPER's Luas."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from uptrack_daemon.install.stamp import new_stamp

JSON = Path(__file__).parents[2] / "reaper_scripts" / "UpTrack" / "lib" / "json.lua"


@pytest.mark.parametrize("version", ["lupa.lua53", "lupa.lua54"])
def test_lua_reads_where_the_daemon_lives_and_how_to_start_it(version: str) -> None:
    home = '/home/zoë 音 🎚/"x"\\y'
    command = ["/usr/bin/python 3", "-m", "uptrack_daemon.cli.at_home", home]
    lua = import_module(version).LuaRuntime(unpack_returned_tuples=True)
    stamp = lua.globals().dofile(str(JSON)).decode(new_stamp("1.0", home, command, {"a.lua": b"a"}).text())
    assert (stamp.version, stamp.home) == ("1.0", home)
    assert list(stamp.command.values()) == command
