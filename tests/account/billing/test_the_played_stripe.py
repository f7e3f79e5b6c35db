"""The Stripe that is played: all it says and takes exists in the types of Stripe's own client."""

from __future__ import annotations

import pytest
from stripe import IdempotencyError, InvalidRequestError

from support.account_site import (
    Browser,
)
from support.fake_stripe import FakeStripe, Json, unknown_to_stripe
from support.paying import all_told, customer, to_checkout
from support.stores import Clock
from uptrack_account.service import Service
from uptrack_account.store.models import ErrandRow


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
