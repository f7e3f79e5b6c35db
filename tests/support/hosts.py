"""Independent hosts: what a DAW script does, written without the project's own wires.

Each speaks one transport with somebody else's library (or plain files and sockets) and the plain ``json`` module.
``connect_*`` start the server half from a switchboard and give a ``Host``.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from websockets.asyncio.client import ClientConnection, connect

from uptrack_bridges.mailbox import serve_mailbox
from uptrack_bridges.osc import serve_osc
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.websocket import BridgeEndpoint

PATIENCE_S = 120.0
"""Far more than anything here takes, on a machine with ten others at work too: only a failing test waits this long."""


class Host(Protocol):
    """One DAW, from its own side of the wire."""

    part_bytes: int
    """Largest JSON text this wire carries in one piece."""

    async def say(self, text: str) -> None: ...

    async def hear(self) -> dict[str, Any]: ...

    async def vanish(self) -> None:
        """Go away the way a host that quits does."""


class Line(Protocol):
    """A running server, from which any number of hosts can be connected."""

    async def host(self, name: str = "host-1") -> Host: ...


async def ask(host: Host, /, **message: Any) -> dict[str, Any]:
    """Say one message and hear the next whole answer."""
    await host.say(json.dumps(message))
    return await hear_whole(host)


async def hear_whole(host: Host) -> dict[str, Any]:
    """The next message, joined if it comes in parts."""
    slices: dict[int, str] = {}
    while True:
        message = await host.hear()
        if message["type"] != "part":
            return message
        slices[message["part"]] = message["data"]
        if len(slices) == message["parts"]:
            whole: dict[str, Any] = json.loads("".join(slices[number] for number in sorted(slices)))
            return whole


# -- WebSocket, by the websockets library ------------------------------------------------------------------------------


class WebSocketHost:
    part_bytes = 1 << 20

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, text: str) -> None:
        await self.connection.send(text)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            heard: dict[str, Any] = json.loads(await self.connection.recv())
        return heard

    async def vanish(self) -> None:
        self.connection.transport.abort()


class WebSocketLine:
    def __init__(self, url: str, endpoint: BridgeEndpoint, hosts: contextlib.AsyncExitStack) -> None:
        self.url = url
        self.endpoint = endpoint
        self._hosts = hosts

    async def host(self, name: str = "host-1") -> WebSocketHost:
        # Not `async with connect`: its exit would wait for a peer that a test may have taken away.
        connection = await connect(self.url, max_size=None, close_timeout=1)
        self._hosts.push_async_callback(connection.close)
        return WebSocketHost(connection)


@asynccontextmanager
async def websocket_line(switchboard: Switchboard, **options: Any) -> AsyncIterator[WebSocketLine]:
    endpoint = BridgeEndpoint(switchboard, **options)
    application = web.Application()
    application.add_routes(endpoint.routes())
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with contextlib.AsyncExitStack() as hosts:
            yield WebSocketLine(f"ws://127.0.0.1:{runner.addresses[0][1]}/bridge", endpoint, hosts)
    finally:
        await endpoint.close()
        await runner.cleanup()


# -- mailbox, by plain files -------------------------------------------------------------------------------------------


class MailboxHost:
    part_bytes = 64 * 1024

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def make(self) -> None:
        (self.folder / "to_host").mkdir(parents=True)
        (self.folder / "to_daemon").mkdir()

    async def say(self, text: str) -> None:
        draft = self.folder / "to_daemon" / f"{next(self._numbers)}.tmp"
        draft.write_text(text, encoding="utf-8")
        draft.rename(draft.with_suffix(".json"))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while not (paths := sorted((self.folder / "to_host").glob("*.json"))):  # files send no events
                await asyncio.sleep(0.01)
        path = paths[0]
        heard: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()
        return heard

    async def vanish(self) -> None:
        self.folder.rename(self.folder.with_name(".gone"))


class MailboxLine:
    def __init__(self, root: Path) -> None:
        self.root = root

    async def host(self, name: str = "host-1") -> MailboxHost:
        host = MailboxHost(self.root / name)
        host.make()
        return host


@asynccontextmanager
async def mailbox_line(switchboard: Switchboard, root: Path, **options: Any) -> AsyncIterator[MailboxLine]:
    options = {"active_poll_s": 0.005, "idle_poll_s": 0.01} | options
    async with serve_mailbox(root, switchboard, **options):
        yield MailboxLine(root)


# -- OSC, by a plain UDP socket and python-osc's builder ---------------------------------------------------------------


class OscHost:
    """Speaks JSON over ``/uptrack/message``, or any address with ``send``."""

    part_bytes = 8_000

    def __init__(self, port: int) -> None:
        self.session: str | None = None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))
        self.to = ("127.0.0.1", port)

    async def say(self, text: str) -> None:
        """Say one JSON text, with the session added the way a script would."""
        with contextlib.suppress(ValueError, RecursionError):
            message = json.loads(text)
            if isinstance(message, dict) and self.session is not None and message.get("type") != "hello":
                text = json.dumps({"session": self.session} | message, ensure_ascii=False, separators=(",", ":"))
        await self.send("/uptrack/message", text)

    async def send(self, address: str, *arguments: Any) -> None:
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        await self.throw(builder.build().dgram)

    async def throw(self, datagram: bytes) -> None:
        await asyncio.get_running_loop().sock_sendto(self.socket, datagram, self.to)

    async def hear_osc(self) -> tuple[str, list[Any]]:
        async with asyncio.timeout(PATIENCE_S):
            message = OscMessage(await asyncio.get_running_loop().sock_recv(self.socket, 65_536))
        return message.address, message.params

    async def hear(self) -> dict[str, Any]:
        address, (text,) = await self.hear_osc()
        assert address == "/uptrack/message"
        heard: dict[str, Any] = json.loads(text)
        if heard["type"] == "welcome":
            self.session = heard["session"]
        return heard

    async def vanish(self) -> None:
        self.socket.close()


class OscLine:
    def __init__(self, port: int) -> None:
        self.port = port
        self.hosts: list[OscHost] = []

    async def host(self, name: str = "host-1") -> OscHost:
        host = OscHost(self.port)
        self.hosts.append(host)
        return host


@asynccontextmanager
async def osc_line(switchboard: Switchboard, **options: Any) -> AsyncIterator[OscLine]:
    async with serve_osc(switchboard, **options) as server:
        line = OscLine(server.port)
        try:
            yield line
        finally:
            for host in line.hosts:
                host.socket.close()
