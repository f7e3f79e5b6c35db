from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.daemon_process import GENEROUS_S, running_daemon
from support.stores import Clock, a_new_report, a_store
from uptrack_daemon.home import DiskFull, Home
from uptrack_daemon.housekeeping import keep_house
from uptrack_daemon.jobs.queue import NewJob, Queue
from uptrack_daemon.store import Deliveries, NewDelivery, Reports, Store


async def test_after_thirty_days_only_reports_and_what_is_yet_to_be_done_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, rounds = Clock(), 0

    async def no_room(_deliveries: Deliveries, **_which: object) -> int:
        raise DiskFull("the disk is full")

    async with a_store(tmp_path / "uptrack.sqlite", clock=clock) as store:
        waiting, ended = [(await Queue(store).enqueue(NewJob(Path("/mix.wav")))).job for _ in range(2)]
        await Queue(store).cancel(ended.id)
        await Reports(store).save(a_new_report(), (NewDelivery("gone", "reaper", "{}"),))

        async def a_round_later(_seconds: float) -> None:
            nonlocal rounds
            rounds += 1
            match rounds:
                case 1:
                    assert await left(store) == (2, 1)
                    clock.move(days=30, seconds=1)
                    monkeypatch.setattr(Deliveries, "forget", no_room)
                case 2:  # a full disk puts it off
                    assert await left(store) == (2, 1)
                    monkeypatch.undo()
                case _:
                    raise InterruptedError

        with pytest.raises(InterruptedError):
            await keep_house(store, sleep=a_round_later)
        assert await left(store) == (1, 0)
        assert [job.id for job in await Queue(store).list()] == [waiting.id]
        assert await Reports(store).count() == 1


async def test_the_daemon_keeps_house_from_its_start(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    async with a_store(home.database, clock=Clock(datetime(2020, 1, 1, tzinfo=UTC))) as store:
        await Queue(store).cancel((await Queue(store).enqueue(NewJob(Path("/mix.wav")))).job.id)
    with running_daemon(home.root) as daemon:
        patience = time.monotonic() + GENEROUS_S
        while daemon.status()["jobs"]["cancelled"]:
            assert time.monotonic() < patience, "an old job is still there"


async def left(store: Store) -> tuple[int, int]:
    """Jobs and undelivered feedback."""
    return len(await Queue(store).list()), len(await Deliveries(store).pending())
