"""One conversation, three transports: what every wire must do, asked by clients that are not ours."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from support.desks import TOKEN, VERSION, EchoDesk
from support.hosts import PATIENCE_S, Host, Line, ask, hear_whole, mailbox_line, osc_line, websocket_line
from uptrack_analysis.errors import Unavailable
from uptrack_bridges.mailbox import serve_mailbox
from uptrack_bridges.osc import serve_osc
from uptrack_bridges.parts import split
from uptrack_bridges.switchboard import Switchboard

HELLO: dict[str, Any] = {"type": "hello", "id": "h1", "protocol": 1, "host": "reaper", "token": TOKEN}


@pytest.fixture
def desk() -> EchoDesk:
    return EchoDesk()


@pytest.fixture
def switchboard(desk: EchoDesk) -> Switchboard:
    return Switchboard(desk, token=TOKEN, version=VERSION)


@pytest.fixture(params=["websocket", "mailbox", "osc"])
async def line(request: pytest.FixtureRequest, switchboard: Switchboard, tmp_path: Path) -> AsyncIterator[Line]:
    lines: dict[str, AbstractAsyncContextManager[Line]] = {
        "websocket": websocket_line(switchboard),
        "mailbox": mailbox_line(switchboard, tmp_path / "mailbox"),
        "osc": osc_line(switchboard),
    }
    async with lines[request.param] as started:
        yield started


@pytest.fixture
async def host(line: Line) -> Host:
    return await line.host()


async def test_hello_is_answered_with_welcome_session_version_and_page(host: Host, desk: EchoDesk) -> None:
    welcome = await ask(host, **HELLO, host_version="7.60", capabilities=["markers"], project={"name": "Warehouse"})
    assert welcome == {
        "type": "welcome",
        "id": "h1",
        "protocol": 1,
        "session": welcome["session"],
        "version": VERSION,
        "url": desk.page_url(),
    }
    assert len(bytes.fromhex(welcome["session"])) == 16
    pong = await ask(host, type="ping", id="p1")
    assert pong == {"type": "pong", "id": "p1"}
    (session,) = desk.sessions
    assert (session.host, session.capabilities) == ("reaper", frozenset({"markers"}))
    assert session.project is not None
    assert session.project.name == "Warehouse"


async def test_a_wrong_token_is_refused_and_a_right_one_then_welcomed(host: Host) -> None:
    refused = await ask(host, **HELLO | {"token": "wrong"})
    assert (refused["type"], refused["id"], refused["code"]) == ("refused", "h1", "hello.token")
    assert (await ask(host, **HELLO))["type"] == "welcome"


@pytest.mark.parametrize(("protocol", "older"), [(2, "the daemon"), (0, "the script")])
async def test_another_protocol_version_is_refused_naming_both_and_what_to_update(
    host: Host, protocol: int, older: str
) -> None:
    refused = await ask(host, **HELLO | {"protocol": protocol})
    assert refused["code"] == "hello.protocol"
    assert f"protocol 1, the host {protocol}: update {older}" in refused["sentence"]


async def test_a_hello_of_the_future_with_other_fields_hears_about_versions_too(host: Host) -> None:
    refused = await ask(host, type="hello", id="h9", protocol=9, token={"kind": "new"})
    assert (refused["id"], refused["code"]) == ("h9", "hello.protocol")


@pytest.mark.parametrize("first", [{"type": "ping"}, {"type": "analyze", "mix": {"path": "/mix.wav"}}])
async def test_anything_before_hello_is_refused(host: Host, desk: EchoDesk, first: dict[str, Any]) -> None:
    refused = await ask(host, id="x1", **first)
    assert (refused["type"], refused["id"], refused["code"]) == ("refused", "x1", "hello.first")
    assert desk.heard.empty()


async def test_analyze_is_answered_with_queued_progress_and_feedback(host: Host) -> None:
    await ask(host, **HELLO)
    queued = await ask(host, type="analyze", id="a1", mix={"path": "/Übung/mix.wav"}, genre=None)
    progress = await hear_whole(host)
    feedback = await hear_whole(host)
    assert (queued["type"], queued["id"], queued["position"]) == ("job.queued", "a1", 0)
    assert (progress["type"], progress["job"], progress["fraction"]) == ("job.progress", queued["job"], 0.5)
    assert (feedback["type"], feedback["job"], feedback["score"]) == ("feedback", queued["job"], 76.0)
    assert feedback["markers"][0]["text"] == "Bass ist nicht mono — 58 Hz"


async def test_feedback_larger_than_the_wire_comes_in_parts_and_is_whole_again(host: Host, desk: EchoDesk) -> None:
    desk.markers = 600
    await ask(host, **HELLO)
    await ask(host, type="analyze", id="a1", mix={"path": "/mix.wav"})
    await hear_whole(host)
    feedback = await hear_whole(host)
    assert [marker["id"] for marker in feedback["markers"]] == [f"low.mono-{number:04d}" for number in range(600)]


async def test_a_message_in_parts_is_acted_on_once_it_is_whole(host: Host, desk: EchoDesk) -> None:
    await ask(host, **HELLO)
    stems = [{"path": f"/stems/{'ü' * 60}-{number}.wav", "name": '"quoted"'} for number in range(250)]
    text = json.dumps({"type": "analyze", "id": "a2", "mix": {"path": "/mix.wav"}, "stems": stems}, ensure_ascii=False)
    parts = split(text, limit_bytes=7_000, message_id=secrets.token_hex(4))
    assert len(parts) > 3
    for part in parts:
        await host.say(part.model_dump_json(exclude_none=True))
    queued = await hear_whole(host)
    assert (queued["type"], queued["id"]) == ("job.queued", "a2")
    _, message = desk.heard.get_nowait()
    assert json.loads(message.model_dump_json())["stems"][249]["path"] == stems[249]["path"]


async def test_an_unknown_type_is_refused_with_the_requests_id(host: Host) -> None:
    await ask(host, **HELLO)
    refused = await ask(host, type="make.coffee", id="c1")
    assert (refused["type"], refused["id"], refused["code"]) == ("refused", "c1", "message.unknown_type")
    assert "make.coffee" in refused["sentence"]
    assert (await ask(host, type="ping"))["type"] == "pong"


async def test_wrong_field_types_are_refused_naming_the_field(host: Host) -> None:
    await ask(host, **HELLO)
    refused = await ask(host, type="analyze", id="a1", mix={"path": 7})
    assert (refused["id"], refused["code"]) == ("a1", "message.bad")
    assert "mix.path" in refused["sentence"]


@pytest.mark.parametrize("text", ["", "nonsense", "[1, 2]", '"hello"', "null", '{"type": "ping"', "NaN"])
async def test_what_is_no_json_object_is_refused_and_the_wire_lives_on(host: Host, text: str) -> None:
    await ask(host, **HELLO)
    await host.say(text)
    assert (await hear_whole(host))["type"] == "refused"
    assert (await ask(host, type="ping"))["type"] == "pong"


async def test_deep_nesting_up_to_the_wires_limit_is_refused_and_the_wire_lives_on(host: Host) -> None:
    await ask(host, **HELLO)
    await host.say('{"a":' * ((host.part_bytes - 64) // 6) + "1" + "}" * ((host.part_bytes - 64) // 6))
    assert (await hear_whole(host))["code"] == "message.not_json"
    assert (await ask(host, type="ping"))["type"] == "pong"


async def test_a_mebibyte_of_nesting_in_parts_is_refused_and_the_wire_lives_on(host: Host) -> None:
    await ask(host, **HELLO)
    text = "[" * (1 << 20)
    for part in split(text, limit_bytes=7_000, message_id="deep"):
        await host.say(part.model_dump_json(exclude_none=True))
        await asyncio.sleep(0)
    assert (await hear_whole(host))["code"] == "message.not_json"
    assert (await ask(host, type="ping"))["type"] == "pong"


async def test_what_the_desk_refuses_reaches_the_host_as_a_sentence(host: Host) -> None:
    await ask(host, **HELLO)
    refused = await ask(host, type="analyze", id="a1", mix={"path": "/no/such/file"})
    assert refused == {
        "type": "refused",
        "id": "a1",
        "code": "input.bad",
        "sentence": "Expected an audio file, but /no/such/file does not exist.",
        "retry": False,
    }


async def test_a_host_hears_whether_the_same_may_be_taken_later(host: Host) -> None:
    await ask(host, **HELLO)
    assert (await ask(host, type="analyze", id="a1", mix={"path": "/disk/full"}))["retry"]
    assert not (await ask(host, type="analyze", id="a2", mix={"path": "/no/such/file"}))["retry"]


async def test_a_slip_inside_the_daemon_is_one_sentence_and_the_wire_lives_on(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    await ask(host, **HELLO)
    refused = await ask(host, type="analyze", id="a1", mix={"path": "/bug"})
    assert (refused["id"], refused["code"]) == ("a1", "internal")
    assert "planted" not in refused["sentence"]
    assert "ZeroDivisionError: a planted slip" in caplog.text
    assert (await ask(host, type="ping"))["type"] == "pong"


async def test_cancel_state_and_applied_reach_the_desk_in_order(host: Host, desk: EchoDesk) -> None:
    await ask(host, **HELLO)
    await host.say(json.dumps({"type": "cancel", "request": "a1"}))
    await host.say(json.dumps({"type": "state", "state": "rendering"}))
    await host.say(json.dumps({"type": "feedback.applied", "run": "run-1", "placed": ["m1"]}))
    async with asyncio.timeout(PATIENCE_S):
        heard = [(await desk.heard.get())[1] for _ in range(3)]
    assert [message.type for message in heard] == ["cancel", "state", "feedback.applied"]


async def test_a_second_hello_replaces_the_facts_and_keeps_the_session(host: Host, desk: EchoDesk) -> None:
    first = await ask(host, **HELLO, instance="r-1", project={"name": "Warehouse"})
    second = await ask(host, **HELLO, instance="r-1", project={"name": "Basement"})
    await ask(host, type="ping")
    assert second["session"] == first["session"]
    assert [session.project.name for session in desk.sessions if session.project] == ["Basement", "Basement"]


async def test_another_instance_on_the_same_wire_is_another_session(host: Host, desk: EchoDesk) -> None:
    first = await ask(host, **HELLO, instance="r-1")
    second = await ask(host, **HELLO, instance="r-2")
    assert second["session"] != first["session"]
    assert desk.ended.get_nowait().instance == "r-1"


async def test_the_same_instance_on_a_new_wire_takes_the_place_of_its_old_self(
    line: Line, host: Host, desk: EchoDesk, switchboard: Switchboard
) -> None:
    first = await ask(host, **HELLO, instance="r-1")
    again = await line.host("host-2")
    second = await ask(again, **HELLO, instance="r-1")
    assert second["session"] != first["session"]
    async with asyncio.timeout(PATIENCE_S):
        assert (await desk.ended.get()).id == first["session"]
    assert [session.id for session in switchboard.sessions] == [second["session"]]


@pytest.mark.parametrize("line", ["websocket", "mailbox"], indirect=True)  # nothing tells when a UDP host is gone
async def test_a_host_that_vanishes_ends_its_session_and_nobody_elses(
    line: Line, host: Host, desk: EchoDesk, switchboard: Switchboard
) -> None:
    other = await line.host("host-2")
    gone = await ask(host, **HELLO, instance="r-1")
    stays = await ask(other, **HELLO, instance="r-2")
    await host.vanish()
    async with asyncio.timeout(PATIENCE_S):
        while desk.ended.empty():
            assert (await ask(other, type="ping"))["type"] == "pong"
            await asyncio.sleep(0.01)
    assert desk.ended.get_nowait().id == gone["session"]
    assert [session.id for session in switchboard.sessions] == [stays["session"]]


async def test_another_hosts_session_id_opens_nothing_on_a_wire_of_its_own(line: Line, host: Host) -> None:
    await ask(host, **HELLO, instance="r-1")
    refused = await ask(host, type="cancel", id="x", session="0" * 32, job="job-1")
    assert (refused["id"], refused["code"]) == ("x", "session.unknown")


async def test_a_host_whose_desk_is_busy_delays_no_other_host(line: Line, host: Host, desk: EchoDesk) -> None:
    other = await line.host("host-2")
    await ask(host, **HELLO, instance="r-1")
    await ask(other, **HELLO, instance="r-2")
    desk.gate = asyncio.Event()
    await host.say(json.dumps({"type": "analyze", "id": "a1", "mix": {"path": "/mix.wav"}}))
    async with asyncio.timeout(PATIENCE_S):
        await desk.heard.get()
    assert (await ask(other, type="ping"))["type"] == "pong"
    desk.gate.set()
    assert (await hear_whole(host))["type"] == "job.queued"


@pytest.mark.parametrize("transport", ["mailbox", "osc"])
async def test_a_failure_inside_the_block_leaves_it_as_it_is(
    transport: str, switchboard: Switchboard, tmp_path: Path
) -> None:
    serve = serve_osc(switchboard) if transport == "osc" else serve_mailbox(tmp_path / "mailbox", switchboard)
    with pytest.raises(Unavailable, match="the next thing to open is taken"):
        async with serve:
            raise Unavailable("the next thing to open is taken")
