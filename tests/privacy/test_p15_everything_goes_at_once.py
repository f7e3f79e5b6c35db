"""P15: who deletes their account on its page leaves no row behind, in any table; others lose nothing."""

from __future__ import annotations

from support.account_site import ANOTHER, BOB, PASSWORD, Browser, somebody
from support.every_table import fill, rows_of
from uptrack_account.service import Service
from uptrack_account.store import ACCOUNT_TABLES, Base

OF_NOBODY = {
    "accounts": "the account itself, whose rows in all others go with it",
    "errands": "Stripe's numbers for customers it is being told to delete, without whose they were",
    "erasures": "where the audio of an account lay that is gone, for an hour",
    "tries": "keyed digests from which no address can be read, gone within an hour",
}


def test_every_table_belongs_to_an_account_or_is_known_to_say_nothing_of_one() -> None:
    assert {table.name for table in Base.metadata.sorted_tables} - {table.name for table in ACCOUNT_TABLES} == set(
        OF_NOBODY
    )


async def test_no_table_holds_a_row_of_it_any_more_and_anothers_are_untouched(
    service: Service, browser: Browser
) -> None:
    ada, bob = await somebody(service), await somebody(service, BOB, ANOTHER)
    await browser.sign_in()
    await fill(service, ada)
    await fill(service, bob)
    assert all((await rows_of(service, ada)).values()), "there is something to delete, in every table"
    before = await rows_of(service, bob)
    answer = await browser.post("/account/erase", password=PASSWORD)
    assert "Everything about ada@example.org was deleted" in answer.text, "and that is the receipt"
    assert not any((await rows_of(service, ada)).values())
    assert await rows_of(service, bob) == before
    assert (await browser.sign_in()).status == 422
