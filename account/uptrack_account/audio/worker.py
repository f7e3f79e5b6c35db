"""What makes analyses: takes a job, fetches the audio into a folder of its own, has it analysed, and keeps the report.

Several run at once, in one process or in many; each is one slot. A folder is deleted with the analysis it was for, and
one that a crash has left behind by the next worker: its lock is nobody's any more.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import cast

from filelock import FileLock, Timeout

from uptrack_account.audio import isolated
from uptrack_account.audio.audio_kind import AudioKind
from uptrack_account.audio.isolated import CannotAnalyse, ChildLost, Isolation
from uptrack_account.audio.jobs import BEAT_EVERY_S, Job, Jobs, Worker
from uptrack_account.audio.objects import ObjectMissing, Objects, StoreAway
from uptrack_account.audio.uploads import LOST, Upload, Uploads

log = logging.getLogger(__name__)

POLL_EVERY_S = 1.0
AGAIN_AFTER_S = 15.0
"""Where the object store or the database is away."""
MOST_ATTEMPTS = 3
GIVEN_UP = f"The analysis broke off {MOST_ATTEMPTS} times, which is a fault of ours. Write to us if it happens again."
_LOCK, _SUFFIX = "lock", {"wav": ".wav", "mp3": ".mp3"}


class Analyst:
    """Makes analyses, one at a time for each slot."""

    def __init__(self, uploads: Uploads, objects: Objects, jobs: Jobs, isolation: Isolation, folder: Path) -> None:
        self._uploads = uploads
        self._objects = objects
        self._jobs = jobs
        self._isolation = isolation
        self._folder = folder

    async def slot(self) -> None:
        """Work until cancelled; what is worked on then waits for the next."""
        async with self._jobs.worker() as worker:
            while True:
                try:
                    if not await self.work(worker):
                        await asyncio.sleep(POLL_EVERY_S)
                except Exception:
                    # The job is found again by the sweep; nothing that happens to one may end the slot.
                    log.exception("an analysis failed")
                    await asyncio.sleep(AGAIN_AFTER_S)

    async def work(self, worker: Worker) -> bool:
        """Make the next analysis; whether there was one."""
        job = await worker.claim()
        if job is None:
            return False
        if job.attempt > MOST_ATTEMPTS:
            await self._uploads.failed(worker, job, GIVEN_UP)
            return True
        upload = await self._uploads.begin(job)
        if upload is None:
            await self._uploads.nothing_left(worker, job)
            return True
        try:
            async with _heard_of(worker, job):
                await self._analyse(worker, job, upload)
        except asyncio.CancelledError:
            with suppress(Exception):
                await asyncio.shield(worker.give_back(job, counted=False))
            raise
        except JobLost:
            log.info("an analysis was called off")
        except ChildLost as error:
            log.warning("attempt %d of an analysis failed: %s", job.attempt, error.sentence)
            await worker.give_back(job, counted=True)
        return True

    async def _analyse(self, worker: Worker, job: Job, upload: Upload) -> None:
        with private_folder(self._folder) as folder:
            kind = cast("AudioKind", upload.kind)
            path = folder / "inside" / f"upload{_SUFFIX[kind]}"  # no name of a person's, which errors would repeat
            path.parent.mkdir(mode=0o700)
            try:
                await self._fetch(upload, path)
                document = await isolated.analyse(path, kind, self._isolation, upload.name)
            except ObjectMissing:
                await self._uploads.failed(worker, job, LOST)
            except CannotAnalyse as error:
                await self._uploads.failed(worker, job, error.sentence, counted=error.has_cost)
            else:
                await self._uploads.done(worker, job, document)

    async def _fetch(self, upload: Upload, path: Path) -> None:
        while True:
            try:
                with await asyncio.to_thread(path.open, "wb") as file:
                    async for piece in self._objects.read(upload.object_key):
                        await asyncio.to_thread(file.write, piece)
                return
            except StoreAway as error:
                log.warning("audio cannot be fetched yet (%s)", error.kind)
                await asyncio.sleep(AGAIN_AFTER_S)


class JobLost(Exception):
    """It was cancelled, or is another worker's by now."""


@asynccontextmanager
async def _heard_of(worker: Worker, job: Job) -> AsyncIterator[None]:
    """Beat while the block runs, and end the block if the job is not ours any more.

    Raises
    ------
    JobLost
    """

    async def beat(block: asyncio.Task[object]) -> None:
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            try:
                ours = await worker.beat(job)
            except Exception:
                log.exception("a job cannot be heard of")  # the next beat may get through
                continue
            if not ours:
                lost.append(True)
                block.cancel()
                return

    lost = list[bool]()
    block = asyncio.current_task()
    assert block is not None  # noqa: S101 - this runs in one
    beating = asyncio.create_task(beat(block), name="beat")
    try:
        yield
    except asyncio.CancelledError:
        if lost and block.uncancel() == 0:
            raise JobLost from None
        raise
    finally:
        beating.cancel()


@contextmanager
def private_folder(among: Path) -> Iterator[Path]:
    """A folder that only we may read, deleted with all in it when the block ends."""
    among.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="analysis-", dir=among))  # 0700
    try:
        with FileLock(folder / _LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_folders(among: Path) -> int:
    """Delete the folders of workers that are no more; how many."""
    found = 0
    for folder in among.glob("analysis-*"):
        with suppress(Timeout, OSError):
            if not (folder / _LOCK).exists():
                continue  # its owner is about to lock it, and there is no audio in it yet
            with FileLock(folder / _LOCK, timeout=0):
                pass
            shutil.rmtree(folder, ignore_errors=True)
            found += 1
    return found


@asynccontextmanager
async def at_work(analyst: Analyst, slots: int) -> AsyncIterator[None]:
    """So many analyses at once while the block runs."""
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        running = [tasks.create_task(analyst.slot(), name=f"analyst {number}") for number in range(slots)]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
