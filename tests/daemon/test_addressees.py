"""Feedback finds the host it is for, and no other, whatever hosts call themselves and however full the disk is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.front_desk import a_desk
from support.reports import a_report
from support.stores import a_new_report, a_store
from uptrack_bridges.messages import Analyze, AudioFile, Feedback, JobProgress, Message
from uptrack_bridges.wire import Session, Transport
from uptrack_daemon.desk import Desk
from uptrack_daemon.feedback import compose
from uptrack_daemon.home import DiskFull
from uptrack_daemon.jobs.queue import NewJob, Queue
from uptrack_daemon.requests import Origin
from uptrack_daemon.store import Deliveries, NewDelivery, Reports, Store


class Ear:
    """A wire that keeps what is sent."""

    transport: Transport = "websocket"
    lossy = False
    late_s = 0.0

    def __init__(self) -> None:
        self.heard: list[Message] = []

    async def send(self, message: Message) -> None:
        self.heard.append(message)

    async def close(self, sentence: str) -> None: ...


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        yield store


@pytest.fixture
def deliveries(store: Store) -> Deliveries:
    return Deliveries(store)


@pytest.fixture
def desk(store: Store, deliveries: Deliveries) -> Desk:
    return a_desk(store, deliveries=deliveries)


def a_session(host: str) -> Session:
    return Session(id=host, wire=Ear(), host=host, instance="main")


def heard_by(session: Session) -> list[Message]:
    assert isinstance(session.wire, Ear)
    return session.wire.heard


async def test_a_daw_that_says_hello_has_stopped_rendering_whatever_became_of_its_other_scripts(desk: Desk) -> None:
    crashed, again, live = a_session("reaper"), a_session("reaper"), a_session("ableton")
    again.instance = "another run"
    await desk.opened(crashed)
    await desk.opened(live)
    crashed.state = live.state = "rendering"
    await desk.opened(again)
    assert (crashed.state, live.state) == ("idle", "rendering")


async def feedback_for_reaper(store: Store) -> None:
    request = Analyze(id="a1", mix=AudioFile(path="/mix.wav"))
    feedback = compose(a_report(), request, job="j1", run="r1", report_id="p1").model_dump_json()
    await Reports(store).save(a_new_report(), (NewDelivery("main", "reaper", feedback),))


async def test_two_hosts_that_chose_the_same_name_each_hear_of_their_own_jobs(store: Store, desk: Desk) -> None:
    reaper, live = a_session("reaper"), a_session("live")
    await feedback_for_reaper(store)
    await desk.opened(live)
    assert heard_by(live) == []
    await desk.opened(reaper)
    assert [type(message) for message in heard_by(reaper)] == [Feedback]

    origin = Origin(instance="main", host="live", request=Analyze(mix=AudioFile(path="/mix.wav")))
    job = (await Queue(store).enqueue(NewJob(Path("/mix.wav"), origin=origin.model_dump_json()))).job
    await desk.progressed(job, 0.5, "spectrum")
    assert [type(message) for message in heard_by(live)] == [JobProgress]
    await desk.closed(live)
    await desk.progressed(job, 0.6, "spectrum")
    assert len(heard_by(live)) + len(heard_by(reaper)) == 2


async def test_a_disk_that_is_full_turns_no_hello_into_a_refusal(
    store: Store, desk: Desk, deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_room(_delivery: str) -> int:
        raise DiskFull("the disk is full")

    await feedback_for_reaper(store)
    monkeypatch.setattr(deliveries, "sent", no_room)
    reaper = a_session("reaper")
    await desk.opened(reaper)
    assert [type(message) for message in heard_by(reaper)] == [Feedback]
