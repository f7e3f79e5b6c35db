"""Watched folders: what appears there is analysed like what a host asks for, and remembered so that it is not twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from uptrack_analysis.errors import BadInput
from uptrack_bridges.export_names import Export
from uptrack_bridges.messages import Analyze, AudioFile, Project, Stem
from uptrack_bridges.watch_folder import Seen, watch_folder
from uptrack_daemon.desk import Desk
from uptrack_daemon.store import Watched

log = logging.getLogger(__name__)


async def watch_folders(folders: Iterable[Path], watched: Watched, desk: Desk) -> None:
    """Queue every export that appears in ``folders``, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for folder in folders:
            tasks.create_task(_watch(folder, watched, desk), name=f"watch {folder.name}")


async def _watch(folder: Path, watched: Watched, desk: Desk) -> None:
    log.info("watching %s", folder)
    async for export in watch_folder(folder, seen=seen_in(watched)):
        job = None
        try:
            job = (await desk.submit(request_for(export))).job.id
        except BadInput as error:
            log.warning("%s: %s", export.mix.name, error)
        await remember(watched, export, job_id=job)


def seen_in(watched: Watched) -> Seen:
    """The store's memory, as ``watch_folder`` asks it."""

    async def seen(path: Path, size: int, mtime_ns: int, /) -> bool:
        return await watched.knows(path, size=size, mtime_ns=mtime_ns)

    return seen


async def remember(watched: Watched, export: Export, *, job_id: str | None) -> None:
    """Keep the export's files in mind as they lay there when it was handed out."""
    for facts in export.files:
        await watched.remember(facts.path, size=facts.size, mtime_ns=facts.mtime_ns, job_id=job_id)


def request_for(export: Export, *, request_id: str | None = None) -> Analyze:
    """What a host would have asked; the project is named after the mix, so that its versions belong together."""
    return Analyze(
        id=request_id,
        mix=AudioFile(path=str(export.mix)),
        stems=[Stem(path=str(stem.path), name=stem.name) for stem in export.stems],
        project=Project(name=export.mix.stem),
    )
