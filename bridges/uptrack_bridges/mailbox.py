"""The mailbox: a folder pair per host, for hosts without sockets; REAPER's Lua talks this way with no install at all.

::

    MAILBOX/                    ours, mode 0700
        r-8123/                 made by the host; its name is the host's own choice (``instance_allowed``)
            to_daemon/          what the host says
            to_host/            what the daemon says

The folder is the connection: while it is there the host is, and when the host removes it, or puts nothing into it for
``lost_after_s``, the session ends. A daemon that restarts finds the folders, does not know their sessions and says
``refused`` with ``hello.first``; the host says ``hello`` again.

The daemon polls: a few times a second while a host talks, once a second otherwise. That is one directory listing,
works on every file system, and needs none of the system's few change watchers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from uptrack_analysis.errors import Unavailable
from uptrack_bridges.mailbox_folder import (
    MAX_FILE_BYTES,
    TO_DAEMON,
    TO_HOST,
    Inbox,
    Letter,
    Outbox,
    instance_allowed,
    is_real_folder,
    last_touched_s,
    make_private_folder,
    sweep_host_folder,
)
from uptrack_bridges.messages import JobProgress, Message, write
from uptrack_bridges.parts import split
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.wire import Transport, WireClosed

logger = logging.getLogger(__name__)

MAX_HOSTS = 64
MAX_WAITING = 1_000
DROP_PROGRESS_ABOVE = 32
OLDEST_WORD_S = 60.0


class MailboxWire:
    """One host's folder, seen from the daemon."""

    transport: Transport = "mailbox"
    lossy: bool = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.late_s = 0.0
        self._outbox = Outbox(folder / TO_HOST)
        self._writing = asyncio.Lock()
        self._closed = False

    async def send(self, message: Message) -> None:
        async with self._writing:  # numbers are given out in the order of the calls
            if self._closed:
                raise WireClosed("This mailbox conversation has ended; the host has to say hello again.")
            await asyncio.to_thread(self._put, message)

    async def close(self, sentence: str) -> None:
        """Nothing can be hung up on in a folder; what is sent after this fails, and the host's next word is refused."""
        logger.info("mailbox %s: %s", self.folder.name, sentence)
        self._closed = True

    async def leave(self) -> None:
        """The host hung up: take away what was written to it meanwhile, so that its folder can go."""
        async with self._writing:
            self._closed = True
            await asyncio.to_thread(sweep_host_folder, self.folder)

    def reopen(self) -> None:
        self._closed = False

    def sweep(self, older_than_s: float) -> None:
        self._outbox.sweep(older_than_s)

    def _put(self, message: Message) -> None:
        waiting = self._outbox.waiting()
        if isinstance(message, JobProgress) and waiting >= DROP_PROGRESS_ABOVE:
            return  # a newer one follows, and the host is behind anyway
        if waiting >= MAX_WAITING:
            raise WireClosed(f"{waiting} messages lie unread in {self.folder.name}; the host has to read them first.")
        text = write(message)
        if len(text.encode()) <= MAX_FILE_BYTES:
            self._outbox.put(text)
            return
        for part in split(text, limit_bytes=MAX_FILE_BYTES, message_id=secrets.token_hex(8)):
            self._outbox.put(write(part))


