from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from support.full_disk import full_disk
from support.stores import Clock, a_new_report, a_store
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.errors import BadInput
from uptrack_analysis.report import ProjectFacts
from uptrack_analysis.settings import Settings
from uptrack_daemon.home import DiskFull
from uptrack_daemon.jobs.queue import ATTEMPTS, NewJob, Queue
from uptrack_daemon.store import Deliveries, NewDelivery, Reports, Store

MIX = Path("/music/mix.wav")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite", clock=clock) as store:
        yield store


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store)


async def test_a_job_comes_back_as_it_was_asked_for(queue: Queue, clock: Clock) -> None:
    path = Path("/music/k\udcf6nig.wav")  # a name that is not Unicode
    settings = Settings(
        genre="techno",
        target="premaster",
        project=ProjectFacts(bpm=128.0, key="F# minor"),
        limits=Limits(max_channels=2),
    )
    new = NewJob(path, settings, duration_s=271.5, origin='{"host": "reaper"}', key="s1:a1")
    queued = await queue.enqueue(new)
    job = await queue.get(new.id)
    assert (queued.created, queued.position, queued.job) == (True, 0, job)
    assert (job.state, job.path, job.settings, job.duration_s) == ("queued", path, settings, 271.5)
    assert (job.origin, job.key, job.attempts, job.created_at) == (new.origin, new.key, 0, clock.now)


async def test_jobs_are_claimed_in_the_order_they_came(queue: Queue) -> None:
    for number in range(3):
        await queue.enqueue(NewJob(Path(f"/music/{number}.wav")))
    assert [await _claimed_name(queue) for _ in range(4)] == ["0.wav", "1.wav", "2.wav", None]


async def _claimed_name(queue: Queue) -> str | None:
    job = await queue.claim()
    return None if job is None else job.path.name


async def test_no_job_is_claimed_twice_however_many_claim_at_once(queue: Queue) -> None:
    for number in range(12):
        await queue.enqueue(NewJob(Path(f"/music/{number}.wav")))
    claimed = await asyncio.gather(*(queue.claim() for _ in range(16)))
    assert Counter(job.path.name for job in claimed if job) == Counter(f"{number}.wav" for number in range(12))


async def test_who_waits_for_a_job_hears_of_one_that_came_before_the_waiting_began(queue: Queue) -> None:
    seen = queue.arrivals
    assert await queue.claim() is None
    await queue.enqueue(NewJob(MIX))
    await queue.arrival(since=seen)
    assert await _claimed_name(queue) == "mix.wav"


async def test_who_waits_for_a_job_hears_of_one_that_comes(queue: Queue) -> None:
    waiting = asyncio.create_task(queue.arrival(since=queue.arrivals))
    await queue.enqueue(NewJob(MIX))
    await waiting


async def test_the_same_key_is_the_same_job_even_after_it_ended(queue: Queue) -> None:
    first = await queue.enqueue(NewJob(MIX, key="s1:a1"))
    again = await queue.enqueue(NewJob(MIX, key="s1:a1"))
    assert (again.created, again.job) == (False, first.job)
    await queue.cancel(first.job.id)
    late = await queue.enqueue(NewJob(MIX, key="s1:a1"))
    assert (late.created, late.job.id, late.job.state) == (False, first.job.id, "cancelled")
    assert await queue.by_key("s1:a1") == late.job
    assert await queue.by_key("s1:a2") is None


async def test_a_position_counts_the_active_jobs_before_it(queue: Queue) -> None:
    jobs = [(await queue.enqueue(NewJob(Path(f"/music/{number}.wav")))).job for number in range(3)]
    assert [await queue.position(job.id) for job in jobs] == [0, 1, 2]
    running = await queue.claim()
    assert running == await queue.get(jobs[0].id)
    assert [await queue.position(job.id) for job in jobs] == [0, 1, 2]
    await queue.fail(jobs[0].id, "job.crashed", "It crashed.")
    assert [await queue.position(job.id) for job in jobs] == [0, 0, 1]


async def test_a_finished_job_its_report_and_its_feedback_appear_together(
    queue: Queue, store: Store, clock: Clock
) -> None:
    job = (await queue.enqueue(NewJob(MIX))).job
    await queue.claim()
    clock.move(seconds=3)
    report = a_new_report(job_id=job.id)
    summary = await queue.finish(job.id, report, [NewDelivery("r-1", "reaper", "{}")], {"decode": 0.5})
    done = await queue.get(job.id)
    assert (done.state, done.report_id, done.timings) == ("done", report.id, {"decode": 0.5})
    assert (done.ended_at, done.ended) == (clock.now, True)
    assert [summary] == await Reports(store).list()
    (delivery,) = await Deliveries(store).pending("r-1")
    assert (delivery.report_id, delivery.run_id, delivery.job_id) == (report.id, report.run_id, job.id)


async def test_when_the_disk_is_full_a_finished_job_keeps_running_and_can_be_finished_later(
    queue: Queue, store: Store
) -> None:
    job = (await queue.enqueue(NewJob(MIX))).job
    await queue.claim()
    report = a_new_report(job_id=job.id)
    delivery = NewDelivery("r-1", "reaper", '"' + "x" * 100_000 + '"')
    async with full_disk(store):
        with pytest.raises(DiskFull):
            await queue.finish(job.id, report, [delivery])
        assert (await queue.get(job.id)).state == "running"
        assert await Reports(store).list() == []
    assert await queue.finish(job.id, report, [delivery]) is not None
    assert (await queue.get(job.id)).state == "done"


