"""How often something may be tried."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from support.account_site import ADA, BOB
from support.stores import Clock
from uptrack_account.errors import TooMany
from uptrack_account.service import Service
from uptrack_account.store.models import TryRow
from uptrack_account.throttle import Limit

LIMIT = Limit("guess", 3, timedelta(minutes=10))


async def test_one_more_than_the_limit_is_refused_until_the_window_ends(service: Service, clock: Clock) -> None:
    for _ in range(3):
        await service.throttle.count(LIMIT, ADA)
    clock.move(minutes=4)
    with pytest.raises(TooMany, match="Wait 6 minutes") as refused:
        await service.throttle.count(LIMIT, ADA)
    assert refused.value.retry_after_s == 360
    await service.throttle.count(LIMIT, BOB)
    clock.move(minutes=6)
    await service.throttle.count(LIMIT, ADA)


async def test_tries_that_come_at_once_are_all_counted(service: Service) -> None:
    tried = await asyncio.gather(*(service.throttle.count(LIMIT, ADA) for _ in range(12)), return_exceptions=True)
    assert sum(isinstance(one, TooMany) for one in tried) == 9


async def test_no_address_can_be_read_from_the_counts_and_a_sweep_deletes_them(service: Service, clock: Clock) -> None:
    await service.throttle.count(LIMIT, ADA)
    async with service.database.reading() as session:
        (row,) = (await session.scalars(select(TryRow))).all()
    assert len(row.subject) == 32
    clock.move(minutes=11)
    await service.sweep()
    async with service.database.reading() as session:
        assert (await session.scalars(select(TryRow))).all() == []


async def test_what_went_well_begins_anew(service: Service) -> None:
    for _ in range(3):
        await service.throttle.count(LIMIT, ADA)
    await service.throttle.forget(LIMIT, ADA)
    await service.throttle.count(LIMIT, ADA)
