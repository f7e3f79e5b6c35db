"""What is particular to the WebSocket: deadlines, frames, sizes, slow readers, close codes."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from support.desks import TOKEN, VERSION, EchoDesk
from support.hosts import PATIENCE_S, WebSocketHost, ask, hear_whole, websocket_line
from uptrack_bridges import websocket
from uptrack_bridges.messages import Feedback, JobProgress, Pong
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.wire import WireClosed

HELLO = {"type": "hello", "id": "h1", "protocol": 1, "host": "ableton", "token": TOKEN}


@pytest.fixture
def desk() -> EchoDesk:
    return EchoDesk()


@pytest.fixture
def switchboard(desk: EchoDesk) -> Switchboard:
    return Switchboard(desk, token=TOKEN, version=VERSION)


async def closing(host: WebSocketHost) -> tuple[int, str]:
    """Wait for the daemon to close; its code and reason."""

    async def read_on() -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await host.connection.recv()

    with pytest.raises(ConnectionClosed) as closed:
        await read_on()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_a_connection_without_hello_is_closed_when_its_time_is_over(switchboard: Switchboard) -> None:
    over = asyncio.Event()

    async def until_over(seconds: float) -> None:
        assert seconds == 5.0
        await over.wait()

    async with websocket_line(switchboard, sleep=until_over) as line:
        silent, wrong, welcomed = [await line.host() for _ in range(3)]
        await ask(wrong, **HELLO | {"token": "guess"})
        await ask(welcomed, **HELLO)
        over.set()
        assert await closing(silent) == (4001, "Expected hello with the right token within 5 s.")
        assert (await closing(wrong))[0] == 4001
        assert (await ask(welcomed, type="ping"))["type"] == "pong"


async def test_a_message_over_a_mebibyte_closes_with_1009_and_ends_the_session(
    switchboard: Switchboard, desk: EchoDesk
) -> None:
    async with websocket_line(switchboard) as line:
        host = await line.host()
        await ask(host, **HELLO)
        await host.say(json.dumps({"type": "ping", "id": "x" * (1 << 20)}))
        assert (await closing(host))[0] == 1009
        async with asyncio.timeout(PATIENCE_S):
            await desk.ended.get()


async def test_a_binary_frame_closes_with_1003(switchboard: Switchboard) -> None:
    async with websocket_line(switchboard) as line:
        host = await line.host()
        await ask(host, **HELLO)
        await host.connection.send(b"\x00\x01")
        assert (await closing(host))[0] == 1003


async def test_what_follows_a_binary_frame_is_not_acted_on(switchboard: Switchboard, desk: EchoDesk) -> None:
    async with websocket_line(switchboard) as line:
        host = await line.host()
        await ask(host, **HELLO)
        await host.connection.send(b"\x00\x01")
        await host.say(json.dumps({"type": "analyze", "id": "a1", "mix": {"path": "/mix.wav"}}))
        assert (await closing(host))[0] == 1003
        async with asyncio.timeout(PATIENCE_S):
            await desk.ended.get()
    assert desk.heard.empty()


async def test_text_that_is_not_utf_8_closes_with_1007(switchboard: Switchboard) -> None:
    async with websocket_line(switchboard) as line:
        host = await line.host()
        await host.connection.send(b"\xff\xfe{", text=True)
        assert (await closing(host))[0] == 1007


async def test_stopping_the_daemon_closes_with_1001_after_what_was_already_said(switchboard: Switchboard) -> None:
    async with websocket_line(switchboard) as line:
        host = await line.host()
        await ask(host, **HELLO)
        (session,) = switchboard.sessions
        for number in range(3):
            await session.wire.send(Pong(id=str(number)))
        stopping = asyncio.create_task(line.endpoint.close())
        assert [(await hear_whole(host))["id"] for _ in range(3)] == ["0", "1", "2"]
        assert await closing(host) == (1001, "The daemon is stopping.")
        await stopping
    assert switchboard.sessions == ()


async def test_a_reader_that_is_stuck_loses_progress_first_then_its_connection_and_delays_nobody(
    switchboard: Switchboard, desk: EchoDesk
) -> None:
    async with websocket_line(switchboard) as line:
        stuck, other = await line.host(), await line.host()
        await ask(stuck, **HELLO, instance="stuck")
        await ask(other, **HELLO, instance="other")
        wire = next(session for session in switchboard.sessions if session.instance == "stuck").wire
        stuck.connection.transport.pause_reading()
        big = Feedback(job="j", run="r", report="r", status="x" * 60_000, score=None, markers=[])
        progress = JobProgress(job="j", fraction=0.5, stage="spectrum")

        async def flood() -> None:
            for _ in range(200_000):  # more than any socket buffer holds
                await wire.send(progress)
                await wire.send(big)
                await asyncio.sleep(0)

        with pytest.raises(WireClosed, match="does not read"):
            await flood()
        assert (await ask(other, type="ping"))["type"] == "pong"
        async with asyncio.timeout(PATIENCE_S):
            assert (await desk.ended.get()).instance == "stuck"
        with pytest.raises(WireClosed):
            await wire.send(big)


async def test_progress_for_a_host_that_is_behind_is_dropped_and_answers_are_kept(switchboard: Switchboard) -> None:
    async with websocket_line(switchboard) as line:
        host = await line.host()
        await ask(host, **HELLO)
        (session,) = switchboard.sessions
        # No await gives the writer its turn in between, so all of these are waiting at once.
        for number in range(websocket.DROP_PROGRESS_ABOVE):
            await session.wire.send(Pong(id=str(number)))
        await session.wire.send(JobProgress(job="j", fraction=0.5, stage="spectrum"))
        await session.wire.send(Pong(id="last"))
        heard = [await hear_whole(host) for _ in range(websocket.DROP_PROGRESS_ABOVE + 1)]
        assert {message["type"] for message in heard} == {"pong"}
        assert heard[-1]["id"] == "last"


async def test_more_connections_than_allowed_are_turned_away_before_the_upgrade(switchboard: Switchboard) -> None:
    async with websocket_line(switchboard, max_connections=1) as line:
        first = await line.host()
        await ask(first, **HELLO)
        with pytest.raises(InvalidStatus) as refused:
            await line.host()
        assert refused.value.response.status_code == 503


async def test_a_host_that_stands_still_is_found_out_by_its_missing_pong(
    switchboard: Switchboard, desk: EchoDesk
) -> None:
    # Its pong has half of this time. Nothing is waited for on the way, or a busy machine would be found out too soon.
    async with websocket_line(switchboard, heartbeat_s=1.0) as line:
        host = await line.host()
        host.connection.transport.pause_reading()
        await host.say(json.dumps(HELLO))
        async with asyncio.timeout(PATIENCE_S):
            await desk.ended.get()
    assert websocket.HEARTBEAT_S / 2 > 30  # a DAW may stand still for 30 s