async def test_when_the_disk_is_full_a_new_job_is_refused_and_not_half_there(queue: Queue, store: Store) -> None:
    async with full_disk(store):
        with pytest.raises(DiskFull):
            await queue.enqueue(NewJob(MIX, origin='"' + "x" * 100_000 + '"'))
    assert await queue.list() == []


async def test_a_cancelled_job_cannot_be_finished_or_failed_any_more(queue: Queue, store: Store) -> None:
    job = (await queue.enqueue(NewJob(MIX))).job
    await queue.claim()
    cancelled = await queue.cancel(job.id)
    assert cancelled is not None
    assert (cancelled.state, cancelled.code) == ("cancelled", "job.cancelled")
    assert await queue.finish(job.id, a_new_report(job_id=job.id)) is None
    assert await queue.fail(job.id, "job.crashed", "It crashed.") is None
    assert await queue.cancel(job.id) is None
    assert await Reports(store).list() == []
    assert await queue.get(job.id) == cancelled


async def test_a_cancelled_job_that_waits_is_never_claimed(queue: Queue) -> None:
    job = (await queue.enqueue(NewJob(MIX))).job
    await queue.cancel(job.id)
    assert await queue.claim() is None


async def test_a_failed_job_says_why(queue: Queue) -> None:
    job = (await queue.enqueue(NewJob(MIX))).job
    await queue.claim()
    await queue.fail(job.id, "job.crashed", "It crashed.")
    failed = await queue.get(job.id)
    assert (failed.state, failed.code, failed.sentence) == ("failed", "job.crashed", "It crashed.")


async def test_a_job_given_back_is_next_again_as_if_it_had_not_been_started(queue: Queue) -> None:
    first = (await queue.enqueue(NewJob(MIX))).job
    await queue.enqueue(NewJob(Path("/music/other.wav")))
    await queue.claim()
    assert await queue.give_back(first.id)
    assert await queue.get(first.id) == first
    assert await _claimed_name(queue) == "mix.wav"
    assert await queue.give_back("nobody") is False


async def test_jobs_cut_off_by_a_crash_wait_again_at_their_place(tmp_path: Path) -> None:
    path = tmp_path / "crash.sqlite"
    async with a_store(path) as store:
        queue = Queue(store)
        jobs = [(await queue.enqueue(NewJob(Path(f"/music/{number}.wav")))).job for number in range(3)]
        await queue.claim()
        await queue.claim()
    async with a_store(path) as store:  # as after kill -9: nobody said goodbye
        queue = Queue(store)
        recovered = await queue.recover()
        assert [job.id for job in recovered.resumed] == [job.id for job in jobs[:2]]
        assert [job.attempts for job in recovered.resumed] == [1, 1]
        assert [await _claimed_name(queue) for _ in range(3)] == ["0.wav", "1.wav", "2.wav"]


async def test_a_job_cut_off_three_times_is_given_up_with_a_sentence(queue: Queue) -> None:
    job = (await queue.enqueue(NewJob(MIX))).job
    for attempt in range(1, ATTEMPTS + 1):
        await queue.claim()
        recovered = await queue.recover()
        assert bool(recovered.resumed) == (attempt < ATTEMPTS)
    assert [given_up.id for given_up in recovered.given_up] == [job.id]
    failed = await queue.get(job.id)
    assert (failed.state, failed.code) == ("failed", "job.interrupted")
    assert "cut off 3 times" in (failed.sentence or "")


async def test_stopping_the_daemon_in_order_does_not_count_as_an_attempt(queue: Queue) -> None:
    job = (await queue.enqueue(NewJob(MIX))).job
    for _ in range(ATTEMPTS + 1):
        await queue.claim()
        await queue.give_back(job.id)
    await queue.claim()
    assert [resumed.id for resumed in (await queue.recover()).resumed] == [job.id]


async def test_an_unknown_job_is_refused_in_a_sentence(queue: Queue) -> None:
    for asking in (queue.get("nobody"), queue.cancel("nobody"), queue.position("nobody")):
        with pytest.raises(BadInput, match="no job 'nobody'") as refusal:
            await asking
        assert refusal.value.code == "job.unknown"


async def test_jobs_are_listed_and_counted_by_state(queue: Queue) -> None:
    for number in range(4):
        await queue.enqueue(NewJob(Path(f"/music/{number}.wav")))
    await queue.claim()
    running = await queue.claim()
    assert running is not None
    await queue.fail(running.id, "x", "y")
    assert await queue.counts() == {"queued": 2, "running": 1, "done": 0, "failed": 1, "cancelled": 0}
    assert [job.path.name for job in await queue.list("queued", "failed")] == ["1.wav", "2.wav", "3.wav"]
    assert [job.path.name for job in await queue.list(limit=2)] == ["2.wav", "3.wav"]


async def test_old_jobs_are_dropped_but_active_ones_never(queue: Queue, clock: Clock) -> None:
    ended = (await queue.enqueue(NewJob(MIX))).job
    await queue.cancel(ended.id)
    active = (await queue.enqueue(NewJob(MIX))).job
    clock.move(days=90)
    assert await queue.forget(ended_before=clock.now - timedelta(days=30)) == 1
    assert [job.id for job in await queue.list()] == [active.id]
