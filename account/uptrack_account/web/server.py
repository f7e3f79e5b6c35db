"""The web server as a block: listening inside it, gone after it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from uptrack_account.service import Service
from uptrack_account.web import (
    api,
    billing_pages,
    changes_api,
    device_pages,
    dismissal_pages,
    openapi,
    pages,
    policy_pages,
    push,
    report_pages,
    settings_pages,
    stripe_hook,
    upload_api,
    upload_pages,
)
from uptrack_account.web.answers import refusal, sentence_of
from uptrack_account.web.gate import BEGUN, REQUEST_ID, SERVICE, gate, headers_of, problem, route_of
from uptrack_account.web.observe import begin, observe
from uptrack_analysis.errors import Unavailable

log = logging.getLogger(__name__)

MAX_FORM_BYTES = 64 * 1024
SHUTDOWN_S = 5.0
API_ROOT = "/v1/"
PAGES = (
    *pages.routes,
    *settings_pages.routes,
    *policy_pages.routes,
    *device_pages.routes,
    *report_pages.routes,
    *dismissal_pages.routes,
    *upload_pages.routes,
    *billing_pages.routes,
    *openapi.routes,
)
"""For people."""
PROGRAMS = (*api.routes, *changes_api.routes, *upload_api.routes, *push.routes, *stripe_hook.routes)
"""For programs: people's machines, and Stripe."""


def make_app(service: Service) -> web.Application:
    app = web.Application(middlewares=[observe, _explain, gate], client_max_size=MAX_FORM_BYTES)
    app[SERVICE] = service
    app[pages.PACKING] = set()
    app[push.OPEN] = push.Channels()
    app.on_response_prepare.append(begin)
    app.on_shutdown.append(push.close_all)
    app.add_routes([*PAGES, *PROGRAMS])
    app[openapi.DOCUMENT] = openapi.document_of(app)
    return app


@asynccontextmanager
async def serve(service: Service) -> AsyncIterator[int]:
    """Listen while the block runs, on the port that is yielded.

    Raises
    ------
    Unavailable
        The port is taken, or may not be used; code ``account.port``.
    """
    host, port = service.settings.host, service.settings.port
    runner = web.AppRunner(make_app(service), access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise Unavailable(
                f"Expected to listen on port {port} of {host}, but {(error.strerror or str(error)).lower()}. Set "
                "UPTRACK_ACCOUNT_PORT to another, or 0 for any.",
                code="account.port",
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A sentence for whatever a handler or the gate raises, and of what broke nothing.

    What breaks when a part of the answer was sent breaks the connection: who asked sees that it is not all.
    """
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        by_aiohttp = error.status == 413 or error.text == f"{error.status}: {error.reason}"
        response = _refused(request, error.status, None if by_aiohttp else error.text)
        for name in ("Allow", "Retry-After"):
            if name in error.headers:
                response.headers[name] = error.headers[name]
    except Exception as error:
        if isinstance(error, ConnectionError) and (request.transport is None or request.transport.is_closing()):
            return web.Response(status=400)  # who asked hung up: no fault of ours, and nobody reads the answer
        log.exception("%s failed", route_of(request), extra={"request_id": request[REQUEST_ID]})
        response = _refused(request, 500)
        if request.get(BEGUN) and request.transport is not None:
            request.transport.abort()
    response.headers.update(headers_of(request))
    return response


def _refused(request: web.Request, status: int, said: str | None = None) -> web.Response:
    """As a problem to who asks below ``/v1/``, whether or not there is such an address; else as ``refusal``."""
    if request.path.startswith(API_ROOT):
        return problem(status, f"http.{status}", said or sentence_of(request, status))
    return refusal(request, status, said)
