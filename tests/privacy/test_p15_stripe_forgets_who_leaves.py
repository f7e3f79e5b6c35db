"""P15: who deletes their account is deleted at Stripe, too; until then its number for them is all that is left."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Table
from yarl import URL

from support.account_site import ADA, PASSWORD, account_service, served, somebody
from support.fake_stripe import fake_stripe, settings_of
from support.stores import Clock, bytes_of
from uptrack_account.store.models import ErrandRow


async def test_what_is_left_of_who_leaves_is_a_customers_number_until_stripe_has_deleted_it(tmp_path: Path) -> None:
    clock, database = Clock(), tmp_path / "site" / "account.sqlite"
    async with fake_stripe(clock) as stripe:
        async with (
            account_service(tmp_path / "site", "", clock, **settings_of(stripe)) as service,
            served(service) as browser,
        ):
            account_id = await somebody(service)
            await browser.sign_in()
            subscription_id = stripe.pay(URL(await service.billing.subscribe(account_id)).name)
            await service.billing.refresh(account_id)
            (customer_id,) = stripe.customers
            assert "Stripe is being told" in (await browser.post("/account/erase", password=PASSWORD)).text
            clock.move(hours=2)  # what might have been on its way to the object store has arrived, and is gone
            await service.uploads.purge()
        # Closed, the database has nothing beside it that could still hold what was deleted.
        for one in (account_id, ADA, subscription_id):
            assert one.encode() not in bytes_of(database)
        assert customer_id.encode() in bytes_of(database)
        async with account_service(tmp_path / "site", "", clock, **settings_of(stripe)) as service:
            assert await service.errands.run() == 1
        assert customer_id.encode() not in bytes_of(database)
        assert stripe.customers[customer_id]["deleted"]


def test_an_errand_says_nothing_of_whose_it_was() -> None:
    table = ErrandRow.__table__
    assert isinstance(table, Table)
    assert set(table.columns.keys()) == {"customer_id", "created_at", "due_at", "attempts"}
    assert not table.foreign_keys
