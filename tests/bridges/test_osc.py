"""What is particular to OSC: typed addresses, sessions without connections, and whatever can arrive by UDP."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from support.desks import TOKEN, VERSION, EchoDesk
from support.hosts import PATIENCE_S, OscHost, OscLine, ask, hear_whole, osc_line
from uptrack_analysis.errors import Unavailable
from uptrack_bridges.messages import Analyze
from uptrack_bridges.osc import BURST_DATAGRAMS, serve_osc
from uptrack_bridges.osc_packet import MAX_ARGUMENTS, Argument, decode, encode
from uptrack_bridges.switchboard import Switchboard

HELLO: dict[str, Any] = {"type": "hello", "id": "h1", "protocol": 1, "host": "max", "token": TOKEN}
LAST_DATE = 2**64 - 1
"""The last date OSC can write, in February 2036: an obedient server would sleep until then."""


@pytest.fixture
def desk() -> EchoDesk:
    return EchoDesk()


@pytest.fixture
def switchboard(desk: EchoDesk) -> Switchboard:
    return Switchboard(desk, token=TOKEN, version=VERSION)


def message(address: str, *arguments: Any) -> bytes:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram


def bundle(*elements: bytes, date: int = 1) -> bytes:
    sized = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + struct.pack(">Q", date) + sized


async def typed_session(host: OscHost) -> str:
    await host.send("/uptrack/hello", TOKEN, "max")
    address, (session, version, url) = await host.hear_osc()
    assert (address, version, url) == ("/uptrack/welcome", VERSION, "http://127.0.0.1:49721/?code=once")
    return str(session)


# -- typed hosts -------------------------------------------------------------------------------------------------------


async def test_a_typed_host_hears_queued_progress_status_score_findings_and_done(
    switchboard: Switchboard, desk: EchoDesk
) -> None:
    desk.markers = 2
    async with osc_line(switchboard) as line:
        host = await line.host()
        session = await typed_session(host)
        await host.send("/uptrack/analyze", session, "/Musik/Über.wav", "techno", "club")
        heard = [await host.hear_osc() for _ in range(7)]
    _, request = desk.heard.get_nowait()
    assert isinstance(request, Analyze)
    assert request.mix is not None
    assert (request.mix.path, request.genre, request.target) == ("/Musik/Über.wav", "techno", "club")
    finding = ["low.mono-0000", "low.mono", "major", 135.0, 150.0, "73.1", "Bass ist nicht mono — 58 Hz", "#e5484d", ""]
    assert heard == [
        ("/uptrack/queued", ["job-None", 0]),
        ("/uptrack/progress", ["job-None", 0.5, "spectrum"]),
        ("/uptrack/status", ["76 · techno"]),
        ("/uptrack/score", [76.0]),
        ("/uptrack/finding", [1, *finding]),
        ("/uptrack/finding", [2, "low.mono-0001", *finding[1:]]),
        ("/uptrack/done", ["job-None", "run-1", 2]),
    ]


async def test_a_typed_host_may_leave_out_the_end_and_leave_empty_the_middle(
    switchboard: Switchboard, desk: EchoDesk
) -> None:
    async with osc_line(switchboard) as line:
        host = await line.host()
        session = await typed_session(host)
        await host.send("/uptrack/analyze", session, "/mix.wav")
        await host.send("/uptrack/analyze", session, "/mix.wav", "", "stream")
        await host.send("/uptrack/cancel", session, "job-7")
        await host.send("/uptrack/applied", session, "run-1")
        async with asyncio.timeout(PATIENCE_S):
            heard = [(await desk.heard.get())[1].model_dump(exclude_none=True) for _ in range(4)]
    assert [said.get("target") for said in heard] == [None, "stream", None, None]
    assert (heard[2]["type"], heard[2]["job"]) == ("cancel", "job-7")
    assert (heard[3]["type"], heard[3]["run"]) == ("feedback.applied", "run-1")


async def test_a_typed_host_is_answered_at_the_reply_port_it_named(switchboard: Switchboard) -> None:
    async with osc_line(switchboard) as line:
        listener, sender = await line.host(), await line.host()
        # Max sends numbers as floats.
        await sender.send("/uptrack/hello", TOKEN, "", float(listener.socket.getsockname()[1]))
        assert (await listener.hear_osc())[0] == "/uptrack/welcome"
        await sender.send("/uptrack/ping")
        assert await listener.hear_osc() == ("/uptrack/pong", [])


@pytest.mark.parametrize("port", [80, 0, -1, 70_000, 1e300, float("nan"), "9000", True])
async def test_a_reply_port_that_is_none_is_refused(switchboard: Switchboard, port: object) -> None:
    async with osc_line(switchboard) as line:
        host = await line.host()
        if isinstance(port, float) and port > 1e38:
            builder = OscMessageBuilder("/uptrack/hello")
            for value, tag in ((TOKEN, "s"), ("max", "s"), (port, "d")):
                builder.add_arg(value, tag)
            await host.throw(builder.build().dgram)
        else:
            await host.send("/uptrack/hello", TOKEN, "max", port)
        address, (code, _) = await host.hear_osc()
        assert (address, code) == ("/uptrack/refused", "message.bad")
    assert switchboard.sessions == ()


async def test_our_own_port_is_no_reply_port(switchboard: Switchboard) -> None:
    async with osc_line(switchboard) as line:
        host = await line.host()
        await host.send("/uptrack/hello", TOKEN, "max", line.port)
        address, (code, sentence) = await host.hear_osc()
    assert (address, code) == ("/uptrack/refused", "message.bad")
    assert "our own" in sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "session path [genre] [target]; got nothing"),
        ((1, 2), "got int int"),
        (("s", None), "got str NoneType"),
        (("s", "/mix.wav", "techno", "loud"), "target: Input should be 'club', 'stream' or 'premaster'"),
        (("s", "/mix.wav", "techno", "club", "more"), "got str str str str str"),
        (("s", b"/mix.wav"), "got str bytes"),
    ],
)
async def test_wrong_arguments_are_refused_with_the_right_ones(
    switchboard: Switchboard, arguments: tuple[Any, ...], sentence: str
) -> None:
    async with osc_line(switchboard) as line:
        host = await line.host()
        await typed_session(host)
        await host.send("/uptrack/analyze", *arguments)
        address, (code, said) = await host.hear_osc()
        assert (address, code) == ("/uptrack/refused", "message.bad")
        assert sentence in said


async def test_python_oscs_own_client_is_served(switchboard: Switchboard) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        async with osc_line(switchboard) as line:
            client = SimpleUDPClient("127.0.0.1", line.port)
            with client:  # its own __enter__ is typed as the base class
                client.send_message("/uptrack/hello", [TOKEN, "touchosc", listener.getsockname()[1]])
                async with asyncio.timeout(PATIENCE_S):
                    welcome = await asyncio.get_running_loop().sock_recv(listener, 8_192)
    assert welcome.startswith(b"/uptrack/welcome\0")


# -- sessions without connections --------------------------------------------------------------------------------------


async def test_what_names_a_file_needs_the_session_id(switchboard: Switchboard, desk: EchoDesk) -> None:
    async with osc_line(switchboard) as line:
        host = await line.host()
        await ask(host, **HELLO)
        host.session = None
        refused = await ask(host, type="analyze", id="a1", mix={"path": "/mix.wav"})
        assert (refused["id"], refused["code"]) == ("a1", "session.missing")
    assert desk.heard.empty()


async def test_the_session_id_speaks_from_another_port_and_the_answer_goes_to_the_first(
    switchboard: Switchboard,
) -> None:
    async with osc_line(switchboard) as line:
        host, other = await line.host(), await line.host()
        await ask(host, **HELLO)
        other.session = host.session
        await other.say('{"type": "analyze", "id": "a1", "mix": {"path": "/mix.wav"}}')
        assert (await hear_whole(host))["type"] == "job.queued"


async def test_each_question_is_answered_in_the_form_it_was_asked(switchboard: Switchboard) -> None:
    async with osc_line(switchboard) as line:
        host = await line.host()
        await host.send("/uptrack/ping")
        assert (await host.hear_osc())[0] == "/uptrack/refused"
        assert (await ask(host, type="ping"))["code"] == "hello.first"
        await ask(host, **HELLO)
        await host.send("/uptrack/analyze", 1)
        assert (await host.hear_osc())[0] == "/uptrack/refused"


async def test_json_hosts_are_told_again_and_typed_hosts_once(switchboard: Switchboard) -> None:
    async with osc_line(switchboard) as line:
        scripted, typed = await line.host(), await line.host()
        await ask(scripted, **HELLO | {"host": "reaper"})
        await typed_session(typed)
        lossy = {session.host: session.wire.lossy for session in switchboard.sessions}
    assert lossy == {"reaper": True, "max": False}


async def test_a_burst_stops_for_a_breath_before_it_would_overflow_a_hosts_receive_buffer(
    switchboard: Switchboard, desk: EchoDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uptrack_bridges.osc.BREATH_S", 1e6)
    desk.markers = 600
    async with osc_line(switchboard) as line:
        host, other = await line.host(), await line.host()
        await ask(host, **HELLO | {"host": "reaper"})
        await host.say('{"type": "analyze", "id": "a1", "mix": {"path": "/mix.wav"}}')
        heard = [await host.hear() for _ in range(2 + BURST_DATAGRAMS)]
        assert [message["type"] for message in heard[2:]] == ["part"] * BURST_DATAGRAMS
        await ask(other, **HELLO)  # nobody else waits
        with pytest.raises(BlockingIOError):
            host.socket.recv(65_536)


async def test_a_message_said_again_has_the_same_parts_so_that_each_sending_brings_what_another_lost(
    switchboard: Switchboard, desk: EchoDesk
) -> None:
    desk.markers = 200
    async with osc_line(switchboard) as line:
        host = await line.host()
        await ask(host, **HELLO | {"host": "reaper"})
        first, again = [await _parts_of_feedback(host) for _ in range(2)]
    assert len(first) > 3
    assert first == again


async def _parts_of_feedback(host: OscHost) -> list[dict[str, Any]]:
    await host.say('{"type": "analyze", "id": "a1", "mix": {"path": "/mix.wav"}}')
    heard = [await host.hear() for _ in range(3)]
    return heard[2:] + [await host.hear() for _ in range(heard[2]["parts"] - 1)]


async def test_a_host_that_is_silent_for_too_long_loses_its_session(switchboard: Switchboard, desk: EchoDesk) -> None:
    async with osc_line(switchboard, idle_s=0.1) as line:
        host = await line.host()
        await ask(host, **HELLO)
        async with asyncio.timeout(PATIENCE_S):
            await desk.ended.get()
        assert (await ask(host, type="ping"))["code"] == "hello.first"


async def test_a_taken_port_is_a_sentence(switchboard: Switchboard) -> None:
    async with serve_osc(switchboard) as server:
        with pytest.raises(Unavailable, match=f"Expected UDP port {server.port} for OSC"):
            async with serve_osc(switchboard, port=server.port):
                pass


# -- whatever arrives --------------------------------------------------------------------------------------------------


async def answers_to(line: OscLine, *datagrams: bytes) -> list[str]:
    """Throw datagrams and hear what comes back before the answer to a last, proper question."""
    host = await line.host()
    for datagram in datagrams:
        await host.throw(datagram)
        await asyncio.sleep(0)
    await host.send("/uptrack/hello", TOKEN, "last")
    heard: list[str] = []
    while (answer := (await host.hear_osc())[0]) != "/uptrack/welcome":
        heard.append(answer)
    return heard


async def test_a_bundle_dated_in_the_far_future_is_acted_on_now_and_stalls_nothing(switchboard: Switchboard) -> None:
    async with osc_line(switchboard) as line:
        host = await line.host()
        await host.throw(bundle(message("/uptrack/hello", TOKEN), date=LAST_DATE))
        assert (await host.hear_osc())[0] == "/uptrack/welcome"


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"/",
        b"/uptrack",
        b"/uptrack/hello\0\0,s\0\0abc",
        b"/uptrack/hello\0\0" + b",[[[[[[[[[[[[[[",
        message("/uptrack/*", TOKEN),
        message("/" + "*" * 4_000),
        message("/uptrack/welcome", "s", "v", "u"),
        message("/uptrack/refused", "code", "sentence"),
        message("/somebody/elses", 1, 2.0),
        b"/uptrack/ping\0\0\0," + b"i" * 8_000,
        b"/uptrack/ping\0\0\0,zzz\0\0\0\0",
        b"#bundle\0",
        b"#bundle\0" + b"\0" * 8 + struct.pack(">i", -4) * 8,
        b"#bundle\0" + b"\0" * 8 + struct.pack(">i", 2**31 - 1) + b"/a\0\0",
        b"#bundle\0" + b"\0" * 8 + b"\0" * 8_000,
        b"/uptrack/hello\0\0,s\0\0\xff\xfe\xfd\0",
    ],
    ids=lambda garbage: repr(garbage[:40]),
)
async def test_garbage_and_messages_for_others_get_no_answer(switchboard: Switchboard, garbage: bytes) -> None:
    async with osc_line(switchboard) as line:
        assert await answers_to(line, garbage) == []


async def test_deeply_nested_bundles_are_not_followed_down(switchboard: Switchboard) -> None:
    nested = message("/uptrack/ping")
    for _ in range(380):
        nested = bundle(nested)
    async with osc_line(switchboard) as line:
        assert await answers_to(line, nested) == []


async def test_a_huge_datagram_is_refused_if_it_is_meant_for_us_and_ignored_if_not(switchboard: Switchboard) -> None:
    async with osc_line(switchboard) as line:
        assert await answers_to(line, b"/" + b"x" * 60_000) == []
        assert await answers_to(line, message("/uptrack/analyze", "s" * 60_000)) == ["/uptrack/refused"]


async def test_three_thousand_random_datagrams_are_survived(
    switchboard: Switchboard, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(2_026)
    starts = [
        b"",
        b"/uptrack/hello\0\0",
        b"/uptrack/message\0\0\0\0,s\0\0",
        b"#bundle\0",
        b"/uptrack/analyze\0\0\0\0,ss\0",
    ]
    datagrams = [dice.choice(starts) + dice.randbytes(dice.randrange(600)) for _ in range(3_000)]
    async with osc_line(switchboard) as line:
        heard = await answers_to(line, *datagrams)
    assert set(heard) <= {"/uptrack/refused", "/uptrack/message"}
    assert [record for record in caplog.records if record.levelname in {"ERROR", "WARNING"}] == []


@settings(max_examples=100)
@given(
    st.binary(max_size=300)
    | st.binary(max_size=300).map(lambda tail: b"#bundle\0" + tail)
    | st.binary(max_size=300).map(lambda tail: b"/uptrack/hello\0\0," + tail)
)
def test_decoding_never_raises_and_never_gives_more_than_its_caps(datagram: bytes) -> None:
    assert all(len(heard.arguments) <= MAX_ARGUMENTS for heard in decode(datagram))


@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20), max_size=5),
    number=st.integers(-(2**31), 2**31 - 1),
)
@settings(max_examples=40)
def test_what_is_encoded_is_decoded_the_same(texts: list[str], number: int) -> None:
    arguments: tuple[Argument, ...] = (*texts, number)
    (heard,) = decode(bundle(encode("/uptrack/x", "s" * len(texts) + "i", arguments)))
    assert heard == ("/uptrack/x", arguments)


@pytest.mark.parametrize(("tags", "argument"), [("s", "a\0b"), ("i", 2**40), ("f", "x")])
def test_what_osc_cannot_carry_is_not_encoded(tags: str, argument: Any) -> None:
    with pytest.raises(ValueError, match="/uptrack/x"):
        encode("/uptrack/x", tags, (argument,))
