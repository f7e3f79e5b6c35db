"""Who looks after the workers: one warm process a slot, jobs handed out in order, a reason for every one that fails.

A worker that crashes, takes too long or too much memory fails its own job and is replaced; cancelling kills it.
Stopping lets running jobs finish for a while and puts the others back where they were. Everything here is one loop's:
nothing blocks it, and state changes only between awaits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_analysis.settings import Settings
from uptrack_daemon.jobs.bulletin import Bulletin, Listener
from uptrack_daemon.jobs.protocol import Done, Failed
from uptrack_daemon.jobs.queue import Job, Queue
from uptrack_daemon.jobs.worker_process import WorkerLost, WorkerProcess, worker_process
from uptrack_daemon.settings import DaemonSettings
from uptrack_daemon.store import NewDelivery, NewReport

log = logging.getLogger(__name__)

T = TypeVar("T")

Measure = Callable[[Path, Settings], Awaitable[str | None]]
"""Has the job's own worker measure another file as well, and answers its report; ``None`` where that fails."""

Compose = Callable[[Job, str, Measure], Awaitable[tuple[NewReport, Sequence[NewDelivery]]]]
"""From a job and its report's JSON to what is stored of it. It stores nothing itself: it may be asked again."""

Sleep = Callable[[float], Awaitable[Any]]

BESIDE = "measuring the version before by today's rules"

ANALYZE = "uptrack_analysis.analyze:analyze_file"

START_LIMIT_S = 120.0
"""How long a worker may take to import and warm up: a cold disk and a virus scanner, not a hang."""

START_ATTEMPTS = 3
"""Failed starts in a row after which waiting jobs are told, instead of waiting for a process that may never come."""

RECYCLE_AFTER = 200
"""Jobs after which a healthy worker is replaced too, so that no leak in a decoder grows for weeks."""

UNKNOWN_DURATION_S = 3_600.0
"""What the time limit assumes where the header does not tell."""


@dataclass(slots=True)
class _Running:
    worker: WorkerProcess
    cancelled: bool = False
    put_back: bool = False


