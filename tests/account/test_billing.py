"""Free and Pro, against a Stripe that is played: paying, managing, failing to pay, refunds, and leaving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from stripe import IdempotencyError, InvalidRequestError
from yarl import URL

from support.account_site import (
    ANOTHER,
    BOB,
    PASSWORD,
    SITE,
    Answer,
    Browser,
    account_service,
    linked,
    served,
    somebody,
)
from support.fake_stripe import HOOK, Asked, FakeStripe, Json, fake_stripe, settings_of, unknown_to_stripe
from support.page_reader import links, objections
from support.stores import Clock
from uptrack_account.errors import StripeAway
from uptrack_account.money.billing import TRIES
from uptrack_account.money.plans import monthly_allowance
from uptrack_account.people import export
from uptrack_account.service import Service, at_work
from uptrack_account.store.models import ErrandRow, StripeEventRow, SubscriptionRow, UsageRow
from uptrack_account.web.stripe_hook import MAX_EVENT_BYTES

FREE, PRO = 3, 100


@pytest.fixture
async def stripe(clock: Clock) -> AsyncIterator[FakeStripe]:
    async with fake_stripe(clock) as fake:
        yield fake


@pytest.fixture
async def service(migrated_url: str, tmp_path: Path, clock: Clock, stripe: FakeStripe) -> AsyncIterator[Service]:
    async with account_service(tmp_path / "home", migrated_url, clock, **settings_of(stripe)) as service:
        yield service


@pytest.fixture
async def ada(service: Service, browser: Browser) -> str:
    """Her account's id; she is signed in."""
    account_id = await somebody(service)
    await browser.sign_in()
    return account_id


async def kept(service: Service, account_id: str) -> SubscriptionRow | None:
    async with service.database.reading() as session:
        return await session.get(SubscriptionRow, account_id)


async def row_of(service: Service, account_id: str) -> SubscriptionRow:
    row = await kept(service, account_id)
    assert row is not None
    return row


async def allowance(service: Service, account_id: str) -> int:
    async with service.database.writing() as session:
        return await monthly_allowance(session, account_id, service.settings)


async def errands(service: Service) -> list[str]:
    async with service.database.reading() as session:
        return list(await session.scalars(select(ErrandRow.customer_id)))


async def to_checkout(browser: Browser) -> str:
    """The id of the session that "Go Pro" leads to."""
    answer = await browser.post("/billing/subscribe")
    assert answer.status == 303, answer.text
    return URL(answer.to or "").name


async def all_told(stripe: FakeStripe, browser: Browser) -> None:
    for event in stripe.events:
        assert await stripe.deliver(browser, event) == 200
    stripe.events.clear()


async def has_pro(stripe: FakeStripe, browser: Browser) -> str:
    """The id of a subscription, of which the account knows."""
    subscription_id = stripe.pay(await to_checkout(browser))
    await all_told(stripe, browser)
    return subscription_id


def customer(stripe: FakeStripe) -> str:
    (customer_id,) = stripe.customers
    return customer_id


async def page(browser: Browser) -> str:
    answer = await browser.get("/billing")
    assert answer.status == 200
    assert objections(answer.text) == []
    return answer.text


# -- from free to Pro --------------------------------------------------------------------------------------------------


