"""What one changes about one's own account beside name and password: the address, and which letters come.

``prove_again`` is what other pages ask, too, before something that a browser left alone must not be able to do.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from uptrack_account.people.accounts import known_as
from uptrack_account.throttle import LETTER, LETTER_FROM, SIGN_IN, SIGN_IN_FROM
from uptrack_account.web.answers import come_from, count_tries, form_of, or_again, page, see
from uptrack_account.web.gate import PERSON, RENEWED, SERVICE, open_to, person_of, signed_out

routes = web.RouteTableDef()


def needs_proof(request: web.Request) -> bool:
    """Whether the password was given too long ago to go on without it."""
    return not request.app[SERVICE].sessions.is_recent(person_of(request))


async def prove_again(request: web.Request, password: str) -> None:
    """That it is still they; good for a quarter of an hour.

    Raises
    ------
    Refused, TooMany
        It is another password.
    """
    person, service = person_of(request), request.app[SERVICE]
    await count_tries(request, (SIGN_IN, person.email))
    await service.accounts.prove(person, password)
    await service.throttle.forget(SIGN_IN, person.email)
    request[RENEWED] = await service.sessions.proved(person)


@routes.get("/account/email")
@open_to("signed in")
async def email(request: web.Request) -> web.Response:
    return page(request, "email.html")


@routes.post("/account/email")
@open_to("signed in")
async def changing_email(request: web.Request) -> web.Response:
    form = await form_of(request, "email", "password")
    person, service = person_of(request), request.app[SERVICE]

    async def act() -> None:
        await count_tries(request, (SIGN_IN, person.email))
        await count_tries(request, (LETTER_FROM, come_from(request)), (LETTER, known_as(form["email"])))
        await service.addresses.ask(person, form["email"], form["password"])

    return await or_again(request, act(), "email.html", form) or page(
        request, "letter_sent.html", email=form["email"], why="to prove that it is yours"
    )


@routes.get("/address/{token}")
@open_to("anybody")
async def address(request: web.Request) -> web.Response:
    return page(request, "address.html", token=request.match_info["token"])


@routes.post("/address/{token}")
@open_to("anybody")
async def proving_address(request: web.Request) -> web.Response:
    form = await form_of(request, "password")
    service, token = request.app[SERVICE], request.match_info["token"]

    async def act() -> None:
        await count_tries(request, (SIGN_IN_FROM, come_from(request)), (SIGN_IN, token))
        await service.addresses.change(token, form["password"])

    if (failed := await or_again(request, act(), "address.html", form, token=token)) is not None:
        return failed
    request[PERSON] = None
    response = page(request, "address_changed.html")
    signed_out(response)
    return response


@routes.get("/account/mail")
@open_to("signed in")
async def mail(request: web.Request) -> web.Response:
    return page(request, "mail.html", **await _wanted(request))


@routes.post("/account/mail")
@open_to("signed in")
async def preferring(request: web.Request) -> web.Response:
    form = await form_of(request, "wants_news")
    await request.app[SERVICE].accounts.prefer(person_of(request), wants_news=form["wants_news"] == "yes")
    return see("/account/mail")


async def _wanted(request: web.Request) -> dict[str, Any]:
    facts = await request.app[SERVICE].accounts.facts(person_of(request).account_id)
    return {"wants_news": facts.wants_news}
