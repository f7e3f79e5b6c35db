"""Where Stripe tells that something has happened. It is believed for its signature of the very bytes it sent.

Its answers are for Stripe: 200 for what was dealt with, now or before, and 503 for what is to be sent again.
"""

from __future__ import annotations

from aiohttp import web

from uptrack_account.errors import NotFromStripe, StripeAway
from uptrack_account.web.answers import body_within
from uptrack_account.web.gate import SERVICE, open_to, problem

routes = web.RouteTableDef()

MAX_EVENT_BYTES = 1024**2
"""An event holds one object of Stripe's as it was: a few kilobytes, of a long invoice some hundred."""


@routes.post("/stripe/webhook")
@open_to("signed by Stripe")
async def event(request: web.Request) -> web.Response:
    billing = request.app[SERVICE].billing
    if not billing.is_on:
        return problem(404, "account.stripe", "There is no billing here.")
    body = await body_within(request, MAX_EVENT_BYTES)
    if body is None:
        return problem(413, "account.too_large", f"Expected an event of at most {MAX_EVENT_BYTES} bytes.")
    try:
        await billing.hear(body, request.headers.get("Stripe-Signature", ""))
    except NotFromStripe as error:
        return problem(400, error.code, error.sentence)
    except StripeAway as error:
        return problem(503, error.code, "Stripe could not be asked about this event. Send it again.")
    return web.Response(text="heard\n")
