"""The queue: jobs in SQLite, queued → running → done, failed or cancelled, whatever happens to the daemon meanwhile.

A job is claimed by one UPDATE and finished in one transaction with its report and the feedback to be delivered, so a
crash leaves it either as it was or wholly done. Only the daemon claims, and there is one daemon (its lock says so);
any process may read. Nothing here starts processes: that is the supervisor.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_analysis.errors import BadInput
from uptrack_analysis.settings import Settings
from uptrack_bridges.export_names import FileFacts
from uptrack_daemon.jobs.settings_text import read_settings, write_settings
from uptrack_daemon.store.deliveries import NewDelivery, add_deliveries
from uptrack_daemon.store.dismissals import note_seen
from uptrack_daemon.store.fixes import note_outcomes
from uptrack_daemon.store.models import JobRow, new_id
from uptrack_daemon.store.outbox import add_to_outbox
from uptrack_daemon.store.reports import ENDED, NewReport, ReportSummary, add_report, summary_of
from uptrack_daemon.store.store import Store
from uptrack_daemon.store.watched import add_watched

JobState = Literal["queued", "running", "done", "failed", "cancelled"]

ATTEMPTS = 3
"""Times a job may be started before it is held to be what brings the daemon down."""

CANCELLED_CODE = "job.cancelled"
CANCELLED_SENTENCE = "The analysis was cancelled; send it again to start over."


@dataclass(frozen=True, slots=True)
class NewJob:
    """An analysis somebody asks for; ``path`` has passed ``intake``."""

    path: Path
    settings: Settings = field(default_factory=Settings)
    duration_s: float | None = None
    """Length of the audio as far as the header tells; the time limit follows it."""
    origin: str = "{}"
    """Who asked, as JSON of the asker's own making: the queue only carries it."""
    key: str | None = None
    """Two jobs with the same key are one: a request that is repeated starts nothing twice."""
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    sequence: int
    key: str | None
    state: JobState
    path: Path
    settings: Settings
    origin: str
    duration_s: float | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    code: str | None
    sentence: str | None
    report_id: str | None
    timings: dict[str, float]

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Enqueued:
    job: Job
    position: int
    """Active jobs before this one."""
    created: bool
    """False when a job with this key was already there; ``job`` is then that one, whatever its state."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What ``recover`` found running: jobs that wait again, and jobs given up."""

    resumed: tuple[Job, ...]
    given_up: tuple[Job, ...]


