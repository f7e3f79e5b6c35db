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
from support.uploaded import audio, barred, take
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


def made_to(what: str, service: Service, **limits: float) -> Analyst:
    """One whose analyses do something else."""
    isolation = replace(Isolation.of(service.settings), analyze=f"{misbehaviour.__name__}:{what}", **limits)  # type: ignore[arg-type]
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
            await until(service, ada, lambda all_: any(service.folder.glob("*/inside/*")))
        assert list(service.folder.iterdir()) == []
    async with at_work(service.analyst(), 1):
        await until(service, ada, lambda all_: all_[0].state == "done")


async def test_an_analysis_that_crashes_is_tried_again_and_then_given_up(service: Service, ada: str) -> None:
    await take(service, ada, audio(seconds=4))
    async with at_work(made_to("die", service), 1):
        (found,) = await until(service, ada, lambda all_: not all_[0].is_held)
    assert (found.state, found.reason) == ("failed", GIVEN_UP)


@pytest.mark.parametrize(("what", "code"), [("wait_for_ever", "took longer"), ("eat_memory", "needed more than")])
async def test_an_analysis_that_took_all_it_may_counts_though_it_came_to_nothing(
    service: Service, ada: str, what: str, code: str
) -> None:
    await take(service, ada, audio(seconds=4))
    analyst = made_to(what, service, minutes=0.1 if what == "wait_for_ever" else 5.0)
    async with service.jobs.worker() as worker:
        assert await analyst.work(worker)
    (found,) = await service.uploads.of(ada)
    assert (found.state, found.is_held, code in (found.reason or "")) == ("failed", False, True)
    assert (await service.uploads.left_this_month(ada))[0] == 1


async def test_no_name_of_a_file_is_on_the_worker_disk_or_in_its_log(
    service: Service, ada: str, caplog: pytest.LogCaptureFixture
) -> None:
    await take(service, ada, audio(seconds=4), name="Secret Song.wav")
    async with at_work(made_to("wait_for_ever", service), 1):
        await until(service, ada, lambda all_: any(service.folder.glob("*/inside/*.wav")))
        assert {path.name for path in service.folder.glob("*/inside/*")} == {"upload.wav"}
    async with service.jobs.worker() as worker:
        for _ in range(MOST_ATTEMPTS):
            await made_to("complain", service).work(worker)
    assert "ValueError" in caplog.text
    assert "Secret" not in caplog.text


async def test_what_is_written_of_a_store_that_is_away_does_not_say_whose_audio_it_was_asked_for(
    service: Service, ada: str, caplog: pytest.LogCaptureFixture
) -> None:
    upload = (await take(service, ada)).upload
    async with service.jobs.worker() as worker:
        with barred(service.settings.home / "objects"):
            working = asyncio.create_task(service.analyst().work(worker))
            async with asyncio.timeout(30):
                while "cannot be fetched yet" not in caplog.text:
                    await asyncio.sleep(0.01)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            assert await service.uploads.delete(ada, upload.id)
    assert "still to be deleted" in caplog.text
    assert ada not in caplog.text
    assert upload.object_key not in caplog.text


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
        await until(service, ada, lambda all_: any(service.folder.glob("*/inside/*")))
        await service.uploads.delete(ada, upload.id)
        assert await asyncio.wait_for(working, 30), "the worker goes on with the next"
    assert list(service.folder.iterdir()) == []


async def test_audio_that_is_analysed_lies_in_a_folder_for_nobody_else(service: Service, ada: str) -> None:
    await take(service, ada, audio(seconds=4))
    async with at_work(made_to("wait_for_ever", service), 1):
        await until(service, ada, lambda all_: any(service.folder.glob("*/inside/*")))
        folders = [service.folder, *service.folder.iterdir(), *service.folder.glob("*/inside")]
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700] * 3


def test_a_folder_that_a_crash_left_behind_is_deleted_and_one_that_is_worked_in_is_not(tmp_path: Path) -> None:
    with private_folder(tmp_path) as used:
        dead = tmp_path / "analysis-dead"
        (dead / "inside").mkdir(parents=True)
        (dead / "inside" / "mix.wav").write_bytes(audio())
        (dead / "lock").touch()
        assert sweep_folders(tmp_path) == 1
        assert list(tmp_path.iterdir()) == [used]
    assert list(tmp_path.iterdir()) == []
