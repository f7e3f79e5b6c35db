"""A stretch of UDP between a host and the daemon on which datagrams get lost, doubled, swapped or joined by others."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Address = tuple[str, int]
Rule = Callable[[bytes], list[bytes]]
"""What comes out of the road for one datagram that goes in, now."""


def all_arrive() -> Rule:
    return lambda datagram: [datagram]


def every_third_is_lost() -> Rule:
    numbers = itertools.count(1)
    return lambda datagram: [] if next(numbers) % 3 == 0 else [datagram]


def a_third_is_lost() -> Rule:
    """By chance, and the same by every run: a large message would lose the same parts every time it is said."""
    dice = random.Random(3)
    return lambda datagram: [] if dice.random() < 1 / 3 else [datagram]


def each_comes_twice() -> Rule:
    return lambda datagram: [datagram, datagram]


def each_pair_is_swapped() -> Rule:
    held: list[bytes] = []

    def swap(datagram: bytes) -> list[bytes]:
        held.append(datagram)
        if len(held) < 2:
            return []
        swapped = held[::-1]
        held.clear()
        return swapped

    return swap


def the_first_is_lost(mark: bytes) -> Rule:
    """The first datagram that holds ``mark``."""
    lost: list[bytes] = []

    def lose(datagram: bytes) -> list[bytes]:
        if mark in datagram and not lost:
            lost.append(datagram)
            return []
        return [datagram]

    return lose


class _End(asyncio.DatagramProtocol):
    def __init__(self, arrived: Callable[[bytes, Address], None]) -> None:
        self._arrived = arrived

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self._arrived(data, (str(addr[0]), int(addr[1])))


class UdpRoad:
    """One host's way to the daemon and back."""

    def __init__(self, to_daemon: Rule, to_host: Rule) -> None:
        self._to_daemon = to_daemon
        self._to_host = to_host
        self.host: Address | None = None
        """Where the host's last datagram came from."""
        self.port = 0
        self.carried = 0

    @asynccontextmanager
    async def open(self, daemon_port: int) -> AsyncIterator[UdpRoad]:
        loop = asyncio.get_running_loop()
        host_end, _ = await loop.create_datagram_endpoint(lambda: _End(self._from_host), local_addr=("127.0.0.1", 0))
        daemon_end, _ = await loop.create_datagram_endpoint(
            lambda: _End(self._from_daemon), remote_addr=("127.0.0.1", daemon_port)
        )
        self._host_end = host_end
        self._daemon_end = daemon_end
        self.port = int(self._host_end.get_extra_info("sockname")[1])
        try:
            yield self
        finally:
            self._host_end.close()
            self._daemon_end.close()

    def _from_host(self, data: bytes, address: Address) -> None:
        self.host = address
        self.carried += 1
        for datagram in self._to_daemon(data):
            self._daemon_end.sendto(datagram)

    def _from_daemon(self, data: bytes, _address: Address) -> None:
        for datagram in self._to_host(data):
            self._host_end.sendto(datagram, self.host)
