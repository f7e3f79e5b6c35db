"""A disk that is full, everywhere and without being root: SQLite itself refuses to let the file grow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event

from uptrack_daemon.store import Store

AS_MANY_AS_YOU_LIKE = 1_073_741_823


@asynccontextmanager
async def full_disk(store: Store) -> AsyncIterator[None]:
    """While the block runs, the database cannot take another page; what has pages can still be changed."""
    await store.wipe_traces(compact=True)
    pages = 1  # SQLite takes the present size instead

    def limit(connection: Any, _record: Any, _proxy: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        cursor.close()

    # It stays when the block ends: a checkout of another task may be in the midst of it, waiting for its cursor.
    event.listen(store.engine.sync_engine, "checkout", limit)
    try:
        yield
    finally:
        pages = AS_MANY_AS_YOU_LIKE
