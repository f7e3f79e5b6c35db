"""What programs ask: to be linked (RFC 8628), for their next token, to be unlinked (RFC 7009).

Answers are JSON, models of ``uptrack_bridges.account``. No cookie counts here, so that no page of another site can do
anything by a browser that is signed in.
"""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel

from uptrack_account.devices import Devices, account_name
from uptrack_account.errors import GrantRefused, TooMany
from uptrack_account.throttle import DEVICE_FROM
from uptrack_account.web.answers import come_from, count_tries, form_of
from uptrack_account.web.gate import DEVICE, SERVICE, open_to, problem
from uptrack_bridges.account import (
    AUTHORIZE_PATH,
    CLIENT_ID,
    DEVICE_GRANT,
    DEVICE_PATH,
    REFRESH_GRANT,
    REVOKE_PATH,
    SCOPE,
    TOKEN_PATH,
    GrantRefusal,
    LinkedDevice,
    Tokens,
)

routes = web.RouteTableDef()


@routes.post(AUTHORIZE_PATH)
@open_to("any program")
async def authorize(request: web.Request) -> web.Response:
    """Two codes for a machine that wants to be linked (RFC 8628, 3.1)."""
    form = await form_of(request, "client_id", "scope", "device_name", "device_system")
    where = come_from(request)
    try:
        _check_client(form["client_id"])
        await count_tries(request, (DEVICE_FROM, where))
        asked = await request.app[SERVICE].devices.ask(
            form["device_name"], form["device_system"], where, form["scope"] or SCOPE
        )
    except GrantRefused as refused:
        return _refusal(refused)
    except TooMany as error:
        return too_many(error)
    return answer(asked)


@routes.post(TOKEN_PATH)
@open_to("any program")
async def token(request: web.Request) -> web.Response:
    """Tokens for a code, or for a refresh token (RFC 8628, 3.4; RFC 6749, 6)."""
    form = await form_of(request, "client_id", "grant_type", "device_code", "refresh_token")
    try:
        _check_client(form["client_id"])
        return answer(await _granted(request.app[SERVICE].devices, form))
    except GrantRefused as refused:
        return _refusal(refused)


async def _granted(devices: Devices, form: dict[str, str]) -> Tokens:
    if form["grant_type"] == DEVICE_GRANT:
        return await devices.fetch(form["device_code"])
    if form["grant_type"] == REFRESH_GRANT:
        return await devices.refresh(form["refresh_token"])
    raise GrantRefused("unsupported_grant_type", f"Expected the grant {DEVICE_GRANT} or {REFRESH_GRANT}.")


@routes.post(REVOKE_PATH)
@open_to("any program")
async def revoke(request: web.Request) -> web.Response:
    """Unlink the machine whose token it is; a token nobody knows is unlinked already (RFC 7009, 2.2)."""
    form = await form_of(request, "client_id", "token")
    try:
        _check_client(form["client_id"])
    except GrantRefused as refused:
        return _refusal(refused)
    await request.app[SERVICE].devices.unlink_by(form["token"])
    return web.Response(status=200)


@routes.get(DEVICE_PATH)
@open_to("linked machine")
async def device(request: web.Request) -> web.Response:
    """Who it is that asks."""
    asking = request[DEVICE]
    name = await account_name(request.app[SERVICE].database, asking)
    return answer(LinkedDevice(id=asking.id, name=asking.name, account_id=asking.account_id, account=name))


def answer(model: BaseModel, status: int = 200) -> web.Response:
    return web.Response(status=status, text=model.model_dump_json(), content_type="application/json")


def too_many(error: TooMany) -> web.Response:
    answered = problem(429, error.code, error.sentence)
    answered.headers["Retry-After"] = str(int(error.retry_after_s) + 1)
    return answered


def _check_client(client_id: str) -> None:
    if client_id != CLIENT_ID:
        raise GrantRefused("invalid_client", f"Expected client_id={CLIENT_ID}.")


def _refusal(refused: GrantRefused) -> web.Response:
    return answer(GrantRefusal(error=refused.error, error_description=refused.sentence), 400)
