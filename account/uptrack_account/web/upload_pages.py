"""The pages of uploads: what was sent and what became of it, a form to send more, a receipt of each, and its audio.

The form is the one place of the site at which more than a form's worth of bytes may come in; they are passed on to the
object store as they arrive. Its fields stand before the file, so that they are known when the file begins.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast
from urllib.parse import quote

from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.http_exceptions import BadHttpMessage

from uptrack_account.audio.objects import ObjectMissing, StoreAway
from uptrack_account.audio.uploads import MIB, NO_UPLOAD, Arriving, Upload, too_large
from uptrack_account.errors import AccountError, TooMany, UploadRefused
from uptrack_account.store.models import new_id
from uptrack_account.throttle import UPLOAD
from uptrack_account.web.answers import count_tries, page, see
from uptrack_account.web.gate import SERVICE, headers_of, open_to, person_of
from uptrack_account.web.report_pages import called

routes = web.RouteTableDef()

LONGEST_FIELD = 1_000
FIELDS = frozenset({"project", "project_name", "keep_days"})
MOST_PARTS = len(FIELDS) + 1
MOST_BEFORE_BYTES = 32 * 1024
"""Of all that stands before the file: three fields, and four heads."""
MOST_KEPT_DAYS = 7
CONTENT_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}
STATES = {
    "waiting": "waiting to be analysed",
    "analysing": "being analysed",
    "done": "analysed",
    "failed": "not analysed",
    "deleted": "deleted before it was analysed",
}
NO_FILE = "Expected a WAV or MP3 file; none was chosen."


@routes.get("/uploads")
@open_to("signed in")
async def uploads(request: web.Request) -> web.Response:
    return await _page(request)


@routes.post("/uploads")
@open_to("signed in")
async def sending(request: web.Request) -> web.Response:
    """Take a file, or the page again with the sentence that says why not."""
    service, account_id = request.app[SERVICE], person_of(request).account_id
    try:
        await count_tries(request, (UPLOAD, account_id))
        if (request.content_length or 0) > service.settings.upload_mb * MIB + MOST_BEFORE_BYTES:
            raise too_large(service.settings.upload_mb * MIB)
        arriving, pieces = await _arriving(request)
        await service.uploads.take(account_id, arriving, pieces)
    except UploadRefused as refused:
        return await _page(request, problem=refused.sentence, status=refused.status)
    except TooMany as error:
        answer = await _page(request, problem=error.sentence, status=429)
        answer.headers["Retry-After"] = error.retry_after
        return answer
    except AccountError as error:
        return await _page(request, problem=error.sentence, status=422)
    except StoreAway as error:
        return await _page(request, problem=error.sentence, status=503)
    return see("/uploads")


@routes.get("/uploads/{id}")
@open_to("signed in")
async def receipt(request: web.Request) -> web.Response:
    upload = await _mine(request)
    reports = request.app[SERVICE].reports
    has_report = upload.report_id is not None and await reports.get(upload.account_id, upload.report_id) is not None
    return page(request, "upload.html", upload=upload, states=STATES, has_report=has_report)


@routes.get("/uploads/{id}/audio")
@open_to("signed in")
async def audio(request: web.Request) -> web.StreamResponse:
    """Its owner's own download, byte for byte as it came."""
    upload = await _mine(request)
    if not upload.is_held:
        raise web.HTTPNotFound(text="The audio of this upload was deleted.")
    name = quote(upload.name or f"upload.{upload.kind}", safe="")
    response = web.StreamResponse(headers=headers_of(request))
    response.content_type, response.content_length = CONTENT_TYPES[upload.kind], upload.bytes
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    if request.method == "HEAD":
        return response
    pieces = request.app[SERVICE].objects.read(upload.object_key)
    try:
        first = await anext(pieces, b"")
    except ObjectMissing:
        raise web.HTTPNotFound(text="The audio of this upload was deleted.") from None
    except StoreAway as error:
        raise web.HTTPServiceUnavailable(text=error.sentence) from None
    await response.prepare(request)
    await response.write(first)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


