"""Lua's collector, which by itself pays for a long text all at once: it works a little as each tick begins."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from support.studio import SCRIPTS

GARBAGE_KB = 20_000
LEFT_KB = 6_000
MAKE = "function(count) for _ = 1, count do local _ = {('x'):rep(900 + count % 100)} end end"


@pytest.fixture(params=["lua53", "lua54"])
def lua(request: pytest.FixtureRequest) -> Any:
    runtime = import_module(f"lupa.{request.param}").LuaRuntime(unpack_returned_tuples=True, register_eval=False)
    runtime.globals().package.path = f"{SCRIPTS / 'lib'}/?.lua"
    runtime.execute("reaper = {time_precise = function() return 0 end}")
    return runtime


def count_kb(lua: Any) -> float:
    return float(lua.eval("collectgarbage('count')"))


def test_nothing_is_collected_in_the_middle_of_a_tick(lua: Any) -> None:
    lua.execute("pace = require('pace')")
    before_kb = count_kb(lua)
    lua.eval(MAKE)(GARBAGE_KB)
    assert count_kb(lua) - before_kb > 0.8 * GARBAGE_KB


def test_as_ticks_begin_what_is_not_needed_goes_and_what_is_needed_stays(lua: Any) -> None:
    lua.execute("pace = require('pace'); kept = {}; for number = 1, 1000 do kept[number] = {number} end")
    lua.eval(MAKE)(GARBAGE_KB)
    for _ in range(1_000):
        lua.execute("pace.tick()")
    assert count_kb(lua) < LEFT_KB
    assert lua.eval("#kept == 1000 and kept[1000][1] == 1000")


def test_ticks_that_leave_something_each_time_do_not_pile_it_up(lua: Any) -> None:
    lua.execute("pace = require('pace')")
    make = lua.eval(MAKE)
    for _ in range(2_000):
        lua.execute("pace.tick()")
        make(20)
    assert count_kb(lua) < GARBAGE_KB
