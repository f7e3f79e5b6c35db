"""The port of live audio, while a daemon runs and after."""

from __future__ import annotations

import asyncio
import socket

import numpy as np

from support.hosts import PATIENCE_S
from support.stores import a_store
from uptrack_bridges.reastream import AudioPacket, write_packets
from uptrack_daemon.home import Home
from uptrack_daemon.live.capture import Captures
from uptrack_daemon.live.listening import listen
from uptrack_daemon.live.streams import Streams
from uptrack_daemon.retention import Retention


def send(port: int, seconds: float = 0.5) -> None:
    packet = AudioPacket("uptrack", 48_000, np.zeros((round(seconds * 48_000), 2), np.float32))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in write_packets(packet):
            sender.sendto(datagram, ("127.0.0.1", port))


async def test_what_is_sent_to_the_port_is_kept_until_the_daemon_ends(home: Home) -> None:
    streams = Streams(home.cache)
    async with a_store(home.database) as store:
        captures = Captures(streams, Retention(home, store, days=7))
        async with listen(streams, captures, port=0), asyncio.timeout(PATIENCE_S):
            assert captures.port is not None
            send(captures.port)
            while not streams.described():  # UDP tells nobody that it has arrived
                await asyncio.sleep(0)
        assert streams.described() == []


async def test_a_daemon_whose_port_is_taken_runs_without_and_says_so(home: Home) -> None:
    streams = Streams(home.cache)
    async with a_store(home.database) as store:
        captures = Captures(streams, Retention(home, store, days=7))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
            async with listen(streams, captures, port=port):
                said = captures.described("l1")
    assert said.port is None
    assert f"Expected UDP port {port}" in said.problem