class Queue:
    """The jobs of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._arrivals = 0
        self._arrived = asyncio.Condition()

    # -- asking ------------------------------------------------------------------------------------------------------

    async def enqueue(self, new: NewJob, *, watched: Iterable[FileFacts] = ()) -> Enqueued:
        """Put a job at the end of the queue, or answer the one that already has its key.

        Parameters
        ----------
        watched : iterable of FileFacts
            Files the job is for, remembered in the same transaction: a daemon that is killed has done both or neither.

        Raises
        ------
        Unavailable
            It could not be stored (``store.disk_full`` and others); nothing was queued.
        """
        async with self._store.writing() as session:
            row = None
            if new.key is not None:
                row = (await session.scalars(select(JobRow).where(JobRow.key == new.key))).one_or_none()
            created = row is None
            if row is None:
                row = JobRow(
                    id=new.id,
                    key=new.key,
                    state="queued",
                    path=new.path,
                    settings=write_settings(new.settings),
                    origin=new.origin,
                    duration_s=new.duration_s,
                    attempts=0,
                    created_at=self._store.clock(),
                )
                session.add(row)
                await session.flush()
            await add_watched(session, watched)
            position = await _ahead(session, row)
        if created:
            await self._announce()
        return Enqueued(_job(row), position, created)

    async def position(self, job_id: str) -> int:
        """How many active jobs come before this one; 0 for one that is not waiting any more."""
        async with self._store.reading() as session:
            return await _ahead(session, await _row(session, job_id))

    async def get(self, job_id: str) -> Job:
        """The job as it is now; ``BadInput`` (code ``job.unknown``) if there is none."""
        async with self._store.reading() as session:
            return _job(await _row(session, job_id))

    async def by_key(self, key: str) -> Job | None:
        async with self._store.reading() as session:
            row = (await session.scalars(select(JobRow).where(JobRow.key == key))).one_or_none()
            return None if row is None else _job(row)

    async def list(self, *states: JobState, limit: int = 100) -> list[Job]:
        """Jobs in queue order, of the given states or of all; of more than ``limit`` the newest."""
        query = select(JobRow).order_by(JobRow.sequence.desc()).limit(limit)
        if states:
            query = query.where(JobRow.state.in_(states))
        async with self._store.reading() as session:
            return [_job(row) for row in await session.scalars(query)][::-1]

    async def counts(self) -> dict[JobState, int]:
        """How many jobs there are in each state."""
        query = select(JobRow.state, func.count()).group_by(JobRow.state)
        counts: dict[JobState, int] = dict.fromkeys(("queued", "running", "done", "failed", "cancelled"), 0)
        async with self._store.reading() as session:
            for state, count in await session.execute(query):
                counts[cast("JobState", state)] = count
        return counts

    # -- doing -------------------------------------------------------------------------------------------------------

    async def claim(self) -> Job | None:
        """Take the job that has waited longest, now running; ``None`` when none waits."""
        oldest = select(JobRow.sequence).where(JobRow.state == "queued").order_by(JobRow.sequence).limit(1)
        taken = (
            update(JobRow)
            .where(JobRow.sequence == oldest.scalar_subquery())
            .values(state="running", started_at=self._store.clock(), attempts=JobRow.attempts + 1)
            .returning(JobRow)
        )
        async with self._store.writing() as session:
            row = (await session.scalars(taken)).one_or_none()
            return None if row is None else _job(row)

    @property
    def arrivals(self) -> int:
        """Counts up whenever a job starts to wait."""
        return self._arrivals

    async def arrival(self, *, since: int) -> None:
        """Wait until ``arrivals`` is no longer ``since``."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: self._arrivals != since)

    async def finish(
        self,
        job_id: str,
        report: NewReport,
        deliveries: Sequence[NewDelivery] = (),
        timings: dict[str, float] | None = None,
    ) -> ReportSummary | None:
        """Store the report, what is to be delivered of it and the job's end, in one transaction.

        Returns
        -------
        ReportSummary or None
            ``None`` when the job is not running any more (cancelled meanwhile): then nothing is stored.

        Raises
        ------
        Unavailable
            It could not be stored; the job is still running and ``finish`` may be tried again.
        """
        now = self._store.clock()
        async with self._store.writing() as session:
            row = await _row(session, job_id)
            if row.state != "running":
                return None
            stored = add_report(session, report, now)
            await session.flush()
            await note_seen(session, report.id, report.dismissed, now)
            await note_outcomes(session, report.id, report.fixes)
            await add_to_outbox(session, report.id, report.passage_of, now, audio=report.audio)
            add_deliveries(session, report.id, report.run_id, job_id, deliveries, now)
            row.state, row.ended_at, row.report_id = "done", now, report.id
            row.timings = json.dumps(timings or {})
        return summary_of(stored)

    async def fail(self, job_id: str, code: str, sentence: str) -> Job | None:
        """End an active job with a reason; ``None`` if it had already ended."""
        return await self._end(job_id, "failed", code, sentence)

    async def cancel(self, job_id: str) -> Job | None:
        """End a queued or running job because its owner says so; ``None`` if it had already ended.

        The answer's ``started_at`` tells whether a worker may be at it, which the caller then has to stop.
        """
        return await self._end(job_id, "cancelled", CANCELLED_CODE, CANCELLED_SENTENCE)

    async def give_back(self, job_id: str) -> bool:
        """Let a running job wait again, at its old place and as if it had not been started: the daemon is stopping."""
        returned = (
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == "running")
            .values(state="queued", started_at=None, attempts=JobRow.attempts - 1)
            .returning(JobRow.id)
        )
        async with self._store.writing() as session:
            return (await session.execute(returned)).one_or_none() is not None

    async def recover(self) -> Recovered:
        """Once at start: whatever is still running was cut off by a crash of the daemon, and waits again.

        A job that was cut off for the third time fails instead, or it would bring the daemon down for ever.
        """
        resumed: list[Job] = []
        given_up: list[Job] = []
        async with self._store.writing() as session:
            for row in list(await session.scalars(select(JobRow).where(JobRow.state == "running"))):
                if row.attempts < ATTEMPTS:
                    row.state, row.started_at = "queued", None
                    resumed.append(_job(row))
                else:
                    row.state, row.ended_at, row.code = "failed", self._store.clock(), "job.interrupted"
                    row.sentence = (
                        f"The analysis was cut off {row.attempts} times while UpTrack was closing down or crashing, "
                        "so it is not tried again by itself; send it again to try once more."
                    )
                    given_up.append(_job(row))
        await self._announce()
        return Recovered(tuple(resumed), tuple(given_up))

    async def forget(self, *, ended_before: datetime) -> int:
        """Drop jobs that ended before then; their reports stay."""
        gone = delete(JobRow).where(JobRow.state.in_(ENDED), JobRow.ended_at < ended_before).returning(JobRow.id)
        async with self._store.writing() as session:
            return len((await session.execute(gone)).all())

    async def _end(self, job_id: str, state: JobState, code: str, sentence: str) -> Job | None:
        async with self._store.writing() as session:
            row = await _row(session, job_id)
            if row.state in ENDED:
                return None
            row.state, row.ended_at, row.code, row.sentence = state, self._store.clock(), code, sentence
            return _job(row)

    async def _announce(self) -> None:
        async with self._arrived:
            self._arrivals += 1
            self._arrived.notify_all()


async def _row(session: AsyncSession, job_id: str) -> JobRow:
    row = (await session.scalars(select(JobRow).where(JobRow.id == job_id))).one_or_none()
    if row is None:
        raise BadInput(f"There is no job {job_id!r}; it may have been deleted with its report.", code="job.unknown")
    return row


async def _ahead(session: AsyncSession, row: JobRow) -> int:
    if row.state != "queued":
        return 0
    before: ColumnElement[bool] = JobRow.sequence < row.sequence
    active = JobRow.state.in_(("queued", "running"))
    return (await session.scalars(select(func.count()).select_from(JobRow).where(active, before))).one()


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        sequence=row.sequence,
        key=row.key,
        state=cast("JobState", row.state),
        path=row.path,
        settings=read_settings(row.settings),
        origin=row.origin,
        duration_s=row.duration_s,
        attempts=row.attempts,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        code=row.code,
        sentence=row.sentence,
        report_id=row.report_id,
        timings=cast("dict[str, float]", json.loads(row.timings)) if row.timings else {},
    )
