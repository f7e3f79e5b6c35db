"""Around every request: a number to find it by, a line in the log, a count; and the counts, on a port of their own.

The line and the count name the pattern of a route. Who asked, from where, with what and for which is in neither.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from uptrack_account.metrics import OTHER
from uptrack_account.service import Service
from uptrack_account.web.gate import BEGUN, REQUEST_ID, SERVICE, open_to, route_of
from uptrack_analysis.errors import Unavailable

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
HEADER = "X-Request-Id"


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost of all, so that refusals are counted too."""
    began, status = time.perf_counter(), 500
    request[REQUEST_ID] = secrets.token_hex(8)
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        took_s, route = time.perf_counter() - began, route_of(request) or OTHER
        request.app[SERVICE].metrics.answered(route, request.method, status, took_s)
        told = {"request_id": request[REQUEST_ID], "route": route, "status": status, "ms": round(took_s * 1000, 1)}
        log.info("answered", extra=told | {"method": request.method if request.method.isalpha() else OTHER})


async def begin(request: web.Request, response: web.StreamResponse) -> None:
    """Of every answer just before its head goes, also of one that is sent as it is read."""
    response.headers[HEADER] = request[REQUEST_ID]
    request[BEGUN] = True


@asynccontextmanager
async def serve_metrics(service: Service, port: int) -> AsyncIterator[int]:
    """``/metrics`` to this machine alone, while the block runs; with port 0 nobody listens.

    Raises
    ------
    Unavailable
        The port is taken; code ``account.port``.
    """
    if not port:
        yield 0
        return
    app = web.Application()
    app[SERVICE] = service
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, LOOPBACK, port).start()
        except OSError as error:
            raise Unavailable(
                f"Expected to serve metrics on port {port} of {LOOPBACK}, but "
                f"{(error.strerror or str(error)).lower()}. Set "
                "UPTRACK_ACCOUNT_METRICS_PORT, or a worker's --metrics-port, to another, or 0 for none.",
                code="account.port",
            ) from error
        yield port
    finally:
        await runner.cleanup()


@open_to("anybody")
async def metrics(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    body = await service.metrics.page(service.database)
    return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
