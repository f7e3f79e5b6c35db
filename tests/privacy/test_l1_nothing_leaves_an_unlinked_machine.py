"""L1: nothing leaves a machine that is not linked to an account: every socket stays on the loopback interface."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from support.daemon_process import Daemon, environment_of, uptrack
from support.daws import daw_over, hear_one
from support.tracks import beat

WITNESS = Path(__file__).parents[1] / "support" / "witness"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def host_of(address: str) -> str | None:
    """The host an event names; ``None`` for one that names no network at all (a Unix socket's path, no address)."""
    if address.startswith("("):
        return str(ast.literal_eval(address)[0])
    return address if not address.startswith(("/", "b'", "None")) and address else None


async def test_a_walk_over_every_wire_binds_and_connects_to_loopback_only(tmp_path: Path) -> None:
    seen = tmp_path / "sockets.jsonl"
    exports = tmp_path / "exports"
    exports.mkdir()
    environment = environment_of(tmp_path / "home", watch=str(exports))
    environment |= {"PYTHONPATH": str(WITNESS), "UPTRACK_WITNESS": str(seen)}
    mix = beat(tmp_path / "mix.wav", seconds=2)
    assert uptrack("daemon", "start", environment=environment).returncode == 0
    daemon = Daemon(tmp_path / "home", environment)
    try:
        for wire in ("websocket", "mailbox", "osc"):
            async with daw_over(wire, daemon) as daw:
                await daw.say(type="analyze", id="a", mix={"path": str(mix)})
                feedback = await hear_one(daw, "feedback")
                await daw.say(type="feedback.applied", run=feedback["run"])
        assert daemon.command("reports", "list").returncode == 0
        assert daemon.command("analyze", str(mix)).returncode == 0
    finally:
        assert daemon.command("daemon", "stop").returncode == 0

    events = [json.loads(line) for line in seen.read_text("utf-8").splitlines()]
    assert {"socket.bind", "socket.connect"} <= {event["event"] for event in events}, "the witness was there"
    strangers = {host for event in events if (host := host_of(event["address"])) is not None} - LOOPBACK
    assert strangers == set()