class Supervisor:
    """The slots of one daemon; made by ``supervise``."""

    def __init__(
        self,
        queue: Queue,
        settings: DaemonSettings,
        *,
        compose: Compose,
        listener: Listener,
        analyze: str,
        sleep: Sleep,
    ) -> None:
        self._queue = queue
        self._settings = settings
        self._compose = compose
        self._analyze = analyze
        self._sleep = sleep
        self._bulletin = Bulletin(listener)
        self._stopping = asyncio.Event()
        self._running: dict[str, _Running] = {}
        self._workers: dict[int, WorkerProcess] = {}
        self._all_warm = asyncio.Event()
        self._start_trouble: str | None = None
        self._store_trouble: str | None = None

    @property
    def pids(self) -> list[int]:
        """Process ids of the warm workers."""
        return [worker.pid for worker in self._workers.values() if not worker.gone]

    @property
    def trouble(self) -> str | None:
        """The sentence that says why jobs do not move, or ``None`` while all is well."""
        return self._start_trouble or self._store_trouble

    async def warm(self) -> None:
        """Wait until every slot has a worker that is ready."""
        await self._all_warm.wait()

    async def cancel(self, job_id: str) -> bool:
        """End a job whatever its state; false if it had ended already.

        Raises
        ------
        BadInput
            There is no such job (``job.unknown``).
        Unavailable
            The end could not be stored; the job goes on.
        """
        job = await self._queue.cancel(job_id)
        if job is None:
            return False
        running = self._running.get(job_id)
        if running is not None:
            running.cancelled = True
            await running.worker.kill()
        self._bulletin.failed(job, job.code or "job.cancelled", job.sentence or "")
        return True

    # -- one slot ----------------------------------------------------------------------------------------------------

    async def slot(self, number: int) -> None:
        """Keep one worker alive and busy until the daemon stops."""
        failed_starts = 0
        waits = _backoff()
        while not self._stopping.is_set():
            try:
                async with worker_process(analyze=self._analyze, memory_mib=self._settings.worker_memory_mib) as worker:
                    if not await self._unless_stopping(_within(START_LIMIT_S, worker.ready())):
                        return
                    failed_starts, waits, self._start_trouble = 0, _backoff(), None
                    self._workers[number] = worker
                    if len(self._workers) == self._settings.workers:
                        self._all_warm.set()
                    await self._serve(worker)
            except (WorkerLost, TimeoutError) as error:
                failed_starts += 1
                why = str(error) or f"The analysis process was not ready within {START_LIMIT_S:g} s."
                self._start_trouble = why
                log.error("Worker %d did not start (%d times now): %s", number, failed_starts, why)  # noqa: TRY400
                if failed_starts >= START_ATTEMPTS and not self._workers:
                    await self._fail_waiting(why)
                await self._pause(next(waits))
            finally:
                self._workers.pop(number, None)

    async def _serve(self, worker: WorkerProcess) -> None:
        """Give ``worker`` jobs until it should be replaced or the daemon stops."""
        for _ in range(RECYCLE_AFTER):
            job = await self._next_job(worker)
            if job is None or not await self._run(worker, job):
                return

    async def _next_job(self, worker: WorkerProcess) -> Job | None:
        waits = _backoff()
        while True:
            seen = self._queue.arrivals
            if self._stopping.is_set() or worker.gone:
                return None
            try:
                # Never cancelled half-way: a job claimed and then dropped would be nobody's.
                job = await self._queue.claim()
            except Unavailable as error:
                self._store_trouble = error.sentence
                log.warning("The queue cannot be read: %s", error)
                await self._pause(next(waits))
                continue
            self._store_trouble = None
            if job is not None:
                return job
            await _first(self._queue.arrival(since=seen), worker.exited(), self._stopping.wait())

    async def _run(self, worker: WorkerProcess, job: Job) -> bool:
        """Do one job; answers whether the worker can take another."""
        running = self._running[job.id] = _Running(worker)
        try:
            # Only now can a cancel find the worker; one that came between claim and here is seen in the store.
            if not await self._still_wanted(job):
                return True
            if self._stopping.is_set():
                await self._give_back(job)
                return False
            answer = await self._answer(running, job)
            if running.cancelled:
                return False
            # When the whole machine goes down, workers may be ended before us: that is not the job's fault.
            if running.put_back or (self._stopping.is_set() and isinstance(answer, Failed) and worker.gone):
                await self._give_back(job)
                return False
            match answer:
                case Done():
                    await self._finish(running, job, answer)
                    return not worker.gone
                case Failed(code, sentence, reusable):
                    await self._fail(job, code, sentence)
                    return reusable
        finally:
            del self._running[job.id]

    async def _still_wanted(self, job: Job) -> bool:
        try:
            return (await self._stored(job, lambda: self._queue.get(job.id))).state == "running"
        except (BadInput, Unavailable):
            return False  # cancelled and erased since it was claimed; or stopping, and the next start resumes it

    async def _give_back(self, job: Job) -> None:
        try:
            await self._queue.give_back(job.id)
        except Unavailable as error:
            log.warning("Job %s could not be put back, so the next start resumes it: %s", job.id, error)

    async def _answer(self, running: _Running, job: Job, *, needed_by: Job | None = None) -> Done | Failed:
        """What the worker makes of ``job``; ``needed_by`` is the one it serves, whose owner hears that it goes on."""
        length_s = UNKNOWN_DURATION_S if job.duration_s is None else job.duration_s
        limit_s = self._settings.time_limit_s + self._settings.time_limit_per_audio_s * length_s

        def on_progress(fraction: float, stage: str) -> None:
            # What a killed worker had still said is read after the end has been told.
            if not running.cancelled and not running.put_back:
                if needed_by is None:
                    self._bulletin.progressed(job, fraction, stage)
                else:
                    self._bulletin.progressed(needed_by, 1.0, BESIDE)

        try:
            return await _within(limit_s, running.worker.run(job, on_progress))
        except TimeoutError:
            await running.worker.kill()
            sentence = (
                f"The analysis took longer than the {limit_s:.0f} s this file may take and was stopped; raise "
                "time_limit_s, or check whether the machine was busy and try again."
            )
            return Failed("job.time_limit", sentence, reusable=False)
        except WorkerLost as lost:
            sentence = (
                f"{lost} The file may be damaged in a way we do not catch: export it again, or try another format."
            )
            return Failed("job.crashed", sentence, reusable=False)

    # -- what is stored of it ----------------------------------------------------------------------------------------

    async def _finish(self, running: _Running, job: Job, done: Done) -> None:
        async def measure(path: Path, settings: Settings) -> str | None:
            return await self._measured_beside(running, job, path, settings)

        try:
            report, deliveries = await self._stored(job, lambda: self._compose(job, done.document, measure))
            summary = await self._stored(job, lambda: self._queue.finish(job.id, report, deliveries, done.timings_s))
        except Unavailable:
            return
        except Exception as error:
            log.exception("The report of job %s could not be composed", job.id)
            sentence = f"The report was made, but not understood ({type(error).__name__}); the daemon's log has more."
            await self._fail(job, "job.internal", sentence)
            return
        if summary is not None:
            self._bulletin.finished(job, summary)

    async def _measured_beside(self, running: _Running, job: Job, path: Path, settings: Settings) -> str | None:
        """The report of another file that a finished job needs to be told well; it ends well without, too."""
        if running.worker.gone or self._stopping.is_set():
            return None
        match await self._answer(running, replace(job, path=path, settings=settings), needed_by=job):
            case Done(document):
                return document
            case Failed(_, sentence, reusable):
                log.info("The version before that of job %s was not measured again: %s", job.id, sentence)
                if not reusable:
                    await running.worker.kill()
                return None

    async def _fail(self, job: Job, code: str, sentence: str) -> None:
        with suppress(BadInput, Unavailable):  # erased meanwhile; or stopping, and the next start resumes it
            failed = await self._stored(job, lambda: self._queue.fail(job.id, code, sentence))
            if failed is not None:
                self._bulletin.failed(failed, code, sentence)

    async def _stored(self, job: Job, store: Callable[[], Awaitable[T]]) -> T:
        """Store the end of a job, however long the disk is full; meanwhile its owner hears why it takes so long.

        Raises
        ------
        Unavailable
            The daemon stops before it could be stored: the job still counts as running, and the next start resumes it.
        """
        waits = _backoff()
        while True:
            try:
                result = await store()
            except Unavailable as error:
                self._store_trouble = error.sentence
                log.warning("Job %s waits to be stored: %s", job.id, error)
                self._bulletin.progressed(job, 1.0, f"waiting: {error.sentence}")
                if self._stopping.is_set():
                    raise
                await self._pause(next(waits))
            else:
                self._store_trouble = None
                return result

    async def _fail_waiting(self, why: str) -> None:
        with suppress(Unavailable):
            while (job := await self._queue.claim()) is not None:
                sentence = f"{why} It failed {START_ATTEMPTS} times; `uptrack daemon status` and the log say more."
                await self._fail(job, "job.no_worker", sentence)

    # -- life --------------------------------------------------------------------------------------------------------

    async def tell(self) -> None:
        await self._bulletin.tell()

    async def stop(self, slots: Sequence[asyncio.Task[None]], teller: asyncio.Task[None]) -> None:
        """Take no new job, give running ones their grace, put back what is left, and tell the last news."""
        self._stopping.set()
        grace_s = self._settings.stop_grace_s
        await asyncio.wait(slots, timeout=grace_s)
        for running in list(self._running.values()):
            running.put_back = True
            await running.worker.kill()
        await asyncio.wait(slots)
        self._bulletin.close()
        await asyncio.wait([teller], timeout=grace_s)
        teller.cancel()

    async def _pause(self, seconds: float) -> None:
        await _first(_awaited(self._sleep(seconds)), self._stopping.wait())

    async def _unless_stopping(self, work: Coroutine[Any, Any, T]) -> bool:
        """Do ``work`` unless the daemon stops first; whatever it raises is raised."""
        task = asyncio.ensure_future(work)
        await _first(_quietly(task), self._stopping.wait())
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
            return False
        task.result()
        return True


