from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from support.stores import Clock, a_new_report, a_store, bytes_of
from uptrack_bridges.export_names import FileFacts
from uptrack_daemon.store import Deliveries, NewDelivery, Reports, Store, Watched


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite", clock=clock) as store:
        yield store


async def test_feedback_waits_for_its_daw_until_that_says_what_it_placed(store: Store) -> None:
    report = await Reports(store).save(a_new_report(), (NewDelivery("r-1", "reaper", '{"n": 1}'),))
    deliveries = Deliveries(store)
    assert [delivery.payload for delivery in await deliveries.pending("r-1")] == ['{"n": 1}']
    assert await deliveries.pending("somebody else") == []
    assert not await deliveries.acknowledge(report.run_id, "somebody else", placed=1, skipped=0)
    assert await deliveries.acknowledge(report.run_id, "r-1", placed=3, skipped=1)
    assert await deliveries.pending() == []
    (told,) = await deliveries.of_run(report.run_id)
    assert (told.placed, told.skipped, told.payload) == (3, 1, "")


async def test_an_acknowledgement_that_is_repeated_changes_nothing(store: Store) -> None:
    report = await Reports(store).save(a_new_report(), (NewDelivery("r-1", "reaper", "{}"),))
    await Deliveries(store).acknowledge(report.run_id, "r-1", placed=3, skipped=1)
    assert not await Deliveries(store).acknowledge(report.run_id, "r-1", placed=0, skipped=4)
    (told,) = await Deliveries(store).of_run(report.run_id)
    assert (told.placed, told.skipped) == (3, 1)


async def test_sendings_are_counted(store: Store) -> None:
    await Reports(store).save(a_new_report(), (NewDelivery("r-1", "reaper", "{}"),))
    (waiting,) = await Deliveries(store).pending("r-1")
    assert [await Deliveries(store).sent(waiting.id) for _ in range(3)] == [1, 2, 3]
    assert await Deliveries(store).sent("nobody") == 0


async def test_what_a_daw_that_never_came_back_was_to_get_is_dropped_and_its_report_is_not(
    store: Store, clock: Clock
) -> None:
    await Reports(store).save(a_new_report(), (NewDelivery("r-1", "reaper", "{}"),))
    clock.move(days=30)
    await Reports(store).save(a_new_report(), (NewDelivery("r-2", "reaper", "{}"),))
    assert await Deliveries(store).forget(created_before=clock.now - timedelta(days=14)) == 1
    assert [delivery.instance for delivery in await Deliveries(store).pending()] == ["r-2"]
    assert await Reports(store).count() == 2


async def test_a_watched_file_is_known_until_it_changes(store: Store) -> None:
    watched, path = Watched(store), Path("/music/mix.wav")
    assert not await watched.knows(path, size=10, mtime_ns=1)
    await watched.remember([FileFacts(path, 10, 1)])
    assert await watched.knows(path, size=10, mtime_ns=1)
    assert not await watched.knows(path, size=11, mtime_ns=1)
    assert not await watched.knows(path, size=10, mtime_ns=2)
    assert not await watched.knows(Path("/music/other.wav"), size=10, mtime_ns=1)
    await watched.remember([FileFacts(path, 10, 1), FileFacts(path, 11, 2)])
    assert await watched.knows(path, size=11, mtime_ns=2)


async def test_neither_the_names_of_watched_files_nor_a_hash_anybody_can_make_of_them_is_in_the_store(
    store: Store,
) -> None:
    path = Path("/music/Unreleased Anthem.wav")
    await Watched(store).remember([FileFacts(path, 1, 1)])
    stored = bytes_of(store.path)
    for name in (str(path), path.name, path.stem):
        assert name.encode() not in stored
        assert hashlib.sha256(name.encode()).hexdigest().encode() not in stored
