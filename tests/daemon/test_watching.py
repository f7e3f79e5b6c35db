"""The daemon's watched folders: whatever lies in them and however full the disk is, they go on being watched."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.front_desk import a_desk
from support.full_disk import full_disk
from support.hosts import PATIENCE_S
from support.stores import a_store, bytes_of
from support.tracks import beat
from uptrack_analysis.errors import BadInput
from uptrack_bridges.export_names import Export, ExportedStem, FileFacts
from uptrack_daemon.desk import Desk
from uptrack_daemon.erase import erase_everything
from uptrack_daemon.home import DiskFull, Home
from uptrack_daemon.jobs.queue import Enqueued, Job, NewJob, Queue
from uptrack_daemon.store import Store, Watched
from uptrack_daemon.watching import request_for, watch_folders


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    return made


@asynccontextmanager
async def watching(store: Store, folder: Path, *, desk: type[Desk] = Desk, **options: Any) -> AsyncIterator[Queue]:
    """The real desk over the real store, and the folder watched beside the block; if watching fails, so does it."""
    queue = Queue(store)
    front = a_desk(store, queue=queue, kind=desk)
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(PATIENCE_S):
        watch = tasks.create_task(watch_folders([folder], Watched(store), front, quiet_s=0.05, **options))
        yield queue
        watch.cancel()


async def count(queue: Queue) -> int:
    return (await queue.counts())["queued"]


async def first_job(queue: Queue) -> Job:
    while not (jobs := await queue.list()):
        await queue.arrival(since=queue.arrivals)
    return jobs[0]


async def test_an_export_waits_while_the_disk_is_full_and_is_queued_when_there_is_room(
    store: Store, folder: Path
) -> None:
    mix, refused = beat(folder.parent / "mix.wav", seconds=0.2), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        refused.set()
        await asyncio.sleep(0)

    async with watching(store, folder, sleep=sleep) as queue:
        async with full_disk(store):
            for number in range(40):  # more rows than what is left of the database's pages
                os.link(mix, folder / f"{number} {'a long name ' * 12}.wav")
            await refused.wait()
        while await count(queue) < 40:
            await queue.arrival(since=queue.arrivals)


async def jobs_of(queue: Queue, count: int) -> list[str]:
    """Names of the files with a job, once there are at least ``count``."""
    while len(jobs := await queue.list()) < count:
        await queue.arrival(since=queue.arrivals)
    return [job.path.name for job in jobs]


async def test_an_export_is_measured_once_though_the_daemon_was_killed_as_soon_as_it_was_queued(
    store: Store, folder: Path
) -> None:
    beat(folder / "Anthem.wav", seconds=0.2)
    queued = asyncio.Event()

    class Killed(Desk):
        """Nothing happens any more once the export is queued."""

        async def submit(self, *asked: Any, **how: Any) -> Enqueued:
            await super().submit(*asked, **how)
            queued.set()
            await asyncio.Event().wait()
            raise AssertionError

    async with watching(store, folder, desk=Killed):
        await queued.wait()
    beat(folder / "Sunrise.wav", seconds=0.2)  # named so that it is looked at after the other
    async with watching(store, folder) as queue:
        assert await jobs_of(queue, 2) == ["Anthem.wav", "Sunrise.wav"]


async def test_an_export_that_could_not_be_queued_is_not_remembered(store: Store, folder: Path) -> None:
    facts = FileFacts(folder / "mix.wav", 1, 1)
    new = NewJob(Path("/music") / ("a long name " * 500))
    async with full_disk(store):
        with pytest.raises(DiskFull):
            await Queue(store).enqueue(new, watched=[facts])
    assert not await Watched(store).knows(facts.path, size=1, mtime_ns=1)
    await Queue(store).enqueue(new, watched=[facts])
    assert await Watched(store).knows(facts.path, size=1, mtime_ns=1)


async def test_what_lay_there_when_everything_was_erased_is_not_measured_again(store: Store, folder: Path) -> None:
    home = Home(folder.parent / "home")
    home.create()
    beat(folder / "Anthem.wav", seconds=0.2)
    async with watching(store, folder) as queue:
        job = await first_job(queue)
        await queue.cancel(job.id)
    assert (await erase_everything(home, store)).jobs == 1
    beat(folder / "Sunrise.wav", seconds=0.2)  # named so that it is looked at after the other
    async with watching(store, folder) as queue:
        assert await jobs_of(queue, 1) == ["Sunrise.wav"]
    assert b"Anthem" not in bytes_of(store.path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such name")
async def test_a_name_that_is_no_utf_8_is_passed_over_and_the_next_export_is_queued(store: Store, folder: Path) -> None:
    os.link(beat(folder.parent / "mix.wav", seconds=0.2), os.fsencode(folder) + b"/caf\xe9.wav")
    async with watching(store, folder) as queue:
        os.link(folder.parent / "mix.wav", folder / "Song.wav")
        assert (await first_job(queue)).path == folder / "Song.wav"


def test_stems_that_a_message_cannot_carry_are_left_out_and_a_mix_is_refused_in_a_sentence(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(b"/music/caf\xe9.wav"))
    stems = [ExportedStem(Path(f"/music/{number}.wav"), f"{number}") for number in range(300)]
    request = request_for(Export(Path("/music/Song.wav"), (ExportedStem(odd, "caf"), *stems), ()))
    assert [stem.name for stem in request.stems] == [stem.name for stem in stems[:256]]
    with pytest.raises(BadInput, match="rename the file"):
        request_for(Export(odd, (), ()))
