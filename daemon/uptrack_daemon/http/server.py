"""The web server as a block: listening inside it, gone after it."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from uptrack_analysis.errors import Unavailable
from uptrack_daemon.http.gate import KEYS, PORT, gate
from uptrack_daemon.http.keys import Keys
from uptrack_daemon.http.problems import explain

MAX_BODY_BYTES = 1 << 20
SHUTDOWN_S = 2.0
"""What open connections are given when the server stops; a DAW's WebSocket was said goodbye to before."""


@asynccontextmanager
async def serve_http(
    keys: Keys, routes: Iterable[web.AbstractRouteDef], *, port: int
) -> AsyncIterator[web.Application]:
    """Serve ``routes`` on 127.0.0.1 while the block runs; ``app[PORT][0]`` is the port.

    Raises
    ------
    Unavailable
        The port is taken or may not be used; code ``daemon.port``.
    """
    app = web.Application(middlewares=[gate, explain], client_max_size=MAX_BODY_BYTES)
    app[KEYS] = keys
    app[PORT] = []
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        try:
            await site.start()
        except OSError as error:
            raise port_unavailable("HTTP", port, error) from error
        app[PORT].append(runner.addresses[0][1])
        yield app
    finally:
        await runner.cleanup()


def port_unavailable(what: str, port: int, error: OSError) -> Unavailable:
    """The sentence for a port that cannot be listened on."""
    if error.errno == errno.EADDRINUSE:
        reason = "another program uses it"
    elif error.errno == errno.EACCES:
        reason = "ports below 1024 need rights UpTrack does not ask for"
    else:
        reason = error.strerror or type(error).__name__
    return Unavailable(
        f"Expected to listen for {what} on port {port} of 127.0.0.1, but {reason}: choose another one in config.toml, "
        "or 0 for any free one.",
        code="daemon.port",
    )
