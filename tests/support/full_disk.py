"""A disk that is full, everywhere and without being root: SQLite itself refuses to let the file grow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event

from uptrack_daemon.store import Store


@asynccontextmanager
async def full_disk(store: Store) -> AsyncIterator[None]:
    """While the block runs, the database cannot take another page; what has pages can still be changed."""
    await store.wipe_traces(compact=True)

    def no_more_pages(connection: Any, _record: Any, _proxy: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA max_page_count = 1")  # SQLite takes the present size instead
        cursor.close()

    def as_many_as_you_like(connection: Any, _record: Any, _proxy: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA max_page_count = 1073741823")
        cursor.close()

    engine = store.engine.sync_engine
    event.listen(engine, "checkout", no_more_pages)
    try:
        yield
    finally:
        event.remove(engine, "checkout", no_more_pages)
        event.listen(engine, "checkout", as_many_as_you_like)
