"""How pages answer: a template, the form again with one sentence, the way to another page, or why there is none."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from uptrack_account.errors import AccountError, TooMany
from uptrack_account.letters import HELP
from uptrack_account.people.passwords import LONGEST, SHORTEST
from uptrack_account.throttle import Limit
from uptrack_account.web.gate import PERSON, REQUEST_ID, SERVICE

REFUSED = {
    403: ("Refused", "That is not allowed, and nothing was done."),
    404: ("Not here", "There is nothing at this address. It may have been deleted, or mistyped."),
    405: (
        "Not this way",
        "This address only takes what one of our forms sends. Go back to the form, and send it again.",
    ),
    413: ("Too much", "That is more than a form of ours sends, and nothing was done."),
    429: ("Too often", "That came too often, and nothing was done. Try again in a while."),
    500: ("Something went wrong", "Something went wrong here, and nothing was done. Try again in a while."),
}
"""What each status is called, and what it says if nothing else was said."""

NO_FORM = "Expected a form, as application/x-www-form-urlencoded in UTF-8; what came could not be read as one."
FILLED = ("email", "display_name", "link", "user_code")
"""Fields that a form keeps when it is shown again."""


async def or_again(
    request: web.Request, act: Awaitable[None], template: str, form: dict[str, str], **also: Any
) -> web.Response | None:
    """``None`` if it went well; else the form again, filled in but for passwords, with the sentence."""
    try:
        await act
    except AccountError as error:
        filled = {name: value for name, value in form.items() if name in FILLED}
        response = page(request, template, problem=error.sentence, form=filled, **also)
        response.set_status(429 if isinstance(error, TooMany) else 422)
        if isinstance(error, TooMany):
            response.headers["Retry-After"] = error.retry_after
        return response
    return None


async def body_within(request: web.Request, most_bytes: int) -> bytes | None:
    """The body as it came; ``None`` if it is too large, as no length need say: it may be compressed, or in pieces."""
    if (request.content_length or 0) > most_bytes:
        return None
    read = bytearray()
    async for piece in request.content.iter_any():
        read += piece
        if len(read) > most_bytes:
            return None
    return bytes(read)


def refusal(request: web.Request, status: int, said: str | None = None) -> web.Response:
    """Why there is no page: as a page to who reads pages, the sentence alone to everybody else."""
    title = REFUSED.get(status, ("That did not work", ""))[0]
    sentence = said or sentence_of(request, status)
    if "text/html" not in request.headers.get("Accept", ""):
        return web.Response(status=status, text=f"{sentence}\n")
    response = page(request, "refused.html", refused=title, sentence=sentence)
    response.set_status(status)
    return response


def sentence_of(request: web.Request, status: int) -> str:
    """What a status says if nothing else was said; what is our fault, also to whom."""
    sentence = REFUSED.get(status, ("", "Nothing was done."))[1]
    if status < 500:
        return sentence
    return f"{sentence} If it stays so, write to {HELP}, and name {request[REQUEST_ID]}."


async def count_tries(request: web.Request, *tries: tuple[Limit, str]) -> None:
    for limit, subject in tries:
        await request.app[SERVICE].throttle.count(limit, subject)


def come_from(request: web.Request) -> str:
    """Where a request comes from: of a proxy of ours, whose address all would have, what it says last."""
    if request.app[SERVICE].settings.behind_proxy:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return request.remote or ""


async def form_of(request: web.Request, *names: str) -> dict[str, str]:
    """Those fields, empty where they are missing; files and whatever else came are left alone.

    Raises
    ------
    HTTPBadRequest
        What came says that it is a form, and is none.
    """
    try:
        came = await request.post()
    except (ValueError, LookupError, RuntimeError, web.RequestPayloadError) as error:  # what the parts of a form raise
        raise web.HTTPBadRequest(text=NO_FORM) from error
    return {name: value if isinstance(value := came.get(name, ""), str) else "" for name in names}


def see(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


def page(
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
            policy_news=(one := request[PERSON]) is not None
            and request.app[SERVICE].policy.is_news_to(one.policy_seen),
            problem=problem,
            note=note,
            form=dict.fromkeys(FILLED, "") | (form or {}),
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
def static(name: str) -> str:
    return (files("uptrack_account.web") / "static" / name).read_text("utf-8")
