"""The pages of an account: becoming somebody, signing in, who is signed in where, and one's own data.

Every form answers with a redirect, or with itself and one sentence. Forms that must tell nobody whether an address has
an account end on a page that says what to do next, whatever was true.
"""

from __future__ import annotations

from collections.abc import Awaitable
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from uptrack_account import export
from uptrack_account.accounts import known_as
from uptrack_account.errors import AccountError, TooMany
from uptrack_account.letters import HELP
from uptrack_account.passwords import LONGEST, SHORTEST
from uptrack_account.throttle import LETTER, LETTER_FROM, SIGN_IN, SIGN_IN_FROM, SIGN_UP_FROM, Limit
from uptrack_account.web.gate import PERSON, SERVICE, open_to, person_of, signed_in, signed_out

routes = web.RouteTableDef()


# -- anybody -----------------------------------------------------------------------------------------------------------


@routes.get("/")
@open_to("anybody")
async def home(request: web.Request) -> web.Response:
    if request[PERSON] is None:
        return _page(request, "welcome.html")
    raise web.HTTPSeeOther("/account")


@routes.get("/style.css")
@open_to("anybody")
async def style(_request: web.Request) -> web.Response:
    return web.Response(text=_stylesheet(), content_type="text/css")


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
    return _page(request, "sign_up.html")


@routes.post("/sign-up")
@open_to("anybody")
async def signing_up(request: web.Request) -> web.Response:
    form = await _form(request, "email", "display_name", "password")
    service = request.app[SERVICE]

    async def act() -> None:
        await _count(request, (SIGN_UP_FROM, _from(request)), (LETTER, known_as(form["email"])))
        await service.accounts.sign_up(form["email"], form["display_name"], form["password"])

    return await _or_again(request, act(), "sign_up.html", form) or _page(
        request, "letter_sent.html", email=form["email"], why="to prove that the address is yours"
    )


@routes.get("/verify/{token}")
@open_to("anybody")
async def verify(request: web.Request) -> web.Response:
    return _page(request, "verify.html", token=request.match_info["token"])


@routes.post("/verify/{token}")
@open_to("anybody")
async def verifying(request: web.Request) -> web.Response:
    form = await _form(request, "password")
    service, token, account_ids = request.app[SERVICE], request.match_info["token"], list[str]()

    async def act() -> None:
        await _count(request, (SIGN_IN_FROM, _from(request)), (SIGN_IN, token))
        account_ids.append(await service.accounts.verify(token, form["password"]))

    failed = await _or_again(request, act(), "verify.html", form, token=token)
    return failed or await _entered(request, account_ids[0])


@routes.get("/sign-in")
@open_to("anybody")
async def sign_in(request: web.Request) -> web.Response:
    return _page(request, "sign_in.html")


@routes.post("/sign-in")
@open_to("anybody")
async def signing_in(request: web.Request) -> web.Response:
    form = await _form(request, "email", "password")
    service, account_ids = request.app[SERVICE], list[str]()
    email = known_as(form["email"])

    async def act() -> None:
        await _count(request, (SIGN_IN_FROM, _from(request)), (SIGN_IN, email))
        account_ids.append(await service.accounts.sign_in(form["email"], form["password"]))
        await service.throttle.forget(SIGN_IN, email)

    return await _or_again(request, act(), "sign_in.html", form) or await _entered(request, account_ids[0])


@routes.get("/forgotten")
@open_to("anybody")
async def forgotten(request: web.Request) -> web.Response:
    return _page(request, "forgotten.html")


@routes.post("/forgotten")
@open_to("anybody")
async def having_forgotten(request: web.Request) -> web.Response:
    form = await _form(request, "email")

    async def act() -> None:
        await _count(request, (LETTER_FROM, _from(request)), (LETTER, known_as(form["email"])))
        await request.app[SERVICE].accounts.ask_for_reset(form["email"])

    return await _or_again(request, act(), "forgotten.html", form) or _page(
        request, "letter_sent.html", email=form["email"], why="to choose a new password, if it has an account"
    )


@routes.get("/reset/{token}")
@open_to("anybody")
async def reset(request: web.Request) -> web.Response:
    return _page(request, "reset.html", token=request.match_info["token"])


@routes.post("/reset/{token}")
@open_to("anybody")
async def resetting(request: web.Request) -> web.Response:
    form = await _form(request, "password")
    token = request.match_info["token"]

    async def act() -> None:
        await _count(request, (SIGN_IN_FROM, _from(request)))
        await request.app[SERVICE].accounts.reset(token, form["password"])

    failed = await _or_again(request, act(), "reset.html", form, token=token)
    return failed or _page(request, "sign_in.html", note="Your password is changed. Sign in with it.")


# -- who is signed in --------------------------------------------------------------------------------------------------


@routes.get("/account")
@open_to("signed in")
async def account(request: web.Request) -> web.Response:
    return await _account(request)


@routes.post("/account/name")
@open_to("signed in")
async def renaming(request: web.Request) -> web.Response:
    form = await _form(request, "display_name", "wants_news")
    accounts = request.app[SERVICE].accounts
    act = accounts.rename(person_of(request), form["display_name"], wants_news=form["wants_news"] == "yes")
    return await _done(request, act)


