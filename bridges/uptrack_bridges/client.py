"""The host's side of a WebSocket conversation, for our own commands and for hosts written in Python."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import websockets

from uptrack_analysis.errors import Unavailable, UpTrackError
from uptrack_bridges.discovery import Bridge
from uptrack_bridges.messages import PROTOCOL, DaemonMessage, FromHost, Hello, Refused, Welcome, read_from_daemon, write

OPEN_LIMIT_S = 10.0


class Conversation:
    """A welcomed host; made by ``converse``."""

    def __init__(self, socket: websockets.ClientConnection, welcome: Welcome) -> None:
        self._socket = socket
        self.welcome = welcome

    async def say(self, message: FromHost) -> None:
        """Send one message; raises ``Unavailable`` when the daemon is gone."""
        try:
            await self._socket.send(write(message))
        except websockets.ConnectionClosed as closed:
            raise _gone(closed) from closed

    async def hear(self) -> DaemonMessage:
        """The next message; raises ``Unavailable`` when the daemon is gone."""
        try:
            return read_from_daemon(await self._socket.recv())
        except websockets.ConnectionClosed as closed:
            raise _gone(closed) from closed


@asynccontextmanager
async def converse(bridge: Bridge, *, host: str, instance: str | None = None) -> AsyncIterator[Conversation]:
    """Say hello to the daemon of ``bridge`` and talk while the block runs.

    Raises
    ------
    Unavailable
        It does not answer, or refuses the hello.
    """
    url = f"ws://127.0.0.1:{bridge.port}/bridge"
    hello = Hello(id="hello", protocol=PROTOCOL, token=bridge.token, host=host, instance=instance)
    try:
        # No proxy: a loopback conversation is nobody else's.
        socket = await websockets.connect(url, proxy=None, max_size=None, open_timeout=OPEN_LIMIT_S)
    except (OSError, TimeoutError, websockets.InvalidHandshake) as error:
        raise Unavailable(
            f"The daemon does not answer on port {bridge.port} ({error}): try `uptrack daemon status`.",
            code="daemon.no_answer",
        ) from error
    async with socket:
        await socket.send(write(hello))
        try:
            answer = read_from_daemon(await socket.recv())
        except websockets.ConnectionClosed as closed:
            raise _gone(closed) from closed
        match answer:
            case Welcome():
                yield Conversation(socket, answer)
            case Refused():
                raise UpTrackError(answer.sentence, code=answer.code)
            case _:
                raise Unavailable(f"Expected welcome from the daemon, got {answer.type}.", code="daemon.no_welcome")


def _gone(closed: websockets.ConnectionClosed) -> Unavailable:
    reason = closed.rcvd.reason if closed.rcvd is not None and closed.rcvd.reason else "it ended or was killed"
    return Unavailable(
        f"The daemon hung up ({reason}): start it again with `uptrack daemon start`.", code="wire.closed"
    )
