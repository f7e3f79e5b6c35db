"""What every request passes: is it sent to us, does it come from us, who is it from?

A form of another site cannot act for who is signed in: what changes something must come from our own pages, by
``Origin`` or, in browsers that leave it out, by ``Sec-Fetch-Site``; the cookie is SameSite besides. Every handler is
marked with who may call it, and one that is not marked answers nobody.

Programs come without a cookie, and what they may they say with a token (RFC 6750). A browser, which sends ``Origin`` or
``Sec-Fetch-Site`` with whatever a page has it do, is no program.
"""

from __future__ import annotations

import http
import logging
from collections.abc import Awaitable, Callable
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from uptrack_account.machines.devices import Device, typed
from uptrack_account.people.sessions import LONGEST, Person
from uptrack_account.service import Service
from uptrack_bridges.account import SCOPE, AccountProblem

log = logging.getLogger(__name__)

COOKIE = "__Host-uptrack"
"""The prefix has the browser refuse it from anybody but us, over anything but TLS (or this machine)."""
SAFE_METHODS = frozenset({"GET", "HEAD"})
SERVICE: web.AppKey[Service] = web.AppKey("service", Service)
PERSON: web.RequestKey[Person | None] = web.RequestKey("person")
DEVICE: web.RequestKey[Device] = web.RequestKey("device")
FORMS_LEAD_TO: web.RequestKey[str] = web.RequestKey("forms lead to")
"""Other sites that an answer's forms may end at, as Chromium asks of a redirect, too (CSP 3, 6.4.1)."""
RENEWED: web.RequestKey[str] = web.RequestKey("renewed")
"""The token that this session has from now on; the answer brings it."""
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id")
"""By chance, of this request alone: what a person names to us, and we find in the log."""
BEGUN: web.RequestKey[bool] = web.RequestKey("begun")
"""The head of an answer is on its way: there can be no other."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Under "no-referrer" a browser says "Origin: null" with our own forms, too (Fetch, Origin header): none would pass.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Access = Literal["anybody", "signed in", "any program", "linked machine", "signed by Stripe"]
"""The last asks for a signature of what was sent, which only who is asked can check: the handler."""
Page = Callable[[web.Request], Awaitable[web.StreamResponse]]
_ACCESS: dict[Page, Access] = {}


def open_to(access: Access) -> Callable[[Page], Page]:
    """Mark a handler with who may call it."""

    def marked(page: Page) -> Page:
        _ACCESS[page] = access
        return page

    return marked


def access_of(handler: Handler) -> Access | None:
    return _ACCESS.get(handler)


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through, or answer 403 or 421, or send who is not signed in to sign in."""
    try:
        response = await _answer(request, handler)
    except web.HTTPException as error:
        error.headers.update(headers_of(request))
        raise
    if not response.prepared:
        response.headers.update(headers_of(request))
        if (token := request.get(RENEWED)) is not None:
            signed_in(response, token)
    return response


def headers_of(request: web.Request) -> dict[str, str]:
    """What every answer says to the browser."""
    over_tls = request.app[SERVICE].settings.site.scheme == "https"
    headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if over_tls else {})
    if leads_to := request.get(FORMS_LEAD_TO):
        policy = headers["Content-Security-Policy"]
        headers["Content-Security-Policy"] = policy.replace("form-action 'self'", f"form-action 'self' {leads_to}")
    return headers


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    service = request.app[SERVICE]
    origin = service.settings.origin
    request[PERSON] = None
    if request.headers.get("Host", "") != urlsplit(origin).netloc:
        return web.Response(status=421, text=f"This service is at {origin}.\n")
    if "\0" in request.path:
        raise web.HTTPNotFound  # no id holds it, and PostgreSQL would not be asked for one
    access = access_of(request.match_info.handler)
    if access in ("any program", "linked machine", "signed by Stripe"):
        return await _answer_program(request, handler, access)
    nothing_there = request.match_info.http_exception is not None
    if request.method not in SAFE_METHODS and not nothing_there and not _is_from_us(request, origin):
        raise web.HTTPForbidden(text="That did not come from one of our own pages, and nothing was done.")
    token = request.cookies.get(COOKIE)
    person = await service.sessions.person(token) if token else None
    request[PERSON] = person
    if access == "signed in" and person is None:
        raise web.HTTPSeeOther(_to_sign_in(request))
    if access is None and not nothing_there:
        log.error("%s is marked for nobody", route_of(request))
        raise web.HTTPForbidden(text="Nobody may.")
    return await handler(request)


async def _answer_program(request: web.Request, handler: Handler, access: Access) -> web.StreamResponse:
    if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers:
        return problem(403, "account.browser", "Expected a program, and a browser came; nothing was done.")
    if access in ("any program", "signed by Stripe"):
        return await handler(request)
    token = bearer_of(request)
    device = await request.app[SERVICE].devices.device(token) if token else None
    if device is None:
        answer = problem(401, "account.token", "Expected the token of a linked machine. Link it with `uptrack link`.")
        said = "Authorization" in request.headers
        answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if said else "Bearer"
        return answer
    if device.scope != SCOPE:
        answer = problem(403, "account.scope", f"Expected a machine that is linked for {SCOPE}.")
        answer.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{SCOPE}"'
        return answer
    request[DEVICE] = device
    return await handler(request)


def route_of(request: web.Request) -> str | None:
    """The pattern of the route, never the path: that may hold the token of a link."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else None


def bearer_of(request: web.Request) -> str:
    """The token a request came with (RFC 6750, 2.1); empty without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def problem(status: int, code: str, sentence: str) -> web.Response:
    """A refusal for a program (RFC 9457)."""
    said = AccountProblem(title=http.HTTPStatus(status).phrase, status=status, detail=sentence, code=code)
    return web.Response(status=status, text=said.model_dump_json(), content_type="application/problem+json")


def _to_sign_in(request: web.Request) -> str:
    """Who came to link a machine goes on with that afterwards; nothing else of an address is carried along."""
    if request.path != "/link":
        return "/sign-in"
    code = typed(request.query.get("user_code", ""))
    return f"/sign-in?link={code}"


def _is_from_us(request: web.Request, origin: str) -> bool:
    named = request.headers.get("Origin")
    return named == origin if named is not None else request.headers.get("Sec-Fetch-Site") == "same-origin"


def person_of(request: web.Request) -> Person:
    """Who a page that is open to signed in people was asked by."""
    person = request[PERSON]
    if person is None:
        raise RuntimeError("expected somebody signed in: the gate lets nobody else through")
    return person


def signed_in(response: web.StreamResponse, token: str) -> None:
    response.set_cookie(
        COOKIE, token, max_age=int(LONGEST.total_seconds()), path="/", secure=True, httponly=True, samesite="Lax"
    )


def signed_out(response: web.StreamResponse) -> None:
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
