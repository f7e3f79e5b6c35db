"""The ear: ReaStream's port, open while the daemon runs; a port that cannot be had is said, and keeps nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Never

from uptrack_analysis.errors import Unavailable
from uptrack_bridges.reastream import hear_reastream
from uptrack_daemon.live.capture import Captures
from uptrack_daemon.live.streams import Streams

log = logging.getLogger(__name__)

LOOK_EVERY_S = 60.0


@asynccontextmanager
async def listen(streams: Streams, captures: Captures, *, port: int) -> AsyncIterator[None]:
    """Hear live audio while the block runs; at its end everything heard is forgotten."""
    async with AsyncExitStack() as stack:
        stack.callback(streams.close)
        try:
            ear = hear_reastream(streams.heard, streams.refused, port=port)
            captures.port = await stack.enter_async_context(ear)
        except Unavailable as error:
            log.warning("%s", error)
            captures.trouble = error.sentence
        yield


async def forget_old(streams: Streams, *, sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep) -> Never:
    """Let go of silent streams now and then, for ever."""
    while True:
        await sleep(LOOK_EVERY_S)
        streams.forget_old()
