"""From free to Pro, and what becomes of it: paying, managing, failing to pay, refunds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.account_site import (
    ANOTHER,
    BOB,
    SITE,
    Browser,
    account_service,
    served,
    somebody,
)
from support.fake_stripe import HOOK, Asked, FakeStripe
from support.page_reader import links, objections
from support.paying import FREE, PRO, all_told, allowance, customer, errands, has_pro, kept, page, row_of, to_checkout
from support.stores import Clock
from uptrack_account.service import Service
from uptrack_account.store.models import UsageRow


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
