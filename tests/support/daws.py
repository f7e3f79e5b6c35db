"""Three DAWs that share no code with the daemon: the ``websockets`` library, plain files, and OSC by hand.

They talk to the daemon as a process of its own (``daemon_process``), in plain dictionaries, so that a mistake in our
own models cannot hide itself. ``hosts`` next door does the same for transports served inside the test.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import websockets
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from support.daemon_process import GENEROUS_S, Daemon

Said = dict[str, Any]


class Daw(Protocol):
    """A DAW, as far as the daemon can tell."""

    session: str

    async def say(self, **message: Any) -> None: ...

    async def hear(self) -> Said: ...


async def hear_until(daw: Daw, *types: str) -> list[Said]:
    """What ``daw`` hears, up to and including the first message of one of ``types``."""
    heard: list[Said] = []
    while not heard or heard[-1]["type"] not in types:
        heard.append(await asyncio.wait_for(daw.hear(), GENEROUS_S))
    return heard


async def hear_one(daw: Daw, *types: str) -> Said:
    """The first message of one of ``types``; what comes before it is passed over."""
    return (await hear_until(daw, *types))[-1]


async def introduce(daw: Daw, daemon: Daemon, instance: str, *, lossy: bool = False, **facts: Any) -> Said:
    """Say hello and hear ``welcome``; on a lossy wire say it again every few seconds, as the protocol asks of hosts."""
    hello = {"type": "hello", "id": "h1", "protocol": 1, "host": "test", "token": daemon.bridge["token"]}
    while True:
        await daw.say(**hello, instance=instance, **facts)
        try:
            async with asyncio.timeout(5 if lossy else GENEROUS_S):
                welcome = await hear_one(daw, "welcome", "refused")
        except TimeoutError:
            if not lossy:
                raise
        else:
            break
    assert welcome["type"] == "welcome", welcome
    daw.session = welcome["session"]
    return welcome


class WebSocketDaw:
    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self.session = ""

    async def say(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def hear(self) -> Said:
        heard: Said = json.loads(await self._socket.recv())
        return heard


class MailboxDaw:
    """Plain files, as a Lua script writes them: ``.tmp`` first, then the name."""

    def __init__(self, folder: Path) -> None:
        self._to_daemon = folder / "to_daemon"
        self._to_host = folder / "to_host"
        self._number = 0
        self.session = ""
        self._to_host.mkdir(parents=True)
        self._to_daemon.mkdir()

    async def say(self, **message: Any) -> None:
        self._number += 1
        draft = self._to_daemon / f"{self._number:08d}.tmp"
        draft.write_text(json.dumps(message), "utf-8")
        draft.rename(draft.with_suffix(".json"))

    async def hear(self) -> Said:
        # A folder has no event a plain client could wait for: it looks, and looks again.
        while not (letters := sorted(self._to_host.glob("*.json"))):
            await asyncio.sleep(0.01)
        heard: Said = json.loads(letters[0].read_text("utf-8"))
        letters[0].unlink()
        return heard


class OscDaw(asyncio.DatagramProtocol):
    """``/uptrack/message`` over UDP; parts are joined by hand."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[Said] = asyncio.Queue()
        self._parts: dict[str, dict[int, str]] = {}
        self._welcomes: set[str] = set()
        self.transport: asyncio.DatagramTransport | None = None
        self.session = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)  # not a subclass before Python 3.12

    def datagram_received(self, data: bytes, addr: Any) -> None:
        message = OscMessage(data)
        assert message.address == "/uptrack/message"
        said: Said = json.loads(message.params[0])
        if said["type"] == "part":
            parts = self._parts.setdefault(said["id"], {})
            parts[said["part"]] = said["data"]
            if len(parts) < said["parts"]:
                return
            del self._parts[said["id"]]
            said = json.loads("".join(parts[number] for number in sorted(parts)))
        if said["type"] == "welcome":
            if said["session"] in self._welcomes:
                return  # the answer to a hello that was said again
            self._welcomes.add(said["session"])
        self._heard.put_nowait(said)

    async def say(self, **message: Any) -> None:
        assert self.transport is not None
        if self.session:
            message["session"] = self.session
        builder = OscMessageBuilder("/uptrack/message")
        builder.add_arg(json.dumps(message))
        self.transport.sendto(builder.build().dgram)

    async def hear(self) -> Said:
        return await self._heard.get()


@asynccontextmanager
async def daw_over(wire: str, daemon: Daemon, instance: str | None = None, **facts: Any) -> AsyncIterator[Daw]:
    """A DAW that has said hello over ``websocket``, ``mailbox`` or ``osc``."""
    instance = instance or f"t-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    match wire:
        case "websocket":
            url = f"ws://127.0.0.1:{daemon.bridge['port']}/bridge"
            async with websockets.connect(url, max_size=None, open_timeout=GENEROUS_S) as socket:
                over_socket = WebSocketDaw(socket)
                await introduce(over_socket, daemon, instance, **facts)
                yield over_socket
        case "mailbox":
            over_files = MailboxDaw(Path(daemon.bridge["mailbox"]) / instance)
            await introduce(over_files, daemon, instance, **facts)
            yield over_files
        case "osc":
            loop = asyncio.get_running_loop()
            address = ("127.0.0.1", daemon.bridge["osc_port"])
            transport, over_osc = await loop.create_datagram_endpoint(OscDaw, remote_addr=address)
            try:
                async with asyncio.timeout(GENEROUS_S):
                    await introduce(over_osc, daemon, instance, lossy=True, **facts)
                yield over_osc
            finally:
                transport.close()
        case _:
            raise AssertionError(wire)