async def test_who_pays_has_pro_as_soon_as_stripe_tells(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    assert "<dd>Free</dd>" in await page(browser)
    assert await allowance(service, ada) == FREE
    session_id = await to_checkout(browser)
    stripe.pay(session_id)
    assert "<dd>Free</dd>" in await page(browser)
    await all_told(stripe, browser)
    assert await allowance(service, ada) == PRO
    shown = await page(browser)
    assert "<dd>Pro</dd>" in shown
    assert "0 of 100" in shown
    assert "Paid. It renews on 29 December 2026." in shown
    assert "Go Pro" not in shown


async def test_who_comes_back_from_paying_has_pro_though_no_event_has_come(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    session_id = await to_checkout(browser)
    before = await browser.get("/billing/return")
    assert "Stripe has not told of a payment yet." in before.text
    stripe.pay(session_id)
    back = stripe.sessions[session_id]["success_url"]
    after = await browser.get(back.removeprefix(SITE))
    assert "<dd>Pro</dd>" in after.text
    assert await allowance(service, ada) == PRO


async def test_checkout_is_for_one_month_of_pro_and_knows_the_account_by_its_number_alone(
    browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    session = stripe.sessions[await to_checkout(browser)]
    asked = [one for one in stripe.asked if one.path == "/v1/checkout/sessions"]
    assert [one.form["line_items"] for one in asked] == [{"0": {"price": "price_pro", "quantity": "1"}}]
    assert session["client_reference_id"] == ada
    assert session["cancel_url"] == f"{SITE}/billing"
    assert [one.form for one in stripe.asked if one.path == "/v1/customers"] == [{}]


async def test_the_page_counts_what_was_used_this_month(
    service: Service, browser: Browser, ada: str, clock: Clock
) -> None:
    async with service.database.writing() as session:
        session.add_all(
            [UsageRow(account_id=ada, month=month, analyses=n) for month, n in (("2026-11", 2), ("2026-10", 3))]
        )
    assert "2 of 3" in await page(browser)
    clock.move(days=3)
    assert "0 of 3" in (await browser.get("/billing")).text


async def test_going_to_pay_again_leads_to_the_same_page_and_the_same_customer(
    browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    first = await to_checkout(browser)
    assert await to_checkout(browser) == first
    assert set(await asyncio.gather(*(to_checkout(browser) for _ in range(4)))) == {first}
    assert len(stripe.customers) == 1


async def test_several_tabs_that_go_to_pay_at_once_end_on_one_page(
    browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    sessions = await asyncio.gather(*(to_checkout(browser) for _ in range(5)))
    assert set(sessions) == set(stripe.sessions)
    assert len(stripe.sessions) == len(stripe.customers) == 1


async def test_a_page_that_is_too_old_is_replaced_by_another(
    browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    first = await to_checkout(browser)
    clock.move(hours=24)
    second = await to_checkout(browser)
    assert second != first
    assert stripe.sessions[second]["status"] == "open"


async def test_who_has_paid_in_another_tab_does_not_pay_twice(browser: Browser, stripe: FakeStripe, ada: str) -> None:
    stripe.pay(await to_checkout(browser))
    again = await browser.post("/billing/subscribe")
    assert again.status == 422
    assert "You have Pro already." in again.text
    assert len(stripe.sessions) == 1


async def test_two_tabs_that_have_one_page_made_at_once_end_on_it(
    browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    asked, both = list[Asked](), asyncio.Event()

    async def hold(one: Asked) -> None:
        if (one.method, one.path) == ("POST", "/v1/checkout/sessions"):
            asked.append(one)
            if len(asked) == 2:
                both.set()
            await both.wait()

    stripe.held = hold
    async with asyncio.timeout(30):
        first, second = await asyncio.gather(to_checkout(browser), to_checkout(browser))
    assert first == second
    assert list(stripe.sessions) == [first]


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/checkout/sessions"])
@pytest.mark.parametrize("losing", [1, 2, 3, 4])
async def test_lost_answers_make_no_second_customer_or_page(
    browser: Browser, stripe: FakeStripe, ada: str, path: str, losing: int
) -> None:
    stripe.losing, stripe.losing_of = losing, path
    answers = [(await browser.post("/billing/subscribe")).status for _ in range(3)]
    assert answers == ([303] * 3 if losing < 3 else [503, 303, 303])
    assert len(stripe.customers) == len(stripe.sessions) == 1


async def test_without_an_answer_of_stripes_the_page_says_so_and_nothing_is_lost(
    browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    stripe.away = True
    for path in ("/billing/subscribe", "/billing/manage"):
        answer = await browser.post(path)
        assert answer.status == (503 if path.endswith("subscribe") else 422)
        assert objections(answer.text) == []
    assert "Stripe, which takes the payments, did not answer" in (await browser.post("/billing/subscribe")).text
    stripe.away = False
    await to_checkout(browser)


async def test_who_asks_stripe_too_often_waits(browser: Browser, ada: str) -> None:
    answers = [await browser.get("/billing/return") for _ in range(31)]
    assert [one.status for one in answers] == [200] * 30 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3_601


# -- what becomes of Pro -----------------------------------------------------------------------------------------------


async def test_managing_leads_to_stripes_portal_and_back(browser: Browser, stripe: FakeStripe, ada: str) -> None:
    assert (await browser.post("/billing/manage")).status == 422
    await has_pro(stripe, browser)
    answer = await browser.post("/billing/manage")
    (portal,) = stripe.portals.values()
    assert (answer.status, answer.to) == (303, portal["url"])
    assert (portal["customer"], portal["return_url"]) == (customer(stripe), f"{SITE}/billing/return")


async def test_who_cancels_has_pro_until_the_period_ends_and_can_resume(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    subscription_id = await has_pro(stripe, browser)
    stripe.cancel_at_period_end(subscription_id)
    await all_told(stripe, browser)
    assert "Cancelled: Pro ends on 29 December 2026" in await page(browser)
    assert await allowance(service, ada) == PRO
    stripe.resume(subscription_id)
    await all_told(stripe, browser)
    assert "Paid. It renews on 29 December 2026." in await page(browser)
    stripe.cancel_at_period_end(subscription_id)
    clock.move(days=30)
    stripe.tick()
    await all_told(stripe, browser)
    await browser.sign_in()
    assert "Pro ended on 29 December 2026." in await page(browser)
    assert await allowance(service, ada) == FREE


async def test_who_had_pro_can_have_it_again_as_the_same_customer(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    first = await has_pro(stripe, browser)
    stripe.cancel_now(first)
    await all_told(stripe, browser)
    assert await allowance(service, ada) == FREE
    second = await has_pro(stripe, browser)
    assert second != first
    assert (await row_of(service, ada)).subscription_id == second
    assert len(stripe.customers) == 1


async def test_a_payment_that_fails_leaves_a_week_of_grace(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    subscription_id = await has_pro(stripe, browser)
    stripe.refusing_cards.add(customer(stripe))
    clock.move(days=30)
    stripe.tick()
    await all_told(stripe, browser)
    await browser.sign_in()
    assert "Past due: the last payment did not go through. Pro stays until 5 January 2027" in await page(browser)
    clock.move(days=7, seconds=-1)
    assert await allowance(service, ada) == PRO
    clock.move(seconds=1)
    assert await allowance(service, ada) == FREE
    await browser.sign_in()
    shown = await page(browser)
    assert "Pay under Manage to have Pro again." in shown
    assert "Go Pro" not in shown, "a second subscription would be paid beside the first"
    stripe.pay_what_is_due(subscription_id)
    await all_told(stripe, browser)
    assert await allowance(service, ada) == PRO


async def test_what_stays_unpaid_ends(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    await has_pro(stripe, browser)
    stripe.refusing_cards.add(customer(stripe))
    clock.move(days=51)
    stripe.tick()
    await all_told(stripe, browser)
    assert (await row_of(service, ada)).status == "canceled"
    assert await allowance(service, ada) == FREE


async def test_a_refund_is_told_and_the_plan_follows_the_subscription(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    subscription_id = await has_pro(stripe, browser)
    stripe.refund(customer(stripe), 100)
    await all_told(stripe, browser)
    assert "A part of your last payment was refunded." in await page(browser)
    stripe.refund(customer(stripe))
    await all_told(stripe, browser)
    assert "Your last payment was refunded." in await page(browser)
    assert await allowance(service, ada) == PRO
    stripe.cancel_now(subscription_id)
    await all_told(stripe, browser)
    shown = await page(browser)
    assert "Pro ended on 29 November 2026." in shown
    assert "Your last payment was refunded." in shown
    await has_pro(stripe, browser)
    assert "refunded" not in await page(browser)


@pytest.mark.parametrize(
    ("status", "sentence", "allowed"),
    [
        ("trialing", "On trial, at no cost, until 29 December 2026.", PRO),
        ("unpaid", "Pay under Manage to have Pro again.", FREE),
        ("incomplete", "The first payment is not finished.", FREE),
        ("incomplete_expired", "The first payment was never finished, and nothing was paid.", FREE),
        ("paused", "Paused. Resume it under Manage.", FREE),
        ("hibernating", "Stripe calls it &#39;hibernating&#39;, which this site does not know yet.", FREE),
    ],
)
async def test_every_other_status_is_put_in_words(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, status: str, sentence: str, allowed: int
) -> None:
    subscription_id = await has_pro(stripe, browser)
    stripe.subscriptions[subscription_id]["status"] = status
    await service.billing.refresh(ada)
    assert sentence in await page(browser)
    assert await allowance(service, ada) == allowed


async def test_of_two_subscriptions_the_one_that_gives_more_counts(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    first = await has_pro(stripe, browser)
    stripe.cancel_now(first)
    clock.move(hours=1)
    second = await has_pro(stripe, browser)
    stripe.subscriptions[first]["status"] = "active"
    stripe.subscriptions[second]["status"] = "canceled"
    await service.billing.refresh(ada)
    assert (await row_of(service, ada)).subscription_id == first


async def test_a_customer_whom_stripe_has_deleted_is_free_and_can_begin_anew(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    await has_pro(stripe, browser)
    stripe.delete_customer(customer(stripe))
    await all_told(stripe, browser)
    assert await kept(service, ada) is None
    assert await allowance(service, ada) == FREE
    await has_pro(stripe, browser)
    assert await allowance(service, ada) == PRO
    assert len(stripe.customers) == 2


# -- what Stripe tells -------------------------------------------------------------------------------------------------


async def test_an_event_that_comes_twice_is_asked_about_once(browser: Browser, stripe: FakeStripe, ada: str) -> None:
    stripe.pay(await to_checkout(browser))
    event = stripe.events[-1]
    assert await stripe.deliver(browser, event) == 200
    before = len(stripe.asked)
    assert await stripe.deliver(browser, event) == 200
    assert len(stripe.asked) == before


async def test_events_in_another_order_leave_what_stripe_says_now(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    subscription_id = stripe.pay(await to_checkout(browser))
    stripe.cancel_at_period_end(subscription_id)
    stripe.cancel_now(subscription_id)
    for event in reversed(stripe.events):
        assert await stripe.deliver(browser, event) == 200
        assert (await row_of(service, ada)).status == "canceled"


async def test_an_answer_that_was_overtaken_is_not_kept(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    subscription_id = await has_pro(stripe, browser)
    stripe.cancel_at_period_end(subscription_id)
    stripe.resume(subscription_id)
    early, late = stripe.events
    stripe.cancel_at_period_end(subscription_id)
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def hold(one: Asked) -> None:
        if one.path == "/v1/charges" and not asked.is_set():
            asked.set()
            await go_on.wait()

    stripe.held = hold
    slow = asyncio.create_task(stripe.deliver(browser, early))
    await asked.wait()
    stripe.cancel_now(subscription_id)
    assert await stripe.deliver(browser, late) == 200
    go_on.set()
    assert await slow == 200
    assert (await row_of(service, ada)).status == "canceled"


async def test_who_is_always_overtaken_gives_up_and_stripe_sends_again(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    stripe.pay(await to_checkout(browser))

    async def overtake(one: Asked) -> None:
        if one.path == "/v1/charges":
            async with service.database.writing() as session:
                await session.execute(update(SubscriptionRow).values(edition=SubscriptionRow.edition + 1))

    stripe.held = overtake
    before = len(stripe.asked)
    assert await stripe.deliver(browser, stripe.events[-1]) == 503
    assert len(stripe.asked) == before + 3 * TRIES
    stripe.held = None
    assert await stripe.deliver(browser, stripe.events[-1]) == 200
    assert (await row_of(service, ada)).status == "active"


async def test_an_event_is_not_taken_for_seen_while_stripe_cannot_be_asked(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    stripe.pay(await to_checkout(browser))
    stripe.away = True
    assert await stripe.deliver(browser, stripe.events[-1]) == 503
    assert (await row_of(service, ada)).status is None
    stripe.away = False
    assert await stripe.deliver(browser, stripe.events[-1]) == 200
    assert (await row_of(service, ada)).status == "active"


async def test_an_event_about_somebody_elses_customer_is_acknowledged_and_logged_without_them(
    browser: Browser, stripe: FakeStripe, ada: str, caplog: pytest.LogCaptureFixture
) -> None:
    stripe.pay(await to_checkout(browser))
    event = stripe.events[-1]
    event["data"]["object"]["customer"] = "cus_of_another_site"
    caplog.set_level("INFO", logger="uptrack_account")
    before = len(stripe.asked)
    assert await stripe.deliver(browser, event) == 200
    event["data"]["object"]["customer"] = None
    assert await stripe.deliver(browser, event) == 200
    assert len(stripe.asked) == before
    said = [one.getMessage() for one in caplog.records if one.name == "uptrack_account.money.billing"]
    assert said == ["An event of Stripe's is about no customer here: checkout.session.completed"] * 2


async def bad_signature(stripe: FakeStripe, browser: Browser, event: Json) -> int:
    return await stripe.deliver(browser, event, secret="whsec_of_another")


async def old_signature(stripe: FakeStripe, browser: Browser, event: Json) -> int:
    return await stripe.deliver(browser, event, age_s=301)


async def no_signature(_stripe: FakeStripe, browser: Browser, _event: Json) -> int:
    return (await browser.ask("POST", HOOK, b"{}", {}, program=True)).status


async def no_text(_stripe: FakeStripe, browser: Browser, _event: Json) -> int:
    headers = {"Stripe-Signature": "t=1,v1=00"}
    return (await browser.ask("POST", HOOK, b"\xff\xfe", headers, program=True)).status


async def no_ascii(_stripe: FakeStripe, browser: Browser, _event: Json) -> int:
    headers = {"Stripe-Signature": "t=1,v1=\u00fc"}
    return (await browser.ask("POST", HOOK, b"{}", headers, program=True)).status


@pytest.mark.parametrize(
    "send", [bad_signature, old_signature, no_signature, no_text, no_ascii], ids=lambda f: f.__name__
)
async def test_what_stripe_has_not_signed_just_now_is_refused(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, send: Any
) -> None:
    stripe.pay(await to_checkout(browser))
    before = len(stripe.asked)
    assert await send(stripe, browser, stripe.events[-1]) == 400
    assert len(stripe.asked) == before
    assert (await row_of(service, ada)).status is None


async def test_an_event_is_bounded_and_a_browser_cannot_send_one(
    browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    answer = await browser.ask("POST", HOOK, b" " * (MAX_EVENT_BYTES + 1), {}, program=True)
    assert answer.status == 413
    assert (await browser.post(HOOK)).status == 403
    stripe.pay(await to_checkout(browser))
    assert await stripe.deliver(browser, {**stripe.events[-1], "padding": "x" * (MAX_EVENT_BYTES // 2)}) == 200


async def test_events_are_forgotten_after_thirty_days(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    await has_pro(stripe, browser)

    async def seen() -> int:
        async with service.database.reading() as session:
            return len((await session.scalars(select(StripeEventRow.id))).all())

    assert await seen() == 4
    clock.move(days=30, seconds=-1)
    await service.sweep()
    assert await seen() == 4
    clock.move(seconds=1)
    await service.sweep()
    assert await seen() == 0


async def test_who_was_not_heard_of_for_a_day_is_asked_after(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    subscription_id = await has_pro(stripe, browser)
    stripe.cancel_now(subscription_id)
    stripe.events.clear()  # lost
    clock.move(days=1, seconds=-1)
    await service.sweep()
    assert (await row_of(service, ada)).status == "active"
    clock.move(seconds=1)
    await service.sweep()
    assert (await row_of(service, ada)).status == "canceled"
    before = len(stripe.asked)
    clock.move(days=2)
    await service.sweep()
    assert len(stripe.asked) == before, "what has ended stays so"


async def test_who_went_to_pay_and_was_not_heard_of_is_asked_after_until_the_page_has_ended(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    await to_checkout(browser)
    clock.move(days=1)
    await service.sweep()
    before = len(stripe.asked)
    clock.move(days=1)
    await service.sweep()
    assert len(stripe.asked) == before


async def test_a_sweep_without_stripe_does_all_else_and_waits(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    await has_pro(stripe, browser)
    stripe.away = True
    clock.move(days=2)
    await service.sweep()
    assert (await row_of(service, ada)).status == "active"


# -- leaving -----------------------------------------------------------------------------------------------------------


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


# -- whose -------------------------------------------------------------------------------------------------------------


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


# -- the page ----------------------------------------------------------------------------------------------------------


async def test_the_forms_of_this_page_alone_may_lead_to_stripes(browser: Browser, stripe: FakeStripe, ada: str) -> None:
    async def policy(path: str) -> str:
        return (await browser.get(path)).headers["Content-Security-Policy"]

    for path in ("/billing", "/billing/return"):
        assert f"form-action 'self' {stripe.address};" in await policy(path)
    for path in ("/", "/account", "/account/data", "/nothing"):
        assert "form-action 'self';" in await policy(path)


async def test_billing_is_linked_from_every_page_and_the_accounts(browser: Browser, ada: str) -> None:
    assert "/billing" in links((await browser.get("/")).text)
    assert links((await browser.get("/account")).text).count("/billing") == 2


async def test_without_a_key_there_is_one_plan_and_nothing_asks_stripe(
    migrated_url: str, tmp_path: Path, clock: Clock
) -> None:
    async with (
        account_service(tmp_path / "home", migrated_url, clock, free_analyses=7) as service,
        served(service) as browser,
    ):
        account_id = await somebody(service)
        await browser.sign_in()
        shown = await page(browser)
        assert "There is one plan here, and it costs nothing: 7 hosted analyses a month" in shown
        assert "<button>Go Pro" not in shown
        assert await allowance(service, account_id) == 7
        assert (await browser.get("/billing/return")).to == "/billing"
        for path in ("/billing/subscribe", "/billing/manage"):
            assert (await browser.post(path)).status == 404
        assert (await browser.ask("POST", HOOK, b"{}", {}, program=True)).status == 404
        await service.sweep()


async def test_where_the_key_was_taken_away_nobody_has_pro_and_errands_wait(
    migrated_url: str, tmp_path: Path, clock: Clock, service: Service, browser: Browser, stripe: FakeStripe, ada: str
) -> None:
    await has_pro(stripe, browser)
    await somebody(service, BOB, ANOTHER)
    browser.cookies.clear()
    await browser.sign_in(BOB, ANOTHER)
    await to_checkout(browser)
    await browser.post("/account/erase", password=ANOTHER)
    async with account_service(tmp_path / "home", migrated_url, clock) as without:
        assert await allowance(without, ada) == without.settings.free_analyses
        assert await without.errands.run() == 0
        assert len(await errands(without)) == 1
    assert await service.errands.run() == 1


# -- the Stripe that is played -----------------------------------------------------------------------------------------


async def test_all_that_is_answered_and_told_here_exists_in_the_types_of_stripes_own_client(
    service: Service, browser: Browser, stripe: FakeStripe, ada: str, clock: Clock
) -> None:
    subscription_id = stripe.pay(await to_checkout(browser))
    told = list(stripe.events)
    await all_told(stripe, browser)
    stripe.cancel_at_period_end(subscription_id)
    stripe.resume(subscription_id)
    stripe.refusing_cards.add(customer(stripe))
    stripe.refund(customer(stripe))
    clock.move(days=30)
    stripe.tick()
    await service.billing.refresh(ada)
    await service.billing.manage(ada)
    stripe.cancel_now(subscription_id)
    await service.billing.subscribe(ada)
    async with service.database.writing() as session:
        session.add(ErrandRow(customer_id=customer(stripe), created_at=clock(), due_at=clock()))
    assert await service.errands.run() == 1
    told += stripe.events
    assert {one["type"] for one in told} == {
        "charge.failed", "charge.refunded", "charge.succeeded", "checkout.session.completed",
        "checkout.session.expired", "customer.deleted", "customer.subscription.created",
        "customer.subscription.deleted", "customer.subscription.updated",
    }  # fmt: skip
    kinds = {one["object"] for one in stripe.answered}
    assert kinds == {"customer", "checkout.session", "billing_portal.session", "list"}
    assert unknown_to_stripe(stripe.answered) == []
    assert unknown_to_stripe(told) == []


@pytest.mark.parametrize(
    ("said", "unknown"),
    [
        ({"object": "subscription", "id": "x", "colour": "red"}, ["subscription.colour"]),
        ({"object": "subscription", "status": "past due"}, ["subscription.status = 'past due'"]),
        ({"object": "list", "data": [{"object": "charge", "payed": True}]}, ["list.data charge.payed"]),
        (
            {"object": "event", "type": "x", "data": {"object": {"object": "charge", "x": 1}}},
            ["event.type = 'x'", "charge.x"],
        ),
        (
            {"object": "charge", "payment_method_details": {"card": {"number": "4"}}},
            ["charge.payment_method_details.card.number"],
        ),
    ],
)
def test_what_would_not_exist_there_is_found(said: Json, unknown: list[str]) -> None:
    found = unknown_to_stripe(said)
    assert len(found) == len(unknown)
    assert all(one.endswith(known) for one, known in zip(found, unknown, strict=True)), found


async def test_the_played_stripe_holds_us_to_its_parameters_and_keys(
    service: Service, stripe: FakeStripe, ada: str
) -> None:
    client = service.billing._site._client
    with pytest.raises(InvalidRequestError, match="Received unknown parameter: favourite_colour"):
        await client.v1.customers.create_async({"favourite_colour": "red"})  # type: ignore[arg-type]
    first = await client.v1.customers.create_async({}, {"idempotency_key": "k"})
    again = await client.v1.customers.create_async({}, {"idempotency_key": "k"})
    assert first.id == again.id
    with pytest.raises(IdempotencyError):
        await client.v1.customers.create_async({"email": "x@example.org"}, {"idempotency_key": "k"})
