"""Browsers that are signed in: found by their cookie, listed, ended, and too old."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from support.account_site import ANOTHER, BOB, somebody
from support.stores import Clock
from uptrack_account.people.sessions import browser_of
from uptrack_account.service import Service
from uptrack_account.store.models import SessionRow


async def test_a_session_is_kept_as_a_digest_and_found_by_its_token_alone(service: Service) -> None:
    token = await service.sessions.begin(await somebody(service), "Firefox/147 (X11; Linux)")
    async with service.database.reading() as session:
        row = (await session.scalars(select(SessionRow))).one()
    assert token.encode() not in row.digest
    assert row.browser == "Firefox on Linux"
    person = await service.sessions.person(token)
    assert person is not None
    assert (person.display_name, person.session_id) == ("Ada", row.id)
    assert await service.sessions.person(token[:-1]) is None


async def test_a_session_ends_after_a_week_without_a_visit_and_after_thirty_days_in_any_case(
    service: Service, clock: Clock
) -> None:
    account_id = await somebody(service)
    idle, busy = [await service.sessions.begin(account_id, "") for _ in range(2)]
    for _day in range(29):
        clock.move(days=1)
        assert await service.sessions.person(busy) is not None
    assert await service.sessions.person(idle) is None
    clock.move(days=1, seconds=1)
    assert await service.sessions.person(busy) is None
    assert await service.sessions.of(account_id) == []


async def test_a_page_is_a_reason_to_write_only_every_five_minutes(service: Service, clock: Clock) -> None:
    account_id = await somebody(service)
    token, begun = await service.sessions.begin(account_id, ""), clock.now
    clock.move(minutes=4)
    await service.sessions.person(token)
    assert [one.seen_at for one in await service.sessions.of(account_id)] == [begun]
    clock.move(minutes=2)
    await service.sessions.person(token)
    assert [one.seen_at for one in await service.sessions.of(account_id)] == [clock.now]


async def test_nobody_ends_anothers_session(service: Service) -> None:
    ada, bob = await somebody(service), await somebody(service, BOB, ANOTHER)
    token = await service.sessions.begin(ada, "")
    (own,) = await service.sessions.of(ada)
    assert not await service.sessions.end(bob, own.id)
    assert await service.sessions.person(token) is not None
    assert await service.sessions.end(ada, own.id)
    assert await service.sessions.person(token) is None


async def test_a_sweep_deletes_what_has_ended(service: Service, clock: Clock) -> None:
    account_id = await somebody(service)
    await service.sessions.begin(account_id, "")
    clock.move(days=6)
    await service.sessions.begin(account_id, "")
    clock.move(days=2)
    await service.sweep()
    async with service.database.reading() as session:
        assert len((await session.scalars(select(SessionRow))).all()) == 1


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/26 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26 like Mac OS X) Version/26 Safari/604", "Safari on iPhone"),
        ("curl/8.0", "A browser"),
        ("", "A browser"),
    ],
)
def test_of_what_a_browser_says_of_itself_its_kind_is_kept_and_no_more(agent: str, name: str) -> None:
    assert browser_of(agent) == name
