"""Stripe, as far as the account asks it, and the only file that reaches it (promise P10).

What comes back of a payment is looked at for whether it was refunded, and of a subscription for the few facts a plan
follows from; nothing of a card is taken over (promise P4). A customer is made without a name or an address: what the
checkout asks a person for is between them and Stripe.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import aiohttp

from uptrack_account.errors import NotFromStripe, StripeAway
from uptrack_account.settings import AccountSettings

if TYPE_CHECKING:
    import stripe

log = logging.getLogger(__name__)

PATIENCE = aiohttp.ClientTimeout(total=10)
RETRIES = 2
"""Of one request, by Stripe's own client, under one idempotency key."""
MOST_LISTED = 100
"""The most that one list holds. One customer has a subscription or two, and a charge a month."""
ENDED = frozenset({"canceled", "incomplete_expired"})
"""What a subscription never comes back from."""
_RANK = {"active": 0, "trialing": 0, "past_due": 1} | dict.fromkeys(ENDED, 3)

Refund = Literal["part", "whole"]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a plan follows from."""

    id: str
    status: str
    price: str
    period_start: datetime
    period_end: datetime
    cancel_at_period_end: bool
    ends_at: datetime | None
    """When it ended, or is going to."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a customer stands."""

    subscription: Subscription | None
    """Of several the one that gives most, then the newest."""
    refund: Refund | None
    """Of the last payment that went through."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of Stripe's on which one subscription can be paid for, once."""

    id: str
    status: str
    """``open``, ``complete`` or ``expired``."""
    url: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a customer; what, Stripe is asked."""

    id: str
    type: str
    customer_id: str | None


class StripeSite:
    """Asks Stripe; made by ``open_stripe``. Whatever it asks raises ``StripeAway`` where there is no answer."""

    def __init__(self, client: stripe.StripeClient, settings: AccountSettings) -> None:
        self._client = client
        self._price = settings.stripe_price
        self._hook_secret = settings.stripe_webhook_secret.get_secret_value()
        self._site = settings.origin

    async def new_customer(self, key: str) -> str:
        """The id of a customer without a name; by the same key, the same."""
        with _asking("customer"):
            made = await self._client.v1.customers.create_async({}, {"idempotency_key": f"customer-{key}"})
        return made.id

    async def new_checkout(self, customer_id: str, account_id: str, attempt: str) -> Checkout:
        """A page on which Pro can be paid for; of one attempt, however often it is asked for, the same page."""

        asked: stripe.params.checkout.SessionCreateParams = {
            "mode": "subscription",
            "customer": customer_id,
            "client_reference_id": account_id,
            "line_items": [{"price": self._price, "quantity": 1}],
            "success_url": f"{self._site}/billing/return",
            "cancel_url": f"{self._site}/billing",
        }
        # Stripe refuses a key that comes again with something else: a price that was changed is another attempt.
        key = hashlib.sha256(f"{attempt} {json.dumps(asked, sort_keys=True)}".encode()).hexdigest()
        with _asking("checkout"):
            made = await self._client.v1.checkout.sessions.create_async(asked, {"idempotency_key": f"checkout-{key}"})
        return _checkout(made)

    async def checkout(self, checkout_id: str) -> Checkout | None:
        """As it is now; ``None`` if there is none."""
        try:
            with _asking("checkout"):
                return _checkout(await self._client.v1.checkout.sessions.retrieve_async(checkout_id))
        except _Missing:
            return None

    async def portal(self, customer_id: str) -> str:
        """The address of the page on which a customer changes how they pay, cancels, and finds invoices."""
        with _asking("portal"):
            made = await self._client.v1.billing_portal.sessions.create_async(
                {"customer": customer_id, "return_url": f"{self._site}/billing/return"}
            )
        return made.url

    async def standing(self, customer_id: str) -> Standing | None:
        """How they stand now; ``None`` if Stripe has no such customer, or no longer."""
        v1 = self._client.v1
        try:
            with _asking("standing"):
                customer = await v1.customers.retrieve_async(customer_id)
                if getattr(customer, "deleted", False):
                    return None
                subscriptions = await v1.subscriptions.list_async(
                    {"customer": customer_id, "status": "all", "limit": MOST_LISTED}
                )
                charges = await v1.charges.list_async({"customer": customer_id, "limit": MOST_LISTED})
        except _Missing:
            return None
        best = min(subscriptions.data, key=lambda one: (_RANK.get(one.status, 2), -one.created, one.id), default=None)
        return Standing(None if best is None else _subscription(best), _refund(charges.data))

    async def forget(self, customer_id: str) -> None:
        """Delete the customer, which ends their subscriptions; one who is gone is fine.

        A page on which they were about to pay is closed first, so that nobody pays for what is not there.
        """
        v1 = self._client.v1
        with suppress(_Missing), _asking("closing checkouts"):
            unpaid = await v1.checkout.sessions.list_async(
                {"customer": customer_id, "status": "open", "limit": MOST_LISTED}
            )
            for one in unpaid.data:
                await v1.checkout.sessions.expire_async(one.id)
        with suppress(_Missing), _asking("deleting"):
            await v1.customers.delete_async(customer_id)

    def event(self, body: bytes, signature: str) -> Event:
        """What Stripe says, if it is Stripe, and said so within five minutes by the wall clock.

        Raises
        ------
        NotFromStripe
            Not signed, signed by somebody else or long ago, or no event.
        """
        import stripe

        if not signature.isascii():  # which cannot be compared in constant time
            raise NotFromStripe
        try:
            said = self._client.construct_event(body, signature, self._hook_secret)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise NotFromStripe from error
        about = said.data.object
        is_customer = getattr(about, "object", None) == "customer"
        customer = getattr(about, "id" if is_customer else "customer", None)
        return Event(said.id, said.type, customer if isinstance(customer, str) else None)


@asynccontextmanager
async def open_stripe(settings: AccountSettings) -> AsyncIterator[StripeSite | None]:
    """Stripe while the block runs; ``None`` where no key is set."""
    key = settings.stripe_key.get_secret_value()
    if not key:
        yield None
        return
    # Half a second to import, which who serves an account without billing need not wait for.
    import stripe

    stripe.enable_telemetry = False  # how long our requests took is nobody else's
    logging.getLogger("stripe").setLevel(logging.WARNING)  # below, it writes whole answers down, which tell of cards
    async with aiohttp.ClientSession(timeout=PATIENCE, cookie_jar=aiohttp.DummyCookieJar()) as http:
        client = stripe.StripeClient(
            key,
            base_addresses={"api": str(settings.stripe_address).rstrip("/")} if settings.stripe_address else None,
            http_client=stripe.AIOHTTPClient(timeout=None, session=http),
            max_network_retries=RETRIES,
        )
        yield StripeSite(client, settings)


class _Missing(StripeAway):
    """Stripe answered that it has nothing by that id."""


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Whatever keeps Stripe from answering, as one error; the log has its kind, never its words, which may name who."""
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        if error.code == "resource_missing":
            raise _Missing from error
        log.warning("Stripe did not do what it was asked (%s): %s, %s", what, type(error).__name__, error.code)
        raise StripeAway from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("Stripe could not be reached (%s): %s", what, type(error).__name__)
        raise StripeAway from error


def _checkout(session: stripe.checkout.Session) -> Checkout:
    return Checkout(session.id, session.status or "expired", session.url, _time(session.expires_at))


def _subscription(one: stripe.Subscription) -> Subscription:
    # Periods are the items' since API 2025-03-31; all of ours have one item.
    items = one.items.data
    ends = one.ended_at or one.cancel_at
    period_end = max(item.current_period_end for item in items)
    if ends is None and one.cancel_at_period_end:
        ends = period_end
    return Subscription(
        id=one.id,
        status=one.status,
        price=items[0].price.id,
        period_start=_time(max(item.current_period_start for item in items)),
        period_end=_time(period_end),
        cancel_at_period_end=one.cancel_at_period_end,
        ends_at=None if ends is None else _time(ends),
    )


def _refund(charges: list[stripe.Charge]) -> Refund | None:
    paid = max((one for one in charges if one.paid), key=lambda one: (one.created, one.id), default=None)
    if paid is None or not paid.amount_refunded:
        return None
    return "whole" if paid.refunded else "part"


def _time(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
