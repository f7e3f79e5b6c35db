"""The supervisor with real worker processes, a real store, and analyses that misbehave by name."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest

from support.full_disk import full_disk
from support.stores import a_store
from uptrack_analysis.report import from_json
from uptrack_analysis.settings import Settings
from uptrack_daemon.home import DiskFull
from uptrack_daemon.jobs.queue import Job, NewJob, Queue
from uptrack_daemon.jobs.supervisor import Measure, Supervisor, supervise
from uptrack_daemon.settings import DaemonSettings
from uptrack_daemon.store import (
    Deliveries,
    NewDelivery,
    NewReport,
    Reports,
    ReportSummary,
    Store,
)

Gate = Callable[[str], Callable[[], None]]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Makes the pipe that an analysis called ``until…`` waits at; calling what comes back lets it go on."""
    pipes: list[int] = []

    def make(name: str) -> Callable[[], None]:
        os.mkfifo(tmp_path / f"{name}.go")
        pipe = os.open(tmp_path / f"{name}.go", os.O_RDWR)  # both ends: opening never waits for the worker
        pipes.append(pipe)

        def let_go() -> None:
            os.write(pipe, b"!")

        return let_go

    yield make
    for pipe in pipes:
        os.close(pipe)


class Heard:
    """A listener that remembers, and lets a test wait for what it hears."""

    def __init__(self) -> None:
        self.progress: list[tuple[str, float, str]] = []
        self.ended: list[tuple[str, str]] = []
        self._news = asyncio.Condition()

    async def progressed(self, job: Job, fraction: float, stage: str) -> None:
        await self._add(self.progress, (job.path.name, fraction, stage))

    async def finished(self, job: Job, summary: ReportSummary) -> None:
        assert summary.job_id == job.id
        await self._add(self.ended, (job.path.name, "done"))

    async def failed(self, job: Job, code: str, sentence: str) -> None:
        assert sentence
        await self._add(self.ended, (job.path.name, code))

    async def until(self, true: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(true)

    async def all_ended(self, count: int) -> None:
        await self.until(lambda: len(self.ended) >= count)

    async def stage(self, stage: str) -> None:
        await self.until(lambda: any(stage in said for _, _, said in self.progress))

    async def _add(self, where: list[Any], what: object) -> None:
        async with self._news:
            where.append(what)
            self._news.notify_all()


FEEDBACK = '{"type": "feedback", "status": "' + "x" * 100_000 + '"}'
"""More than fits into what is left of the pages of a database that may not grow."""


async def compose(job: Job, document: str, _measure: Measure) -> tuple[NewReport, Sequence[NewDelivery]]:
    return NewReport(document, job.id, job.path), [NewDelivery("r-1", "reaper", FEEDBACK)]


class Start(Protocol):
    def __call__(self, analysis: str = ..., **settings: Any) -> AbstractAsyncContextManager[Supervisor]: ...


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        yield store


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def start(queue: Queue, heard: Heard) -> Start:
    def start(analysis: str = "as_named", **settings: Any) -> AbstractAsyncContextManager[Supervisor]:
        return supervise(
            queue,
            DaemonSettings(**settings),
            compose=compose,
            listener=heard,
            analyze=f"support.analyses:{analysis}",
            sleep=lambda _seconds: asyncio.sleep(0),
        )

    return start


async def enqueue(queue: Queue, folder: Path, *names: str) -> list[Job]:
    return [(await queue.enqueue(NewJob(folder / f"{name}.wav", duration_s=1.0))).job for name in names]


async def test_a_job_becomes_a_report_and_feedback_and_says_so_on_the_way(
    queue: Queue, store: Store, heard: Heard, start: Start, tmp_path: Path
) -> None:
    async with start("quick"):
        (job,) = await enqueue(queue, tmp_path, "mix")
        await heard.all_ended(1)
    assert heard.ended == [("mix.wav", "done")]
    assert heard.progress[0] == ("mix.wav", 0.0, "decode")
    done = await queue.get(job.id)
    stored = await Reports(store).get(done.report_id or "")
    assert (done.state, done.timings, stored.summary.job_id) == ("done", {"decode": 0.25}, job.id)
    assert from_json(stored.document).source.name == "mix.wav"
    assert [delivery.report_id for delivery in await Deliveries(store).pending("r-1")] == [done.report_id]


async def test_fifty_jobs_queued_at_once_are_all_done_and_in_order(
    queue: Queue, store: Store, heard: Heard, start: Start, tmp_path: Path
) -> None:
    names = [f"mix {number:02}" for number in range(50)]
    async with start("quick"):
        await enqueue(queue, tmp_path, *names)
        await heard.all_ended(50)
    assert heard.ended == [(f"{name}.wav", "done") for name in names]
    assert await Reports(store).count() == 50


async def test_two_slots_work_at_the_same_time(
    queue: Queue, heard: Heard, start: Start, gate: Gate, tmp_path: Path
) -> None:
    let_go = {number: gate(f"until-{number}") for number in (1, 2)}
    async with start(workers=2) as supervisor:
        await supervisor.warm()
        assert len(set(supervisor.pids)) == 2
        await enqueue(queue, tmp_path, "until-1", "until-2")
        await heard.until(lambda: {name for name, _, _ in heard.progress} == {"until-1.wav", "until-2.wav"})
        assert (await queue.counts())["running"] == 2
        for number in (2, 1):  # the second ends first: neither waits for the other
            let_go[number]()
            await heard.all_ended(3 - number)
    assert heard.ended == [("until-2.wav", "done"), ("until-1.wav", "done")]


async def test_each_way_to_fail_fails_its_own_job_with_its_reason_and_no_other(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path
) -> None:
    ways = {"segfault": "job.crashed", "raise": "job.internal", "refuse": "input.not_audio", "mix": "done"}
    if sys.platform.startswith("linux"):  # the only system that holds a process to RLIMIT_AS
        ways = {"eat": "job.memory", **ways}
    async with start() as supervisor:
        jobs = await enqueue(queue, tmp_path, *ways)
        await heard.all_ended(len(ways))
        assert supervisor.trouble is None
    assert heard.ended == [(f"{name}.wav", code) for name, code in ways.items()]
    crashed = await queue.get(jobs[list(ways).index("segfault")].id)
    assert "ended unexpectedly (signal 11, SIGSEGV)" in (crashed.sentence or "")


async def test_a_worker_killed_in_the_middle_of_a_job_fails_it_and_a_new_one_takes_its_place(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path
) -> None:
    async with start() as supervisor:
        killed, spared = await enqueue(queue, tmp_path, "hang", "pid")
        await heard.stage("hanging")
        (pid,) = supervisor.pids
        os.kill(pid, signal.SIGKILL)
        await heard.all_ended(2)
        assert ("pid.wav", 0.5, str(pid)) not in heard.progress
    assert heard.ended == [("hang.wav", "job.crashed"), ("pid.wav", "done")]
    failed = await queue.get(killed.id)
    assert "ended unexpectedly (signal 9" in (failed.sentence or "")
    assert (await queue.get(spared.id)).state == "done"


async def test_a_worker_killed_while_it_waits_costs_no_job(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path
) -> None:
    async with start() as supervisor:
        await supervisor.warm()
        (pid,) = supervisor.pids
        os.kill(pid, signal.SIGKILL)
        while pid in supervisor.pids:
            await asyncio.sleep(0)
        await enqueue(queue, tmp_path, "mix")
        await heard.all_ended(1)
    assert heard.ended == [("mix.wav", "done")]


async def test_a_running_job_that_is_cancelled_ends_at_once_and_the_next_one_starts(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path
) -> None:
    async with start() as supervisor:
        running, waiting = await enqueue(queue, tmp_path, "hang", "mix")
        await heard.stage("hanging")
        assert await supervisor.cancel(running.id)
        assert not await supervisor.cancel(running.id)
        await heard.all_ended(2)
    assert heard.ended == [("hang.wav", "job.cancelled"), ("mix.wav", "done")]
    assert (await queue.get(running.id)).state == "cancelled"
    assert (await queue.get(waiting.id)).state == "done"


async def test_a_waiting_job_that_is_cancelled_never_starts(
    queue: Queue, heard: Heard, start: Start, gate: Gate, tmp_path: Path
) -> None:
    let_go = gate("until")
    async with start() as supervisor:
        _, waiting = await enqueue(queue, tmp_path, "until", "crash")
        assert await supervisor.cancel(waiting.id)
        let_go()
        await heard.all_ended(2)
    assert sorted(heard.ended) == [("crash.wav", "job.cancelled"), ("until.wav", "done")]
    assert (await queue.get(waiting.id)).attempts == 0


async def test_a_job_that_takes_too_long_is_stopped_with_a_sentence(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path
) -> None:
    async with start(time_limit_s=0.2, time_limit_per_audio_s=0.3) as supervisor:
        await supervisor.warm()
        (job,) = await enqueue(queue, tmp_path, "hang")
        await heard.all_ended(1)
    assert heard.ended == [("hang.wav", "job.time_limit")]
    assert "raise time_limit_s" in ((await queue.get(job.id)).sentence or "")


async def test_stopping_lets_a_running_job_finish_and_starts_no_other(
    queue: Queue, heard: Heard, start: Start, gate: Gate, tmp_path: Path
) -> None:
    let_go = gate("until")

    async def finish_once_it_is_stopping(supervisor: Supervisor) -> None:
        await supervisor._stopping.wait()
        let_go()

    async with start(stop_grace_s=600) as supervisor:
        running, waiting = await enqueue(queue, tmp_path, "until", "mix")
        await heard.stage("waiting")
        finishing = asyncio.create_task(finish_once_it_is_stopping(supervisor))
    await finishing
    assert heard.ended == [("until.wav", "done")]
    assert (await queue.get(running.id)).state == "done"
    assert (await queue.get(waiting.id)).state == "queued"


async def test_a_job_that_outlasts_the_grace_is_put_back_uncounted_and_no_process_is_left(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path
) -> None:
    async with start(stop_grace_s=0) as supervisor:
        (job,) = await enqueue(queue, tmp_path, "hang")
        await heard.stage("hanging")
        (pid,) = supervisor.pids
    assert heard.ended == []
    assert await queue.get(job.id) == job
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_job_that_cannot_be_put_back_on_a_full_disk_still_lets_the_daemon_stop_and_is_resumed(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_room(_job_id: str) -> bool:
        raise DiskFull("the disk is full")

    async with start(stop_grace_s=0):
        (job,) = await enqueue(queue, tmp_path, "hang")
        await heard.stage("hanging")
        monkeypatch.setattr(queue, "give_back", no_room)
    assert [resumed.id for resumed in (await queue.recover()).resumed] == [job.id]


async def test_a_job_that_is_cancelled_and_erased_as_it_starts_or_ends_is_nobodys_fault(
    queue: Queue, store: Store, heard: Heard, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = queue.claim

    async def claim_and_erase() -> Job | None:
        job = await claim()
        if job is not None and job.path.stem == "starts":
            await queue.cancel(job.id)
            await Reports(store).delete_all()
        return job

    monkeypatch.setattr(queue, "claim", claim_and_erase)
    async with start() as supervisor:
        _, ends = await enqueue(queue, tmp_path, "starts", "hang")
        await heard.stage("hanging")
        await queue.cancel(ends.id)
        await Reports(store).delete_all()
        os.kill(supervisor.pids[0], signal.SIGKILL)
        await enqueue(queue, tmp_path, "mix")
        await heard.all_ended(1)
    assert heard.ended == [("mix.wav", "done")]


async def test_a_daemon_that_stops_while_its_worker_warms_up_does_not_wait_for_it(
    queue: Queue, start: Start, tmp_path: Path
) -> None:
    (job,) = await enqueue(queue, tmp_path, "mix")
    async with start(stop_grace_s=600):
        pass
    assert await queue.get(job.id) == job


async def test_workers_that_die_at_the_start_are_said_and_their_jobs_do_not_wait_for_ever(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path
) -> None:
    async with start("never_starts") as supervisor:
        (job,) = await enqueue(queue, tmp_path, "mix")
        await heard.all_ended(1)
        assert "exit code 3" in (supervisor.trouble or "")
    assert heard.ended == [("mix.wav", "job.no_worker")]
    assert "exit code 3" in ((await queue.get(job.id)).sentence or "")


async def test_when_the_disk_is_full_the_report_waits_and_its_owner_hears_why(
    queue: Queue, store: Store, heard: Heard, start: Start, gate: Gate, tmp_path: Path
) -> None:
    let_go = gate("until")
    async with start() as supervisor:
        (job,) = await enqueue(queue, tmp_path, "until")
        await heard.stage("waiting")
        async with full_disk(store):
            let_go()
            await heard.stage("disk is full")
            assert "disk is full" in (supervisor.trouble or "")
            assert (await queue.get(job.id)).state == "running"
        await heard.all_ended(1)
        assert supervisor.trouble is None
    assert heard.ended == [("until.wav", "done")]
    assert await Reports(store).count() == 1


async def test_another_file_that_a_report_needs_is_measured_by_the_same_worker_and_may_fail(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str | None] = []
    async with start(workers=1) as supervisor:
        real = supervisor._compose
        others = iter(["before", "refuse", "crash"])

        async def curious(job: Job, document: str, measure: Measure) -> tuple[NewReport, Sequence[NewDelivery]]:
            answers.append(await measure(tmp_path / f"{next(others)}.wav", Settings()))
            return await real(job, document, measure)

        monkeypatch.setattr(supervisor, "_compose", curious)
        await enqueue(queue, tmp_path, "one", "two", "three")
        await heard.all_ended(3)
    assert heard.ended == [("one.wav", "done"), ("two.wav", "done"), ("three.wav", "done")]
    assert [answer and json.loads(answer)["source"]["name"] for answer in answers] == ["before.wav", None, None]
    told = [said for name, *said in heard.progress if name == "three.wav"]
    assert told[-1] == [1.0, "measuring the version before by today's rules"]


async def test_a_report_that_cannot_be_composed_fails_its_job_only(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start() as supervisor:
        real = supervisor._compose

        async def picky(job: Job, document: str, measure: Measure) -> tuple[NewReport, Sequence[NewDelivery]]:
            if job.path.stem == "odd":
                raise KeyError("markers")
            return await real(job, document, measure)

        monkeypatch.setattr(supervisor, "_compose", picky)
        await enqueue(queue, tmp_path, "odd", "mix")
        await heard.all_ended(2)
    assert heard.ended == [("odd.wav", "job.internal"), ("mix.wav", "done")]


async def test_a_listener_that_fails_stops_nothing(queue: Queue, heard: Heard, start: Start, tmp_path: Path) -> None:
    told = heard.finished

    async def fails_once(job: Job, summary: ReportSummary) -> None:
        heard.finished = told  # type: ignore[method-assign]
        raise ConnectionResetError(job.id)

    heard.finished = fails_once  # type: ignore[method-assign]
    async with start():
        await enqueue(queue, tmp_path, "one", "two")
        await heard.all_ended(1)
    assert heard.ended == [("two.wav", "done")]
    assert (await queue.counts())["done"] == 2


async def test_jobs_left_by_a_crash_are_done_after_the_next_start(
    queue: Queue, heard: Heard, start: Start, tmp_path: Path
) -> None:
    (job,) = await enqueue(queue, tmp_path, "mix")
    await queue.claim()  # and then the daemon was killed
    await queue.recover()
    async with start():
        await heard.all_ended(1)
    done = await queue.get(job.id)
    assert (done.state, done.attempts) == ("done", 2)
