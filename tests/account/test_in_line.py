"""All that is written of one account waits in line: nothing fails because something else was done at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from support.account_site import ANOTHER, PASSWORD, Browser, asking, cheap_passwords, linked, upload
from support.reports import a_report
from support.uploaded import audio, take
from uptrack_account.errors import GrantRefused
from uptrack_account.machines.devices import typed
from uptrack_account.people import accounts
from uptrack_account.people.accounts import Accounts
from uptrack_account.people.sessions import Person, end_all
from uptrack_account.service import Service
from uptrack_account.store import in_line
from uptrack_account.store.models import AccountRow, DeviceRow, ReportRow, new_id
from uptrack_analysis.report import to_json

Found = TypeVar("Found")
AT_ONCE_S = 20.0
"""Of a machine that is busy with other tests; what is waited for is an event."""


@pytest.fixture
async def person(service: Service, browser: Browser, ada: str) -> Person:
    found = await service.sessions.person(browser.token or "")
    assert found is not None
    assert found.account_id == ada
    return found


async def begun(service: Service, work: Coroutine[Any, Any, Found]) -> asyncio.Task[Found]:
    """Something that goes on until it waits for a lock that we hold; on SQLite it waits to begin."""
    task = asyncio.create_task(work)
    if service.database.is_sqlite:
        return task
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(AT_ONCE_S), service.database.engine.connect() as connection:
        while not task.done() and not await connection.scalar(waiting):
            await connection.rollback()  # what was seen is kept until a transaction ends
    return task


async def test_it_is_told_whether_the_account_is_there(service: Service, ada: str) -> None:
    async with service.database.writing() as session:
        assert await in_line(session, ada)
        assert await in_line(session, ada, leaving=True)
        assert not await in_line(session, new_id())


@pytest.mark.parametrize("owner", ["erases the account", "unlinks with another password"])
@pytest.mark.parametrize("machine", ["renews its key", "fetches its first key", "fetches its first key again"])
async def test_a_machine_and_its_owner_do_not_hold_each_other_up(
    service: Service, browser: Browser, person: Person, monkeypatch: pytest.MonkeyPatch, owner: str, machine: str
) -> None:
    if machine == "renews its key":
        does = service.devices.refresh((await linked(browser)).tokens.refresh_token)
    else:
        asked = await asking(browser)
        await service.devices.answer(person.account_id, typed(asked.user_code), allowed=True)
        if machine == "fetches its first key again":
            await service.devices.fetch(asked.device_code)
            service.database.clock.move(minutes=1)  # type: ignore[attr-defined]
        does = service.devices.fetch(asked.device_code)
    tasks = list[asyncio.Task[object]]()

    async def meanwhile(_session: AsyncSession, _account_id: str) -> None:
        tasks.append(await begun(service, does))

    async def ended(session: AsyncSession, account_id: str, *, but: str) -> None:
        await meanwhile(session, account_id)
        await end_all(session, account_id, but=but)

    if owner == "erases the account":
        leaving = Accounts(service.database, cheap_passwords(), "", service.bell, leaving=(meanwhile,))
        await leaving.erase(person, PASSWORD)
    else:
        monkeypatch.setattr(accounts, "end_all", ended)
        await service.accounts.change_password(person, PASSWORD, ANOTHER, unlink=True)
    (task,) = tasks
    was_linked = owner == "erases the account" or machine != "fetches its first key"
    if was_linked:
        with pytest.raises(GrantRefused) as refused:
            await task
        assert refused.value.error == "invalid_grant"
    else:
        await task  # it was allowed, and is linked after the others are unlinked
    async with service.database.reading() as session:
        assert len((await session.scalars(select(DeviceRow.id))).all()) == (0 if was_linked else 1)
        assert len((await session.scalars(select(AccountRow.id))).all()) == (owner != "erases the account")


async def test_a_machine_that_is_unlinked_as_its_audio_was_analysed_costs_no_report(
    service: Service, browser: Browser, ada: str
) -> None:
    await linked(browser)
    (device,) = await service.devices.of(ada)
    await take(service, ada, audio(), device_id=device.id)
    async with service.jobs.worker() as worker:
        job = await worker.claim()
        assert job is not None
        await service.uploads.begin(job)
        async with service.database.writing() as session:
            await session.execute(delete(DeviceRow).where(DeviceRow.id == device.id))
            ends = await begun(service, service.uploads.done(worker, job, to_json(a_report())))
        await ends
    (done,) = await service.uploads.of(ada)
    assert (done.state, done.device_id) == ("done", None)
    async with service.database.reading() as session:
        assert (await session.scalars(select(ReportRow.device_id))).all() == [None]


async def test_what_a_machine_sent_is_kept_though_it_was_unlinked_meanwhile(service: Service, ada: str) -> None:
    unlinked = new_id()
    assert (await service.reports.put(ada, unlinked, "5a5a" * 4, upload())).new
    taken = await take(service, ada, audio(), device_id=unlinked)
    assert (taken.new, taken.upload.device_id) == (True, None)
