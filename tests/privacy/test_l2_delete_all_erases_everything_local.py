"""L2: ``uptrack reports delete --all`` erases everything local, and none of the user's own files."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np

from support.daemon_process import running_daemon
from support.daws import Daw, daw_over, hear_one
from support.tracks import beat
from uptrack_bridges.reastream import AudioPacket, write_packets

SECRET = "Unreleased-Anthem-7731"


async def test_no_byte_in_the_home_names_the_music_any_more(tmp_path: Path) -> None:
    home = tmp_path / "home"
    mix = beat(tmp_path / f"{SECRET}.wav", seconds=2)
    before = mix.read_bytes()
    with running_daemon(home) as daemon:
        async with daw_over("mailbox", daemon) as daw:
            await daw.say(type="analyze", id="a", mix={"path": str(mix)}, project={"name": SECRET})
            await hear_one(daw, "feedback")  # never acknowledged: what waits to be sent again is erased too
            broken = tmp_path / f"broken-{SECRET}.wav"
            broken.write_text("not audio", "utf-8")
            await daw.say(type="analyze", id="b", mix={"path": str(broken)})
            await hear_one(daw, "refused")
            await hear_live_audio(daw)
        assert holds(home, SECRET), "there is something to erase"
        erased = daemon.command("reports", "delete", "--all", "--yes")
        assert erased.returncode == 0, erased.stderr
        assert daemon.command("reports", "list").stdout.strip() == "No report yet."
        async with daw_over("websocket", daemon) as daw:
            assert (await streams(daw))["streams"] == []
    assert not holds(home, SECRET)
    assert mix.read_bytes() == before


async def streams(daw: Daw) -> dict[str, Any]:
    await daw.say(type="live.get", id="l")
    return await hear_one(daw, "live.streams")


async def hear_live_audio(daw: Daw) -> None:
    """Send some until the daemon says that it has come."""
    port = (await streams(daw))["port"]
    packet = AudioPacket("uptrack", 48_000, np.zeros((150, 2), np.float32))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while not (await streams(daw))["streams"]:
            for datagram in write_packets(packet):
                sender.sendto(datagram, ("127.0.0.1", port))


def holds(folder: Path, text: str) -> list[Path]:
    """Files below ``folder`` whose name or bytes contain ``text``."""
    return [path for path in folder.rglob("*") if path.is_file() and (text in path.name or text.encode() in read(path))]


def read(path: Path) -> bytes:
    """What a file holds: nothing, if the daemon has taken it out of the mailbox meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