@asynccontextmanager
async def supervise(
    queue: Queue,
    settings: DaemonSettings,
    *,
    compose: Compose,
    listener: Listener,
    analyze: str = ANALYZE,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Supervisor]:
    """Work off ``queue`` while the block runs; a fault of our own leaves it as an ``ExceptionGroup``.

    Call ``queue.recover`` before. ``analyze`` is the dotted name of what the worker calls, as ``module:function``.
    """
    supervisor = Supervisor(queue, settings, compose=compose, listener=listener, analyze=analyze, sleep=sleep)
    async with asyncio.TaskGroup() as tasks:
        slots = [
            tasks.create_task(supervisor.slot(number), name=f"slot {number}") for number in range(settings.workers)
        ]
        teller = tasks.create_task(supervisor.tell(), name="news of jobs")
        try:
            yield supervisor
        finally:
            await supervisor.stop(slots, teller)


def _backoff() -> Iterator[float]:
    wait_s = 0.5
    while True:
        yield wait_s
        wait_s = min(2 * wait_s, 30.0)


async def _within(seconds: float, work: Awaitable[T]) -> T:
    async with asyncio.timeout(seconds):
        return await work


async def _awaited(work: Awaitable[Any]) -> None:
    await work


async def _quietly(task: asyncio.Future[Any]) -> None:
    await asyncio.wait([task])


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait for whichever ends first and drop the others; all of them must be safe to drop."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
