"""A Stripe for tests: customers, checkouts, portals, subscriptions, charges, refunds and signed events, over real HTTP.

It stands in because nothing else can: Stripe serves its pages from its own machines only. It has state, time of its
own, and keeps idempotency keys. It takes the parameters that the types of Stripe's own client have, and no others, and
``unknown_to_stripe`` holds what it answers against those types. Events are signed by Stripe's own code, are snapshots
of their moment, and go nowhere until a test says which: twice, in another order, late, or never.

What it does not know: taxes, prorations, several items, trials, disputes, and how long Stripe really takes.
"""

from __future__ import annotations

import copy
import hashlib
import html
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any, get_args
from unittest.mock import patch

import stripe
from aiohttp import web
from stripe import params
from stripe._object_classes import get_object_class
from stripe.params import billing_portal, checkout

from support.account_site import Browser
from support.stores import Clock

KEY, HOOK_SECRET, PRICE = "sk_test_of_the_fake", "whsec_of_the_fake", "price_pro"
HOOK = "/stripe/webhook"
PERIOD, CHECKOUT_LIFE, GIVEN_UP_AFTER = timedelta(days=30), timedelta(hours=24), timedelta(days=21)
AMOUNT = 900
CARD = {"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2031, "fingerprint": "Xt5EWLLDS7FJjR1c"}
"""What Stripe tells of a card with every charge, and nobody here may keep."""
ENDED = ("canceled", "incomplete_expired")

Json = dict[str, Any]
Answer = tuple[int, Json]


class Refusal(Exception):
    """What Stripe refuses, in its form."""

    def __init__(self, status: int, code: str | None, message: str, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.answer: Answer = (status, {"error": {"type": kind, "code": code, "message": message}})


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    form: Json
    key: str | None


@dataclass
class FakeStripe:
    """Everything Stripe knows; the methods are what people do on its pages, and what time does."""

    clock: Clock
    address: str = ""
    customers: dict[str, Json] = field(default_factory=dict)
    sessions: dict[str, Json] = field(default_factory=dict)
    portals: dict[str, Json] = field(default_factory=dict)
    subscriptions: dict[str, Json] = field(default_factory=dict)
    charges: dict[str, Json] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    """All that ever happened, in order."""
    asked: list[Asked] = field(default_factory=list)
    answered: list[Json] = field(default_factory=list)
    refusing_cards: set[str] = field(default_factory=set)
    """Customers whose card is refused."""
    away: bool = False
    """Every connection is broken off before anything is done."""
    losing: int = 0
    """So many answers are lost after all was done,"""
    losing_of: str = "/v1/"
    """to what begins like this."""
    held: Callable[[Asked], Awaitable[None]] | None = None
    """Awaited before each answer, after it was made."""
    _keys: dict[str, tuple[Json, Answer]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=count)

    # -- what people do on its pages -----------------------------------------------------------------------------------

    def pay(self, session_id: str) -> str:
        """The id of the subscription that a checkout has made."""
        self.tick()
        session = self.sessions[session_id]
        if session["status"] != "open":
            raise AssertionError(f"expected a checkout that is open; it is {session['status']}")
        customer = session["customer"]
        now = self._now()
        subscription = self._subscription(customer, session["_price"], now)
        self.subscriptions[subscription["id"]] = subscription
        session |= {"status": "complete", "payment_status": "paid", "subscription": subscription["id"], "url": None}
        self.customers[customer]["email"] = "payer@example.org"
        self.refusing_cards.discard(customer)
        self._charge(customer)
        self._tell("customer.subscription.created", {**subscription, "status": "incomplete"})
        self._tell("customer.subscription.updated", subscription)
        self._tell("checkout.session.completed", session)
        return str(subscription["id"])

    def cancel_at_period_end(self, subscription_id: str) -> None:
        one = self.subscriptions[subscription_id]
        one |= {"cancel_at_period_end": True, "cancel_at": _item(one)["current_period_end"], "canceled_at": self._now()}
        self._tell("customer.subscription.updated", one)

    def resume(self, subscription_id: str) -> None:
        one = self.subscriptions[subscription_id]
        one |= {"cancel_at_period_end": False, "cancel_at": None, "canceled_at": None}
        self._tell("customer.subscription.updated", one)

    def pay_what_is_due(self, subscription_id: str) -> None:
        """With another card."""
        one = self.subscriptions[subscription_id]
        self.refusing_cards.discard(one["customer"])
        self._charge(one["customer"])
        one["status"] = "active"
        self._tell("customer.subscription.updated", one)

    def cancel_now(self, subscription_id: str) -> None:
        one = self.subscriptions[subscription_id]
        one |= {"status": "canceled", "ended_at": self._now(), "canceled_at": one["canceled_at"] or self._now()}
        self._tell("customer.subscription.deleted", one)

    def refund(self, customer_id: str, amount: int = AMOUNT) -> None:
        """Of the last payment, by who serves the account."""
        charge = [one for one in self.charges.values() if one["customer"] == customer_id and one["paid"]][-1]
        charge["amount_refunded"] = min(AMOUNT, charge["amount_refunded"] + amount)
        charge["refunded"] = charge["amount_refunded"] == AMOUNT
        self._tell("charge.refunded", charge)

    def delete_customer(self, customer_id: str) -> Json:
        customer = self.customers[customer_id]
        for one in self.of(customer_id):
            if one["status"] not in ENDED:
                self.cancel_now(one["id"])
        self.customers[customer_id] = {"id": customer_id, "object": "customer", "deleted": True}
        self._tell("customer.deleted", customer)
        return self.customers[customer_id]

    def tick(self) -> None:
        """Let what is due by now happen: checkouts end, periods end or begin, what stays unpaid is given up."""
        now = self._now()
        for session in self.sessions.values():
            if session["status"] == "open" and session["expires_at"] <= now:
                self._expire(session)
        for one in self.subscriptions.values():
            while one["status"] not in ENDED and _item(one)["current_period_end"] <= now:
                self._turn(one)
            began = _item(one)["current_period_start"]
            if one["status"] == "past_due" and began + GIVEN_UP_AFTER.total_seconds() <= now:
                self.cancel_now(one["id"])

    def of(self, customer_id: str) -> list[Json]:
        """A customer's subscriptions, the newest first."""
        return [one for one in reversed(self.subscriptions.values()) if one["customer"] == customer_id]

    # -- what it tells -------------------------------------------------------------------------------------------------

    async def deliver(self, browser: Browser, event: Json, *, secret: str = HOOK_SECRET, age_s: int = 0) -> int:
        """Send an event to the account, signed now, as each time it is sent; the answer's status."""
        body = json.dumps(event, indent=2)
        signed = stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age_s)
        headers = {"Stripe-Signature": signed, "Content-Type": "application/json", "User-Agent": "Stripe/1.0"}
        return (await browser.ask("POST", HOOK, body.encode(), headers, program=True)).status

    def _tell(self, kind: str, about: Json) -> None:
        self.events.append(
            {
                "id": f"evt_{next(self._numbers):06}",
                "object": "event",
                "api_version": "2026-10-28.endive",
                "created": self._now(),
                "data": {"object": _public(copy.deepcopy(about))},
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": kind,
            }
        )

    # -- what programs ask ---------------------------------------------------------------------------------------------

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request to the API: by its key the same answer as before, and everything else as Stripe refuses it."""
        if self.away:
            return _broken(request)
        form = nested([*request.query.items(), *(await request.post()).items()])
        asked = Asked(request.method, request.path, form, request.headers.get("Idempotency-Key"))
        self.asked.append(asked)
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response(Refusal(401, None, "Invalid API Key provided").answer[1], status=401)
        try:
            status, said = self._once(asked, request.match_info)
        except Refusal as refusal:
            status, said = refusal.answer
        if status < 400:
            self.answered.append(copy.deepcopy(said))
        if self.held is not None:
            await self.held(asked)
        if self.losing and request.path.startswith(self.losing_of):
            self.losing -= 1
            return _broken(request)
        return web.json_response(said, status=status, headers={"Request-Id": f"req_{next(self._numbers)}"})

    def _once(self, asked: Asked, names: web.UrlMappingMatchInfo) -> Answer:
        known = None if asked.key is None or asked.method != "POST" else self._keys.get(asked.key)
        if known is not None:
            before, answer = known
            if before != {"path": asked.path, **asked.form}:
                raise Refusal(
                    400, None, "Keys for idempotent requests can only be used again as before", "idempotency_error"
                )
            return answer
        self.tick()
        takes, act = ENDPOINTS[asked.method, names.route.resource.canonical if names.route.resource else ""]
        _check(asked.form, takes)
        answer = 200, copy.deepcopy(_public(act(self, asked.form, names.get("id", ""))))
        if asked.key is not None and asked.method == "POST":
            self._keys[asked.key] = {"path": asked.path, **asked.form}, answer
        return answer

    def _new_customer(self, _form: Json, _id: str) -> Json:
        made: Json = {
            "id": self._id("cus"), "object": "customer", "created": self._now(), "email": None, "name": None,
            "livemode": False, "metadata": {}, "description": None,
        }  # fmt: skip
        self.customers[made["id"]] = made
        return made

    def _get_customer(self, _form: Json, customer_id: str) -> Json:
        if customer_id not in self.customers:
            raise Refusal(404, "resource_missing", f"No such customer: '{customer_id}'")
        return self.customers[customer_id]

    def _living(self, customer_id: str) -> Json:
        customer = self._get_customer({}, customer_id)
        if customer.get("deleted"):
            raise Refusal(404, "resource_missing", f"No such customer: '{customer_id}'")
        return customer

    def _delete_customer(self, _form: Json, customer_id: str) -> Json:
        self._living(customer_id)
        return self.delete_customer(customer_id)

    def _new_session(self, form: Json, _id: str) -> Json:
        self._living(form["customer"])
        (line,) = form["line_items"].values()
        _check(line, checkout.SessionCreateParamsLineItem)
        if line["price"] != PRICE:
            raise Refusal(400, "resource_missing", f"No such price: '{line['price']}'")
        session_id = self._id("cs_test")
        made: Json = {
            "id": session_id, "object": "checkout.session", "mode": form["mode"], "status": "open",
            "payment_status": "unpaid", "customer": form["customer"], "created": self._now(), "livemode": False,
            "client_reference_id": form["client_reference_id"], "subscription": None, "metadata": {},
            "success_url": form["success_url"], "cancel_url": form["cancel_url"],
            "expires_at": self._now() + int(CHECKOUT_LIFE.total_seconds()),
            "url": f"{self.address}/pay/{session_id}", "_price": line["price"],
        }  # fmt: skip
        self.sessions[session_id] = made
        return made

    def _get_session(self, _form: Json, session_id: str) -> Json:
        if session_id not in self.sessions:
            raise Refusal(404, "resource_missing", f"No such checkout.session: {session_id}")
        return self.sessions[session_id]

    def _list_sessions(self, form: Json, _id: str) -> Json:
        found = [one for one in self.sessions.values() if one["customer"] == form["customer"]]
        return _listed("/v1/checkout/sessions", [one for one in found if form.get("status") in (None, one["status"])])

    def _expire_session(self, form: Json, session_id: str) -> Json:
        session = self._get_session(form, session_id)
        if session["status"] != "open":
            raise Refusal(400, None, "Only Checkout Sessions with a status in [open] can be expired")
        self._expire(session)
        return session

    def _new_portal(self, form: Json, _id: str) -> Json:
        self._living(form["customer"])
        portal_id = self._id("bps")
        self.portals[portal_id] = {
            "id": portal_id, "object": "billing_portal.session", "customer": form["customer"], "livemode": False,
            "created": self._now(), "return_url": form["return_url"], "url": f"{self.address}/portal/{portal_id}",
        }  # fmt: skip
        return self.portals[portal_id]

    def _list_subscriptions(self, form: Json, _id: str) -> Json:
        if form.get("status") != "all":
            raise AssertionError("expected to be asked for those, too, that have ended")
        return _listed("/v1/subscriptions", self.of(form["customer"]))

    def _list_charges(self, form: Json, _id: str) -> Json:
        found = [one for one in self.charges.values() if one["customer"] == form["customer"]]
        return _listed("/v1/charges", found[::-1])

    def _expire(self, session: Json) -> None:
        session |= {"status": "expired", "url": None}
        self._tell("checkout.session.expired", session)

    def _turn(self, one: Json) -> None:
        """A period has ended: the next begins, paid or not, unless it was the last."""
        item = _item(one)
        if one["cancel_at_period_end"]:
            one |= {"status": "canceled", "ended_at": item["current_period_end"]}
            self._tell("customer.subscription.deleted", one)
            return
        item["current_period_start"] = item["current_period_end"]
        item["current_period_end"] += int(PERIOD.total_seconds())
        paid = self._charge(one["customer"])
        one["status"] = "active" if paid else "past_due"
        self._tell("customer.subscription.updated", one)

    def _charge(self, customer_id: str) -> bool:
        paid = customer_id not in self.refusing_cards
        made: Json = {
            "id": self._id("ch"), "object": "charge", "amount": AMOUNT, "amount_refunded": 0, "currency": "eur",
            "created": self._now(), "customer": customer_id, "paid": paid, "refunded": False, "livemode": False,
            "status": "succeeded" if paid else "failed", "metadata": {}, "captured": paid, "disputed": False,
            "payment_method_details": {"type": "card", "card": CARD},
            "billing_details": {"email": "payer@example.org", "name": "Ada Payer"},
        }  # fmt: skip
        self.charges[made["id"]] = made
        self._tell("charge.succeeded" if paid else "charge.failed", made)
        return paid

    def _subscription(self, customer_id: str, price: str, now: int) -> Json:
        subscription_id, period = self._id("sub"), int(PERIOD.total_seconds())
        item = {
            "id": self._id("si"), "object": "subscription_item", "subscription": subscription_id, "created": now,
            "current_period_start": now, "current_period_end": now + period, "quantity": 1, "metadata": {},
            "price": {
                "id": price, "object": "price", "active": True, "currency": "eur", "unit_amount": AMOUNT,
                "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
                "type": "recurring", "livemode": False,
            },
        }  # fmt: skip
        return {
            "id": subscription_id, "object": "subscription", "customer": customer_id, "status": "active",
            "items": _listed(f"/v1/subscription_items?subscription={subscription_id}", [item]), "created": now,
            "start_date": now, "billing_cycle_anchor": now, "collection_method": "charge_automatically",
            "cancel_at": None, "cancel_at_period_end": False, "canceled_at": None, "ended_at": None,
            "currency": "eur", "livemode": False, "metadata": {}, "trial_end": None,
        }  # fmt: skip

    def _id(self, kind: str) -> str:
        number = next(self._numbers)
        return f"{kind}_{hashlib.sha256(str(number).encode()).hexdigest()[:14]}{number:06}"

    def _now(self) -> int:
        return int(self.clock().timestamp())


Act = Callable[[FakeStripe, Json, str], Json]
ENDPOINTS: dict[tuple[str, str], tuple[type, Act]] = {
    ("POST", "/v1/customers"): (params.CustomerCreateParams, FakeStripe._new_customer),
    ("GET", "/v1/customers/{id}"): (params.CustomerRetrieveParams, FakeStripe._get_customer),
    ("DELETE", "/v1/customers/{id}"): (params.CustomerDeleteParams, FakeStripe._delete_customer),
    ("POST", "/v1/checkout/sessions"): (checkout.SessionCreateParams, FakeStripe._new_session),
    ("GET", "/v1/checkout/sessions"): (checkout.SessionListParams, FakeStripe._list_sessions),
    ("GET", "/v1/checkout/sessions/{id}"): (checkout.SessionRetrieveParams, FakeStripe._get_session),
    ("POST", "/v1/checkout/sessions/{id}/expire"): (checkout.SessionExpireParams, FakeStripe._expire_session),
    ("POST", "/v1/billing_portal/sessions"): (billing_portal.SessionCreateParams, FakeStripe._new_portal),
    ("GET", "/v1/subscriptions"): (params.SubscriptionListParams, FakeStripe._list_subscriptions),
    ("GET", "/v1/charges"): (params.ChargeListParams, FakeStripe._list_charges),
}


def settings_of(fake: FakeStripe) -> Json:
    """How an account is told to have it for Stripe."""
    return {
        "stripe_key": KEY,
        "stripe_webhook_secret": HOOK_SECRET,
        "stripe_price": PRICE,
        "stripe_address": fake.address,
        "free_analyses": 3,
        "pro_analyses": 100,
    }


@asynccontextmanager
async def fake_stripe(clock: Clock) -> AsyncIterator[FakeStripe]:
    """Listening at ``address``; Stripe's client tries again at once meanwhile."""
    fake = FakeStripe(clock)
    app = web.Application()
    for method, path in ENDPOINTS:
        app.router.add_route(method, path, fake.answer)
    _add_pages(app, fake)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.address = f"http://localhost:{runner.addresses[0][1]}"
        with patch.object(stripe.HTTPClient, "INITIAL_DELAY", 0):
            yield fake
    finally:
        await runner.cleanup()


def _add_pages(app: web.Application, fake: FakeStripe) -> None:
    """The pages on which a person pays, and manages a subscription."""

    async def pay_page(request: web.Request) -> web.Response:
        return _page(
            "Pay 9.00 EUR a month", request.path, ["Pay"], fake.sessions[request.match_info["id"]]["cancel_url"]
        )

    async def paying(request: web.Request) -> web.Response:
        session_id = request.match_info["id"]
        fake.pay(session_id)
        raise web.HTTPSeeOther(fake.sessions[session_id]["success_url"])

    async def portal_page(request: web.Request) -> web.Response:
        portal = fake.portals[request.match_info["id"]]
        return _page("Your subscription", request.path, ["Cancel", "Resume"], portal["return_url"])

    async def managing(request: web.Request) -> web.Response:
        (one, *_) = fake.of(fake.portals[request.match_info["id"]]["customer"])
        act = fake.cancel_at_period_end if (await request.post())["do"] == "Cancel" else fake.resume
        act(one["id"])
        raise web.HTTPSeeOther(request.path)

    app.router.add_get("/pay/{id}", pay_page)
    app.router.add_post("/pay/{id}", paying)
    app.router.add_get("/portal/{id}", portal_page)
    app.router.add_post("/portal/{id}", managing)


def nested(flat: list[tuple[str, Any]]) -> Json:
    """What a form says: ``a[0][b]=1`` as ``{"a": {"0": {"b": "1"}}}``."""
    found: Json = {}
    for name, value in flat:
        *path, last = re.findall(r"[^\[\]]+", name)
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return found


def _check(form: Json, takes: type) -> None:
    for name in form:
        if name not in takes.__annotations__:
            raise Refusal(400, "parameter_unknown", f"Received unknown parameter: {name}")


def unknown_to_stripe(said: Any, where: str = "") -> list[str]:
    """What in an answer Stripe's own types do not have: a field, or a word where they know all words."""
    if isinstance(said, list):
        return [trouble for one in said for trouble in unknown_to_stripe(one, where)]
    if not isinstance(said, dict):
        return []
    if not isinstance(said.get("object"), str):  # free-form, as metadata is, or what an event holds
        return [trouble for one in said.values() for trouble in unknown_to_stripe(one, where)]
    return _against(said, get_object_class("V1", said["object"]), f"{where}{said['object']}")


def _against(said: Json, kind: type, where: str) -> list[str]:
    known = {
        name: hint for base in reversed(kind.__mro__) for name, hint in vars(base).get("__annotations__", {}).items()
    }
    found = list[str]()
    for name, value in said.items():
        if name == "object" and value == getattr(kind, "OBJECT_NAME", None):
            continue  # a list's has no type of its own
        if name not in known:
            found.append(f"{where}.{name}")
            continue
        words = _words(known[name])
        if words and value is not None and value not in words:
            found.append(f"{where}.{name} = {value!r}")
        part = next((one for one in _classes(known[name]) if one is not dict), None)
        if isinstance(value, dict) and not isinstance(value.get("object"), str) and part is not None:
            found += _against(value, part, f"{where}.{name}")
        else:
            found += unknown_to_stripe(value, f"{where}.{name} ")
    return found


def _words(hint: Any) -> set[Any]:
    """All words that a ``Literal`` in it allows."""
    if "Literal" in str(getattr(hint, "__origin__", "")):
        return set(get_args(hint))
    return {word for part in get_args(hint) for word in _words(part)}


def _classes(hint: Any) -> list[type]:
    """The parts of an object that are classes of its own, which free-form ``metadata`` is not."""
    if isinstance(hint, type) and issubclass(hint, stripe.StripeObject) and vars(hint).get("__annotations__"):
        return [hint]
    return [found for part in get_args(hint) for found in _classes(part)]


def _page(title: str, to: str, buttons: list[str], back: str) -> web.Response:
    forms = "".join(
        f'<form method="post" action="{to}"><button name="do" value="{one}">{one}</button></form>' for one in buttons
    )
    body = f'<h1>{title}</h1>{forms}<a href="{html.escape(back)}">Back</a>'
    text = f'<!doctype html><html lang="en"><title>{title}</title>{body}</html>'
    return web.Response(text=text, content_type="text/html")


def _broken(request: web.Request) -> web.StreamResponse:
    """No answer: the connection ends."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _item(subscription: Json) -> Json:
    found: Json = subscription["items"]["data"][0]
    return found


def _listed(url: str, found: list[Json]) -> Json:
    return {"object": "list", "data": found, "has_more": False, "url": url}


def _public(said: Json) -> Json:
    """Without what it keeps for itself."""
    if said.get("object") == "list":
        return {**said, "data": [_public(one) for one in said["data"]]}
    return {name: value for name, value in said.items() if not name.startswith("_")}
