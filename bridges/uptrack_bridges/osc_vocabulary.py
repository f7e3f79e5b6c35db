"""The typed OSC addresses, for controllers, Max and Ardour: a few arguments instead of JSON.

Heard: ``read_typed`` turns an address and its arguments into the message they stand for. Said: ``write_typed`` turns a
message into one or several addresses with arguments. The table of both is in ``docs/protocol.md``. Text that may be
left out may also be empty, since a Max patch cannot leave out the middle of a list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pydantic import ValidationError

from uptrack_bridges.messages import (
    PROTOCOL,
    Analyze,
    AudioFile,
    BadMessage,
    Cancel,
    Feedback,
    FeedbackApplied,
    Hello,
    HostMessage,
    JobFailed,
    JobProgress,
    JobQueued,
    Marker,
    Message,
    Ping,
    Pong,
    Refused,
    Welcome,
)
from uptrack_bridges.osc_packet import Argument, Heard

PREFIX = "/uptrack/"
MESSAGE = "/uptrack/message"
"""Carries the full vocabulary as one JSON text."""


class Said(NamedTuple):
    address: str
    tags: str
    arguments: tuple[Argument, ...]


class TypedHello(NamedTuple):
    hello: Hello
    reply_port: int | None


class _Arguments:
    """The arguments of one message, taken from left to right."""

    def __init__(self, heard: Heard, usage: str) -> None:
        self._heard = heard
        self._usage = usage
        self._left = list(heard.arguments)

    def text(self) -> str:
        value = self._left.pop(0) if self._left else None
        if not isinstance(value, str) or not value:
            raise self._bad()
        return value

    def text_or_none(self) -> str | None:
        value = self._left.pop(0) if self._left else None
        if value is not None and not isinstance(value, str):
            raise self._bad()
        return value or None

    def port_or_none(self) -> int | None:
        value = self._left.pop(0) if self._left else None
        if value is None:
            return None
        # Max and most controllers know only floats.
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise self._bad()
        if not 1_024 <= value <= 65_535:
            raise BadMessage(f"Expected a reply port from 1024 to 65535, got {int(value)}.")
        return int(value)

    def end(self) -> None:
        if self._left:
            raise self._bad()

    def _bad(self) -> BadMessage:
        came = " ".join(type(value).__name__ for value in self._heard.arguments) or "nothing"
        return BadMessage(f"Expected {self._heard.address} {self._usage}; got {came}.")


def _hello(arguments: _Arguments) -> TypedHello:
    token, host, reply_port = arguments.text(), arguments.text_or_none(), arguments.port_or_none()
    return TypedHello(Hello(protocol=PROTOCOL, token=token, host=host or "osc"), reply_port)


def _analyze(arguments: _Arguments) -> Analyze:
    session, path = arguments.text(), arguments.text()
    genre, target = arguments.text_or_none(), arguments.text_or_none()
    return Analyze.model_validate({"session": session, "mix": AudioFile(path=path), "genre": genre, "target": target})


def _cancel(arguments: _Arguments) -> Cancel:
    return Cancel(session=arguments.text(), job=arguments.text())


def _applied(arguments: _Arguments) -> FeedbackApplied:
    return FeedbackApplied(session=arguments.text(), run=arguments.text())


def _ping(arguments: _Arguments) -> Ping:
    return Ping(session=arguments.text_or_none())


_HEARD: dict[str, tuple[str, Callable[[_Arguments], TypedHello | HostMessage]]] = {
    "/uptrack/hello": ("token [host] [reply port]", _hello),
    "/uptrack/analyze": ("session path [genre] [target]", _analyze),
    "/uptrack/cancel": ("session job", _cancel),
    "/uptrack/applied": ("session run", _applied),
    "/uptrack/ping": ("[session]", _ping),
}


def is_typed(address: str) -> bool:
    return address in _HEARD


def read_typed(heard: Heard) -> TypedHello | HostMessage:
    """The message a typed address stands for.

    Raises
    ------
    BadMessage
        The arguments are not the ones this address takes.
    """
    usage, build = _HEARD[heard.address]
    arguments = _Arguments(heard, usage)
    try:
        message = build(arguments)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadMessage(f"Expected {heard.address} {usage}; {where}: {first['msg']}.") from None
    except (OverflowError, ValueError):  # int() of a float that is no number
        raise BadMessage(f"Expected {heard.address} {usage}.") from None
    arguments.end()
    return message


def write_typed(message: Message) -> list[Said]:
    """The addresses and arguments that say ``message``; none for what typed hosts have no address for."""
    match message:
        case Welcome():
            return [Said("/uptrack/welcome", "sss", (message.session, message.version, message.url))]
        case Refused():
            return [Said("/uptrack/refused", "ss", (message.code, message.sentence))]
        case Pong():
            return [Said("/uptrack/pong", "", ())]
        case JobQueued():
            return [Said("/uptrack/queued", "si", (message.job, message.position))]
        case JobProgress():
            return [Said("/uptrack/progress", "sfs", (message.job, message.fraction, message.stage))]
        case JobFailed():
            return [Said("/uptrack/failed", "sss", (message.job, message.code, message.sentence))]
        case Feedback():
            return _feedback(message)
        case _:
            return []


def _feedback(feedback: Feedback) -> list[Said]:
    said = [Said("/uptrack/status", "s", (feedback.status,))]
    if feedback.score is not None:
        said.append(Said("/uptrack/score", "f", (feedback.score,)))
    said += [_finding(number, marker) for number, marker in enumerate(feedback.markers, start=1)]
    # Last, so that a host that counts knows whether a finding was lost on the way.
    said.append(Said("/uptrack/done", "ssi", (feedback.job, feedback.run, len(feedback.markers))))
    return said


def _finding(number: int, marker: Marker) -> Said:
    # Seconds as doubles would be exact, but many controllers cannot read "d"; a float is 0.1 ms off after an hour.
    return Said(
        "/uptrack/finding",
        "isssffssss",
        (
            number,
            marker.id,
            marker.rule,
            marker.severity,
            marker.start_s,
            marker.end_s,
            marker.bar or "",
            marker.text,
            marker.colour,
            marker.stem or "",
        ),
    )
