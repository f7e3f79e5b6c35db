from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.stores import Clock, a_store
from uptrack_analysis.errors import Unavailable
from uptrack_daemon.home import Home
from uptrack_daemon.jobs.queue import NewJob, Queue
from uptrack_daemon.retention import LONGEST_KEPT, Retention
from uptrack_daemon.store import Artifacts, Store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(home: Home, clock: Clock) -> AsyncIterator[Store]:
    async with a_store(home.database, clock=clock) as store:
        yield store


def names(home: Home) -> set[str]:
    return {path.name for path in home.audio.iterdir()}


def write_aged(path: Path, clock: Clock, **age: float) -> Path:
    """A file nobody registered, last written ``timedelta(**age)`` ago by the clock of the test."""
    path.write_bytes(b"RIFF")
    moment = (clock.now - timedelta(**age)).timestamp()
    os.utime(path, (moment, moment), follow_symlinks=False)
    return path


async def test_audio_is_kept_for_its_days_and_then_deleted(home: Home, store: Store, clock: Clock) -> None:
    retention = Retention(home, store, days=3)
    path = await retention.reserve()
    path.write_bytes(b"RIFF")
    await retention.release(path)
    clock.move(days=3, seconds=-1)
    assert await retention.sweep() == []
    clock.move(seconds=1)
    assert await retention.sweep() == [path.name]
    assert names(home) == set()
    assert await Artifacts(store).list() == []


async def test_with_zero_days_audio_goes_when_its_analysis_ends(home: Home, store: Store) -> None:
    retention = Retention(home, store, days=0)
    path = await retention.reserve(".flac")
    path.write_bytes(b"fLaC")
    await retention.sweep()
    assert path.exists()  # it is in the making
    await retention.release(path)
    assert not path.exists()


async def test_with_zero_days_audio_of_a_waiting_job_stays_until_the_job_has_ended(
    home: Home, store: Store, clock: Clock
) -> None:
    retention, queue = Retention(home, store, days=0), Queue(store)
    path = await retention.reserve()
    path.write_bytes(b"RIFF")
    job = (await queue.enqueue(NewJob(path))).job
    await retention.used_by(path, job.id)
    clock.move(hours=2)
    assert await retention.sweep(starting=True) == []
    await queue.cancel(job.id)
    assert await retention.sweep() == [path.name]


async def test_with_zero_days_what_a_daw_rendered_for_us_goes_when_its_analysis_ends(
    home: Home, store: Store, clock: Clock
) -> None:
    retention, queue = Retention(home, store, days=0), Queue(store)
    render = home.audio / "reaper-1" / "mix.wav"
    render.parent.mkdir()
    render.write_bytes(b"RIFF")
    os.utime(render.parent, (clock().timestamp(), clock().timestamp()))
    assert await retention.sweep() == [], "it is being rendered"
    job = (await queue.enqueue(NewJob(render))).job
    await retention.claim([render, render.with_name("Kick.wav"), Path("/music/mix.wav")], job.id)
    clock.move(hours=2)
    assert await retention.sweep(starting=True) == []
    await queue.cancel(job.id)
    await retention.ended(job.id)
    assert names(home) == set()


async def test_with_zero_days_a_capture_that_was_cut_off_by_a_crash_goes_at_the_next_start(
    home: Home, store: Store
) -> None:
    (await Retention(home, store, days=0).reserve()).write_bytes(b"RIFF")
    await Retention(home, store, days=0).sweep(starting=True)
    assert names(home) == set()


async def test_a_file_nobody_registered_gets_the_days_since_it_was_written(
    home: Home, store: Store, clock: Clock
) -> None:
    write_aged(home.audio / "old.wav", clock, days=8)
    write_aged(home.audio / "new.wav", clock, days=6)
    retention = Retention(home, store, days=7)
    assert await retention.sweep(starting=True) == ["old.wav"]
    os.utime(home.audio / "new.wav")  # touching it buys no time: it is registered now
    clock.move(days=1)
    assert await retention.sweep() == ["new.wav"]


async def test_a_folder_in_there_is_swept_too(home: Home, store: Store, clock: Clock) -> None:
    (home.audio / "stems").mkdir()
    (home.audio / "stems" / "kick.wav").write_bytes(b"RIFF")
    clock.move(days=-3_000)
    await Retention(home, store, days=7).sweep()
    clock.move(days=7)
    assert await Retention(home, store, days=7).sweep() == ["stems"]


@pytest.mark.parametrize("ahead_days", [1, 400])
async def test_a_file_from_the_future_is_gone_after_seven_days_too(
    home: Home, store: Store, clock: Clock, ahead_days: int
) -> None:
    write_aged(home.audio / "future.wav", clock, days=-ahead_days)
    retention = Retention(home, store, days=7)
    assert await retention.sweep() == []
    clock.move(days=7)
    assert await retention.sweep() == ["future.wav"]


