"""OSC over UDP on 127.0.0.1: typed addresses for controllers, and ``/uptrack/message`` for scripts that speak JSON.

A host is answered in the form it spoke, at the address it spoke from, or at the reply port its typed ``hello`` named
on 127.0.0.1. UDP does not remember who speaks and anybody on the machine can send it, so everything but ``hello`` and
``ping`` carries the session id that ``welcome`` gave out. Datagrams that are no OSC, or are meant for somebody else,
get no answer at all. A session ends after ``idle_s`` without a word, for nothing tells when a UDP host is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple, cast

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.messages import BadMessage, Hello, HostMessage, Message, Ping, read_from_host, write
from uptrack_bridges.osc_packet import MAX_DATAGRAM_BYTES, Argument, Heard, decode, encode
from uptrack_bridges.osc_vocabulary import MESSAGE, PREFIX, Said, TypedHello, is_typed, read_typed, write_typed
from uptrack_bridges.parts import split
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.wire import Transport, WireClosed

logger = logging.getLogger(__name__)

RECEIVE_BUFFER_BYTES = 2 << 20
"""The default holds less than half of a burst of 5000 small datagrams; the system may grant less than this."""
MAX_PEERS = 64
MAX_WAITING = 256
BURST_DATAGRAMS = 8
"""A receive buffer of the usual 208 KiB holds a dozen full datagrams, and a DAW empties it once per drawn frame."""
BREATH_S = 0.05
MAX_JSON_BYTES = MAX_DATAGRAM_BYTES - 64
"""What is left for the JSON text beside address, type tags and padding."""

Address = tuple[str, int]


class _Letter(NamedTuple):
    """One message as it was read, or why it could not be."""

    typed: bool
    message: HostMessage | None
    reply_port: int | None = None
    error: BadMessage | None = None
    text: str | None = None
    """The JSON behind ``error``, from which the request's id may still be read."""


class OscWire:
    """One address that speaks to us, and the task that answers it."""

    transport: Transport = "osc"
    late_s = 0.0

    def __init__(self, source: Address, endpoint: asyncio.DatagramTransport) -> None:
        self.source = source
        self.reply_to = source
        self.typed = False
        self.waiting: asyncio.Queue[_Letter | None] = asyncio.Queue(MAX_WAITING)
        self._endpoint = endpoint
        self._closed = False

    @property
    def lossy(self) -> bool:
        """False for typed hosts: most controllers never acknowledge, and would be told again and again."""
        return not self.typed

    async def send(self, message: Message) -> None:
        for number, said in enumerate(self._said(message)):
            if number and number % BURST_DATAGRAMS == 0:
                await asyncio.sleep(BREATH_S)
            if self._closed or self._endpoint.is_closing():
                raise WireClosed("This OSC host is gone or has been silent too long; it has to say hello again.")
            self._endpoint.sendto(encode(*said), self.reply_to)
            await asyncio.sleep(0)  # a burst in one breath would overflow the host's receive buffer

    async def close(self, sentence: str) -> None:
        logger.info("osc host %s:%d: %s", *self.reply_to, sentence)
        self._closed = True
        with contextlib.suppress(asyncio.QueueFull):
            self.waiting.put_nowait(None)  # wakes the worker, which finds no session and goes

    def speaking(self, *, typed: bool) -> OscWire:
        """This wire, or one to the same place in the other form, for a single answer in the form of the question."""
        if self.typed == typed:
            return self
        other = OscWire(self.source, self._endpoint)
        other.reply_to, other.typed = self.reply_to, typed
        return other

    def _said(self, message: Message) -> list[Said]:
        if self.typed:
            return [_fitting(said) for said in write_typed(message)]
        text = write(message)
        if len(text.encode()) <= MAX_JSON_BYTES:
            return [Said(MESSAGE, "s", (text,))]
        # The same message said again has the same parts: what one sending lost, the next one brings.
        message_id = hashlib.sha256(text.encode()).hexdigest()[:16]
        parts = split(text, limit_bytes=MAX_JSON_BYTES, message_id=message_id)
        return [Said(MESSAGE, "s", (write(part),)) for part in parts]


def _fitting(said: Said) -> Said:
    """Texts without NUL and short enough for one datagram; only a path or a name out of all bounds is cut."""

    def cut(argument: Argument) -> Argument:
        if not isinstance(argument, str):
            return argument
        return argument.replace("\0", " ").encode()[:1_500].decode(errors="ignore")

    return Said(said.address, said.tags, tuple(cut(argument) for argument in said.arguments))


