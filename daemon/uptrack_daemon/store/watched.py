"""What the watcher has already dealt with, so that a restart repeats no work and a new export of the same name counts.

The question is never "which files?", always "this one, unchanged?". So each file is one digest over its path, size and
modification time together, made with a random key of this store: no path, name, size or time can be read from it, and
to test a guess one needs the store and all three, the time to the nanosecond. That little may stay when everything
else is erased, or every export that lies in a watched folder would be measured again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_bridges.export_names import FileFacts
from uptrack_daemon.store.models import WatchedRow, WatchKeyRow
from uptrack_daemon.store.store import Store


class Watched:
    """The watcher's memory in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def knows(self, path: Path, *, size: int, mtime_ns: int) -> bool:
        """Whether this file, with this size and modification time, has been remembered."""
        async with self._store.reading() as session:
            digest = _digest(await _key(session), FileFacts(path, size, mtime_ns))
            return await session.get(WatchedRow, digest) is not None

    async def remember(self, files: Iterable[FileFacts]) -> None:
        """Remember files as they were, all or none; remembering twice is fine."""
        async with self._store.writing() as session:
            await add_watched(session, files)


async def add_watched(session: AsyncSession, files: Iterable[FileFacts]) -> None:
    """Remember files in an open transaction, so that what was started for them and the memory of it are one."""
    key = await _key(session)
    for facts in files:
        await session.execute(insert(WatchedRow).values(digest=_digest(key, facts)).on_conflict_do_nothing())


async def _key(session: AsyncSession) -> bytes:
    return (await session.scalars(select(WatchKeyRow.key))).one()


def _digest(key: bytes, facts: FileFacts) -> str:
    path = hashlib.sha256(os.fsencode(facts.path)).hexdigest()
    return hmac.digest(key, f"{path}:{facts.size}:{facts.mtime_ns}".encode("ascii"), "sha256").hex()
