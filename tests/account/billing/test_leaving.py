"""Who leaves is deleted at Stripe as well; what is kept of billing is one's own."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from support.account_site import (
    ANOTHER,
    BOB,
    PASSWORD,
    Answer,
    Browser,
    linked,
    somebody,
)
from support.fake_stripe import Asked, FakeStripe
from support.page_reader import objections
from support.paying import all_told, customer, errands, has_pro, row_of, to_checkout
from support.stores import Clock
from uptrack_account.errors import StripeAway
from uptrack_account.people import export
from uptrack_account.service import Service, at_work
from uptrack_account.store.models import SubscriptionRow


async def erase(browser: Browser) -> Answer:
    answer = await browser.post("/account/erase", password=PASSWORD)
    assert answer.status == 200
    assert objections(answer.text) == []
    return answer


async def test_who_leaves_is_deleted_at_stripe_too_and_pays_no_more(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    subscription_id = await has_pro(stripe, browser)
    receipt = await erase(browser)
    assert "Stripe is being told to delete you as a customer" in receipt.text
    assert await errands(service) == [customer(stripe)]
    assert await service.errands.run() == 1
    assert await errands(service) == []
    assert stripe.customers[customer(stripe)] == {"id": customer(stripe), "object": "customer", "deleted": True}
    assert stripe.subscriptions[subscription_id]["status"] == "canceled"
    await all_told(stripe, browser)


async def test_who_leaves_before_paying_cannot_pay_any_more(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    session_id = await to_checkout(browser)
    await erase(browser)
    await service.errands.run()
    assert stripe.sessions[session_id]["status"] == "expired"


async def test_who_never_was_a_customer_is_told_nothing_of_stripe(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    assert "Stripe" not in (await erase(browser)).text
    assert await errands(service) == []
    assert stripe.asked == []


async def test_an_errand_is_run_until_stripe_has_done_it(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    await has_pro(stripe, browser)
    await erase(browser)
    stripe.away = True
    for _ in range(12):
        with pytest.raises(StripeAway):
            await service.errands.run()
        clock.move(hours=7)
    stripe.away, stripe.losing = False, 3  # done, and the answers lost
    for _ in range(3):
        with suppress(StripeAway):
            await service.errands.run()
        clock.move(hours=7)
    assert await errands(service) == []
    assert stripe.customers[customer(stripe)]["deleted"]


async def test_an_errand_that_was_done_already_is_done(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    await has_pro(stripe, browser)
    await erase(browser)
    stripe.delete_customer(customer(stripe))
    assert await service.errands.run() == 1
    assert await errands(service) == []


async def test_a_service_at_work_runs_errands_by_itself(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    await has_pro(stripe, browser)
    await erase(browser)
    deleted = asyncio.Event()

    async def notice(one: Asked) -> None:
        if one.method == "DELETE":
            deleted.set()

    stripe.held = notice
    async with at_work(service), asyncio.timeout(30):
        await deleted.wait()
    assert stripe.customers[customer(stripe)]["deleted"]


async def test_two_processes_run_an_errand_once(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    await has_pro(stripe, browser)
    await erase(browser)
    assert sorted(await asyncio.gather(service.errands.run(), service.errands.run())) == [0, 1]


async def test_a_customer_that_is_made_while_the_account_is_deleted_is_deleted_as_well(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def hold(one: Asked) -> None:
        if (one.method, one.path) == ("POST", "/v1/customers"):
            asked.set()
            await go_on.wait()

    stripe.held = hold
    paying = asyncio.create_task(service.billing.subscribe(ada))
    await asked.wait()
    await erase(browser)
    go_on.set()
    with pytest.raises(StripeAway):
        await paying
    assert await service.errands.run() == 1
    assert stripe.customers[customer(stripe)]["deleted"]
    assert stripe.sessions == {}


async def test_nobody_sees_or_moves_anothers_subscription(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    await has_pro(stripe, browser)
    machine = await linked(browser)
    mine = (await export.document(service.database, ada))["tables"]
    await somebody(service, BOB, ANOTHER)
    browser.cookies.clear()
    await browser.sign_in(BOB, ANOTHER)
    assert "<dd>Free</dd>" in (await browser.get("/billing")).text
    assert "<dd>Free</dd>" in (await browser.get("/billing/return")).text
    assert (await browser.post("/billing/manage")).status == 422
    assert len({stripe.sessions[await to_checkout(browser)]["customer"], customer_of(await row_of(service, ada))}) == 2
    browser.cookies.clear()
    for path in ("/billing", "/billing/return"):
        assert (await browser.get(path)).to == "/sign-in"
        assert (await machine.ask("GET", path)).to == "/sign-in"
    for path in ("/billing/subscribe", "/billing/manage"):
        assert (await browser.post(path)).to == "/sign-in"
        assert (await browser.ask("POST", path, {}, {"Origin": "https://elsewhere.example"})).status == 403
    after = (await export.document(service.database, ada))["tables"]
    for table in ("subscriptions", "stripe_events", "usage"):
        assert after[table] == mine[table]


def customer_of(row: SubscriptionRow) -> str:
    assert row.customer_id is not None
    return row.customer_id


async def test_what_is_kept_of_billing_is_in_ones_own_data(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    await has_pro(stripe, browser)
    shown = (await browser.get("/account/data")).text
    assert customer(stripe) in shown
    assert "evt_" in shown