@routes.post("/account/password")
@open_to("signed in")
async def changing_password(request: web.Request) -> web.Response:
    form = await _form(request, "old", "new")
    person, accounts = person_of(request), request.app[SERVICE].accounts

    async def act() -> None:
        await _count(request, (SIGN_IN, person.email))
        await accounts.change_password(person, form["old"], form["new"])

    return await _done(request, act())


@routes.post("/account/sessions/{id}/end")
@open_to("signed in")
async def ending_session(request: web.Request) -> web.Response:
    person, session_id = person_of(request), request.match_info["id"]
    if not await request.app[SERVICE].sessions.end(person.account_id, session_id):
        raise web.HTTPNotFound(text="There is no such browser signed in.")
    return _to("/account" if session_id != person.session_id else "/")


@routes.post("/sign-out")
@open_to("signed in")
async def signing_out(request: web.Request) -> web.Response:
    person = person_of(request)
    await request.app[SERVICE].sessions.end(person.account_id, person.session_id)
    response = _to("/")
    signed_out(response)
    return response


@routes.get("/account/data")
@open_to("signed in")
async def data(request: web.Request) -> web.Response:
    found = await export.document(request.app[SERVICE].database, person_of(request).account_id)
    return _page(request, "data.html", tables=found["tables"])


@routes.get("/account/data.zip")
@open_to("signed in")
async def archive(request: web.Request) -> web.Response:
    packed = await export.archive(request.app[SERVICE].database, person_of(request).account_id)
    headers = {"Content-Disposition": 'attachment; filename="uptrack-account.zip"'}
    return web.Response(body=packed, content_type="application/zip", headers=headers)


@routes.post("/account/erase")
@open_to("signed in")
async def erasing(request: web.Request) -> web.Response:
    form = await _form(request, "password")
    person, service = person_of(request), request.app[SERVICE]

    async def act() -> None:
        await _count(request, (SIGN_IN, person.email))
        await service.accounts.erase(person, form["password"])

    if (failed := await _or_again(request, act(), "account.html", form, **await _of_account(request))) is not None:
        return failed
    request[PERSON] = None
    response = _page(request, "erased.html", email=person.email, at=service.database.clock())
    signed_out(response)
    return response


# -- what they share ---------------------------------------------------------------------------------------------------


async def _account(request: web.Request, **also: Any) -> web.Response:
    return _page(request, "account.html", **await _of_account(request), **also)


async def _of_account(request: web.Request) -> dict[str, Any]:
    person, service = person_of(request), request.app[SERVICE]
    return {
        "facts": await service.accounts.facts(person.account_id),
        "sessions": await service.sessions.of(person.account_id),
        "own_session": person.session_id,
    }


async def _done(request: web.Request, act: Awaitable[None]) -> web.Response:
    """Back to the account's page, or the page with the sentence that says why not."""
    return await _or_again(request, act, "account.html", {}, **await _of_account(request)) or _to("/account")


async def _entered(request: web.Request, account_id: str) -> web.Response:
    """A session of its own for every sign-in: one that was there before, known to whom ever, is not it."""
    sessions = request.app[SERVICE].sessions
    if (before := request[PERSON]) is not None:
        await sessions.end(before.account_id, before.session_id)
    response = _to("/account")
    signed_in(response, await sessions.begin(account_id, request.headers.get("User-Agent", "")))
    return response


async def _or_again(
    request: web.Request, act: Awaitable[None], template: str, form: dict[str, str], **also: Any
) -> web.Response | None:
    """``None`` if it went well; else the form again, filled in but for passwords, with the sentence."""
    try:
        await act
    except AccountError as error:
        filled = {name: value for name, value in form.items() if name in {"email", "display_name"}}
        response = _page(request, template, problem=error.sentence, form=filled, **also)
        response.set_status(429 if isinstance(error, TooMany) else 422)
        if isinstance(error, TooMany):
            response.headers["Retry-After"] = str(int(error.retry_after_s) + 1)
        return response
    return None


async def _count(request: web.Request, *tries: tuple[Limit, str]) -> None:
    for limit, subject in tries:
        await request.app[SERVICE].throttle.count(limit, subject)


def _from(request: web.Request) -> str:
    """Where a request comes from: of a proxy of ours, whose address all would have, what it says last."""
    if request.app[SERVICE].settings.behind_proxy:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return request.remote or ""


async def _form(request: web.Request, *names: str) -> dict[str, str]:
    """Those fields, empty where they are missing; files and whatever else came are left alone."""
    came = await request.post()
    return {name: value if isinstance(value := came.get(name, ""), str) else "" for name in names}


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


def _page(
    request: web.Request,
    template: str,
    *,
    problem: str | None = None,
    note: str | None = None,
    form: dict[str, str] | None = None,
    **facts: Any,
) -> web.Response:
    body = (
        _templates()
        .get_template(template)
        .render(
            person=request[PERSON],
            problem=problem,
            note=note,
            form={"email": "", "display_name": ""} | (form or {}),
            shortest=SHORTEST,
            longest=LONGEST,
            help=HELP,
            **facts,
        )
    )
    return web.Response(text=body, content_type="text/html")


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("uptrack_account.web"), undefined=StrictUndefined, autoescape=True)


@cache
def _stylesheet() -> str:
    return (files("uptrack_account.web") / "static" / "style.css").read_text("utf-8")
