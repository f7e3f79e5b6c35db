"""What programs ask: to be linked (RFC 8628), for their next token, to be unlinked (RFC 7009), to keep reports.

Answers are JSON, models of ``uptrack_bridges.account``. No cookie counts here, so that no page of another site can do
anything by a browser that is signed in.
"""

from __future__ import annotations

import re

from aiohttp import web
from pydantic import BaseModel, ValidationError

from uptrack_account.errors import AccountError, GrantRefused, ReportRefused, TooMany
from uptrack_account.machines.devices import Devices, account_name
from uptrack_account.machines.reports import NEWER
from uptrack_account.throttle import DELETION, DEVICE_FROM, REPORT
from uptrack_account.web.answers import NO_FORM, body_within, come_from, count_tries, form_of
from uptrack_account.web.gate import DEVICE, SERVICE, open_to, problem
from uptrack_account.web.openapi import Saying, says
from uptrack_bridges.account import (
    AUTHORIZE_PATH,
    CLIENT_ID,
    DEVICE_GRANT,
    DEVICE_PATH,
    MAX_UPLOAD_BYTES,
    MOST_LISTED,
    REFRESH_GRANT,
    REPORT_ID,
    REPORTS_PATH,
    REVOKE_PATH,
    SCOPE,
    TOKEN_PATH,
    AuthorizationForm,
    DeviceAuthorization,
    GrantRefusal,
    LinkedDevice,
    ReportKept,
    ReportList,
    ReportUpload,
    RevocationForm,
    TokenForm,
    Tokens,
)

routes = web.RouteTableDef()

LISTING: dict[str, dict[str, object]] = {
    "limit": {"type": "integer", "description": f"How many at most; more than {MOST_LISTED} count as that many."},
    "after": {"type": "string", "maxLength": 200, "description": "`next` of the list before."},
}


@routes.post(AUTHORIZE_PATH)
@open_to("any program")
@says(Saying({200: DeviceAuthorization, 400: GrantRefusal}, form=AuthorizationForm, refuses=(413, 429)))
async def authorize(request: web.Request) -> web.Response:
    """Two codes for a machine that wants to be linked (RFC 8628, 3.1)."""
    where = come_from(request)
    try:
        form = await _form(request, AuthorizationForm)
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
@says(Saying({200: Tokens, 400: GrantRefusal}, form=TokenForm, refuses=(413,)))
async def token(request: web.Request) -> web.Response:
    """Tokens for a code, or for a refresh token (RFC 8628, 3.4; RFC 6749, 6)."""
    try:
        form = await _form(request, TokenForm)
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
@says(Saying({200: None, 400: GrantRefusal}, form=RevocationForm, refuses=(413,)))
async def revoke(request: web.Request) -> web.Response:
    """Unlink the machine whose token it is; a token nobody knows is unlinked already (RFC 7009, 2.2)."""
    try:
        form = await _form(request, RevocationForm)
    except GrantRefused as refused:
        return _refusal(refused)
    await request.app[SERVICE].devices.unlink_by(form["token"])
    return web.Response(status=200)


@routes.get(DEVICE_PATH)
@open_to("linked machine")
@says(Saying({200: LinkedDevice}))
async def device(request: web.Request) -> web.Response:
    """Who it is that asks."""
    asking = request[DEVICE]
    name = await account_name(request.app[SERVICE].database, asking)
    return answer(LinkedDevice(id=asking.id, name=asking.name, account_id=asking.account_id, account=name))


