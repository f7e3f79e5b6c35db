"""The pages on which a machine is linked to an account, and on which linked machines are listed and ended.

A person types the code their machine shows, or follows its link, which fills the code in and confirms nothing: what is
asked for is shown first, with where it came from, because a code can be sent to somebody as a trap (RFC 8628, 5.4). Who
gave their password more than a quarter of an hour ago gives it again.
"""

from __future__ import annotations

from aiohttp import web

from uptrack_account.machines.devices import Asking, shown, typed
from uptrack_account.throttle import LINK_CODE, LINK_CODE_FROM
from uptrack_account.web.answers import come_from, count_tries, form_of, or_again, page, see
from uptrack_account.web.gate import SERVICE, open_to, person_of
from uptrack_account.web.settings_pages import needs_proof, prove_again

routes = web.RouteTableDef()


@routes.get("/link")
@open_to("signed in")
async def link(request: web.Request) -> web.Response:
    code = typed(request.query.get("user_code", ""))
    return page(request, "link.html", form={"user_code": shown(code) if code else ""})


@routes.post("/link")
@open_to("signed in")
async def linking(request: web.Request) -> web.Response:
    """Which machine asks."""
    form = await form_of(request, "user_code")
    found = list[Asking]()

    async def act() -> None:
        await _count(request)
        found.append(await request.app[SERVICE].devices.asking(form["user_code"]))

    return await or_again(request, act(), "link.html", form) or page(
        request, "link_confirm.html", asking=found[0], ask_password=needs_proof(request)
    )


@routes.post("/link/answer")
@open_to("signed in")
async def answering(request: web.Request) -> web.Response:
    form = await form_of(request, "user_code", "answer", "password")
    service, person = request.app[SERVICE], person_of(request)
    allowed, found = form["answer"] == "allow", list[Asking]()

    async def look() -> None:
        await _count(request)
        found.append(await service.devices.asking(form["user_code"]))

    if (failed := await or_again(request, look(), "link.html", form)) is not None:
        return failed
    if allowed and needs_proof(request):
        proof, also = prove_again(request, form["password"]), {"asking": found[0], "ask_password": True}
        if (failed := await or_again(request, proof, "link_confirm.html", form, **also)) is not None:
            return failed

    async def act() -> None:
        await service.devices.answer(person.account_id, form["user_code"], allowed=allowed)
        await service.throttle.forget(LINK_CODE, person.account_id)

    return await or_again(request, act(), "link.html", form) or page(request, "link_done.html", allowed=allowed)


@routes.get("/devices")
@open_to("signed in")
async def devices(request: web.Request) -> web.Response:
    return page(request, "devices.html", devices=await request.app[SERVICE].devices.of(person_of(request).account_id))


@routes.post("/devices/{id}/end")
@open_to("signed in")
async def ending(request: web.Request) -> web.Response:
    if not await request.app[SERVICE].devices.unlink(person_of(request).account_id, request.match_info["id"]):
        raise web.HTTPNotFound(text="There is no such machine linked.")
    return see("/devices")


async def _count(request: web.Request) -> None:
    await count_tries(request, (LINK_CODE_FROM, come_from(request)), (LINK_CODE, person_of(request).account_id))
