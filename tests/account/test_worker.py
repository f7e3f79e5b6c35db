"""Who makes the analyses: many at once, each once, whatever dies meanwhile; and nothing of the audio is left behind."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from support import misbehaviour
from support.account_site import account_service, somebody
from support.stores import Clock
from support.uploaded import audio, take
from uptrack_account.audio import worker as worker_module
from uptrack_account.audio.isolated import Isolation
from uptrack_account.audio.jobs import STALLED_AFTER_S
from uptrack_account.audio.uploads import Upload
from uptrack_account.audio.worker import GIVEN_UP, MOST_ATTEMPTS, Analyst, at_work, private_folder, sweep_folders
from uptrack_account.service import Service

pytestmark = pytest.mark.usefixtures("tests_found_by_processes")


@pytest.fixture
async def service(migrated_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Service]:
    async with account_service(tmp_path / "home", migrated_url, clock, free_analyses=20) as service:
        yield service


@pytest.fixture
async def ada(service: Service) -> str:
    return await somebody(service)


def made_to(what: str, service: Service) -> Analyst:
    """One whose analyses do something else."""
    isolation = replace(Isolation.of(service.settings), analyze=f"{misbehaviour.__name__}:{what}")
    return Analyst(service.uploads, service.objects, service.jobs, isolation, service.folder)


async def until(service: Service, account_id: str, holds: Callable[[list[Upload]], bool]) -> list[Upload]:
    """Ask until it holds; a wait without end is a test that fails."""
    async with asyncio.timeout(60):
        while not holds(found := await service.uploads.of(account_id)):
            await asyncio.sleep(0.05)
    return found


async def test_several_slots_make_every_analysis_once(service: Service, ada: str) -> None:
    for number in range(5):
        await take(service, ada, audio(seconds=4, seed=number))
    async with at_work(service.analyst(), 2), at_work(service.analyst(), 1):
        found = await until(service, ada, lambda all_: all(one.state == "done" for one in all_))
    assert len({one.report_id for one in found}) == len(await service.reports.projects(ada)) == 5
    assert list(service.folder.iterdir()) == []


async def test_one_that_stops_gives_back_what_it_works_on_and_it_counts_for_nothing(service: Service, ada: str) -> None:
    await take(service, ada, audio(seconds=4))
    for _ in range(MOST_ATTEMPTS + 1):
        async with at_work(made_to("wait_for_ever", service), 1):
            await until(service, ada, lambda all_: any(service.folder.glob("*/work/*")))
        assert list(service.folder.iterdir()) == []
    async with at_work(service.analyst(), 1):
        await until(service, ada, lambda all_: all_[0].state == "done")


async def test_an_analysis_that_crashes_is_tried_again_and_then_given_up(service: Service, ada: str) -> None:
    await take(service, ada, audio(seconds=4))
    async with at_work(made_to("die", service), 1):
        (found,) = await until(service, ada, lambda all_: not all_[0].is_held)
    assert (found.state, found.reason) == ("failed", GIVEN_UP)


async def test_a_job_whose_worker_died_is_made_by_the_next(service: Service, ada: str, clock: Clock) -> None:
    await take(service, ada, audio(seconds=4))
    async with service.jobs.worker() as dead, service.jobs.worker() as alive:
        assert await dead.claim() is not None
        assert not await service.analyst().work(alive)
        clock.move(seconds=STALLED_AFTER_S + 1)
        await service.uploads.sweep()
        assert await service.analyst().work(alive)
    assert (await service.uploads.of(ada))[0].state == "done"


async def test_an_analysis_is_called_off_when_its_audio_is_deleted(
    service: Service, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "BEAT_EVERY_S", 0.05)
    upload = (await take(service, ada, audio(seconds=4))).upload
    async with service.jobs.worker() as worker:
        working = asyncio.create_task(made_to("wait_for_ever", service).work(worker))
        await until(service, ada, lambda all_: any(service.folder.glob("*/work/*")))
        await service.uploads.delete(ada, upload.id)
        assert await asyncio.wait_for(working, 30), "the worker goes on with the next"
    assert list(service.folder.iterdir()) == []


async def test_audio_that_is_analysed_lies_in_a_folder_for_nobody_else(service: Service, ada: str) -> None:
    await take(service, ada, audio(seconds=4))
    async with at_work(made_to("wait_for_ever", service), 1):
        await until(service, ada, lambda all_: any(service.folder.glob("*/work/*")))
        folders = [service.folder, *service.folder.iterdir(), *service.folder.glob("*/work")]
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700] * 3


def test_a_folder_that_a_crash_left_behind_is_deleted_and_one_that_is_worked_in_is_not(tmp_path: Path) -> None:
    with private_folder(tmp_path) as used:
        dead = tmp_path / "analysis-dead"
        (dead / "work").mkdir(parents=True)
        (dead / "work" / "mix.wav").write_bytes(audio())
        (dead / "lock").touch()
        assert sweep_folders(tmp_path) == 1
        assert list(tmp_path.iterdir()) == [used]
    assert list(tmp_path.iterdir()) == []
