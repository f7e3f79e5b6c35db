from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from support.full_disk import full_disk
from support.stores import Clock, a_new_report, a_store
from uptrack_analysis.errors import Unavailable
from uptrack_daemon.home import DiskFull
from uptrack_daemon.store import Reports, Store, engine
from uptrack_daemon.store.models import ArtifactRow


async def test_read_modify_write_by_many_tasks_of_two_processes_loses_no_update(tmp_path: Path) -> None:
    path = tmp_path / "uptrack.sqlite"

    async def count_up(store: Store) -> None:
        for _ in range(3):
            async with store.writing() as session:
                row = (await session.scalars(select(ArtifactRow))).one()
                await asyncio.sleep(0)  # let another task have its turn between reading and writing
                row.name = str(int(row.name) + 1)

    # Two stores on one file share no lock of ours: between them only SQLite's BEGIN IMMEDIATE stands.
    async with a_store(path) as one, a_store(path) as other:
        async with one.writing() as session:
            session.add(ArtifactRow(name="0", created_at=one.clock(), deadline=one.clock()))
        await asyncio.gather(*(count_up(store) for store in (one, other) for _ in range(3)))
        async with one.reading() as session:
            assert (await session.scalars(select(ArtifactRow.name))).one() == "18"


async def test_every_connection_keeps_the_promises_of_the_store(tmp_path: Path) -> None:
    async with a_store(tmp_path / "uptrack.sqlite") as store, store.reading() as session:
        found = {
            pragma: (await session.execute(text(f"PRAGMA {pragma}"))).scalar_one()
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "temp_store")
        }
    full, memory = 2, 2
    assert found == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": memory,
    }


async def test_a_block_that_fails_stores_nothing(tmp_path: Path) -> None:
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        with suppress(ZeroDivisionError):
            async with store.writing() as session:
                session.add(ArtifactRow(name="half", created_at=store.clock(), deadline=store.clock()))
                await session.flush()
                raise ZeroDivisionError
        async with store.reading() as session:
            assert (await session.scalars(select(ArtifactRow))).all() == []


async def test_times_come_back_as_the_same_moment_in_utc(tmp_path: Path) -> None:
    in_tokyo = datetime(2026, 3, 1, 21, 30, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        async with store.writing() as session:
            session.add(ArtifactRow(name="a", created_at=in_tokyo, deadline=in_tokyo))
        async with store.reading() as session:
            found = (await session.scalars(select(ArtifactRow.created_at))).one()
    assert found == in_tokyo
    assert found.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001 - that is the point
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        with pytest.raises(StatementError, match="naive"):
            async with store.writing() as session:
                session.add(ArtifactRow(name="a", created_at=naive, deadline=naive))


async def test_a_full_disk_is_said_in_a_sentence_and_what_was_stored_before_stays(tmp_path: Path) -> None:
    async with a_store(tmp_path / "uptrack.sqlite", clock=Clock()) as store:
        reports = Reports(store)
        kept = await reports.save(a_new_report(name="kept.wav"))
        async with full_disk(store):
            with pytest.raises(DiskFull, match="disk is full") as refusal:
                await reports.save(a_new_report(name="one too many.wav"))
        assert refusal.value.code == "store.disk_full"
        assert [report.id for report in await reports.list()] == [kept.id]
        await reports.save(a_new_report(name="again.wav"))
        assert await reports.count() == 2


async def test_a_store_held_by_another_process_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "uptrack.sqlite"
    monkeypatch.setattr(engine, "PRAGMAS", ("busy_timeout = 1", *engine.PRAGMAS[1:]))
    async with a_store(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="Another process") as refusal:
            await Reports(store).save(a_new_report())
        other.close()
    assert refusal.value.code == "store.busy"
