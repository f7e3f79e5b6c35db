"""``ws://127.0.0.1:PORT/bridge``: one JSON message per text frame, for hosts that can open a socket.

The upgrade carries no token; ``hello`` does, and a connection without a welcomed one is closed after a few seconds.
Who may try at all (``Host``, ``Origin``) is decided before the upgrade, by ``loopback``'s checks in the daemon.
Outgoing messages wait in a queue per connection, so a client that does not read delays nobody else: its progress
messages are dropped first, and when the queue is full the connection is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from enum import IntEnum

from aiohttp import ClientConnectionError, WSMsgType, web

from uptrack_bridges.messages import JobProgress, Message, write
from uptrack_bridges.parts import MAX_MESSAGE_BYTES
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.wire import Transport, WireClosed

logger = logging.getLogger(__name__)

HELLO_TIMEOUT_S = 5.0
HEARTBEAT_S = 80.0
"""A ping this often; no pong within half of it ends the connection, so a DAW may stand still for 40 s."""
CLOSE_TIMEOUT_S = 2.0
MAX_CONNECTIONS = 64
MAX_QUEUED = 512
DROP_PROGRESS_ABOVE = 64


class CloseCode(IntEnum):
    """Why the daemon closes; 1007 (not UTF-8) and 1009 (message over 1 MiB) come from the protocol itself."""

    GOING_AWAY = 1001
    NOT_TEXT = 1003
    ENDED = 4000
    """The daemon ended this conversation; the reason is its sentence."""
    NO_HELLO = 4001
    TOO_SLOW = 4002


class WebSocketWire:
    """One connected client."""

    transport: Transport = "websocket"
    lossy: bool = False
    late_s = 0.0

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._request = request
        self._queue: deque[Message] = deque()
        self._something_to_do = asyncio.Event()
        self._ending: tuple[CloseCode, str] | None = None
        self._last_resort: asyncio.TimerHandle | None = None

    @property
    def ending(self) -> bool:
        return self._ending is not None

    async def send(self, message: Message) -> None:
        if self._ending is not None or self._socket.closed:
            raise WireClosed("The WebSocket is closed; the host has to connect again.")
        if isinstance(message, JobProgress) and len(self._queue) >= DROP_PROGRESS_ABOVE:
            return  # a newer one follows, and the client is behind anyway
        if len(self._queue) >= MAX_QUEUED:
            self.end(CloseCode.TOO_SLOW, f"More than {MAX_QUEUED} messages were waiting to be read.", flush=False)
            raise WireClosed("The host on this WebSocket does not read; it has to connect again.")
        self._queue.append(message)
        self._something_to_do.set()

    async def close(self, sentence: str) -> None:
        self.end(CloseCode.ENDED, sentence)

    def end(self, code: CloseCode, sentence: str, *, flush: bool = True) -> None:
        """Ask for the connection to be closed, after what is already queued unless ``flush`` is off."""
        if self._ending is not None:
            return
        self._ending = (code, sentence)
        if not flush:
            self._queue.clear()
            self._abort()
        # The writer may be stuck half-way into a message nobody reads, and then never comes to say goodbye.
        self._last_resort = asyncio.get_running_loop().call_later(2 * CLOSE_TIMEOUT_S, self._abort)
        self._something_to_do.set()

    async def write_out(self) -> None:
        """Write queued messages until the connection ends; run beside the reader."""
        try:
            while True:
                await self._something_to_do.wait()
                self._something_to_do.clear()
                while self._queue:
                    await self._socket.send_str(write(self._queue.popleft()))
                if self._ending is not None:
                    await self._say_goodbye(*self._ending)
                    return
        except (ClientConnectionError, ConnectionError):
            return  # the reader sees the same end of the connection
        finally:
            if self._last_resort is not None:
                self._last_resort.cancel()

    async def _say_goodbye(self, code: CloseCode, sentence: str) -> None:
        reason = sentence.encode()[:123].decode(errors="ignore").encode()  # a close frame holds 125 bytes in all
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._socket.close(code=code, message=reason)
        except TimeoutError:
            self._abort()

    def _abort(self) -> None:
        # A client that does not read keeps an orderly close waiting for ever; only the transport can be relied on.
        if self._request.transport is not None:
            self._request.transport.abort()


class BridgeEndpoint:
    """The ``/bridge`` of an aiohttp application.

    Parameters
    ----------
    hello_timeout_s : float
        From the upgrade to the first ``hello`` that is welcomed.
    sleep : callable
        Waits that long; tests pass their own.
    """

    def __init__(
        self,
        switchboard: Switchboard,
        *,
        hello_timeout_s: float = HELLO_TIMEOUT_S,
        heartbeat_s: float = HEARTBEAT_S,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        max_connections: int = MAX_CONNECTIONS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._switchboard = switchboard
        self._hello_timeout_s = hello_timeout_s
        self._heartbeat_s = heartbeat_s
        self._max_message_bytes = max_message_bytes
        self._max_connections = max_connections
        self._sleep = sleep
        self._wires: set[WebSocketWire] = set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/bridge", self.handle)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection from upgrade to close."""
        if len(self._wires) >= self._max_connections:
            return web.Response(status=503, text="Too many hosts are connected; close one and try again.")
        # Compression is off: on loopback it costs more than it saves, and a small frame could unpack to a large one.
        socket = web.WebSocketResponse(
            timeout=CLOSE_TIMEOUT_S,
            max_msg_size=self._max_message_bytes,
            heartbeat=self._heartbeat_s,
            compress=False,
        )
        await socket.prepare(request)
        wire = WebSocketWire(socket, request)
        self._wires.add(wire)
        self._all_gone.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(wire.write_out(), name="bridge-writer")
                hello = tasks.create_task(self._expect_hello(wire), name="bridge-hello")
                await self._read(socket, wire)
                hello.cancel()
                if not wire.ending:  # otherwise the writer is in the middle of an orderly close
                    writer.cancel()
        finally:
            self._wires.discard(wire)
            if not self._wires:
                self._all_gone.set()
            await self._switchboard.lost(wire)
        return socket

    async def close(self, sentence: str = "The daemon is stopping.") -> None:
        """End every connection with 1001 and wait until they are gone; for the application's shutdown."""
        for wire in self._wires:
            wire.end(CloseCode.GOING_AWAY, sentence)
        # Longer than an abort takes; a desk that is still busy with a message must not hold up the end.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3 * CLOSE_TIMEOUT_S):
                await self._all_gone.wait()

    async def _read(self, socket: web.WebSocketResponse, wire: WebSocketWire) -> None:
        async for frame in socket:
            if wire.ending and frame.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue  # we have hung up: what still arrives is read past, up to the host's own close
            if frame.type is WSMsgType.TEXT:
                await self._switchboard.received(wire, frame.data)
            elif frame.type is WSMsgType.BINARY:
                wire.end(CloseCode.NOT_TEXT, "Expected JSON in text frames, got a binary frame.")
            else:
                # ERROR: over the size cap (aiohttp has sent 1009) or broken framing. Nothing more can be read.
                return

    async def _expect_hello(self, wire: WebSocketWire) -> None:
        await self._sleep(self._hello_timeout_s)
        if self._switchboard.session_of(wire) is None:
            wire.end(CloseCode.NO_HELLO, f"Expected hello with the right token within {self._hello_timeout_s:g} s.")
