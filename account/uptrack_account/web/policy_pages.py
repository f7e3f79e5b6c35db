"""The privacy policy in plain words, for everybody, and that somebody has seen the one in force (promise P19)."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from uptrack_account.web.answers import page, see
from uptrack_account.web.gate import SERVICE, open_to, person_of

routes = web.RouteTableDef()


@routes.get("/privacy")
@open_to("anybody")
async def privacy(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    since = date.fromisoformat(service.policy.version)
    return page(request, "privacy.html", since=since, origin=service.settings.origin)


@routes.post("/privacy/seen")
@open_to("signed in")
async def seen(request: web.Request) -> web.Response:
    await request.app[SERVICE].policy.acknowledge(person_of(request).account_id)
    return see("/")
