"""The open store: one engine, its transactions, and the repositories on it.

Inside the process writers queue up on a lock (SQLite's own waiting is unfair and gives up), between processes SQLite
makes them wait. Readers never wait for writers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from uptrack_daemon.store.engine import BEGIN_OPTION, async_engine, explained
from uptrack_daemon.store.migrate import upgrade
from uptrack_daemon.store.models import utc_now

Clock = Callable[[], datetime]


class Store:
    """Transactions on one database file; made by ``open_store``, which also closes it."""

    def __init__(self, path: Path, engine: AsyncEngine, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self.engine = engine
        self._writer = asyncio.Lock()
        self._writes = async_sessionmaker(engine, expire_on_commit=False)
        self._reads = async_sessionmaker(engine.execution_options(**{BEGIN_OPTION: "DEFERRED"}), expire_on_commit=False)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """One transaction that holds the write lock from its start; committed when the block ends well.

        Raises
        ------
        Unavailable
            See ``engine.explained``; nothing of the block is then stored.
        """
        async with self._writer:
            with explained(self.path):
                async with self._writes.begin() as session:
                    yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One consistent view of the store, however many writers are at work."""
        with explained(self.path):
            async with self._reads.begin() as session:
                yield session

    async def wipe_traces(self, *, compact: bool = False) -> bool:
        """Make deleted text unreadable in the files too, and say whether that was possible right now.

        ``secure_delete`` has already overwritten it in the pages; the write-ahead log still holds the old pages until
        it is moved into the database and cut to nothing, which no reader may be in the way of. ``compact`` also
        rewrites the database without its free pages.
        """
        async with self._writer:
            with explained(self.path):
                bare = self.engine.execution_options(**{BEGIN_OPTION: "none"})
                async with bare.connect() as connection:
                    if compact:
                        await connection.execute(text("VACUUM"))
                    busy, _pages, _moved = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()
        return not busy


@asynccontextmanager
async def open_store(path: Path, *, clock: Clock = utc_now) -> AsyncIterator[Store]:
    """Open the store at ``path``, made or migrated first if need be.

    Raises
    ------
    Unavailable
        It cannot be opened, is damaged or from a newer version; the sentence says which.
    """
    await asyncio.to_thread(upgrade, path)
    engine = async_engine(path)
    try:
        yield Store(path, engine, clock)
    finally:
        await engine.dispose()
