"""Jobs that procrastinate keeps in PostgreSQL, where many workers on many machines share them.

A job is enqueued and finished on our own session's connection, so that it stands and falls with our transaction. Its
worker is one of procrastinate's, heard of by its heartbeat, so that procrastinate's own tools show what goes on. What
is finished is deleted: nothing of an account stays in these tables. Times are those of the database's clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as Deferred
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from procrastinate.sql import queries
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.audio.jobs import STALLED_AFTER_S, Job
from uptrack_account.store import Database

QUEUE, TASK = "uptrack", "uptrack.analyse"
_LOCK = 0x75707473  # beside the migrations' own
_FORGOTTEN_AFTER_S = 24 * 3_600.0
_THERE = text("SELECT id FROM procrastinate_jobs WHERE queueing_lock = :key AND status IN ('todo', 'doing')")
_MINE = text(
    "SELECT id FROM procrastinate_jobs WHERE id = :id AND status = 'doing' AND worker_id = :worker "
    "AND attempts = :before FOR UPDATE"
)
_CANCEL = text(
    "DELETE FROM procrastinate_jobs WHERE queue_name = :queue AND args ->> 'account_id' = :account_id "
    "AND (CAST(:upload_id AS text) IS NULL OR args ->> 'upload_id' = :upload_id)"
)
_GIVE_BACK = text(
    "UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, attempts = :attempts WHERE id = :id"
)


class ProcrastinateJobs:
    """``Jobs`` in procrastinate's tables; made by ``open_procrastinate``."""

    def __init__(self, database: Database, connector: PsycopgConnector) -> None:
        self._database = database
        self._manager = JobManager(connector)

    async def enqueue(self, session: AsyncSession, account_id: str, upload_id: str) -> None:
        # Its own lock holds only while a job waits, and would break our transaction instead of doing nothing.
        key = f"{account_id}/{upload_id}"
        if (await session.execute(_THERE, {"key": key})).first() is not None:
            return
        job = Deferred(
            queue=QUEUE,
            lock=None,
            queueing_lock=key,
            task_name=TASK,
            task_kwargs={"account_id": account_id, "upload_id": upload_id},
        )
        await self._manager.defer_job_async(job, connection=await _driver(session))

    async def cancel(self, session: AsyncSession, account_id: str, upload_id: str | None = None) -> None:
        await session.execute(_CANCEL, {"queue": QUEUE, "account_id": account_id, "upload_id": upload_id})

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[ProcrastinateWorker]:
        worker = ProcrastinateWorker(self._database, self._manager)
        try:
            yield worker
        finally:
            await worker.leave()

    async def recover(self) -> int:
        found = 0
        for job in await self._manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER_S):
            with suppress(ConnectorException):  # its worker has ended it this moment after all
                await self._manager.retry_job(job)
                found += 1
        await self._manager.prune_stalled_workers(_FORGOTTEN_AFTER_S)
        return found


class ProcrastinateWorker:
    """``Worker`` of them, registered with procrastinate when it first looks for a job."""

    def __init__(self, database: Database, manager: JobManager) -> None:
        self._database = database
        self._manager = manager
        self._id: int | None = None

    async def claim(self) -> Job | None:
        if self._id is None:
            self._id = await self._manager.register_worker()
        await self._manager.update_heartbeat(self._id)
        try:
            found = await self._manager.fetch_job([QUEUE], self._id)
        except ConnectorException:
            self._id = None  # it may have been forgotten meanwhile, after a day without a connection
            raise
        if found is None or found.id is None:
            return None
        account_id, upload_id = (str(found.task_kwargs[name]) for name in ("account_id", "upload_id"))
        return Job(found.id, account_id, upload_id, found.attempts + 1)

    async def beat(self, job: Job) -> bool:
        if self._id is not None:
            await self._manager.update_heartbeat(self._id)
        async with self._database.reading() as session:
            return await self._has(session, job)

    async def finish(self, session: AsyncSession, job: Job) -> bool:
        if not await self._has(session, job):
            return False
        await self._manager.connector.execute_query_one_async_with_connection(
            await _driver(session), query=queries["finish_job"], job_id=job.id, status="succeeded", delete_job=True
        )
        return True

    async def give_back(self, job: Job, *, counted: bool) -> None:
        async with self._database.writing() as session:
            if await self._has(session, job):
                attempts = job.attempt if counted else job.attempt - 1
                await session.execute(_GIVE_BACK, {"id": job.id, "attempts": attempts})

    async def leave(self) -> None:
        if self._id is not None:
            await self._manager.unregister_worker(self._id)

    async def _has(self, session: AsyncSession, job: Job) -> bool:
        mine = {"id": job.id, "worker": self._id, "before": job.attempt - 1}
        return (await session.execute(_MINE, mine)).first() is not None


@asynccontextmanager
async def open_procrastinate(database: Database) -> AsyncIterator[ProcrastinateJobs]:
    """With its tables made first if need be; several processes may do so at once."""
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with database.writing() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if await session.scalar(text("SELECT to_regclass('procrastinate_jobs')")) is None:
            await (await _driver(session)).execute(SchemaManager.get_schema())
    connector = PsycopgConnector(conninfo=url, min_size=1, max_size=4)
    await connector.open_async()
    try:
        yield ProcrastinateJobs(database, connector)
    finally:
        await connector.close_async()


async def _driver(session: AsyncSession) -> Any:
    """psycopg's own connection, in the session's transaction."""
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection
