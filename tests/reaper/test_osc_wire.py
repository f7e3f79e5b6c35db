"""REAPER's scripts over OSC, with a real LuaSocket and the daemon's real server, on roads that lose and disorder."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.desks import TOKEN, VERSION, EchoDesk
from support.hosts import PATIENCE_S
from support.link_host import SCRIPTS, LinkChild, link_child
from support.udp_road import (
    Rule,
    UdpRoad,
    a_third_is_lost,
    all_arrive,
    each_comes_twice,
    each_pair_is_swapped,
    every_third_is_lost,
    the_first_is_lost,
)
from uptrack_bridges.mailbox import serve_mailbox
from uptrack_bridges.messages import Analyze, Feedback, FeedbackApplied, State
from uptrack_bridges.osc import serve_osc
from uptrack_bridges.osc_packet import encode
from uptrack_bridges.switchboard import Switchboard

HELLO: dict[str, Any] = {"type": "hello", "id": "h1", "protocol": 1, "host": "reaper"}
ANALYZE: dict[str, Any] = {"type": "analyze", "id": "a1", "mix": {"path": "/music/mix.wav"}}
APPLIED: dict[str, Any] = {"type": "feedback.applied", "id": "f1", "run": "run-1", "placed": ["low.mono-0000"]}

both = pytest.mark.parametrize("version", ["5.3", "5.4"])


@dataclass
class Place:
    """A daemon, a road to it, and one script."""

    home: Path
    script: LinkChild
    desk: EchoDesk = field(default_factory=EchoDesk)
    heard: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def announce(self, **changes: Any) -> None:
        bridge = {"protocol": 1, "version": VERSION, "pid": 1, "port": 1, "token": TOKEN}
        (self.home / "bridge.json").write_text(json.dumps(bridge | {"mailbox": str(self.home / "mailbox")} | changes))

    @asynccontextmanager
    async def daemon(
        self, to_daemon: Rule | None = None, to_host: Rule | None = None, *, token: str = TOKEN
    ) -> AsyncIterator[UdpRoad]:
        """The daemon runs, and bridge.json names the road to it."""
        road = UdpRoad(to_daemon or all_arrive(), to_host or all_arrive())
        async with (
            serve_osc(Switchboard(self.desk, token=token, version=VERSION)) as server,
            road.open(server.port),
        ):
            self.announce(osc_port=road.port, token=token)
            yield road

    async def look(self, seconds: float = 0.05) -> None:
        """One look, and time enough for the daemon to act on what was said and to answer."""
        self.heard += await self.script.look(seconds)
        for _ in range(20):
            await asyncio.sleep(0)

    async def until(self, happened: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not happened():
                await self.look()

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.heard]

    def said(self, kind: type[Any]) -> list[Any]:
        """Messages of one type that reached the desk."""
        entries = [self.desk.heard.get_nowait() for _ in range(self.desk.heard.qsize())]
        for entry in entries:
            self.desk.heard.put_nowait(entry)
        return [message for _, message in entries if isinstance(message, kind)]

    async def converse(self, analyze: dict[str, Any] = ANALYZE) -> None:
        """From the greeting to the acknowledgement, as a script does it."""
        assert await self.script.open("files") is None
        assert await self.script.send(HELLO) is None
        await self.until(lambda: "welcome" in self.kinds())
        assert await self.script.send(analyze) is None
        await self.until(lambda: "feedback" in self.kinds())
        assert await self.script.send(APPLIED) is None
        async with asyncio.timeout(PATIENCE_S):
            while not (await self.script.state())["all_read"]:
                await self.look()
        assert self.said(FeedbackApplied)


@pytest.fixture
async def place(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path))
    async with link_child(version) as script:
        yield Place(tmp_path, script)


# -- the conversation --------------------------------------------------------------------------------------------------


@both
async def test_a_script_with_luasocket_speaks_osc(place: Place) -> None:
    async with place.daemon():
        await place.converse()
        assert (await place.script.state())["kind"] == "osc"
        await place.look(60.0)
    assert place.kinds() == ["welcome", "job.queued", "job.progress", "feedback"]
    assert len(place.said(Analyze)) == 1
    (session,) = place.desk.sessions
    assert session.wire.transport == "osc"
    assert session.instance.endswith("-files")
    assert [applied.placed for applied in place.said(FeedbackApplied)] == [["low.mono-0000"]]
    assert not (place.home / "mailbox").exists()


@both
async def test_the_action_places_its_markers_over_osc(place: Place) -> None:
    async with place.daemon():
        await place.script.run(SCRIPTS / "UpTrack_Analyze existing files.lua")
        async with asyncio.timeout(PATIENCE_S):
            seen = await place.script.turn()
            while seen["running"]:
                for _ in range(20):
                    await asyncio.sleep(0)
                seen = await place.script.turn()
    assert seen["markers"] == ["[UpTrack] major: Bass ist nicht mono — 58 Hz"]
    assert "76 · techno" in seen["console"]
    assert place.said(FeedbackApplied)
    assert not (place.home / "mailbox").exists()


@both
@pytest.mark.parametrize("rule", [every_third_is_lost, each_comes_twice, each_pair_is_swapped])
async def test_on_a_bad_road_everything_is_heard_once_and_in_order(place: Place, rule: Callable[[], Rule]) -> None:
    async with place.daemon(rule(), rule()):
        await place.converse()
    kinds = [kind for kind in place.kinds() if kind != "job.progress"]  # a lost progress is not said again
    assert kinds == ["welcome", "job.queued", "feedback"]
    assert place.kinds().count("job.progress") <= 1


@both
@pytest.mark.parametrize("rule", [all_arrive, a_third_is_lost])
async def test_large_messages_go_both_ways_in_parts(place: Place, rule: Callable[[], Rule]) -> None:
    place.desk.markers = 300
    points = [{"time_s": 2.0 * bar, "bpm": 120.0 + bar % 7 / 8} for bar in range(1_000)]
    async with place.daemon(rule(), rule()) as road:
        await place.converse(ANALYZE | {"project": {"name": 'A "quoted" \\ näme', "tempo_map": points}})
    request = place.said(Analyze)[0]
    assert request.project.name == 'A "quoted" \\ näme'
    assert [point.bpm for point in request.project.tempo_map] == [point["bpm"] for point in points]
    (feedback,) = [message for message in place.heard if message["type"] == "feedback"]
    assert [marker["id"] for marker in feedback["markers"]] == [f"low.mono-{number:04d}" for number in range(300)]
    assert road.carried > 5


@both
async def test_feedback_that_overtakes_its_jobs_name_waits_for_it(place: Place) -> None:
    async with place.daemon(to_host=the_first_is_lost(b'"job.queued"')):
        await place.converse()
    assert place.kinds() == ["welcome", "job.queued", "job.progress", "feedback"]


@both
async def test_a_jobs_end_that_was_lost_is_asked_for(place: Place) -> None:
    async with place.daemon(to_host=the_first_is_lost(b'"feedback"')):
        await place.converse()
    assert place.kinds() == ["welcome", "job.queued", "job.progress", "feedback"]
    assert len(place.said(Analyze)) == 2


@both
async def test_feedback_that_is_repeated_is_acknowledged_again_and_passed_on_once(place: Place) -> None:
    async with place.daemon():
        await place.converse()
        (session,) = place.desk.sessions
        again = Feedback(job="job-a1", run="run-1", report="r", status="", score=None, markers=[])
        await session.wire.send(again)
        await place.until(lambda: len(place.said(FeedbackApplied)) == 2)
    assert place.kinds().count("feedback") == 1
    assert {applied.session for applied in place.said(FeedbackApplied)} == {session.id}


@both
async def test_what_nobody_answers_is_repeated_until_it_was_heard(place: Place) -> None:
    async with place.daemon(to_daemon=the_first_is_lost(b'"playing"')):
        await place.script.open("mix")
        await place.script.send(HELLO)
        await place.until(lambda: "welcome" in place.kinds())
        await place.script.send({"type": "state", "state": "playing"})
        await place.until(lambda: place.said(State))
        await place.look()
        assert (await place.script.state())["all_read"]
    assert place.kinds() == ["welcome"]


@both
async def test_a_request_that_is_sent_again_with_its_id_is_one_request(place: Place) -> None:
    place.desk.gate = asyncio.Event()
    async with place.daemon():
        await place.script.open("mix")
        await place.script.send(HELLO)
        await place.until(lambda: "welcome" in place.kinds())
        for _ in range(2):
            await place.script.send(ANALYZE)
        await place.until(lambda: place.said(Analyze))
        place.desk.gate.set()
        await place.until(lambda: "feedback" in place.kinds())
        # Once more after its end, as after a daemon's restart: the same answers, which are no news.
        asked = len(place.said(Analyze))
        await place.script.send(ANALYZE)  # the daemon may have read it before this returns
        await place.until(lambda: len(place.said(Analyze)) > asked)
        await place.look()
        asked = len(place.said(Analyze))
        await place.look(60.0)
        assert (await place.script.state())["all_read"]
        assert len(place.said(Analyze)) == asked
    assert place.kinds() == ["welcome", "job.queued", "job.progress", "feedback"]


@both
async def test_a_long_message_is_repeated_some_time_after_all_of_it_has_left(place: Place) -> None:
    parts: list[int] = []
    wanted = 0

    def note_and_lose(datagram: bytes) -> list[bytes]:
        nonlocal wanted
        if not (part := re.search(rb'"part":(\d+)', datagram)):
            return [datagram]
        parts.append(int(part[1]))
        wanted = int(re.search(rb'"parts":(\d+)', datagram)[1])  # type: ignore[index]
        return []

    points = [{"time_s": 2.0 * bar, "bpm": 120.0 + bar % 7 / 8} for bar in range(12_000)]
    async with place.daemon(note_and_lose), asyncio.timeout(PATIENCE_S):
        await place.script.open("mix")
        await place.script.send(HELLO)
        await place.until(lambda: "welcome" in place.kinds())
        await place.look()  # which allows sixteen datagrams
        await place.script.send(ANALYZE | {"project": {"name": "Long", "tempo_map": points}})
        for _ in range(3):  # a slow REAPER: the first repeat would have been due long ago
            await place.look(1.0)
            assert len(parts) == len(set(parts))
        await place.until(lambda: wanted)
        assert 48 < wanted <= 64  # so the last part left in the third look
        await place.look(0.05)
        assert len(parts) == len(set(parts))
        await place.until(lambda: len(parts) > len(set(parts)))


# -- the daemon goes and comes -----------------------------------------------------------------------------------------


@both
async def test_a_daemon_at_another_port_with_another_token_is_found_and_asked_again(place: Place) -> None:
    place.desk.gate = asyncio.Event()
    async with place.daemon():
        await place.script.open("files")
        await place.script.send(HELLO)
        await place.until(lambda: "welcome" in place.kinds())
        await place.script.send(ANALYZE)
        await place.until(lambda: place.said(Analyze))
    place.desk, place.heard = EchoDesk(), []
    async with place.daemon(token="another-token-nobody-guesses"):
        await place.until(lambda: place.heard)
        (refused,) = place.heard
        assert (refused["type"], refused["code"], refused["id"]) == ("refused", "hello.first", "a1")
        await place.script.send(HELLO | {"id": "h2"})
        await place.until(lambda: "welcome" in place.kinds())
        await place.script.send(ANALYZE)
        await place.until(lambda: "feedback" in place.kinds())
        assert (await place.script.state())["kind"] == "osc"
    assert place.kinds() == ["refused", "welcome", "job.queued", "job.progress", "feedback"]
    (session,) = place.desk.sessions
    assert session.wire.transport == "osc"


@both
async def test_a_daemon_that_was_started_anew_while_it_was_greeted_is_greeted_with_its_new_token(place: Place) -> None:
    async with place.daemon(token="another-token-nobody-guesses") as road:
        place.announce(osc_port=road.port)  # the old token
        await place.script.open("files")
        await place.script.send(HELLO)
        place.announce(osc_port=road.port, token="another-token-nobody-guesses")
        await place.until(lambda: place.heard)
    assert place.kinds() == ["welcome"]


@both
async def test_without_a_welcome_within_two_seconds_the_mailbox_takes_over(place: Place) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        place.announce(osc_port=mute.getsockname()[1])
        await place.script.open("files")
        await place.script.send(HELLO)
        await place.look(1.9)
        assert (await place.script.state())["kind"] == "osc"
        await place.look(0.2)
        assert (await place.script.state())["kind"] == "mailbox"
        switchboard = Switchboard(place.desk, token=TOKEN, version=VERSION)
        async with (
            asyncio.timeout(PATIENCE_S),
            serve_mailbox(place.home / "mailbox", switchboard, active_poll_s=0.005, idle_poll_s=0.01),
        ):
            while not place.heard:
                await place.look()
                await asyncio.sleep(0.002)
    (welcome,) = place.heard
    assert (welcome["type"], welcome["id"]) == ("welcome", "h1")


@both
@pytest.mark.parametrize("port", [None, 0, "49722", 70_000])
async def test_a_bridge_file_without_an_osc_port_means_the_mailbox(place: Place, port: object) -> None:
    place.announce(osc_port=port)
    await place.script.open("files")
    assert (await place.script.state())["kind"] == "mailbox"


@both
async def test_a_luasocket_that_took_reaper_down_is_left_alone_until_reaper_is_another(place: Place) -> None:
    place.announce(osc_port=49_722)
    await place.script.remember("loading_luasocket", "7.60/linux-x86_64")
    await place.script.open("files")
    assert (await place.script.state())["kind"] == "mailbox"
    await place.script.remember("loading_luasocket", "7.59/linux-x86_64")
    await place.script.open("files")
    assert (await place.script.state())["kind"] == "osc"


# -- what others send --------------------------------------------------------------------------------------------------

FEEDBACK = json.dumps(
    {"type": "feedback", "job": "x", "run": "forged", "report": "r", "status": "", "score": None, "markers": []}
)
FEEDBACK += " " * (-len(FEEDBACK) % 4)  # the text ends with four NULs then
FORGED = encode("/uptrack/message", "s", (FEEDBACK,))
GARBAGE = [
    b"/",
    b"/uptrack/message",
    FORGED[:-4],
    FORGED + b"\0\0\0\0",
    FORGED + b"{}\0\0",
    FORGED.rstrip(b"\0"),
    FORGED[:-3] + b"\0x\0",
    FORGED.replace(b",s", b",b"),
    FORGED.replace(b"/uptrack/message", b"/uptrack/massage"),
    FORGED.replace(b"forged", b"\xff\xfe\xfd\xfc\xfb\xfa"),
    FORGED.replace(b"forged", b"for\0ed"),
    b"#bundle\0" + struct.pack(">Q", 1) + struct.pack(">i", len(FORGED)) + FORGED,
    encode("/uptrack/message", "s", (FEEDBACK[:-1],)),
    encode("/uptrack/message", "s", ("[" + FEEDBACK + "]",)),
    encode("/uptrack/message", "s", (FEEDBACK.replace("forged", "f" * 9_000),)),
    encode("/uptrack/message", "ss", (FEEDBACK, FEEDBACK)),
    encode("/uptrack/message", "s", ('{"type":"part","id":"x","part":2,"parts":1,"data":"{}"}',)),
    encode("/uptrack/message", "s", ('{"type":"part","id":1,"part":1,"parts":1,"data":{}}',)),
    encode("/uptrack/message", "s", ('{"type":"feedback"}',)),
    encode("/uptrack/message", "s", ('{"type":"feedback","job":"x"}',)),
    encode("/uptrack/message", "s", ('{"type":"job.progress","fraction":0.5}',)),
    encode("/uptrack/message", "s", ('{"type":"job.progress","job":"x","fraction":"0.5"}',)),
    encode("/uptrack/message", "s", ("[" * 4_000,)),
]


@both
async def test_malformed_datagrams_are_dropped(place: Place) -> None:
    async with place.daemon(to_host=lambda datagram: [*GARBAGE, datagram]):
        await place.converse()
    assert place.kinds() == ["welcome", "job.queued", "job.progress", "feedback"]


@both
async def test_only_the_daemons_own_port_is_heard(place: Place) -> None:
    async with place.daemon() as road:
        await place.script.open("files")
        await place.script.send(HELLO)
        await place.until(lambda: road.host)
        assert road.host is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(5):
                stranger.sendto(FORGED, road.host)
                await place.look()
        await place.script.send(ANALYZE)
        await place.until(lambda: "feedback" in place.kinds())
    assert [message["run"] for message in place.heard if message["type"] == "feedback"] == ["run-1"]
