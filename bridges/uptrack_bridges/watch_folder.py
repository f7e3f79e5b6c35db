"""A folder into which a DAW exports: every export once, as soon as it has stopped growing.

Works for every DAW there is, with nothing installed in it. A file has settled when its size and modification time
have not changed for ``quiet_s``; an export (``export_names`` says what belongs together) is handed out when all its
files have settled. A file that changes afterwards is a new export. Only the folder itself and ``<mix> stems``
folders in it are looked at; links are not followed, for a link inside points at what we see anyway and a link to
outside is none of our business.

The system's change notices (watchfiles) wake the watcher early; it also looks on its own every ``poll_s``, because
network drives and full notice tables send none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import stat
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from watchfiles import awatch

from uptrack_bridges.export_names import Export, FileFacts, group, is_export_name, stems_folder_of

logger = logging.getLogger(__name__)


class Seen(Protocol):
    """The memory that outlives a restart: whether a file, as it lies there now, was analysed already."""

    async def __call__(self, path: Path, size: int, mtime_ns: int, /) -> bool: ...


Ticks = Callable[[Path, float], AsyncGenerator[None, None]]
"""Given the folder and seconds: something to iterate that comes round at least that often."""


@dataclass(slots=True)
class _Settling:
    facts: FileFacts
    since_s: float


async def watch_folder(
    folder: Path,
    *,
    seen: Seen,
    quiet_s: float = 3.0,
    poll_s: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
    ticks: Ticks | None = None,
    say: Callable[[str], None] = logger.warning,
) -> AsyncIterator[Export]:
    """Follow ``folder`` until the caller stops iterating; a folder that is missing is waited for.

    Parameters
    ----------
    seen : Seen
        Asked about every file of an export; one with no new file is not handed out. To remember, keep
        ``Export.files`` when the analysis is done.
    quiet_s : float
        How long a file must not have changed. DAWs write in bursts of well under a second.
    say : callable
        Told in one sentence when the folder is gone and when it is back.
    """
    watcher = _Watcher(folder, seen, quiet_s, clock)
    missing = False
    async with aclosing((ticks or folder_ticks)(folder, poll_s)) as tick:
        async for _ in tick:
            try:
                found = await asyncio.to_thread(_look, folder)
            except OSError as error:
                if not missing:
                    missing = True
                    say(f"Cannot look into {folder} ({error.strerror or error}); waiting for it to come back.")
                watcher.forget()
                continue
            if missing:
                missing = False
                say(f"{folder} is back; watching it again.")
            for export in await watcher.settled(found):
                yield export


async def folder_ticks(folder: Path, every_s: float) -> AsyncGenerator[None, None]:
    """Come round when something in ``folder`` changed, and every ``every_s`` anyway."""
    while True:
        yield
        if not await asyncio.to_thread(folder.is_dir):
            await asyncio.sleep(every_s)
            continue
        try:
            notices = awatch(
                folder,
                watch_filter=None,
                debounce=200,
                rust_timeout=int(every_s * 1000),
                yield_on_timeout=True,
                ignore_permission_denied=True,
            )
            async with aclosing(notices):
                async for _ in notices:
                    yield
                    if not await asyncio.to_thread(folder.is_dir):
                        break  # the notices of a folder that went away stay silent when it returns
        # No notices here: a network drive, the system's table is full, or a name in there that is no UTF-8 (which
        # watchfiles answers with an internal error, in a group of one).
        except (OSError, RuntimeError, ExceptionGroup) as error:
            logger.info("no change notices for %s (%s); looking every %g s", folder, error, every_s)
            await asyncio.sleep(every_s)


class _Watcher:
    def __init__(self, folder: Path, seen: Seen, quiet_s: float, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._seen = seen
        self._quiet_s = quiet_s
        self._clock = clock
        self._files: dict[Path, _Settling] = {}
        self._known: set[FileFacts] = set()
        """Handed out in this run, or known to ``seen``: not asked about again at every look."""

    def forget(self) -> None:
        """The folder is gone; whatever returns has to settle again."""
        self._files.clear()

    async def settled(self, found: list[FileFacts]) -> list[Export]:
        """Exports that are complete now and have something new about them."""
        now_s = self._clock()
        before, self._files = self._files, {}
        for facts in found:
            settling = before.get(facts.path)
            unchanged = settling is not None and settling.facts == facts
            self._files[facts.path] = settling if settling and unchanged else _Settling(facts, now_s)
        if len(self._known) > 10_000:
            self._known.intersection_update(found)
        quiet = [export for export in group(found, self._folder) if self._is_quiet(export)]
        return [export for export in quiet if await self._is_new(export)]

    def _is_quiet(self, export: Export) -> bool:
        latest_s = max(self._files[facts.path].since_s for facts in export.files)
        return self._clock() - latest_s >= self._quiet_s

    async def _is_new(self, export: Export) -> bool:
        new = False
        for facts in export.files:
            if facts in self._known:
                continue
            self._known.add(facts)
            if not await self._seen(facts.path, facts.size, facts.mtime_ns):
                new = True
        return new


def _look(folder: Path) -> list[FileFacts]:
    """Files that could be exports, with their facts.

    Raises
    ------
    OSError
        The folder itself cannot be read.
    """
    found: list[FileFacts] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if stems_folder_of(entry.name) is not None and entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(OSError), os.scandir(entry.path) as inside:
                    found.extend(facts for stem in inside if (facts := _facts(stem)) is not None)
            elif (facts := _facts(entry)) is not None:
                found.append(facts)
    return found


def _facts(entry: os.DirEntry[str]) -> FileFacts | None:
    if not is_export_name(entry.name):
        return None
    try:
        # Not entry.stat(): on Windows it shows the size the directory remembers, and that lags while a file grows.
        facts = Path(entry.path).lstat()
    except OSError:
        return None  # gone between the listing and here
    if not stat.S_ISREG(facts.st_mode) or facts.st_size == 0:
        return None
    return FileFacts(Path(entry.path), facts.st_size, facts.st_mtime_ns)