@routes.put(f"{REPORTS_PATH}/{{id}}")
@open_to("linked machine")
@says(
    Saying(
        {200: ReportKept, 201: ReportKept},
        takes=ReportUpload,
        path={"id": REPORT_ID},
        refuses=(409, 410, 413, 422, 429),
    )
)
async def put_report(request: web.Request) -> web.Response:
    """Keep a report: 201 the first time, 200 for the same again."""
    report_id, asking, service = request.match_info["id"], request[DEVICE], request.app[SERVICE]
    if not re.fullmatch(REPORT_ID, report_id):
        return _no_id()
    try:
        await count_tries(request, (REPORT, asking.account_id))
        upload = _upload(await _body(request))
        kept = await service.reports.put(asking.account_id, asking.id, report_id, upload)
    except ReportRefused as refused:
        return problem(refused.status, refused.code, refused.sentence)
    except TooMany as error:
        return too_many(error)
    said = ReportKept(
        id=report_id, sha256=upload.sha256, readable=kept.readable, sentence=None if kept.readable else NEWER
    )
    return answer(said, 201 if kept.new else 200)


@routes.get(REPORTS_PATH)
@open_to("linked machine")
@says(Saying({200: ReportList}, query=LISTING, refuses=(400,)))
async def list_reports(request: web.Request) -> web.Response:
    """What is kept, in the order in which it came."""
    try:
        limit = min(MOST_LISTED, max(1, int(request.query.get("limit", MOST_LISTED))))
    except ValueError:
        return problem(400, "account.limit", f"Expected ?limit= as a number from 1 to {MOST_LISTED}.")
    try:
        found = await request.app[SERVICE].reports.listed(
            request[DEVICE].account_id, limit=limit, after=request.query.get("after")
        )
    except AccountError as error:
        return problem(400, error.code, error.sentence)
    return answer(found)


@routes.delete(f"{REPORTS_PATH}/{{id}}")
@open_to("linked machine")
@says(Saying({204: None}, path={"id": REPORT_ID}, refuses=(422, 429)))
async def delete_report(request: web.Request) -> web.Response:
    """Delete a report, and keep none under its id from now on; one that is not there is deleted already."""
    report_id = request.match_info["id"]
    if not re.fullmatch(REPORT_ID, report_id):
        return _no_id()
    account_id = request[DEVICE].account_id
    try:
        await count_tries(request, (DELETION, account_id))
    except TooMany as error:
        return too_many(error)
    await request.app[SERVICE].reports.delete(account_id, report_id)
    return web.Response(status=204)


def _no_id() -> web.Response:
    return problem(422, "report.id", "Expected 16 to 32 hexadecimal digits as a report's id.")


async def _body(request: web.Request) -> bytes:
    """The whole of it, unless it is too large; forms have a smaller limit of their own."""
    body = await body_within(request, MAX_UPLOAD_BYTES)
    if body is None:
        raise ReportRefused(
            413,
            "report.too_large",
            f"Expected a report of at most {MAX_UPLOAD_BYTES // 1024**2} MB; a larger one came.",
        )
    return body


def _upload(body: bytes) -> ReportUpload:
    try:
        return ReportUpload.model_validate_json(body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])[:200]
        raise ReportRefused(
            422,
            "report.request",
            f"Expected a report as docs/account.md has it, but {where or 'it'} is not as it should be.",
        ) from None


def answer(model: BaseModel, status: int = 200) -> web.Response:
    return web.Response(status=status, text=model.model_dump_json(), content_type="application/json")


def too_many(error: TooMany) -> web.Response:
    answered = problem(429, error.code, error.sentence)
    answered.headers["Retry-After"] = error.retry_after
    return answered


async def _form(request: web.Request, model: type[BaseModel]) -> dict[str, str]:
    """The fields of a form that our program has sent."""
    try:
        form = await form_of(request, *model.model_fields)
    except web.HTTPBadRequest as error:
        raise GrantRefused("invalid_request", error.text or NO_FORM) from error
    if form["client_id"] != CLIENT_ID:
        raise GrantRefused("invalid_client", f"Expected client_id={CLIENT_ID}.")
    return form


def _refusal(refused: GrantRefused) -> web.Response:
    return answer(GrantRefusal(error=refused.error, error_description=refused.sentence), 400)
