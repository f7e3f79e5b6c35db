"""The pages of an account: becoming somebody, signing in, who is signed in where, and one's own data.

Every form answers with a redirect, or with itself and one sentence. Forms that must tell nobody whether an address has
an account end on a page that says what to do next, whatever was true.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from aiohttp import web

from uptrack_account.audio.objects import PIECE_BYTES, StoreAway
from uptrack_account.errors import TooMany
from uptrack_account.machines.devices import shown, typed
from uptrack_account.people import export
from uptrack_account.people.accounts import known_as
from uptrack_account.throttle import DATA, LETTER, LETTER_FROM, SIGN_IN, SIGN_IN_FROM, SIGN_UP_FROM
from uptrack_account.web.answers import come_from, count_tries, form_of, or_again, page, see, static
from uptrack_account.web.gate import PERSON, RENEWED, SERVICE, headers_of, open_to, person_of, signed_in, signed_out

routes = web.RouteTableDef()

PACKING: web.AppKey[set[str]] = web.AppKey("packing", set[str])
"""Accounts whose archive is under way in this process: each takes as much disk as all their audio."""
ONE_AT_A_TIME = (
    "Expected one archive at a time, and one is still on its way to you. Wait until it has come, and try again."
)


# -- anybody -----------------------------------------------------------------------------------------------------------


@routes.get("/style.css")
@open_to("anybody")
async def style(_request: web.Request) -> web.Response:
    return web.Response(text=static("style.css"), content_type="text/css")


@routes.get("/favicon.svg")
@open_to("anybody")
async def favicon(_request: web.Request) -> web.Response:
    return web.Response(text=static("favicon.svg"), content_type="image/svg+xml")


@routes.get("/healthz")
@open_to("anybody")
async def alive(_request: web.Request) -> web.Response:
    return web.Response(text="alive\n")


@routes.get("/readyz")
@open_to("anybody")
async def ready(request: web.Request) -> web.Response:
    """Whether the database answers."""
    try:
        await request.app[SERVICE].database.ask()
    except Exception:  # noqa: BLE001 - whatever it is, a balancer should ask another process
        return web.Response(status=503, text="the database does not answer\n")
    return web.Response(text="ready\n")


@routes.get("/sign-up")
@open_to("anybody")
async def sign_up(request: web.Request) -> web.Response:
    return page(request, "sign_up.html")


@routes.post("/sign-up")
@open_to("anybody")
async def signing_up(request: web.Request) -> web.Response:
    form = await form_of(request, "email", "display_name", "password")
    service = request.app[SERVICE]

    async def act() -> None:
        await count_tries(request, (SIGN_UP_FROM, come_from(request)), (LETTER, known_as(form["email"])))
        await service.accounts.sign_up(form["email"], form["display_name"], form["password"])

    return await or_again(request, act(), "sign_up.html", form) or page(
        request, "letter_sent.html", email=form["email"], why="to prove that the address is yours"
    )


@routes.get("/verify/{token}")
@open_to("anybody")
async def verify(request: web.Request) -> web.Response:
    return page(request, "verify.html", token=request.match_info["token"])


@routes.post("/verify/{token}")
@open_to("anybody")
async def verifying(request: web.Request) -> web.Response:
    form = await form_of(request, "password")
    service, token, account_ids = request.app[SERVICE], request.match_info["token"], list[str]()

    async def act() -> None:
        await count_tries(request, (SIGN_IN_FROM, come_from(request)), (SIGN_IN, token))
        account_ids.append(await service.accounts.verify(token, form["password"]))

    failed = await or_again(request, act(), "verify.html", form, token=token)
    return failed or await _entered(request, account_ids[0])


@routes.get("/sign-in")
@open_to("anybody")
async def sign_in(request: web.Request) -> web.Response:
    return page(request, "sign_in.html", form={"link": _link_of(request.query.get("link"))})


@routes.post("/sign-in")
@open_to("anybody")
async def signing_in(request: web.Request) -> web.Response:
    form = await form_of(request, "email", "password", "link")
    service, account_ids = request.app[SERVICE], list[str]()
    email, code = known_as(form["email"]), typed(form["link"])

    async def act() -> None:
        await count_tries(request, (SIGN_IN_FROM, come_from(request)), (SIGN_IN, email))
        account_ids.append(await service.accounts.sign_in(form["email"], form["password"]))
        await service.throttle.forget(SIGN_IN, email)

    to = f"/link?user_code={shown(code)}" if code else "/link" if form["link"] else "/"
    return await or_again(request, act(), "sign_in.html", form) or await _entered(request, account_ids[0], to)


@routes.get("/forgotten")
@open_to("anybody")
async def forgotten(request: web.Request) -> web.Response:
    return page(request, "forgotten.html")


@routes.post("/forgotten")
@open_to("anybody")
async def having_forgotten(request: web.Request) -> web.Response:
    form = await form_of(request, "email")

    async def act() -> None:
        await count_tries(request, (LETTER_FROM, come_from(request)), (LETTER, known_as(form["email"])))
        await request.app[SERVICE].accounts.ask_for_reset(form["email"])

    return await or_again(request, act(), "forgotten.html", form) or page(
        request, "letter_sent.html", email=form["email"], why="to choose a new password, if it has an account"
    )


@routes.get("/reset/{token}")
@open_to("anybody")
async def reset(request: web.Request) -> web.Response:
    return page(request, "reset.html", token=request.match_info["token"])


@routes.post("/reset/{token}")
@open_to("anybody")
async def resetting(request: web.Request) -> web.Response:
    form = await form_of(request, "password", "unlink")
    token = request.match_info["token"]

    async def act() -> None:
        await count_tries(request, (SIGN_IN_FROM, come_from(request)))
        await request.app[SERVICE].accounts.reset(token, form["password"], unlink=form["unlink"] == "yes")

    failed = await or_again(request, act(), "reset.html", form, token=token)
    return failed or page(request, "sign_in.html", note="Your password is changed. Sign in with it.")


# -- who is signed in --------------------------------------------------------------------------------------------------


@routes.get("/account")
@open_to("signed in")
async def account(request: web.Request) -> web.Response:
    return await _account(request)


@routes.post("/account/name")
@open_to("signed in")
async def renaming(request: web.Request) -> web.Response:
    form = await form_of(request, "display_name")
    return await _done(request, request.app[SERVICE].accounts.rename(person_of(request), form["display_name"]))


@routes.post("/account/password")
@open_to("signed in")
async def changing_password(request: web.Request) -> web.Response:
    form = await form_of(request, "old", "new", "unlink")
    person, accounts = person_of(request), request.app[SERVICE].accounts

    async def act() -> None:
        await count_tries(request, (SIGN_IN, person.email))
        await accounts.change_password(person, form["old"], form["new"], unlink=form["unlink"] == "yes")
        request[RENEWED] = await request.app[SERVICE].sessions.proved(person)

    return await _done(request, act())


@routes.post("/account/sessions/{id}/end")
@open_to("signed in")
async def ending_session(request: web.Request) -> web.Response:
    person, session_id = person_of(request), request.match_info["id"]
    if not await request.app[SERVICE].sessions.end(person.account_id, session_id):
        raise web.HTTPNotFound(text="There is no such browser signed in.")
    return see("/account" if session_id != person.session_id else "/")


@routes.post("/sign-out")
@open_to("signed in")
async def signing_out(request: web.Request) -> web.Response:
    person = person_of(request)
    await request.app[SERVICE].sessions.end(person.account_id, person.session_id)
    response = see("/")
    signed_out(response)
    return response


@routes.get("/account/data")
@open_to("signed in")
async def data(request: web.Request) -> web.Response:
    await _count_data(request)
    found = await export.document(request.app[SERVICE].database, person_of(request).account_id)
    return await asyncio.to_thread(page, request, "data.html", tables=found["tables"])


@routes.get("/account/data.zip")
@open_to("signed in")
async def archive(request: web.Request) -> web.StreamResponse:
    service = request.app[SERVICE]
    headers = headers_of(request) | {"Content-Disposition": 'attachment; filename="uptrack-account.zip"'}
    response = web.StreamResponse(headers=headers)
    response.content_type = "application/zip"
    if request.method == "HEAD":
        return response  # how long it would be is known once it is packed
    account_id, packing = person_of(request).account_id, request.app[PACKING]
    await _count_data(request)
    if account_id in packing:
        raise web.HTTPTooManyRequests(text=ONE_AT_A_TIME, headers={"Retry-After": "60"})
    packing.add(account_id)
    try:
        async with export.archive(service.database, service.objects, account_id, service.packing_folder) as packed:
            response.content_length = packed.seek(0, io.SEEK_END)
            packed.seek(0)
            await response.prepare(request)
            while piece := await asyncio.to_thread(packed.read, PIECE_BYTES):
                await response.write(piece)
        await response.write_eof()
    finally:
        packing.discard(account_id)
    return response


@routes.post("/account/erase")
@open_to("signed in")
async def erasing(request: web.Request) -> web.Response:
    form = await form_of(request, "password")
    person, service, customers = person_of(request), request.app[SERVICE], list[bool]()

    async def act() -> None:
        await count_tries(request, (SIGN_IN, person.email))
        customers.append(await service.accounts.erase(person, form["password"]))

    if (failed := await or_again(request, act(), "account.html", form, **await _of_account(request))) is not None:
        return failed
    with suppress(StoreAway):  # what it does not do now is remembered
        await service.uploads.purge()
    request[PERSON] = None
    at = service.database.clock()
    response = page(request, "erased.html", email=person.email, at=at, is_customer=customers[0])
    signed_out(response)
    return response


async def _count_data(request: web.Request) -> None:
    try:
        await count_tries(request, (DATA, person_of(request).account_id))
    except TooMany as error:
        headers = {"Retry-After": error.retry_after}
        raise web.HTTPTooManyRequests(text=error.sentence, headers=headers) from None


# -- what they share ---------------------------------------------------------------------------------------------------


def _link_of(said: str | None) -> str:
    """Who was sent here from the page that links machines goes on there: its code, or the word for none."""
    return "" if said is None else shown(code) if (code := typed(said)) else "link"


async def _account(request: web.Request, **also: Any) -> web.Response:
    return page(request, "account.html", **await _of_account(request), **also)


async def _of_account(request: web.Request) -> dict[str, Any]:
    person, service = person_of(request), request.app[SERVICE]
    return {
        "facts": await service.accounts.facts(person.account_id),
        "sessions": await service.sessions.of(person.account_id),
        "own_session": person.session_id,
    }


async def _done(request: web.Request, act: Awaitable[None]) -> web.Response:
    """Back to the account's page, or the page with the sentence that says why not."""
    return await or_again(request, act, "account.html", {}, **await _of_account(request)) or see("/account")


async def _entered(request: web.Request, account_id: str, to: str = "/") -> web.Response:
    """A session of its own for every sign-in: one that was there before, known to whom ever, is not it."""
    sessions = request.app[SERVICE].sessions
    if (before := request[PERSON]) is not None:
        await sessions.end(before.account_id, before.session_id)
    response = see(to)
    signed_in(response, await sessions.begin(account_id, request.headers.get("User-Agent", "")))
    return response