class OscServer(asyncio.DatagramProtocol):
    """Sorts datagrams by who sent them; made by ``serve_osc``."""

    def __init__(self, switchboard: Switchboard, tasks: asyncio.TaskGroup, *, idle_s: float) -> None:
        self._switchboard = switchboard
        self._tasks = tasks
        self._idle_s = idle_s
        self._wires: dict[Address, OscWire] = {}
        self._workers: dict[Address, asyncio.Task[None]] = {}
        self._endpoint: asyncio.DatagramTransport | None = None
        self.dropped = 0
        """Datagrams not acted on because too many were waiting or too many hosts are known."""

    @property
    def port(self) -> int:
        """The UDP port, also when the system chose it."""
        assert self._endpoint is not None, "expected a server inside serve_osc"  # noqa: S101
        return int(self._endpoint.get_extra_info("sockname")[1])

    # -- what asyncio calls --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, not a check: Python 3.11's own datagram transport is no subclass of the interface it implements.
        self._endpoint = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        source = (str(addr[0]), int(addr[1]))
        if len(data) <= MAX_DATAGRAM_BYTES:
            for heard in decode(data):
                if heard.address == MESSAGE or is_typed(heard.address):
                    self._hand_over(source, _read(heard))
        elif data.startswith(PREFIX.encode()):
            sentence = f"Expected at most {MAX_DATAGRAM_BYTES} bytes, got {len(data)}: send the message in parts."
            error = BadMessage(sentence, code="message.too_large")
            self._hand_over(source, _Letter(not data.startswith(MESSAGE.encode()), None, error=error))

    def error_received(self, exc: Exception) -> None:
        logger.info("osc: %s", exc)  # a host that closed its port; its session ends by its silence

    # -- peers ---------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        for worker in self._workers.values():
            worker.cancel()

    def _hand_over(self, source: Address, letter: _Letter) -> None:
        wire = self._wire_for(source, letter)
        if wire is None or wire.waiting.full():
            self.dropped += 1
        else:
            wire.waiting.put_nowait(letter)

    def _wire_for(self, source: Address, letter: _Letter) -> OscWire | None:
        """The wire of the session the message names, else that of the address it came from."""
        message = letter.message
        if message is not None and not isinstance(message, Hello) and message.session is not None:
            # The id is the proof; some senders use a new port for every message.
            session = self._switchboard.session(message.session)
            if session is not None and isinstance(session.wire, OscWire) and session.wire.source in self._wires:
                return session.wire
        wire = self._wires.get(source)
        if wire is None and len(self._wires) < MAX_PEERS and self._endpoint is not None:
            wire = self._wires[source] = OscWire(source, self._endpoint)
            self._workers[source] = self._tasks.create_task(self._serve(wire), name=f"osc-{source[1]}")
        return wire

    async def _serve(self, wire: OscWire) -> None:
        """Act on one peer's messages in order; ends when it falls silent, at once if it was never welcomed."""
        try:
            while self._switchboard.session_of(wire) is not None or not wire.waiting.empty():
                async with asyncio.timeout(self._idle_s):
                    letter = await wire.waiting.get()
                if letter is not None:
                    await self._act(wire, letter)
        except TimeoutError:
            logger.info("osc host %s:%d has been silent for %g s", *wire.source, self._idle_s)
        finally:
            del self._wires[wire.source], self._workers[wire.source]
            await wire.close("The conversation is over.")
            await self._switchboard.lost(wire)

    async def _act(self, wire: OscWire, letter: _Letter) -> None:
        answers = wire.speaking(typed=letter.typed)
        message = letter.message
        if message is None:
            if letter.text is not None:
                await self._switchboard.received(answers, letter.text)
            elif letter.error is not None:
                await self._switchboard.refuse(answers, letter.error)
        elif isinstance(message, Hello):
            await self._hello(wire, message, letter)
        elif self._switchboard.session_of(wire) is None:
            await self._switchboard.accept(answers, message)
        elif message.session is None and not isinstance(message, Ping):
            missing = BadInput(
                f"Expected the session id that welcome gave out in {message.type}: UDP does not remember who speaks.",
                code="session.missing",
            )
            await self._switchboard.refuse(answers, missing, message.id)
        else:
            await self._switchboard.accept(wire, message)

    async def _hello(self, wire: OscWire, hello: Hello, letter: _Letter) -> None:
        if letter.reply_port == self.port:
            error = BadMessage(f"Expected the port the host listens on, got our own, {self.port}.")
            await self._switchboard.refuse(wire.speaking(typed=letter.typed), error, hello.id)
            return
        wire.typed = letter.typed
        wire.reply_to = wire.source if letter.reply_port is None else ("127.0.0.1", letter.reply_port)
        await self._switchboard.accept(wire, hello)


def _read(heard: Heard) -> _Letter:
    typed = heard.address != MESSAGE
    text: str | None = None
    try:
        if typed:
            message = read_typed(heard)
            if isinstance(message, TypedHello):
                return _Letter(typed, message.hello, message.reply_port)
            return _Letter(typed, message)
        text = _json_of(heard)
        return _Letter(typed, read_from_host(text))
    except BadMessage as error:
        return _Letter(typed, None, error=error, text=text)


def _json_of(heard: Heard) -> str:
    if len(heard.arguments) == 1 and isinstance(heard.arguments[0], str):
        return heard.arguments[0]
    raise BadMessage(f"Expected {MESSAGE} with one text of JSON.")


@asynccontextmanager
async def serve_osc(switchboard: Switchboard, *, port: int = 0, idle_s: float = 1_800.0) -> AsyncIterator[OscServer]:
    """Serve OSC on 127.0.0.1 while the block runs.

    Parameters
    ----------
    port : int
        0 lets the system choose; see ``OscServer.port``.
    idle_s : float
        Silence after which a host's session ends.

    Raises
    ------
    Unavailable
        The port is taken.
    """
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        udp.setblocking(False)
        udp.bind(("127.0.0.1", port))
    except OSError as error:
        udp.close()
        raise Unavailable(
            f"Expected UDP port {port} for OSC, but {error.strerror or error}: choose another port or 0 for any.",
            code="osc.port_taken",
        ) from error
    failed: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        loop = asyncio.get_running_loop()
        endpoint, server = await loop.create_datagram_endpoint(
            lambda: OscServer(switchboard, tasks, idle_s=idle_s), sock=udp
        )
        try:
            yield server
        except Exception as error:  # noqa: BLE001 - raised again below
            failed = error
        finally:
            endpoint.close()
            server.stop()
    if failed is not None:
        raise failed  # as it was: a failure of the block is no failure of the server, and no group of one
