"""News of jobs, told in order by one task, so that a listener that is slow holds up other news but never a job.

Progress is only worth its latest value: while some waits to be told, newer progress of the same job takes its place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from uptrack_daemon.jobs.queue import Job
from uptrack_daemon.store.reports import ReportSummary

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Who wants to know; a callback that raises is logged and the next news is told."""

    async def progressed(self, job: Job, fraction: float, stage: str) -> None:
        """At most 20 times a second; ``fraction`` is 0 to 1."""

    async def finished(self, job: Job, summary: ReportSummary) -> None:
        """The report and its deliveries are in the store."""

    async def failed(self, job: Job, code: str, sentence: str) -> None:
        """Failed or cancelled (code ``job.cancelled``); the store says the same."""


class Bulletin:
    """The queue of news and the task that tells it."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._news: asyncio.Queue[Callable[[], Awaitable[None]] | None] = asyncio.Queue()
        self._progress: dict[str, tuple[float, str]] = {}

    def progressed(self, job: Job, fraction: float, stage: str) -> None:
        waiting = job.id in self._progress
        self._progress[job.id] = (fraction, stage)
        if not waiting:
            self._news.put_nowait(lambda: self._tell_progress(job))

    def finished(self, job: Job, summary: ReportSummary) -> None:
        self._progress.pop(job.id, None)
        self._news.put_nowait(lambda: self._listener.finished(job, summary))

    def failed(self, job: Job, code: str, sentence: str) -> None:
        self._progress.pop(job.id, None)
        self._news.put_nowait(lambda: self._listener.failed(job, code, sentence))

    def close(self) -> None:
        """``tell`` returns once everything up to now has been told."""
        self._news.put_nowait(None)

    async def tell(self) -> None:
        while (news := await self._news.get()) is not None:
            try:
                await news()
            except Exception:
                log.exception("A listener failed on news of a job")

    async def _tell_progress(self, job: Job) -> None:
        latest = self._progress.pop(job.id, None)
        if latest is not None:
            await self._listener.progressed(job, *latest)