class MailboxServer:
    """Looks after every host's folder; made by ``serve_mailbox``."""

    def __init__(
        self,
        root: Path,
        switchboard: Switchboard,
        tasks: asyncio.TaskGroup,
        *,
        active_poll_s: float,
        idle_poll_s: float,
        quiet_after_s: float,
        lost_after_s: float,
        sweep_after_s: float,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self.root = root
        self._switchboard = switchboard
        self._tasks = tasks
        self._active_poll_s = active_poll_s
        self._idle_poll_s = idle_poll_s
        self._quiet_after_s = quiet_after_s
        self._lost_after_s = lost_after_s
        self._sweep_after_s = sweep_after_s
        self._clock = clock
        self._wall_clock = wall_clock
        self._followed: dict[str, asyncio.Task[None]] = {}

    async def look_for_hosts(self) -> None:
        """Follow new folders, for as long as the server runs."""
        while True:
            for folder in await asyncio.to_thread(self._host_folders):
                if folder.name not in self._followed and len(self._followed) < MAX_HOSTS:
                    follower = self._tasks.create_task(self._follow(folder), name=f"mailbox-{folder.name}")
                    self._followed[folder.name] = follower
            await asyncio.sleep(min(self._idle_poll_s, 1.0))

    def stop(self) -> None:
        for follower in self._followed.values():
            follower.cancel()

    def _host_folders(self) -> list[Path]:
        """Folders that look like a host's and are not long dead; the dead ones are removed."""
        alive: list[Path] = []
        try:
            make_private_folder(self.root)  # somebody may have cleaned up while we run
            found = sorted(self.root.iterdir())
        except OSError as error:
            logger.warning("cannot look into the mailbox %s: %s", self.root, error)
            return []
        for folder in found:
            if not instance_allowed(folder.name) or not is_real_folder(folder):
                continue
            if not is_real_folder(folder / TO_DAEMON):
                continue  # not a mailbox, or one that is being made
            if folder.name not in self._followed and self._is_dead(folder):
                sweep_host_folder(folder)
                continue
            alive.append(folder)
        return alive

    def _age_s(self, letter: Letter) -> float:
        """By the file's own time; one that a clock or a network disk made impossible says nothing."""
        age_s = self._wall_clock() - letter.written_s
        return age_s if 0 <= age_s <= OLDEST_WORD_S else 0.0

    def _is_dead(self, folder: Path) -> bool:
        return self._wall_clock() - last_touched_s(folder) > self._sweep_after_s

    async def _follow(self, folder: Path) -> None:
        """Act on what one host says until its folder is gone or has been silent for too long."""
        wire = MailboxWire(folder)
        inbox = Inbox(
            folder / TO_DAEMON, stale_after_s=self._sweep_after_s, clock=self._clock, wall_clock=self._wall_clock
        )
        heard_s = swept_s = self._clock()
        try:
            while True:
                try:
                    letters = await asyncio.to_thread(inbox.take)
                except FileNotFoundError:
                    await wire.leave()
                    return
                except OSError as error:
                    logger.info("mailbox %s: %s", folder.name, error)
                    return
                for letter in letters:
                    heard_s = self._clock()
                    wire.reopen()
                    if letter.refusal is not None:
                        await self._switchboard.refuse(wire, letter.refusal)
                    elif letter.text is not None:
                        wire.late_s = self._age_s(letter)
                        await self._switchboard.received(wire, letter.text)
                    # Only now: should the daemon die in between, the next one still finds the message.
                    await asyncio.to_thread(inbox.done, letter)
                silent_s = self._clock() - heard_s
                if silent_s > self._lost_after_s:
                    await self._switchboard.lost(wire)
                    if await asyncio.to_thread(self._is_dead, folder):
                        await asyncio.to_thread(sweep_host_folder, folder)
                        return
                if self._clock() - swept_s > self._sweep_after_s / 10:
                    swept_s = self._clock()
                    await asyncio.to_thread(wire.sweep, self._sweep_after_s)
                await asyncio.sleep(self._active_poll_s if silent_s < self._quiet_after_s else self._idle_poll_s)
        finally:
            del self._followed[folder.name]
            await wire.close("The mailbox is not followed any more.")
            await self._switchboard.lost(wire)


@asynccontextmanager
async def serve_mailbox(
    root: Path,
    switchboard: Switchboard,
    *,
    active_poll_s: float = 0.125,
    idle_poll_s: float = 1.0,
    quiet_after_s: float = 30.0,
    lost_after_s: float = 600.0,
    sweep_after_s: float = 3_600.0,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
) -> AsyncIterator[MailboxServer]:
    """Serve the mailbox at ``root`` while the block runs; the folder is made, mode 0700.

    Parameters
    ----------
    active_poll_s, idle_poll_s, quiet_after_s : float
        Between two looks while a host talks; after it has been quiet for ``quiet_after_s``.
    lost_after_s : float
        Silence after which a session ends. Generous: a DAW that renders runs no scripts.
    sweep_after_s : float
        Silence, measured by the folder's own times, after which a lost host's folder is removed.

    Raises
    ------
    Unavailable
        The folder cannot be made, or is a link.
    """

    def prepare() -> None:
        make_private_folder(root)
        root.chmod(0o700)

    try:
        await asyncio.to_thread(prepare)
    except OSError as error:
        raise Unavailable(
            f"Expected to use {root} as the mailbox, but {error.strerror or error}: choose another folder.",
            code="mailbox.unusable",
        ) from error
    failed: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        server = MailboxServer(
            root,
            switchboard,
            tasks,
            active_poll_s=active_poll_s,
            idle_poll_s=idle_poll_s,
            quiet_after_s=quiet_after_s,
            lost_after_s=lost_after_s,
            sweep_after_s=sweep_after_s,
            clock=clock,
            wall_clock=wall_clock,
        )
        scanner = tasks.create_task(server.look_for_hosts(), name="mailbox-hosts")
        try:
            yield server
        except Exception as error:  # noqa: BLE001 - raised again below
            failed = error
        finally:
            scanner.cancel()
            server.stop()
    if failed is not None:
        raise failed  # as it was: a failure of the block is no failure of the server, and no group of one


class MailboxClient:
    """The host's side, for the demo, for tests and for other hosts written in Python.

    Parameters
    ----------
    root : Path
        The daemon's mailbox folder, from ``bridge.json``.
    instance : str
        The folder's name; see ``instance_allowed``.
    """

    def __init__(self, root: Path, instance: str, *, poll_s: float = 0.125) -> None:
        if not instance_allowed(instance):
            raise ValueError(f"expected letters, digits, '.', '_' or '-', at most 64; got {instance!r}")
        self.folder = root / instance
        self._poll_s = poll_s
        self._inbox = Inbox(self.folder / TO_HOST)
        self._outbox = Outbox(self.folder / TO_DAEMON)

    async def open(self) -> None:
        """Make the folder pair: ``to_host`` first, so that the daemon never sees half a mailbox."""

        def make() -> None:
            make_private_folder(self.folder / TO_HOST)
            make_private_folder(self.folder / TO_DAEMON)

        await asyncio.to_thread(make)

    async def send(self, message: Message) -> None:
        """Leave one message, in parts if need be; the folders are made if they are not there."""
        await self.open()
        text = write(message)
        if len(text.encode()) <= MAX_FILE_BYTES:
            await asyncio.to_thread(self._outbox.put, text)
            return
        for part in split(text, limit_bytes=MAX_FILE_BYTES, message_id=secrets.token_hex(8)):
            await asyncio.to_thread(self._outbox.put, write(part))

    async def texts(self) -> AsyncIterator[bytes]:
        """What the daemon says, message by message, parts as they come."""
        while True:
            with contextlib.suppress(FileNotFoundError):
                for letter in await asyncio.to_thread(self._inbox.take):
                    await asyncio.to_thread(self._inbox.done, letter)
                    if letter.text is not None:
                        yield letter.text
            await asyncio.sleep(self._poll_s)

    async def close(self) -> None:
        """Hang up: remove the folder."""
        await asyncio.to_thread(sweep_host_folder, self.folder)
