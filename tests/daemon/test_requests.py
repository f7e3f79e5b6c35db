"""A request is known by its host, instance and id for as long as its job is kept, over whatever connection it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.desks import TOKEN, VERSION
from support.front_desk import a_desk
from support.hosts import Host, WebSocketLine, ask, websocket_line
from support.stores import a_store
from support.tracks import beat
from uptrack_bridges.switchboard import Switchboard
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        yield store


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    return beat(tmp_path / "mix.wav", seconds=0.2)


@asynccontextmanager
async def a_daemon(store: Store) -> AsyncIterator[WebSocketLine]:
    """The real desk behind a real socket; nobody works off its queue."""
    desk = a_desk(store)
    async with websocket_line(Switchboard(desk, token=TOKEN, version=VERSION)) as line:
        yield line


async def a_host(line: WebSocketLine, host: str = "reaper", instance: str | None = "r-1") -> Host:
    connected = await line.host()
    welcome = await ask(connected, type="hello", protocol=1, host=host, instance=instance, token=TOKEN)
    assert welcome["type"] == "welcome"
    return connected


async def analyze(host: Host, mix: Path, request: str = "a1", **more: Any) -> dict[str, Any]:
    return await ask(host, type="analyze", id=request, mix={"path": str(mix)}, **more)


async def test_a_request_that_is_repeated_after_a_reconnect_or_a_restart_starts_nothing_twice(
    store: Store, mix: Path
) -> None:
    async with a_daemon(store) as line:
        first = await analyze(await a_host(line), mix)
        again = await analyze(await a_host(line), mix)
    async with a_daemon(store) as line:
        restarted = await analyze(await a_host(line), mix)
    assert first["type"] == "job.queued"
    assert first == again == restarted
    assert [job.id for job in await Queue(store).list()] == [first["job"]]


async def test_other_hosts_and_instances_may_use_the_same_id(store: Store, mix: Path) -> None:
    async with a_daemon(store) as line:
        hosts = [("reaper", "r-1"), ("reaper", "r-2"), ("live", "r-1"), ("reaper", None), ("reaper", None)]
        jobs = {(await analyze(await a_host(line, *host), mix))["job"] for host in hosts}
    assert len(jobs) == len(hosts)


async def test_an_id_that_comes_again_with_another_request_is_refused_and_nobody_gets_the_wrong_answer(
    store: Store, mix: Path
) -> None:
    async with a_daemon(store) as line:
        host = await a_host(line)
        await analyze(host, mix)
        refused = await analyze(host, mix, genre="techno")
        assert (refused["type"], refused["code"], refused["id"]) == ("refused", "analyze.id_used", "a1")
        assert (await analyze(host, mix, "a2", genre="techno"))["type"] == "job.queued"


async def test_a_request_from_before_a_reconnect_can_be_cancelled_by_its_id(store: Store, mix: Path) -> None:
    async with a_daemon(store) as line:
        job = (await analyze(await a_host(line), mix))["job"]
        other = await a_host(line, "live")
        assert (await ask(other, type="cancel", request="a1"))["code"] == "job.unknown", "it is not the other's"
        host = await a_host(line)
        await ask(host, type="cancel", id="c1", request="a0")
        assert (await Queue(store).get(job)).state == "queued"
        await host.say('{"type": "cancel", "request": "a1"}')
        await ask(host, type="ping")
        assert (await Queue(store).get(job)).state == "cancelled"


async def test_stems_go_with_the_job_and_one_that_cannot_be_used_holds_up_nothing(store: Store, mix: Path) -> None:
    kick = beat(mix.with_name("kick.wav"), seconds=0.2)
    link = mix.with_name("link.wav")
    link.symlink_to(kick)
    stems = [
        {"path": str(kick), "name": "Kick", "track": "{K}"},
        {"path": str(mix.with_name("gone.wav")), "name": "Gone"},
        {"path": str(link)},
        {"path": str(kick), "name": "Kick"},
    ]
    async with a_daemon(store) as line:
        assert (await analyze(await a_host(line), mix, stems=stems))["type"] == "job.queued"
    (job,) = await Queue(store).list()
    known, gone, linked, second = job.settings.stems
    assert (known.name, known.path, known.track, known.problem) == ("Kick", str(kick), "{K}", None)
    assert gone.problem is not None
    assert "gone.wav" in gone.problem
    assert linked.name == "link"
    assert linked.problem is not None
    assert "links are not followed" in linked.problem
    assert second.name == "Kick 2", "two tracks of one name are two stems"
