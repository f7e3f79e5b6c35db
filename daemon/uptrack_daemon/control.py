"""The daemon from outside: start it in the background, ask how it is, stop it.

A command asks over HTTP with the token of ``bridge.json``. What is true of the process (is it there at all?) is the
lock's to say: files may be left behind by a daemon that was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import Any, cast

import aiohttp

from uptrack_analysis.errors import Unavailable
from uptrack_bridges.discovery import Bridge, read_bridge
from uptrack_daemon.home import Home
from uptrack_daemon.instance import is_locked, running_bridge

START_LIMIT_S = 240.0
"""Imports and the first migration on a machine busy with rendering; a daemon that ends earlier is noticed at once."""
STOP_LIMIT_S = 60.0
ASK_LIMIT_S = 10.0
POLL_S = 0.05


async def status(home: Home) -> dict[str, Any]:
    """What the running daemon says of itself (see ``http.api.Api.status``).

    Raises
    ------
    Unavailable
        None is running, or it does not answer.
    """
    return await _ask(running_bridge(home), "GET", "/api/status")


async def start(home: Home) -> tuple[Bridge, bool]:
    """Start a daemon in the background and wait until every port answers.

    Returns
    -------
    bridge : Bridge
        Where it listens.
    started : bool
        False when one was running already, or somebody else's start was quicker.

    Raises
    ------
    Unavailable
        It ended at once (with the sentence it left in its log) or did not answer in time.
    """
    home.create()
    if is_locked(home):
        return await _until_healthy(home, None), False
    process = _spawn(home)
    try:
        bridge = await _until_healthy(home, process)
        # On Windows a virtual environment's python is a launcher, and the daemon's process is its child.
        ours = bridge.pid == process.pid or (os.name == "nt" and process.poll() is None)
        if not ours:
            await asyncio.to_thread(process.wait)  # it finds the lock taken, and ends
        return bridge, ours
    except BaseException:
        process.terminate()  # nobody was told where it listens, so nobody could stop it
        raise


async def forget_live(home: Home) -> None:
    """Have a running daemon forget what it has heard live; with none running there is nothing.

    Raises
    ------
    Unavailable
        One is running and does not answer.
    """
    if is_locked(home):
        await _ask(running_bridge(home), "POST", "/api/live/forget")


async def stop(home: Home) -> bool:
    """Ask the daemon to drain and end, and wait until it has; false when none was running.

    Raises
    ------
    Unavailable
        It does not end in time.
    """
    if not is_locked(home):
        return False
    bridge: Bridge | None = None
    with contextlib.suppress(Unavailable):
        bridge = read_bridge(home.bridge_file)
    if bridge is not None:
        try:
            await _ask(bridge, "POST", "/api/stop")
        except Unavailable:
            # It holds the lock but does not answer: ask as the system does.
            with contextlib.suppress(ProcessLookupError):
                os.kill(bridge.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_LIMIT_S):
            while is_locked(home):  # noqa: ASYNC110 - another process holds it: there is no event to wait for
                await asyncio.sleep(POLL_S)
            return True
    raise Unavailable(
        f"The daemon did not end within {STOP_LIMIT_S:.0f} s; {home.logs / 'daemon.log'} says what it is doing.",
        code="daemon.does_not_stop",
    )


def _spawn(home: Home) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uptrack_daemon.cli", "daemon", "run", "--quiet"]
    environment = {**os.environ, "UPTRACK_HOME": str(home.root)}
    (home.logs / "start.log").touch(mode=0o600)
    with (home.logs / "start.log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=home.root,
            start_new_session=True,
        )


async def _until_healthy(home: Home, process: subprocess.Popen[bytes] | None) -> Bridge:
    last = "it has not written bridge.json yet"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_LIMIT_S):
            while True:
                if (process is None or process.poll() is not None) and not is_locked(home):
                    words = "The daemon that was running has just ended: start it again."
                    if process is not None:
                        words = await asyncio.to_thread(_last_words, home)
                    raise Unavailable(words, code="daemon.start_failed")
                try:
                    bridge = running_bridge(home)
                    wires = (await _ask(bridge, "GET", "/api/status"))["wires"]
                    if all(said == "ok" for said in wires.values()):
                        return bridge
                    last = "; ".join(f"{name}: {said}" for name, said in wires.items() if said != "ok")
                except Unavailable as error:
                    last = error.sentence
                await asyncio.sleep(POLL_S)
    raise Unavailable(
        f"The daemon did not answer on every port within {START_LIMIT_S:.0f} s ({last}); "
        f"{home.logs / 'daemon.log'} has the details.",
        code="daemon.start_timeout",
    )


def _last_words(home: Home) -> str:
    lines = (home.logs / "start.log").read_text("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("uptrack: ") if lines else f"The daemon ended without a word; see {home.logs}."


async def _ask(bridge: Bridge, method: str, path: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{bridge.port}{path}"
    headers = {"Authorization": f"Bearer {bridge.token}"}
    try:
        # trust_env stays off: a proxy from the environment must never see a loopback request.
        async with (
            aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=ASK_LIMIT_S)) as session,
            # An empty object where a POST has nothing to say: writes are JSON, and aiohttp names a type by itself.
            session.request(method, url, json={} if method == "POST" else None) as response,
        ):
            text = await response.read()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(
            f"The daemon (process {bridge.pid}) does not answer on port {bridge.port}: {error or 'timed out'}.",
            code="daemon.no_answer",
        ) from error
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Unavailable(
            f"Port {bridge.port} answers, but not as the daemon does (HTTP {response.status}, no JSON object): another "
            "program may have taken it; try `uptrack daemon stop` and start it again.",
            code="daemon.no_answer",
        )
    said = cast("dict[str, Any]", body)
    if response.status >= 400:
        raise Unavailable(str(said.get("detail", said)), code="daemon.refused")
    return said
