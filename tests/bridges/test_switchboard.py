"""What the switchboard promises its transports: it never raises for what a host, a desk or a wire does."""

from __future__ import annotations

import json

import pytest

from support.desks import TOKEN, VERSION, EchoDesk
from uptrack_bridges.messages import Message, Refused, Welcome
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.wire import Session, Transport, WireClosed

HELLO = json.dumps({"type": "hello", "id": "h1", "protocol": 1, "host": "reaper", "token": TOKEN})


class ListWire:
    """A wire that ends in a list; ``broken`` is what sending raises instead."""

    transport: Transport = "websocket"
    lossy: bool = False
    late_s = 0.0

    def __init__(self, broken: Exception | None = None) -> None:
        self.said: list[Message] = []
        self.broken = broken

    async def send(self, message: Message) -> None:
        if self.broken is not None:
            raise self.broken
        self.said.append(message)

    async def close(self, sentence: str) -> None:
        self.broken = WireClosed(sentence)


class ForgetfulDesk(EchoDesk):
    async def closed(self, session: Session) -> None:
        raise ZeroDivisionError("a planted slip")


def switchboard_of(desk: EchoDesk, max_message_bytes: int = 1 << 20) -> Switchboard:
    return Switchboard(desk, token=TOKEN, version=VERSION, max_message_bytes=max_message_bytes)


async def test_a_message_over_the_cap_is_refused_unparsed_counting_bytes_not_characters() -> None:
    wire = ListWire()
    switchboard = switchboard_of(EchoDesk(), max_message_bytes=1_000)
    for text in ("ü" * 501, b"x" * 1_001, "x" * 1_001):
        await switchboard.received(wire, text)
    assert [message.code for message in wire.said if isinstance(message, Refused)] == ["message.too_large"] * 3


async def test_the_refusals_id_is_the_requests_when_it_is_one_and_null_otherwise() -> None:
    wire = ListWire()
    switchboard = switchboard_of(EchoDesk())
    for request_id in ("x1", 7, "", "x" * 201, None):
        await switchboard.received(wire, json.dumps({"type": "make.coffee", "id": request_id}))
    assert [message.id for message in wire.said if isinstance(message, Refused)] == ["x1", None, None, None, None]


async def test_an_unknown_types_name_is_cut_in_the_sentence() -> None:
    wire = ListWire()
    await switchboard_of(EchoDesk()).received(wire, json.dumps({"type": "x" * 100_000}))
    (refused,) = wire.said
    assert isinstance(refused, Refused)
    assert len(refused.sentence) < 300


@pytest.mark.parametrize("broken", [WireClosed("gone"), ValueError("a planted slip")])
async def test_a_wire_that_takes_no_answer_raises_nothing_into_its_transport(broken: Exception) -> None:
    switchboard = switchboard_of(EchoDesk())
    await switchboard.received(ListWire(broken), "nonsense")
    await switchboard.received(ListWire(broken), HELLO)


async def test_a_desk_that_fails_to_close_raises_nothing_into_the_transport(caplog: pytest.LogCaptureFixture) -> None:
    wire = ListWire()
    switchboard = switchboard_of(ForgetfulDesk())
    await switchboard.received(wire, HELLO)
    await switchboard.lost(wire)
    await switchboard.lost(wire)
    assert switchboard.sessions == ()
    assert "a planted slip" in caplog.text


async def test_sessions_are_found_by_wire_and_by_id_until_the_wire_is_lost() -> None:
    desk, wire = EchoDesk(), ListWire()
    switchboard = switchboard_of(desk)
    await switchboard.received(wire, HELLO)
    (welcome,) = wire.said
    assert isinstance(welcome, Welcome)
    session = switchboard.session(welcome.session)
    assert session is not None
    assert session is switchboard.session_of(wire)
    assert session.instance == session.id  # the host gave none
    await switchboard.lost(wire)
    assert (switchboard.session(welcome.session), switchboard.session_of(wire)) == (None, None)
    assert desk.ended.get_nowait() is session
