"""What ``uptrack watch`` asks the daemon about each export and what it remembers: a real socket, a real store."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.desks import TOKEN, VERSION, EchoDesk
from support.hosts import PATIENCE_S, websocket_line
from support.stores import a_store
from support.tracks import beat
from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.client import Conversation, converse
from uptrack_bridges.discovery import Bridge
from uptrack_bridges.export_names import Export, FileFacts
from uptrack_bridges.messages import Analyze
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.websocket import BridgeEndpoint
from uptrack_bridges.wire import Session, ToDesk
from uptrack_daemon.cli.watch import _analyse, _follow, _request_id
from uptrack_daemon.store import Store, Watched

FULL = "The disk is full: free some space."


@dataclass
class Moody(EchoDesk):
    """Refuses the first ``refusals`` requests with ``refusal``; ``asked`` keeps the ids of all."""

    refusals: int = 0
    refusal: Exception = field(default_factory=lambda: Unavailable(FULL, code="store.disk_full"))
    asked: list[str | None] = field(default_factory=list[str | None])

    async def received(self, session: Session, message: ToDesk) -> None:
        if isinstance(message, Analyze):
            self.asked.append(message.id)
            if len(self.asked) <= self.refusals:
                raise self.refusal
        await super().received(session, message)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    beat(tmp_path / "exports" / "Song.wav", seconds=0.2)
    return tmp_path / "exports"


@asynccontextmanager
async def talking_to(desk: EchoDesk) -> AsyncIterator[tuple[Conversation, BridgeEndpoint]]:
    async with websocket_line(Switchboard(desk, token=TOKEN, version=VERSION)) as line, asyncio.timeout(PATIENCE_S):
        port = int(line.url.split(":")[2].split("/")[0])
        bridge = Bridge(protocol=1, version=VERSION, pid=1, port=port, osc_port=1, mailbox="/none", token=TOKEN)
        async with converse(bridge, host="watch", instance="watch-1") as conversation:
            yield conversation, line.endpoint


async def remembers(store: Store, path: Path) -> bool:
    facts = path.stat()
    return await Watched(store).knows(path, size=facts.st_size, mtime_ns=facts.st_mtime_ns)


async def follow(folder: Path, store: Store, conversation: Conversation, **options: Any) -> None:
    await _follow(folder, conversation, Watched(store), quiet_s=0.05, once=True, **options)


async def test_an_export_refused_for_the_moment_is_asked_for_again_and_then_remembered(
    store: Store, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Moody(refusals=2)

    async def sleep(_seconds: float) -> None:
        assert not await remembers(store, folder / "Song.wav"), "it was not analysed yet"

    async with talking_to(desk) as (conversation, _):
        await follow(folder, store, conversation, sleep=sleep)
    assert await remembers(store, folder / "Song.wav")
    assert len(desk.asked) == 3
    assert len(set(desk.asked)) == 1, "one request, however often it is made"
    said = capsys.readouterr()
    assert said.err.count(FULL) == 2
    assert said.out.startswith("Song.wav: 76")


async def test_an_export_whose_daemon_is_gone_is_not_remembered_and_the_next_watch_makes_the_same_request(
    store: Store, folder: Path
) -> None:
    desk = Moody(gate=asyncio.Event())
    async with talking_to(desk) as (conversation, endpoint):
        following = asyncio.create_task(follow(folder, store, conversation))
        await desk.heard.get()
        ending = asyncio.create_task(endpoint.close())
        with pytest.raises(Unavailable, match="hung up"):
            await following
        assert desk.gate is not None
        desk.gate.set()
        await ending
    assert not await remembers(store, folder / "Song.wav")
    async with talking_to(desk) as (conversation, _):
        await follow(folder, store, conversation)
    assert await remembers(store, folder / "Song.wav")
    assert desk.asked == [desk.asked[0]] * 2


async def test_an_export_that_is_no_audio_is_told_once_and_a_slip_of_the_daemon_is_no_last_word(
    store: Store, folder: Path
) -> None:
    async with talking_to(Moody(refusals=1, refusal=ZeroDivisionError("a planted slip"))) as (conversation, _):
        await follow(folder, store, conversation)
        assert not await remembers(store, folder / "Song.wav")
    async with talking_to(Moody(refusals=1, refusal=BadInput("It is empty."))) as (conversation, _):
        await follow(folder, store, conversation)
    assert await remembers(store, folder / "Song.wav")


def test_two_exports_of_one_file_are_two_requests_however_long_its_name_is() -> None:
    path = Path(f"/music/{'Late Night ' * 20}.wav")
    first, again, second = [_request_id(Export(path, (), (FileFacts(path, 100, time),))) for time in (1, 1, 2)]
    assert first == again != second
    assert len(first) <= 200


async def test_a_mix_whose_name_no_message_can_carry_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    desk, path = Moody(), Path(os.fsdecode(b"/music/caf\xe9.wav"))
    async with talking_to(desk) as (conversation, _):
        assert await _analyse(conversation, Export(path, (), (FileFacts(path, 100, 1),)))
    assert desk.asked == []
    assert capsys.readouterr().err.count("\n") == 1
