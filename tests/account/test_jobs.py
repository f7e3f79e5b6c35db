"""What holds for jobs in a table of ours and in procrastinate's alike: one suite over both, and over both databases."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text

from support.account_site import BOB, account_service, somebody
from support.postgres import new_database
from support.stores import Clock
from uptrack_account.audio.jobs import STALLED_AFTER_S, Job, Jobs, Worker, open_jobs
from uptrack_account.service import Service
from uptrack_account.settings import AccountSettings
from uptrack_account.store import Database
from uptrack_account.store.models import AccountRow, JobRow


class BrokenOff(Exception):
    """Whatever ends a transaction."""


@dataclass
class Queue:
    """Jobs of one kind, and an account to have some."""

    jobs: Jobs
    database: Database
    account_id: str
    pass_by: Callable[[float], Awaitable[None]]
    """Let seconds pass in which nobody is heard of."""
    left: Callable[[], Awaitable[int]]

    async def add(self, *upload_ids: str) -> None:
        async with self.database.writing() as session:
            for upload_id in upload_ids:
                await self.jobs.enqueue(session, self.account_id, upload_id)

    async def end(self, worker: Worker, job: Job) -> bool:
        async with self.database.writing() as session:
            return await worker.finish(session, job)


@pytest.fixture(params=["sqlite", "postgresql", "procrastinate"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def migrated_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite'), tmp_path / 'account.sqlite')}"
    postgres = request.getfixturevalue("postgres")
    return new_database(postgres.socket, postgres.migrated)


@pytest.fixture
async def service(migrated_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Service]:
    async with account_service(tmp_path / "home", migrated_url, clock) as service:
        yield service


@pytest.fixture
async def queue(kind: str, service: Service, migrated_url: str, clock: Clock) -> AsyncIterator[Queue]:
    database = service.database
    settings = AccountSettings(database=migrated_url, jobs="procrastinate" if kind == "procrastinate" else "embedded")

    async def pass_by(seconds: float) -> None:
        clock.move(seconds=seconds)
        if kind == "procrastinate":  # whose clock is the database's, which nobody sets
            async with database.writing() as session:
                await session.execute(
                    text("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - :s * interval '1 second'"),
                    {"s": seconds},
                )

    async def left() -> int:
        count = text("SELECT count(*) FROM procrastinate_jobs") if kind == "procrastinate" else None
        async with database.reading() as session:
            return int(await session.scalar(select(func.count()).select_from(JobRow) if count is None else count) or 0)

    async with open_jobs(settings, database) as jobs:
        yield Queue(jobs, database, await somebody(service), pass_by, left)


async def test_jobs_are_claimed_in_the_order_in_which_they_came_each_once(queue: Queue) -> None:
    await queue.add("a1", "b2", "c3")
    async with queue.jobs.worker() as one, queue.jobs.worker() as other:
        claimed = [await one.claim(), await other.claim(), await one.claim()]
        assert [job and (job.account_id, job.upload_id, job.attempt) for job in claimed] == [
            (queue.account_id, upload_id, 1) for upload_id in ("a1", "b2", "c3")
        ]
        assert await other.claim() is None


async def test_of_many_workers_at_once_no_two_have_the_same_job(queue: Queue) -> None:
    wanted = [f"{number:02x}" for number in range(12)]
    await queue.add(*wanted)

    async def work() -> list[str]:
        done = list[str]()
        async with queue.jobs.worker() as worker:
            while (job := await worker.claim()) is not None:
                done.append(job.upload_id)
                assert await queue.end(worker, job)
        return done

    done = await asyncio.gather(*(work() for _ in range(4)))
    assert sorted(upload_id for some in done for upload_id in some) == wanted
    assert await queue.left() == 0


async def test_a_job_stands_and_falls_with_the_transaction_it_was_enqueued_in(queue: Queue) -> None:
    async def breaking() -> None:
        async with queue.database.writing() as session:
            await queue.jobs.enqueue(session, queue.account_id, "a1")
            raise BrokenOff

    with pytest.raises(BrokenOff):
        await breaking()
    async with queue.jobs.worker() as worker:
        assert await worker.claim() is None
        async with queue.database.writing() as session:
            await queue.jobs.enqueue(session, queue.account_id, "a1")
            if not queue.database.is_sqlite:  # where who writes holds up all who would
                assert await worker.claim() is None
        assert (await worker.claim()) is not None


async def test_an_end_falls_with_the_transaction_too(queue: Queue) -> None:
    async def breaking(worker: Worker, job: Job) -> None:
        async with queue.database.writing() as session:
            assert await worker.finish(session, job)
            raise BrokenOff

    await queue.add("a1")
    async with queue.jobs.worker() as worker:
        job = await worker.claim()
        assert job is not None
        with pytest.raises(BrokenOff):
            await breaking(worker, job)
        assert await worker.beat(job)
        assert await queue.end(worker, job)
        assert not await queue.end(worker, job)


async def test_the_same_upload_is_one_job_while_it_waits_and_while_it_is_worked_on(queue: Queue) -> None:
    await queue.add("a1", "a1")
    async with queue.jobs.worker() as worker:
        job = await worker.claim()
        assert job is not None
        await queue.add("a1")
        assert await queue.left() == 1
        assert await queue.end(worker, job)
        await queue.add("a1")
        assert await worker.claim() is not None


async def test_a_worker_that_is_not_heard_of_loses_its_job_to_the_next(queue: Queue) -> None:
    await queue.add("a1")
    async with queue.jobs.worker() as silent, queue.jobs.worker() as next_one:
        lost = await silent.claim()
        assert lost is not None
        await queue.pass_by(STALLED_AFTER_S + 1)
        assert await queue.jobs.recover() == 1
        assert await queue.jobs.recover() == 0
        again = await next_one.claim()
        assert again is not None
        assert (again.upload_id, again.attempt) == ("a1", 2)
        assert not await silent.beat(lost), "who comes back late hears that it is not theirs any more"
        assert not await queue.end(silent, lost)
        await silent.give_back(lost, counted=True)
        assert await queue.end(next_one, again)


async def test_a_worker_that_lost_a_job_and_has_it_again_is_asked_for_its_second_try(queue: Queue) -> None:
    await queue.add("a1")
    async with queue.jobs.worker() as worker:
        first = await worker.claim()
        assert first is not None
        await queue.pass_by(STALLED_AFTER_S + 1)
        assert await queue.jobs.recover() == 1
        second = await worker.claim()
        assert second is not None
        assert not await worker.beat(first)
        assert not await queue.end(worker, first)
        assert await queue.end(worker, second)


async def test_a_worker_that_is_heard_of_keeps_its_job(queue: Queue) -> None:
    await queue.add("a1")
    async with queue.jobs.worker() as worker:
        job = await worker.claim()
        assert job is not None
        for _ in range(3):
            await queue.pass_by(STALLED_AFTER_S - 5)
            assert await worker.beat(job)
            assert await queue.jobs.recover() == 0
        assert await queue.end(worker, job)


@pytest.mark.parametrize(("counted", "attempt"), [(True, 2), (False, 1)])
async def test_a_job_that_is_given_back_is_claimed_again(queue: Queue, counted: bool, attempt: int) -> None:
    await queue.add("a1")
    async with queue.jobs.worker() as worker:
        job = await worker.claim()
        assert job is not None
        await worker.give_back(job, counted=counted)
        assert not await worker.beat(job)
        again = await worker.claim()
        assert again is not None
        assert again.attempt == attempt


async def test_a_job_that_is_cancelled_is_claimed_by_nobody_and_who_has_it_hears_so(queue: Queue) -> None:
    await queue.add("a1", "b2", "c3")
    async with queue.jobs.worker() as worker:
        job = await worker.claim()
        assert job is not None
        async with queue.database.writing() as session:
            await queue.jobs.cancel(session, queue.account_id, "a1")
            await queue.jobs.cancel(session, queue.account_id, "b2")
        assert not await worker.beat(job)
        assert not await queue.end(worker, job)
        left = await worker.claim()
        assert left is not None
        assert left.upload_id == "c3"


async def test_all_jobs_of_an_account_go_with_it_and_nobody_elses(queue: Queue, service: Service) -> None:
    bob = await somebody(service, BOB)
    await queue.add("a1", "b2")
    async with queue.database.writing() as session:
        await queue.jobs.enqueue(session, bob, "a1")
    async with queue.jobs.worker() as worker:
        hers = await worker.claim()
        assert hers is not None
        async with queue.database.writing() as session:
            await queue.jobs.cancel(session, queue.account_id)
            await session.execute(delete(AccountRow).where(AccountRow.id == queue.account_id))
        assert not await worker.beat(hers)
        his = await worker.claim()
        assert his is not None
        assert his.account_id == bob
        assert await worker.claim() is None


async def test_several_that_open_at_once_make_the_tables_once(kind: str, service: Service, migrated_url: str) -> None:
    settings = AccountSettings(database=migrated_url, jobs="procrastinate" if kind == "procrastinate" else "embedded")

    async def start() -> None:
        async with open_jobs(settings, service.database) as jobs:
            assert await jobs.recover() == 0

    await asyncio.gather(*(start() for _ in range(3)))


async def test_a_clock_that_is_set_back_keeps_no_job_from_being_recovered(service: Service, clock: Clock) -> None:
    settings = AccountSettings(database="")
    account_id = await somebody(service)
    async with open_jobs(settings, service.database) as jobs, jobs.worker() as worker:
        async with service.database.writing() as session:
            await jobs.enqueue(session, account_id, "a1")
        assert await worker.claim() is not None
        clock.move(days=-30)
        assert await jobs.recover() == 1
