"""Audio that a linked machine sends, if its owner chose to, and what became of it.

The body is the audio and nothing else; what is said of it stands in the query. Names are there only if the machine's
owner lets names be sent.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from aiohttp import web

from uptrack_account.audio.objects import StoreAway
from uptrack_account.audio.uploads import MIB, NO_UPLOAD, Arriving, Upload, too_large
from uptrack_account.errors import TooMany, UploadRefused
from uptrack_account.throttle import UPLOAD
from uptrack_account.web.answers import count_tries
from uptrack_account.web.api import answer, too_many
from uptrack_account.web.gate import DEVICE, SERVICE, open_to, problem
from uptrack_account.web.openapi import Saying, says
from uptrack_bridges.account import REPORT_ID, UPLOADS_PATH, UploadState

routes = web.RouteTableDef()

DIGEST = r"[0-9a-f]{64}"
LONGEST_NAME = 1_000
SAID: dict[str, dict[str, object]] = {
    "sha256": {"type": "string", "pattern": f"^{DIGEST}$", "description": "Of the audio; without it nothing is taken."},
    "project": {"type": "string", "pattern": f"^{DIGEST}$", "description": "The project's key, as of a report."},
    "keep_days": {"type": "integer", "minimum": 0, "maximum": 7, "description": "After the analysis."},
    "name": {"type": "string", "maxLength": LONGEST_NAME, "description": "Of the file, with its owner's consent."},
    "project_name": {"type": "string", "maxLength": LONGEST_NAME, "description": "With its owner's consent."},
}


@routes.put(f"{UPLOADS_PATH}/{{id}}")
@open_to("linked machine")
@says(
    Saying(
        {200: UploadState, 201: UploadState},
        takes="application/octet-stream",
        path={"id": REPORT_ID},
        query=SAID,
        refuses=(409, 410, 413, 415, 422, 429, 503),
    )
)
async def put_upload(request: web.Request) -> web.Response:
    """Take audio to be analysed: 201 the first time, 200 for the same again."""
    asking, service = request[DEVICE], request.app[SERVICE]
    try:
        await count_tries(request, (UPLOAD, asking.account_id))
        arriving = _arriving(request, asking.id)
        most = service.settings.upload_mb * MIB
        if (request.content_length or 0) > most:
            raise too_large(most)
        taken = await service.uploads.take(asking.account_id, arriving, _body(request))
    except UploadRefused as refused:
        return problem(refused.status, refused.code, refused.sentence)
    except TooMany as error:
        return too_many(error)
    except StoreAway as error:
        return problem(503, error.code, error.sentence)
    return answer(_state(taken.upload), 201 if taken.new else 200)


@routes.get(f"{UPLOADS_PATH}/{{id}}")
@open_to("linked machine")
@says(Saying({200: UploadState}, path={"id": REPORT_ID}, refuses=(404,)))
async def get_upload(request: web.Request) -> web.Response:
    """What became of it."""
    upload = await request.app[SERVICE].uploads.get(request[DEVICE].account_id, request.match_info["id"])
    return problem(404, "upload.missing", NO_UPLOAD) if upload is None else answer(_state(upload))


@routes.delete(f"{UPLOADS_PATH}/{{id}}")
@open_to("linked machine")
@says(Saying({204: None}, path={"id": REPORT_ID}, refuses=(410,)))
async def delete_upload(request: web.Request) -> web.Response:
    """Delete its audio now; its report stays. One that is not there has none."""
    try:
        await request.app[SERVICE].uploads.delete(request[DEVICE].account_id, request.match_info["id"])
    except UploadRefused as refused:
        return problem(refused.status, refused.code, refused.sentence)
    return web.Response(status=204)


def _arriving(request: web.Request, device_id: str) -> Arriving:
    said, upload_id = request.query, request.match_info["id"]
    days = said.get("keep_days", "")
    wrong = [
        what
        for what, right in (
            ("16 to 32 hexadecimal digits as an upload's id", re.fullmatch(REPORT_ID, upload_id)),
            ("?sha256= of the audio", re.fullmatch(DIGEST, said.get("sha256", ""))),
            ("?project= as 64 hexadecimal digits", re.fullmatch(DIGEST, said.get("project", "0" * 64))),
            ("?keep_days= from 0 to 7", re.fullmatch(r"[0-7]?", days)),
            (f"names of at most {LONGEST_NAME} letters", all(len(value) <= LONGEST_NAME for value in said.values())),
        )
        if not right
    ]
    if wrong:
        raise UploadRefused(422, "upload.request", f"Expected {wrong[0]}, as docs/account.md has it.")
    return Arriving(
        id=upload_id,
        name=said.get("name"),
        project_key=said.get("project"),
        project_name=said.get("project_name"),
        keep_days=int(days) if days else None,
        sha256=said["sha256"],
        device_id=device_id,
    )


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    async for piece in request.content.iter_any():
        yield piece


def _state(upload: Upload) -> UploadState:
    return UploadState(
        id=upload.id,
        sha256=upload.sha256,
        state=upload.state,
        sentence=upload.reason,
        report_id=upload.report_id,
        delete_by=upload.delete_by,
        deleted_at=upload.deleted_at,
    )