@routes.post("/uploads/{id}/delete")
@open_to("signed in")
async def deleting(request: web.Request) -> web.Response:
    upload = await _mine(request)
    await request.app[SERVICE].uploads.delete(upload.account_id, upload.id)
    return see(f"/uploads/{upload.id}")


async def _page(request: web.Request, *, problem: str | None = None, status: int = 200) -> web.Response:
    service, account_id = request.app[SERVICE], person_of(request).account_id
    settings = service.settings
    used, allowed = await service.uploads.left_this_month(account_id)
    projects = [(one.id, called(one)) for one in await service.reports.projects(account_id)]
    response = page(
        request,
        "uploads.html",
        problem=problem,
        uploads=await service.uploads.of(account_id),
        states=STATES,
        projects=projects,
        used=used,
        allowed=allowed,
        keep_days=settings.keep_days,
        most_days=MOST_KEPT_DAYS,
        most_mb=settings.upload_mb,
        most_minutes=settings.upload_minutes,
    )
    response.set_status(status)
    return response


async def _arriving(request: web.Request) -> tuple[Arriving, AsyncIterator[bytes]]:
    """The fields, and the file that follows them.

    Raises
    ------
    UploadRefused
        422: it is no such form, has no file, or more before it than our form has. What comes costs time for every part
        and line of it, not only for every byte.
    """
    if request.content_type != "multipart/form-data":
        raise UploadRefused(422, "upload.form", NO_FILE)
    said = dict[str, str]()
    body = _Counted(request.content)
    try:
        form = MultipartReader(request.headers, cast("StreamReader", body))
        for _ in range(MOST_PARTS):
            part = await form.next()
            if part is None or isinstance(part, MultipartReader):
                break
            if part.name == "audio" and part.filename:
                body.most = None  # from here on the file's own size is counted
                return _from_form(said, part.filename), _pieces(part)
            if part.name in FIELDS:
                said[part.name] = await _text(part)
    except (ValueError, LookupError, RuntimeError, BadHttpMessage):  # what a reader of parts raises
        pass  # no multipart after all
    raise UploadRefused(422, "upload.form", NO_FILE)


def _from_form(said: dict[str, str], filename: str) -> Arriving:
    days = said.get("keep_days", "")
    if days and (not days.isdecimal() or int(days) > MOST_KEPT_DAYS):
        raise UploadRefused(422, "upload.days", f"Expected 0 to {MOST_KEPT_DAYS} days to keep the audio for.")
    named = said.get("project_name", "").strip() or filename.rpartition(".")[0] or filename
    return Arriving(
        id=new_id(),
        name=filename,
        project_id=said.get("project") or None,
        project_name=named,
        keep_days=int(days) if days else None,
    )


class _Counted:
    """A body as a reader of its parts asks for it, which ends with an error after so many bytes."""

    def __init__(self, body: StreamReader) -> None:
        self.most: int | None = MOST_BEFORE_BYTES
        self._body = body
        self._read = 0

    async def read(self, n: int = -1) -> bytes:
        return self._counted(await self._body.read(n))

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        return self._counted(await self._body.readline(max_line_length=max_line_length))

    def unread_data(self, data: bytes) -> None:
        self._read -= len(data)
        self._body.unread_data(data)

    def at_eof(self) -> bool:
        return self._body.at_eof()

    def _counted(self, read: bytes) -> bytes:
        self._read += len(read)
        if self.most is not None and self._read > self.most:
            raise UploadRefused(422, "upload.form", NO_FILE)
        return read


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(65_536):
        yield piece


async def _text(part: BodyPartReader) -> str:
    read = bytearray()
    while piece := await part.read_chunk(LONGEST_FIELD):
        read += piece
        if len(read) > LONGEST_FIELD:
            raise UploadRefused(422, "upload.form", f"Expected at most {LONGEST_FIELD} letters in a field; more came.")
    return read.decode("utf-8", errors="replace")


async def _mine(request: web.Request) -> Upload:
    upload = await request.app[SERVICE].uploads.get(person_of(request).account_id, request.match_info["id"])
    if upload is None:
        raise web.HTTPNotFound(text=NO_UPLOAD)
    return upload
