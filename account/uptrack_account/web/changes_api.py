"""What linked machines ask about changes: what came since, what it all has come to, and to take their own word."""

from __future__ import annotations

import re

from aiohttp import web
from pydantic import ValidationError

from uptrack_account.errors import AccountError, TooMany
from uptrack_account.machines.changes import START_AGAIN
from uptrack_account.throttle import DECISION
from uptrack_account.web.answers import count_tries
from uptrack_account.web.api import answer, too_many
from uptrack_account.web.gate import DEVICE, SERVICE, open_to, problem
from uptrack_account.web.openapi import Saying, says
from uptrack_bridges.account_changes import (
    CHANGES_PATH,
    FINDING,
    MOST_CHANGES,
    NO_PROJECT,
    PROJECT_KEY,
    PROJECTS_PATH,
    RESYNC,
    STATE_PATH,
    AccountState,
    ChangeList,
    Decision,
)

routes = web.RouteTableDef()

LIMIT: dict[str, object] = {
    "type": "integer",
    "minimum": 1,
    "description": f"How many at most; more than {MOST_CHANGES} count as that many.",
}
AFTER: dict[str, object] = {"type": "integer", "minimum": 0, "description": "`cursor` of the answer before."}
NEXT: dict[str, object] = {"type": "string", "maxLength": 400, "description": "`next` of the page before."}


@routes.get(CHANGES_PATH)
@open_to("linked machine")
@says(Saying({200: ChangeList}, query={"limit": LIMIT, "after": AFTER}, refuses=(400, 410)))
async def changes(request: web.Request) -> web.Response:
    """What came after; 410 where not all of it is kept one by one."""
    limit, after = _limit(request), request.query.get("after", "0")
    if limit is None or not re.fullmatch(r"\d{1,9}", after):
        return problem(400, "account.cursor", f"Expected ?after= a cursor, and ?limit= from 1 to {MOST_CHANGES}.")
    found = await request.app[SERVICE].changes.after(request[DEVICE].account_id, int(after), limit=limit)
    return problem(410, RESYNC, START_AGAIN) if found is None else answer(found)


@routes.get(STATE_PATH)
@open_to("linked machine")
@says(Saying({200: AccountState}, query={"limit": LIMIT, "after": NEXT}, refuses=(400,)))
async def state(request: web.Request) -> web.Response:
    """All that changes have come to, a page at a time."""
    if (limit := _limit(request)) is None:
        return problem(400, "account.limit", f"Expected ?limit= as a number from 1 to {MOST_CHANGES}.")
    try:
        found = await request.app[SERVICE].changes.state(
            request[DEVICE].account_id, limit=limit, after=request.query.get("after")
        )
    except AccountError as error:
        return problem(400, error.code, error.sentence)
    return answer(found)


@routes.put(f"{PROJECTS_PATH}/{{key}}/dismissals/{{about}}")
@open_to("linked machine")
@says(
    Saying({200: Decision}, takes=Decision, path={"key": PROJECT_KEY, "about": FINDING}, refuses=(404, 413, 422, 429))
)
async def decide(request: web.Request) -> web.Response:
    """Take a word about a finding or a rule; the answer is the word that counts now."""
    key, about, asking = request.match_info["key"], request.match_info["about"], request[DEVICE]
    if not re.fullmatch(PROJECT_KEY, key):
        return problem(422, "project.key", "Expected 64 hexadecimal digits as a project's key.")
    try:
        decision = Decision.model_validate_json(await request.read())
    except ValidationError:
        decision = None
    if decision is None or decision.about != about:
        return problem(422, "decision.request", "Expected what is decided as docs/account.md has it; it is not so.")
    try:
        await count_tries(request, (DECISION, asking.account_id))
    except TooMany as error:
        return too_many(error)
    standing = await request.app[SERVICE].dismissals.put(asking.account_id, key, decision)
    if standing is None:
        return problem(404, NO_PROJECT, "There is no report of that project here. Put one first.")
    return answer(standing)


def _limit(request: web.Request) -> int | None:
    try:
        limit = int(request.query.get("limit", MOST_CHANGES))
    except ValueError:
        return None
    return min(limit, MOST_CHANGES) if limit >= 1 else None
