"""Watched folders: what appears there is analysed like what a host asks for, and remembered so that it is not twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from uptrack_analysis.audio.files import display_name
from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.export_names import Export
from uptrack_bridges.messages import MAX_STEMS, Analyze, AudioFile, Stem
from uptrack_bridges.watch_folder import Seen, watch_folder
from uptrack_daemon.desk import Desk
from uptrack_daemon.store import Watched

log = logging.getLogger(__name__)

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[Any]]


async def watch_folders(
    folders: Iterable[Path],
    watched: Watched,
    desk: Desk,
    *,
    quiet_s: float = 3.0,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """Queue every export that appears in ``folders``, until cancelled.

    While the store cannot be written (a full disk) or a file's disk does not answer, an export waits: nothing is lost.
    """
    async with asyncio.TaskGroup() as tasks:
        for folder in folders:
            tasks.create_task(_watch(folder, watched, desk, quiet_s, sleep), name=f"watch {folder.name}")


async def _watch(folder: Path, watched: Watched, desk: Desk, quiet_s: float, sleep: Sleep) -> None:
    log.info("watching %s", folder)
    known = seen_in(watched)

    async def seen(path: Path, size: int, mtime_ns: int, /) -> bool:
        return await insistently(lambda: known(path, size, mtime_ns), sleep)

    async for export in watch_folder(folder, seen=seen, quiet_s=quiet_s):
        await insistently(partial(_queue, export, watched, desk), sleep)


async def _queue(export: Export, watched: Watched, desk: Desk) -> None:
    try:
        await desk.submit(request_for(export), watched=export.files)
    except BadInput as error:
        log.warning("%s: %s", display_name(export.mix), error)
        await watched.remember(export.files)  # it will be no better the next time


async def insistently(
    work: Callable[[], Awaitable[T]],
    sleep: Sleep,
    *,
    despite: type[Unavailable] = Unavailable,
    say: Callable[[str], None] = log.warning,
) -> T:
    """Do ``work`` until what it needs is available; a minute apart in the end.

    Parameters
    ----------
    despite : type
        Which lack to wait out; others are raised.
    say : callable
        Told in one sentence what is waited for.
    """
    wait_s = 1.0
    while True:
        try:
            return await work()
        except despite as error:
            say(f"A watched folder has to wait: {error.sentence}")
            await sleep(wait_s)
            wait_s = min(2 * wait_s, 60.0)


def seen_in(watched: Watched) -> Seen:
    """The store's memory, as ``watch_folder`` asks it."""

    async def seen(path: Path, size: int, mtime_ns: int, /) -> bool:
        return await watched.knows(path, size=size, mtime_ns=mtime_ns)

    return seen


def request_for(export: Export, *, request_id: str | None = None) -> Analyze:
    """What a host would have asked; it names no project, so that versions belong together by folder and name.

    Stems that a message cannot carry (over ``MAX_STEMS``, or with a name that is no UTF-8) are left out.

    Raises
    ------
    BadInput
        The mix itself has such a name.
    """
    if not _is_text(export.mix):
        raise BadInput(
            f"The path of {display_name(export.mix)} is not UTF-8, and no message can carry it: rename the file.",
            code="input.path",
        )
    stems = [Stem(path=str(stem.path), name=stem.name) for stem in export.stems if _is_text(stem.path)]
    return Analyze(
        id=request_id,
        mix=AudioFile(path=str(export.mix)),
        stems=stems[:MAX_STEMS],
    )


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
