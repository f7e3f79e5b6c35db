"""P4: payments are Stripe's; of a card, and of who pays with it, nothing is kept here, in no table, log or file."""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from yarl import URL

from support.account_site import account_service, served, somebody
from support.fake_stripe import CARD, fake_stripe, settings_of
from support.stores import Clock
from uptrack_account.store import Base

PAYER = ("payer@example.org", "Ada Payer")
TELLING = [*PAYER, *(str(CARD[name]) for name in ("brand", "last4", "fingerprint"))]
OF_CARDS = re.compile(r"card|brand|last_?4|last_four|iban|cvc|cvv|expiry|exp_|holder|payment|bank|fingerprint")


async def test_nothing_that_stripe_tells_of_a_card_or_its_holder_is_written_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    caplog.set_level(logging.DEBUG)
    async with (
        fake_stripe(clock) as stripe,
        account_service(tmp_path / "site", "", clock, **settings_of(stripe)) as service,
        served(service) as browser,
    ):
        account_id = await somebody(service)
        await browser.sign_in()
        subscription_id = stripe.pay(URL(await service.billing.subscribe(account_id)).name)
        stripe.refund(next(iter(stripe.customers)))
        stripe.cancel_now(subscription_id)
        for event in stripe.events:
            assert await stripe.deliver(browser, event) == 200
        assert all(one in str(stripe.answered) for one in TELLING), "Stripe has told us, so it could have been kept"
        pages = [(await browser.get(path)).text for path in ("/billing", "/account", "/account/data")]
        stripe.away = True
        assert await stripe.deliver(browser, {**stripe.events[-1], "id": "evt_another"}) == 503
    said = [one.getMessage() for one in caplog.records if one.name.startswith(("uptrack", "stripe"))]
    assert any("Stripe could not be reached" in one or "Stripe did not do" in one for one in said)
    files = [path.read_bytes() for path in (tmp_path / "site").rglob("*") if path.is_file()]
    with closing(sqlite3.connect(tmp_path / "site" / "account.sqlite")) as connection:
        files.append("\n".join(connection.iterdump()).encode())
    for one in TELLING:
        assert not any(one.encode() in held for held in files), one
        assert one not in "\n".join([*said, *pages]), one


def test_no_table_has_a_column_that_a_card_could_be_written_into() -> None:
    columns = [f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns]
    assert [one for one in columns if OF_CARDS.search(one)] == []
    assert OF_CARDS.search("subscriptions.card_last4")
