"""P17: the way is encrypted, passwords are kept as argon2id, and every route looks whose it is.

That nothing of one account is shown to another is walked, route by route, in ``tests/account/test_isolation.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import HttpUrl, ValidationError
from sqlalchemy import select

from support.account_site import Browser, cheap_passwords, served, somebody
from support.stores import Clock
from uptrack_account.people.passwords import Passwords
from uptrack_account.service import Service, open_service
from uptrack_account.settings import AccountSettings
from uptrack_account.store.models import AccountRow, SessionRow
from uptrack_account.web.gate import access_of
from uptrack_account.web.server import make_app


async def test_the_world_is_served_over_tls_and_told_to_come_by_it(
    tmp_path: Path, migrated_url: str, clock: Clock
) -> None:
    with pytest.raises(ValidationError, match="expected https"):
        AccountSettings(site=HttpUrl("http://uptrack.example"))
    settings = AccountSettings(
        home=tmp_path / "site", database=migrated_url, port=0, site=HttpUrl("https://uptrack.example")
    )
    async with open_service(settings, clock=clock, keeper=cheap_passwords()) as service, served(service) as browser:
        answer = await browser.get("/sign-in", Host="uptrack.example")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_who_reads_the_database_can_sign_in_as_nobody(service: Service, browser: Browser) -> None:
    await somebody(service)
    await browser.sign_in()
    async with service.database.reading() as session:
        stored = (await session.scalars(select(AccountRow.password_hash))).one()
        kept = (await session.scalars(select(SessionRow.digest))).one()
    assert stored.startswith("$argon2id$")
    assert (browser.token or "").encode() not in kept
    assert (await Passwords().hashed("x")).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_every_route_says_who_may_call_it(service: Service) -> None:
    assert {access_of(route.handler) for route in make_app(service).router.routes()} == {
        "anybody",
        "signed in",
        "any program",
        "linked machine",
        "signed by Stripe",
    }
