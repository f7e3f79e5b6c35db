"""How long a message of a REAPER script takes to the daemon and back: over OSC, and over the mailbox beside it.

``PYTHONPATH=tests python benchmarks/wires.py``. The daemon is a process of its own, and so is each script, under Lua
5.4 with and without LuaSocket. Scripts look once a round, 30 rounds a second, as REAPER runs what was deferred; a
``ping`` goes out in one round, and what counts is the time until the round in which its ``pong`` is there. The two
wires take turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from support.daemon_process import running_daemon
from support.link_host import LinkChild, link_child

ROUND_S = 1 / 30
PINGS = 100
LUA = "5.4"


class Script:
    """One script with one link, going round as REAPER does."""

    def __init__(self, child: LinkChild) -> None:
        self._child = child
        self._last_s = time.perf_counter()
        self._sent = 0

    async def greet(self) -> str:
        """Open the link and be welcomed; which wire it is."""
        sentence = await self._child.open("files")
        assert sentence is None, sentence
        await self._ask({"type": "hello", "protocol": 1, "host": "reaper"}, "welcome")
        return str((await self._child.state())["kind"])

    async def ping_s(self) -> float:
        return await self._ask({"type": "ping"}, "pong")

    async def _ask(self, message: dict[str, object], answer: str) -> float:
        self._sent += 1
        began_s = time.perf_counter()
        sentence = await self._child.send({**message, "id": f"m{self._sent}"})
        assert sentence is None, sentence
        while answer not in [heard["type"] for heard in await self._round()]:
            pass
        return time.perf_counter() - began_s

    async def _round(self) -> list[dict[str, object]]:
        await asyncio.sleep(max(0.0, self._last_s + ROUND_S - time.perf_counter()))
        now_s = time.perf_counter()
        passed_s, self._last_s = now_s - self._last_s, now_s
        return await self._child.look(passed_s)


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="uptrack-bench-") as folder, running_daemon(Path(folder)):
        os.environ["UPTRACK_HOME"] = folder
        async with link_child(LUA) as with_socket, link_child(LUA, luasocket=False) as without:
            scripts = [Script(with_socket), Script(without)]
            wires = [await script.greet() for script in scripts]
            assert wires == ["osc", "mailbox"], wires
            took_s: list[list[float]] = [[], []]
            for _ in range(PINGS):
                for script, times_s in zip(scripts, took_s, strict=True):
                    times_s.append(await script.ping_s())
    print(f"{PINGS} pings over each wire, a round of REAPER every {1000 * ROUND_S:.0f} ms")
    for wire, times_s in zip(wires, took_s, strict=True):
        tenths = statistics.quantiles(times_s, n=10)
        print(
            f"  {wire:8} median {1000 * statistics.median(times_s):4.0f} ms, "
            f"nine of ten under {1000 * tenths[-1]:.0f} ms, longest {1000 * max(times_s):.0f} ms"
        )
    print(f"  OSC takes {statistics.median(took_s[0]) / statistics.median(took_s[1]):.2f} of what the mailbox takes")


if __name__ == "__main__":
    asyncio.run(main())
