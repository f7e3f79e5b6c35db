"""A way to a site on which requests are lost, cut, doubled, repeated late, and answered by somebody who is overloaded.

It takes HTTP requests on a port of its own and does with each what it was dealt: a fault by name, or ``pass``.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

from uptrack_bridges.account import REVOKE_PATH, TOKEN_PATH

FAULTS = ("lost", "cut", "answer lost", "answer cut", "twice", "repeated late", "500", "503", "429", "hotel")


@dataclass
class BadRoad:
    """One to a site that listens on ``port``."""

    to: int
    deal: Callable[[], str]
    """The next request's fate."""
    port: int = 0
    dealt: Counter[str] = field(default_factory=Counter)
    late: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    """Requests that arrived, and will once more."""

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        fate = self.deal()
        if fate in {"twice", "repeated late"} and request.path in {TOKEN_PATH, REVOKE_PATH}:
            fate = "pass"  # a key that arrives twice unlinks, as it should
        self.dealt[fate] += 1
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name != "Content-Length"}
        asked = (request.method, request.path_qs, headers, body)
        match fate:
            case "lost":
                return _hang_up(request)
            case "cut":
                await self._half(asked)
                return _hang_up(request)
            case "500" | "503" | "429":
                return web.Response(status=int(fate), headers={"Retry-After": "30"} if fate != "500" else {})
            case "hotel":
                return web.Response(text="<html>Welcome", content_type="text/html")
            case "repeated late":
                self.late.append(asked)
            case "twice":
                await self._forward(asked)
            case _:
                pass
        answer, read = await self._forward(asked)
        if fate == "answer lost":
            return _hang_up(request)
        if fate == "answer cut" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + read[:10])
            return _hang_up(request)
        return answer

    async def repeat(self) -> None:
        """Have those that are late arrive."""
        waiting, self.late = self.late, []
        for asked in waiting:
            await self._forward(asked)

    async def _forward(self, asked: tuple[str, str, dict[str, str], bytes]) -> tuple[web.Response, bytes]:
        method, path, headers, body = asked
        url = URL(f"http://127.0.0.1:{self.to}{path}", encoded=True)
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(method, url, headers=headers, data=body) as answer,
        ):
            kept = {name: value for name, value in answer.headers.items() if name in {"Content-Type", "Retry-After"}}
            read = await answer.read()
            return web.Response(status=answer.status, body=read, headers=kept), read

    async def _half(self, asked: tuple[str, str, dict[str, str], bytes]) -> None:
        """Half of a request reaches the site, and then the end of the connection."""
        method, path, headers, body = asked
        said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {path} HTTP/1.1\r\n{said}Content-Length: {len(body)}\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.to)
        writer.write((head + body)[: max(len(head) // 2, len(head) + len(body) // 2)])
        await writer.drain()
        writer.write_eof()
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def _hang_up(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


@asynccontextmanager
async def bad_road(to: int, deal: Callable[[], str]) -> AsyncIterator[BadRoad]:
    """A way to the site at ``to`` while the block runs."""
    road = BadRoad(to, deal)
    runner = web.ServerRunner(web.Server(road.take))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    road.port = runner.addresses[0][1]
    try:
        yield road
    finally:
        await runner.cleanup()
