"""Knock on our own UDP door, because a bound socket is not yet an answering one."""

from __future__ import annotations

import asyncio
import contextlib

from pythonosc.osc_message_builder import OscMessageBuilder

ANSWER_LIMIT_S = 2.0


class _Knock(asyncio.DatagramProtocol):
    def __init__(self, heard: asyncio.Event) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._heard.set()


async def osc_answers(port: int) -> bool:
    """Whether whatever listens on UDP ``port`` of 127.0.0.1 answers a ping (a stranger's is refused: an answer too)."""
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    transport, _knock = await loop.create_datagram_endpoint(lambda: _Knock(heard), remote_addr=("127.0.0.1", port))
    try:
        transport.sendto(OscMessageBuilder("/uptrack/ping").build().dgram)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await heard.wait()
    finally:
        transport.close()
    return heard.is_set()
