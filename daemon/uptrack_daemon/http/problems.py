"""Errors over HTTP as problem documents (RFC 9457): a status, our code and the sentence, never a traceback."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from uptrack_analysis.errors import BadInput, NothingToMeasure, Unavailable, UpTrackError

log = logging.getLogger(__name__)

STATUS_TITLES = {
    400: "Bad request",
    401: "Not authorised",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    415: "Unsupported media type",
    421: "Misdirected request",
    422: "Nothing to measure",
    500: "Internal error",
    503: "Unavailable",
}


def problem(status: int, code: str, sentence: str) -> web.Response:
    """One problem document."""
    return web.json_response(
        {
            "type": f"urn:uptrack:{code}",
            "title": STATUS_TITLES.get(status, "Error"),
            "status": status,
            "detail": sentence,
        },
        status=status,
        content_type="application/problem+json",
    )


def status_of(error: UpTrackError) -> int:
    match error:
        case BadInput():
            return 404 if error.code.endswith(".unknown") else 400
        case NothingToMeasure():
            return 422
        case Unavailable():
            return 503
        case _:
            return 500


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a problem document."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem(error.status, f"http.{error.status}", error.text or error.reason)
    except UpTrackError as error:
        return problem(status_of(error), error.code, error.sentence)
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return problem(500, "internal", "The daemon could not answer; its log has the details.")
