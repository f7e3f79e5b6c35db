"""What the watcher has already dealt with, so that a restart repeats no work and a new export of the same name counts.

Paths are kept as SHA-256 digests only: the question is never "which files?", always "this one, unchanged?".
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.dialects.sqlite import insert

from uptrack_daemon.store.models import WatchedRow
from uptrack_daemon.store.store import Store


class Watched:
    """The watcher's memory in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def knows(self, path: Path, *, size: int, mtime_ns: int) -> bool:
        """Whether this file, with this size and modification time, has been remembered."""
        async with self._store.reading() as session:
            row = await session.get(WatchedRow, _digest(path))
            return row is not None and (row.size, row.mtime_ns) == (size, mtime_ns)

    async def remember(self, path: Path, *, size: int, mtime_ns: int, job_id: str | None = None) -> None:
        """Remember the file as it is now, in place of what was known of the same path."""
        values = {"size": size, "mtime_ns": mtime_ns, "job_id": job_id, "seen_at": self._store.clock()}
        statement = insert(WatchedRow).values(path_digest=_digest(path), **values)
        async with self._store.writing() as session:
            await session.execute(statement.on_conflict_do_update(index_elements=["path_digest"], set_=values))

    async def forget(self) -> None:
        """Forget all files; they count as new afterwards."""
        async with self._store.writing() as session:
            await session.execute(delete(WatchedRow))


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()
