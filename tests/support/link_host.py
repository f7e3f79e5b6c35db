"""A script's side of the link, for tests: ``lib/link.lua`` under a real Lua, looked at from Python.

``LinkHost`` runs it in this process, with whatever Lua it is given. LuaSocket is a library that looks for Lua's own
functions in the process, and two Luas in one process would get each other's; so ``LinkChild`` runs one in a process of
its own, where this module is the program: one JSON command a line in, one JSON answer a line out.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from support.fake_reaper import FakeReaper
from support.needs import need_luasocket

SCRIPTS = Path(__file__).parents[2] / "reaper_scripts" / "UpTrack"
DRIVER = Path(__file__).with_name("link_host.lua")
LINE_BYTES = 1 << 24

Heard = dict[str, Any]


class LinkHost:
    """One script with one link.

    Parameters
    ----------
    reaper : FakeReaper
        Gives it a Lua of its own.
    scripts : pathlib.Path
        The installed folder ``UpTrack``.
    """

    def __init__(self, reaper: FakeReaper, scripts: Path = SCRIPTS) -> None:
        self.reaper = reaper
        os.environ["UPTRACK_TESTED_LIB"] = str(scripts / "lib")
        reaper.run(DRIVER)
        self._driver = reaper.runtimes[-1].globals().link_driver

    def open(self, role: str) -> str | None:
        """Open the link; a sentence if it cannot be opened."""
        sentence: str | None = self._driver.open(role)
        return sentence

    def send(self, message: Heard) -> str | None:
        sentence: str | None = self._driver.send(json.dumps(message))
        return sentence

    def look(self, seconds: float = 0.05) -> list[Heard]:
        """Let ``seconds`` pass on REAPER's clock and look once."""
        self.reaper.now_s += seconds
        heard: list[Heard] = json.loads(self._driver.receive())
        return heard

    def state(self) -> Heard:
        state: Heard = json.loads(self._driver.state())
        return state

    def forget_old(self) -> None:
        self._driver.forget_old()

    def close(self) -> None:
        self._driver.close()


class LinkChild:
    """The same in a process of its own, with LuaSocket."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def _ask(self, *command: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        answer = await self._process.stdout.readline()
        assert answer, "the script's process has ended; its own output says why"
        return json.loads(answer)

    async def open(self, role: str) -> str | None:
        sentence: str | None = await self._ask("open", role)
        return sentence

    async def send(self, message: Heard) -> str | None:
        sentence: str | None = await self._ask("send", message)
        return sentence

    async def look(self, seconds: float = 0.05) -> list[Heard]:
        heard: list[Heard] = await self._ask("look", seconds)
        return heard

    async def state(self) -> Heard:
        state: Heard = await self._ask("state")
        return state

    async def remember(self, key: str, value: str) -> None:
        """Put something into REAPER's extended state, as an earlier run would have."""
        await self._ask("remember", key, value)

    async def run(self, script: Path) -> None:
        """Start an action instead of driving the link."""
        await self._ask("run", str(script))

    async def turn(self, seconds: float = 0.2) -> Heard:
        """One round of deferred functions; the console, the markers' names and whether the action still runs."""
        seen: Heard = await self._ask("turn", seconds)
        return seen


@asynccontextmanager
async def link_child(version: str, *, luasocket: bool = True) -> AsyncIterator[LinkChild]:
    """A child process with the Lua of ``version`` ("5.3", "5.4") and, if wanted, LuaSocket, ended when the block is."""
    places = need_luasocket(version) if luasocket else "/nowhere"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        version,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            f"LUA_CPATH_{version.replace('.', '_')}": f"{places}/?.so",
        },
    )
    try:
        yield LinkChild(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()  # the child's loop ends with its input
        await process.wait()


def _serve(version: str) -> None:
    """Answer commands until there are no more."""
    import lupa

    # LuaSocket finds Lua's functions only if this Lua was loaded for everybody to see.
    with lupa.allow_lua_module_loading():
        module = import_module(f"lupa.lua{version.replace('.', '')}")
    lua = module.LuaRuntime(unpack_returned_tuples=True, register_eval=False)
    reaper = FakeReaper(lua, chosen_file="/music/mix.wav")
    reaper.ext_state["UpTrack settings", "window"] = "no"  # there is no canvas here
    host = LinkHost(reaper)
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        print(json.dumps(_answer(host, reaper, what, arguments)), flush=True)


def _answer(host: LinkHost, reaper: FakeReaper, what: str, arguments: list[Any]) -> Any:
    match what:
        case "remember":
            reaper.ext_state["UpTrack", arguments[0]] = arguments[1]
        case "run":
            reaper.run(Path(arguments[0]))
        case "turn":
            reaper.turn(*arguments)
            names = [marker.name for marker in reaper.front.markers]
            return {"console": reaper.console, "markers": names, "running": reaper.running}
        case _:
            return getattr(host, what)(*arguments)
    return None


if __name__ == "__main__":
    _serve(*sys.argv[1:])
