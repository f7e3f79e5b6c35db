"""What is to be analysed: enqueued in the transaction that has a reason for it, and done at least once.

A job is an upload's, one at a time. A worker claims it, is heard of while it works, and finishes it in the transaction
that keeps what it found. One that is not heard of any more loses the job to the next. How often a job was begun comes
with it; who gets it too often ends it. Two keep jobs alike: a table of ours (``embedded``), or procrastinate's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.settings import AccountSettings
from uptrack_account.store import Database

STALLED_AFTER_S = 60.0
BEAT_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class Job:
    """An upload that a worker has claimed."""

    id: int
    account_id: str
    upload_id: str
    attempt: int
    """1 for the first."""


class Worker(Protocol):
    """One that takes jobs, one after the other."""

    async def claim(self) -> Job | None:
        """The one that waits longest, which is nobody else's from then on; ``None`` if none waits."""
        ...

    async def beat(self, job: Job) -> bool:
        """Be heard of; whether the job is still there, and ours."""
        ...

    async def finish(self, session: AsyncSession, job: Job) -> bool:
        """End it with the transaction; whether it was still there, and ours: if not, keep nothing of it."""
        ...

    async def give_back(self, job: Job, *, counted: bool) -> None:
        """Let it be claimed again; ``counted`` unless it was no fault of the job's."""
        ...


class Jobs(Protocol):
    """All that wait, and all that are worked on."""

    async def enqueue(self, session: AsyncSession, account_id: str, upload_id: str) -> None:
        """One more with the transaction; nothing if that upload's is there. Calls of one account wait in line."""
        ...

    async def cancel(self, session: AsyncSession, account_id: str, upload_id: str | None = None) -> None:
        """Have one end with the transaction, or all of an account; who works on it hears of it at the next beat."""
        ...

    def worker(self) -> AbstractAsyncContextManager[Worker]: ...

    async def recover(self) -> int:
        """Let jobs be claimed again whose workers are not heard of; how many."""
        ...


@asynccontextmanager
async def open_jobs(settings: AccountSettings, database: Database) -> AsyncIterator[Jobs]:
    """As the settings say."""
    if settings.jobs == "procrastinate":
        from uptrack_account.audio.jobs.with_procrastinate import open_procrastinate

        async with open_procrastinate(database) as jobs:
            yield jobs
    else:
        from uptrack_account.audio.jobs.embedded import EmbeddedJobs

        yield EmbeddedJobs(database)