async def test_a_clock_set_back_a_year_keeps_nothing_longer_than_seven_days_from_then(
    home: Home, store: Store, clock: Clock
) -> None:
    retention = Retention(home, store, days=7)
    path = await retention.reserve()
    path.write_bytes(b"RIFF")
    clock.move(days=-365)
    assert await retention.sweep() == []
    clock.move(days=7)
    assert await retention.sweep() == [path.name]


async def test_a_shorter_setting_counts_for_what_is_there_already(home: Home, store: Store, clock: Clock) -> None:
    path = await Retention(home, store, days=7).reserve()
    path.write_bytes(b"RIFF")
    clock.move(days=2)
    assert await Retention(home, store, days=1).sweep() == [path.name]


@given(jumps=st.lists(st.floats(-900, 900).filter(lambda days: abs(days) > 1e-6), max_size=6), days=st.integers(0, 7))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_clock_did_seven_quiet_days_clear_the_folder(
    tmp_path_factory: pytest.TempPathFactory, jumps: list[float], days: int
) -> None:
    async def live() -> None:
        clock, home = Clock(), Home(tmp_path_factory.mktemp("home"))
        home.create()
        async with a_store(home.database, clock=clock) as store:
            retention = Retention(home, store, days=days)
            (await retention.reserve()).write_bytes(b"RIFF")
            write_aged(home.audio / "stray.wav", clock, days=jumps[0] if jumps else 0)
            for jump in jumps:
                clock.move(days=jump)
                await retention.sweep()
            clock.now += LONGEST_KEPT
            await retention.sweep()
        assert names(home) == set()

    asyncio.run(live())


async def test_a_link_out_of_the_folder_is_removed_and_what_it_leads_to_is_not(
    home: Home, store: Store, clock: Clock, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    (music / "mix.wav").write_bytes(b"the user's own")
    (home.audio / "file.wav").symlink_to(music / "mix.wav")
    (home.audio / "folder").symlink_to(music, target_is_directory=True)
    (home.audio / "stems").mkdir()
    (home.audio / "stems" / "out").symlink_to(music, target_is_directory=True)
    retention = Retention(home, store, days=0)
    await retention.sweep(starting=True)
    clock.move(days=8)
    await retention.sweep()
    assert names(home) == set()
    assert (music / "mix.wav").read_bytes() == b"the user's own"


async def test_nothing_is_deleted_through_a_link_in_the_place_of_the_folder(
    home: Home, store: Store, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    (music / "mix.wav").write_bytes(b"the user's own")
    os.utime(music / "mix.wav", (0, 0))
    home.audio.rmdir()
    home.audio.symlink_to(music, target_is_directory=True)
    with pytest.raises(Unavailable, match="link"):
        await Retention(home, store, days=0).sweep(starting=True)
    assert (music / "mix.wav").exists()


async def test_a_register_that_names_a_path_deletes_nothing(home: Home, store: Store, clock: Clock) -> None:
    retention = Retention(home, store, days=7)
    with pytest.raises(ValueError, match="expected a file of"):
        await retention.release(home.root / "uptrack.sqlite")
    assert home.database.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows takes neither name")
@pytest.mark.parametrize("name", ["k\udcf6nig.wav", "kick\\snare.wav"])
async def test_a_name_of_an_odd_kind_is_swept_all_the_same(home: Home, store: Store, clock: Clock, name: str) -> None:
    write_aged(home.audio / name, clock, days=8)
    await Retention(home, store, days=7).sweep()
    assert names(home) == set()


async def test_a_row_whose_file_is_gone_is_forgotten_but_one_yet_to_be_written_is_not(
    home: Home, store: Store, clock: Clock
) -> None:
    retention = Retention(home, store, days=7)
    await retention.reserve()
    await retention.sweep()
    assert len(await Artifacts(store).list()) == 1
    clock.move(hours=2)
    await retention.sweep()
    assert await Artifacts(store).list() == []


async def test_the_sweeper_goes_on_after_a_sweep_that_failed(home: Home, store: Store, clock: Clock) -> None:
    write_aged(home.audio / "old.wav", clock, days=8)
    hidden = home.root / "hidden"
    home.audio.rename(hidden)
    waits = 0

    async def sleep(_seconds: float) -> None:
        nonlocal waits
        waits += 1
        if waits == 1:
            hidden.rename(home.audio)
        else:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await Retention(home, store, days=7).run(sleep=sleep)
    assert names(home) == set()


def test_more_than_seven_days_cannot_be_asked_for(home: Home, store: Store) -> None:
    with pytest.raises(ValueError, match="0 to 7"):
        Retention(home, store, days=8)
