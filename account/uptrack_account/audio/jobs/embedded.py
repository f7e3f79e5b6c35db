"""Jobs in a table of ours, on either database: all a service of one's own needs, shared by several processes or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.audio.jobs import STALLED_AFTER_S, Job
from uptrack_account.store import Database
from uptrack_account.store.models import JobRow, new_id


class EmbeddedJobs:
    """``Jobs`` in the account's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enqueue(self, session: AsyncSession, account_id: str, upload_id: str) -> None:
        new = self._database.insert(JobRow).values(account_id=account_id, upload_id=upload_id, attempts=0)
        await session.execute(new.on_conflict_do_nothing())

    async def cancel(self, session: AsyncSession, account_id: str, upload_id: str | None = None) -> None:
        those = delete(JobRow).where(JobRow.account_id == account_id)
        await session.execute(those if upload_id is None else those.where(JobRow.upload_id == upload_id))

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[EmbeddedWorker]:
        yield EmbeddedWorker(self._database)

    async def recover(self) -> int:
        now, long = self._database.clock(), timedelta(seconds=STALLED_AFTER_S)
        # A beat that is yet to come is from before the clock was set back.
        lost = or_(JobRow.beat_at < now - long, JobRow.beat_at > now + long)
        async with self._database.writing() as session:
            found = await session.execute(
                update(JobRow).where(JobRow.worker.is_not(None), lost).values(worker=None).returning(JobRow.id)
            )
            return len(found.all())


class EmbeddedWorker:
    """``Worker`` of them; made by ``EmbeddedJobs.worker``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = new_id()

    async def claim(self) -> Job | None:
        waiting = select(JobRow.id).where(JobRow.worker.is_(None)).order_by(JobRow.id).limit(1)
        async with self._database.reading() as session:
            if await session.scalar(waiting) is None:
                return None  # without the lock that a write takes, and most times there is none
        # Others that look at the same moment take the next one instead of waiting (SQLite has them wait in any case).
        first = waiting.with_for_update(skip_locked=True).scalar_subquery()
        claimed = (
            update(JobRow)
            .where(JobRow.id == first, JobRow.worker.is_(None))
            .values(worker=self._name, attempts=JobRow.attempts + 1, beat_at=self._database.clock())
            .returning(JobRow.id, JobRow.account_id, JobRow.upload_id, JobRow.attempts)
        )
        async with self._database.writing() as session:
            row = (await session.execute(claimed)).one_or_none()
        return None if row is None else Job(row.id, row.account_id, row.upload_id, row.attempts)

    async def beat(self, job: Job) -> bool:
        heard = update(JobRow).where(*self._mine(job)).values(beat_at=self._database.clock()).returning(JobRow.id)
        async with self._database.writing() as session:
            return await session.scalar(heard) is not None

    async def finish(self, session: AsyncSession, job: Job) -> bool:
        return await session.scalar(delete(JobRow).where(*self._mine(job)).returning(JobRow.id)) is not None

    async def give_back(self, job: Job, *, counted: bool) -> None:
        async with self._database.writing() as session:
            await session.execute(
                update(JobRow)
                .where(*self._mine(job))
                .values(worker=None, attempts=job.attempt if counted else job.attempt - 1)
            )

    def _mine(self, job: Job) -> tuple[ColumnElement[bool], ...]:
        return JobRow.id == job.id, JobRow.worker == self._name, JobRow.attempts == job.attempt
