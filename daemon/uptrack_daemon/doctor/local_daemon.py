"""The daemon: whether one runs, answers on every wire, takes the token of ``bridge.json``, and has our version."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from uptrack_analysis.errors import Unavailable, UpTrackError
from uptrack_bridges.client import converse
from uptrack_bridges.discovery import Bridge
from uptrack_daemon import control
from uptrack_daemon.doctor.check import Check
from uptrack_daemon.home import Home
from uptrack_daemon.instance import is_locked, running_bridge


async def check_daemon(home: Home, version: str) -> AsyncIterator[Check]:
    """What can be said of the daemon of ``home``; ``version`` is this command's."""
    try:
        if not is_locked(home):
            yield Check("daemon", "warning", "The daemon is not running: start it with `uptrack daemon start`.")
            return
        bridge = running_bridge(home)
        said = await control.status(home)
    except Unavailable as error:
        yield Check("daemon", "problem", error.sentence)
        return
    yield Check(
        "daemon", "ok", f"The daemon runs (process {bridge.pid}, port {bridge.port}, OSC port {bridge.osc_port})."
    )
    yield _wires(said["wires"])
    yield await check_token(bridge)
    yield _version(str(said["version"]), version)


def _wires(wires: Mapping[str, str]) -> Check:
    if troubled := [f"{name}: {health}" for name, health in wires.items() if health != "ok"]:
        return Check(
            "daemon.wires", "problem", f"Not every wire answers ({'; '.join(troubled)}): stop the daemon and start it."
        )
    return Check("daemon.wires", "ok", f"Every wire answers: {', '.join(wires)}.")


async def check_token(bridge: Bridge) -> Check:
    """Say hello as a script does, with the token the file holds."""
    try:
        async with converse(bridge, host="doctor"):
            return Check("daemon.token", "ok", "A script that reads bridge.json is welcomed.")
    except UpTrackError as error:
        return Check("daemon.token", "problem", f"A script that reads bridge.json is not welcomed: {error.sentence}")


def _version(running: str, installed: str) -> Check:
    if running == installed:
        return Check("daemon.version", "ok", f"The daemon and this command are version {installed}.")
    return Check(
        "daemon.version",
        "warning",
        f"The daemon that runs is version {running} and this command {installed}: `uptrack daemon stop`, then start it "
        "again.",
    )
