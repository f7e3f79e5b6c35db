"""Watched folders: what appears there is analysed like what a host asks for, and remembered so that it is not twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from uptrack_daemon.desk import Desk
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.store import Store


async def watch_folders(folders: Iterable[Path], store: Store, queue: Queue, desk: Desk) -> None:
    await asyncio.gather()
