"""Events of Stripe's: late, twice, in any order, forged, or never."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update

from support.account_site import (
    Browser,
)
from support.fake_stripe import HOOK, Asked, FakeStripe, Json
from support.paying import has_pro, row_of, to_checkout
from support.stores import Clock
from uptrack_account.money.billing import TRIES
from uptrack_account.service import Service
from uptrack_account.store.models import StripeEventRow, SubscriptionRow
from uptrack_account.web.stripe_hook import MAX_EVENT_BYTES


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
