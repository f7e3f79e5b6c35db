"""What is the same on every wire: reading, joining parts, ``hello``, and refusing in a sentence.

Transports call ``received`` for what a host said and ``lost`` when it is gone, one call at a time for one wire; calls
for different wires may overlap. Whatever a host sends, its wire stays alive and the daemon does too: the answer is
``refused`` with a code and a sentence, carrying the request's ``id`` where it could be read.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

import pydantic_core

from uptrack_analysis.errors import BadInput, Unavailable, UpTrackError
from uptrack_bridges.messages import (
    PROTOCOL,
    BadMessage,
    Hello,
    HostMessage,
    Message,
    Part,
    Ping,
    Pong,
    Refused,
    Welcome,
    read_from_host,
)
from uptrack_bridges.parts import MAX_MESSAGE_BYTES, Assembler
from uptrack_bridges.wire import Desk, Session, Wire, WireClosed

logger = logging.getLogger(__name__)


class Switchboard:
    """Sessions by wire and by id, and the way from a wire to the desk.

    Parameters
    ----------
    desk : Desk
        Answers what welcomed hosts say.
    token : str
        What ``hello`` must carry.
    version : str
        Told in ``welcome``.
    max_message_bytes : int
        Largest message, whole or joined from parts.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        token: str,
        version: str,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._token = token.encode()
        self._version = version
        self._max_message_bytes = max_message_bytes
        self._clock = clock
        self._by_wire: dict[Wire, Session] = {}
        self._by_id: dict[str, Session] = {}
        self._assemblers: dict[Wire, Assembler] = {}

    @property
    def sessions(self) -> tuple[Session, ...]:
        return tuple(self._by_id.values())

    def session(self, session_id: str) -> Session | None:
        return self._by_id.get(session_id)

    def session_of(self, wire: Wire) -> Session | None:
        return self._by_wire.get(wire)

    async def received(self, wire: Wire, text: str | bytes) -> None:
        """Take one message's JSON text; answers on ``wire`` and never raises for what the host said."""
        try:
            self._check_size(text)
            message = read_from_host(text)
        except BadMessage as error:
            await self._refuse_unread(wire, text, error)
            return
        await self.accept(wire, message)

    async def accept(self, wire: Wire, message: HostMessage) -> None:
        """Take one message that is already read, as ``received`` does."""
        if isinstance(message, Part) and wire in self._by_wire:
            await self._join(wire, message)
            return
        await self._guarded(wire, message)

    async def refuse(self, wire: Wire, error: UpTrackError, request_id: str | None = None) -> None:
        """Say ``refused`` on ``wire``; a host that is gone meanwhile needs no answer."""
        retry = isinstance(error, Unavailable)
        await self._answer(wire, Refused(id=request_id, code=error.code, sentence=error.sentence, retry=retry))

    async def lost(self, wire: Wire) -> None:
        """Forget a wire whose host is gone and tell the desk if it had a session."""
        self._assemblers.pop(wire, None)
        session = self._by_wire.pop(wire, None)
        if session is not None:
            await self._end(session)

    # -- one message ---------------------------------------------------------------------------------------------------

    async def _join(self, wire: Wire, part: Part) -> None:
        assembler = self._assemblers.get(wire)
        if assembler is None:
            assembler = self._assemblers[wire] = Assembler(max_bytes=self._max_message_bytes, clock=self._clock)
        try:
            if part.session not in (None, self._by_wire[wire].id):
                raise _unknown_session()
            text = assembler.add(part)
        except UpTrackError as error:
            await self.refuse(wire, error, part.id)
            return
        if text is None:
            return
        try:
            message = read_from_host(text)
        except BadMessage as error:
            await self._refuse_unread(wire, text, error)
            return
        if isinstance(message, Part):
            nested = BadMessage("Expected a whole message inside parts, got a part inside parts.", code="part.nested")
            await self.refuse(wire, nested, part.id)
            return
        await self._guarded(wire, message)

    async def _guarded(self, wire: Wire, message: HostMessage) -> None:
        """Act on one message; whatever goes wrong becomes a sentence."""
        try:
            await self._act(wire, message)
        except WireClosed:
            logger.info("a %s host left before its answer", wire.transport)
        except UpTrackError as error:
            await self.refuse(wire, error, message.id)
        except Exception:
            logger.exception("%s from a %s host failed", message.type, wire.transport)
            sentence = "Something went wrong inside the daemon; its log says what, and trying again may help."
            await self._answer(wire, Refused(id=message.id, code="internal", sentence=sentence))

    async def _act(self, wire: Wire, message: HostMessage) -> None:
        if isinstance(message, Hello):
            await self._hello(wire, message)
            return
        session = self._by_wire.get(wire)
        if session is None:
            raise BadInput(
                f"Expected hello before anything else, got {message.type}: say hello with the token in bridge.json.",
                code="hello.first",
            )
        if message.session not in (None, session.id):
            raise _unknown_session()
        match message:
            case Ping():
                await wire.send(Pong(id=message.id))
            case Part():  # pragma: no cover - parts of a welcomed host went to _join
                raise AssertionError
            case _:
                await self._desk.received(session, message)

    async def _hello(self, wire: Wire, hello: Hello) -> None:
        if hello.protocol != PROTOCOL:
            raise _other_protocol(hello.protocol)
        if not hmac.compare_digest(hello.token.encode(), self._token):
            raise BadInput(
                "The token is not this daemon's: read bridge.json again, it is written anew when the daemon starts.",
                code="hello.token",
            )
        session = await self._open(wire, hello)
        url = self._desk.page_url()
        await wire.send(Welcome(id=hello.id, session=session.id, version=self._version, url=url))
        await self._desk.opened(session)

    async def _open(self, wire: Wire, hello: Hello) -> Session:
        session = self._by_wire.get(wire)
        if session is not None and hello.instance not in (None, session.instance):
            # Another host took over the wire (an OSC port used again): its request ids are not the old one's.
            del self._by_wire[wire]
            await self._end(session)
            session = None
        if session is None:
            session_id = secrets.token_hex(16)
            session = Session(id=session_id, wire=wire, host=hello.host, instance=hello.instance or session_id)
            self._by_wire[wire] = self._by_id[session_id] = session
        session.host = hello.host
        session.capabilities = frozenset(hello.capabilities)
        session.project = hello.project
        session.state = "idle"
        await self._replace_others(session)
        return session

    async def _replace_others(self, session: Session) -> None:
        """A host that reconnects before its old wire was seen to be dead is one host, not two."""
        same = [
            other
            for other in self._by_id.values()
            if other is not session and (other.host, other.instance) == (session.host, session.instance)
        ]
        for other in same:
            await self.lost(other.wire)
            await other.wire.close("The same host has connected again; this connection is the old one.")

    async def _end(self, session: Session) -> None:
        self._by_id.pop(session.id, None)
        try:
            await self._desk.closed(session)
        except Exception:
            logger.exception("closing the session of a %s host failed", session.host)

    # -- answers -------------------------------------------------------------------------------------------------------

    def _check_size(self, text: str | bytes) -> None:
        # A character is at least a byte, so the cheap test comes first and text is encoded only when it could fit.
        size = len(text)
        if isinstance(text, str) and size <= self._max_message_bytes:
            size = len(text.encode("utf-8", "surrogatepass"))
        if size > self._max_message_bytes:
            raise BadMessage(
                f"Expected a message of at most {self._max_message_bytes} bytes, got at least {size}: send less.",
                code="message.too_large",
            )

    async def _refuse_unread(self, wire: Wire, text: str | bytes, error: BadMessage) -> None:
        facts: dict[str, Any] = {} if error.code == "message.too_large" else _peek(text)
        request_id = facts.get("id")
        protocol = facts.get("protocol")
        if facts.get("type") == "hello" and type(protocol) is int and protocol != PROTOCOL:
            # A hello of another protocol may well have other fields: the version is what its user must hear about.
            await self.refuse(wire, _other_protocol(protocol), _identifier(request_id))
            return
        await self.refuse(wire, error, _identifier(request_id))

    async def _answer(self, wire: Wire, message: Message) -> None:
        try:
            await wire.send(message)
        except WireClosed:
            logger.info("a %s host left before its answer", wire.transport)
        except Exception:
            # Nothing is left to answer with, and a transport must outlive one answer that cannot be written.
            logger.exception("%s could not be said to a %s host", message, wire.transport)


def _unknown_session() -> BadInput:
    return BadInput("This session is not known here: say hello again and use the new one.", code="session.unknown")


def _other_protocol(protocol: int) -> BadInput:
    older = "the daemon (UpTrack)" if protocol > PROTOCOL else "the script in the DAW (`uptrack install`)"
    return BadInput(
        f"The daemon speaks protocol {PROTOCOL}, the host {protocol}: update {older}.", code="hello.protocol"
    )


def _peek(text: str | bytes) -> dict[str, Any]:
    """The fields of a JSON object that is no valid message; empty when it is no object at all."""
    try:
        value = pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _identifier(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None
