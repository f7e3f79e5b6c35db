"""The page on which a person sees their plan, and from which they go to Stripe's pages to pay and to manage it.

It is the only one whose forms may end at another site, and those are Stripe's.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime

from aiohttp import web

from uptrack_account.errors import AccountError, StripeAway, TooMany
from uptrack_account.money.billing import Bill
from uptrack_account.money.plans import grace_until
from uptrack_account.throttle import BILLING
from uptrack_account.web.answers import count_tries, page, see
from uptrack_account.web.gate import FORMS_LEAD_TO, SERVICE, open_to, person_of

routes = web.RouteTableDef()

AS_IT_IS = "This is how it stands with Stripe now."
NOT_YET = "Stripe has not told of a payment yet. If you have paid, look again in a minute."
NO_BILLING = "There is one plan here, and it costs nothing."


@routes.get("/billing")
@open_to("signed in")
async def billing(request: web.Request) -> web.Response:
    return await _shown(request)


@routes.get("/billing/return")
@open_to("signed in")
async def returning(request: web.Request) -> web.Response:
    """Where Stripe's pages lead back to. Its event may not have come yet, so it is asked."""
    service, account_id = request.app[SERVICE], person_of(request).account_id
    if not service.billing.is_on:
        return see("/billing")
    try:
        await count_tries(request, (BILLING, account_id))
        await service.billing.refresh(account_id)
    except AccountError as error:
        return await _shown(request, problem=error)
    bill = await service.billing.bill(account_id)
    return await _shown(request, note=NOT_YET if bill.may_subscribe else AS_IT_IS)


@routes.post("/billing/subscribe")
@open_to("signed in")
async def subscribing(request: web.Request) -> web.Response:
    return await _to_stripe(request, request.app[SERVICE].billing.subscribe)


@routes.post("/billing/manage")
@open_to("signed in")
async def managing(request: web.Request) -> web.Response:
    return await _to_stripe(request, request.app[SERVICE].billing.manage)


async def _to_stripe(request: web.Request, find: Callable[[str], Coroutine[None, None, str]]) -> web.Response:
    account_id = person_of(request).account_id
    if not request.app[SERVICE].billing.is_on:
        raise web.HTTPNotFound(text=NO_BILLING)
    try:
        await count_tries(request, (BILLING, account_id))
        return see(await find(account_id))
    except AccountError as error:
        return await _shown(request, problem=error)


async def _shown(request: web.Request, *, note: str | None = None, problem: AccountError | None = None) -> web.Response:
    service = request.app[SERVICE]
    bill = await service.billing.bill(person_of(request).account_id)
    request[FORMS_LEAD_TO] = " ".join(service.settings.payment_origins)
    response = page(
        request,
        "billing.html",
        note=note,
        problem=None if problem is None else problem.sentence,
        is_on=service.billing.is_on,
        bill=bill,
        status=in_words(bill),
        free_analyses=service.settings.free_analyses,
        pro_analyses=service.settings.pro_analyses,
    )
    if problem is not None:
        response.set_status(503 if isinstance(problem, StripeAway) else 429 if isinstance(problem, TooMany) else 422)
    if isinstance(problem, TooMany):
        response.headers["Retry-After"] = problem.retry_after
    return response


def in_words(bill: Bill) -> list[str]:
    """How the subscription stands, a sentence a fact."""
    row = bill.row
    if row is None or row.status is None:
        return ["You have no subscription."]
    ends, renews, grace = (_day(when) for when in (row.ends_at, row.period_end, grace_until(row)))
    match row.status:
        case "active" | "trialing" if row.ends_at is not None:
            said = (
                f"Cancelled: Pro ends on {ends}, and nothing more is paid. Until then it can be resumed under Manage."
            )
        case "active":
            said = f"Paid. It renews on {renews}."
        case "trialing":
            said = f"On trial, at no cost, until {renews}."
        case "past_due" if bill.plan == "pro":
            said = (
                f"Past due: the last payment did not go through. Pro stays until {grace}; pay under Manage to keep it."
            )
        case "past_due" | "unpaid":
            said = "Past due: the last payment did not go through. Pay under Manage to have Pro again."
        case "incomplete":
            said = "The first payment is not finished. Finish it under Manage within a day, or it lapses."
        case "paused":
            said = "Paused. Resume it under Manage."
        case "incomplete_expired":
            said = "The first payment was never finished, and nothing was paid."
        case "canceled":
            said = f"Pro ended on {ends}."
        case _:
            said = f"Stripe calls it {row.status!r}, which this site does not know yet."
    refunded = {"whole": ["Your last payment was refunded."], "part": ["A part of your last payment was refunded."]}
    return [said, *refunded.get(row.refund or "", [])]


def _day(when: datetime | None) -> str:
    return "a day Stripe has not told" if when is None else f"{when.day} {when:%B %Y}"
