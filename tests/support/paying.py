"""What a person does to pay, what Stripe then tells, and what is kept of it."""

from __future__ import annotations

from sqlalchemy import select
from yarl import URL

from support.account_site import (
    Browser,
)
from support.fake_stripe import FakeStripe
from support.page_reader import objections
from uptrack_account.money.plans import monthly_allowance
from uptrack_account.service import Service
from uptrack_account.store.models import ErrandRow, SubscriptionRow

FREE, PRO = 3, 100


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
