"""The push channel: a WebSocket on which a linked machine hears that something has changed, and asks for it as ever.

It says nothing else, so that what it could tell is told in one place. It ends with the machine's token, and at once
when the machine is unlinked.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import WSCloseCode, web

from uptrack_account.web.gate import DEVICE, SERVICE, bearer_of, open_to, problem
from uptrack_account.web.openapi import Saying, says
from uptrack_bridges.account_changes import PUSH_PATH, UNLINKED, Changed

log = logging.getLogger(__name__)

routes = web.RouteTableDef()

PING_EVERY_S = 30.0
LOOK_EVERY_S = 60.0
"""So long a channel may outlive a token that grew too old."""
MOST_CHANNELS = 32
"""Of one account in one process."""
MOST_HEARD_BYTES = 1_024


class Channels(set[web.WebSocketResponse]):
    """Those that are open in this process."""


OPEN: web.AppKey[Channels] = web.AppKey("channels", Channels)


@routes.get(PUSH_PATH)
@open_to("linked machine")
@says(Saying({101: None}, refuses=(426, 429)))
async def push(request: web.Request) -> web.StreamResponse:
    """A WebSocket that says `{"type": "changed"}` whenever it is time to ask for changes."""
    bell, account_id = request.app[SERVICE].bell, request[DEVICE].account_id
    if bell.listeners(account_id) >= MOST_CHANNELS:
        return problem(429, "push.too_many", f"Expected at most {MOST_CHANNELS} push channels; ask now and then.")
    socket = web.WebSocketResponse(heartbeat=PING_EVERY_S, max_msg_size=MOST_HEARD_BYTES)
    if not socket.can_prepare(request):
        return problem(426, "push.upgrade", "Expected a WebSocket (RFC 6455), and a plain request came.")
    with bell.heard(account_id) as rings:
        await socket.prepare(request)
        request.app[OPEN].add(socket)
        # Pings are answered while somebody reads; what a machine says is of no interest.
        hearing = asyncio.create_task(_until_closed(socket), name="push")
        try:
            await _tell(request, socket, rings, hearing)
        finally:
            hearing.cancel()
            request.app[OPEN].discard(socket)
    return socket


async def _tell(
    request: web.Request, socket: web.WebSocketResponse, rings: asyncio.Event, hearing: asyncio.Task[None]
) -> None:
    devices, token, this = request.app[SERVICE].devices, bearer_of(request), request[DEVICE]
    while not hearing.done():
        ringing = asyncio.create_task(rings.wait())
        try:
            await asyncio.wait((ringing, hearing), timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ringing.cancel()
        if hearing.done():
            return
        now = await devices.device(token)
        if now is None or now.id != this.id:
            await socket.close(code=UNLINKED)
            return
        if rings.is_set():
            rings.clear()
            try:
                await socket.send_str(Changed().model_dump_json())
            except ConnectionError:
                return


async def _until_closed(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass


async def close_all(app: web.Application) -> None:
    """As the server stops: who is told so comes back by itself."""
    channels = app[OPEN]
    for socket in list(channels):
        await socket.close(code=WSCloseCode.GOING_AWAY)
