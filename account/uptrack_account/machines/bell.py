"""Rings when something of an account has changed, in every process that serves it, for who waits to be told.

On PostgreSQL a change notifies in its own transaction, so it is heard after the commit and by all processes; a SQLite
file has one process, which is told as it commits. What is rung is the account's id and nothing else. A ring may be
lost with a connection: who listens asks by itself now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from uptrack_account.store import Database

log = logging.getLogger(__name__)

CHANNEL = "uptrack_changes"
AGAIN_AFTER_S = 5.0


class Bell:
    """Who waits for a ring, in this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def ring(self, session: AsyncSession, account_id: str) -> None:
        """Within a transaction: ring once it is committed, and not if it is rolled back."""
        if self._database.is_sqlite:

            def committed(_session: Session) -> None:
                self.rung(account_id)

            event.listen(session.sync_session, "after_commit", committed, once=True)
        else:
            notify = text("SELECT pg_notify(:channel, :account)")
            await session.execute(notify, {"channel": CHANNEL, "account": account_id})

    def rung(self, account_id: str | None = None) -> None:
        """It rang here, for one account or, without one, for all."""
        for known in list(self._waiting) if account_id is None else [account_id]:
            for waiting in self._waiting.get(known, ()):
                waiting.set()

    @contextmanager
    def heard(self, account_id: str) -> Iterator[asyncio.Event]:
        """An event that is set at every ring for the account while the block runs; who waits clears it."""
        rings = asyncio.Event()
        self._waiting[account_id].add(rings)
        try:
            yield rings
        finally:
            self._waiting[account_id].discard(rings)
            if not self._waiting[account_id]:
                del self._waiting[account_id]

    def listeners(self, account_id: str) -> int:
        return len(self._waiting.get(account_id, ()))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear what other processes ring while the block runs; on SQLite there are none."""
        if self._database.is_sqlite:
            yield
            return
        listens = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            listener = tasks.create_task(self._listen(listens), name="bell")
            try:
                await listens.wait()
                yield
            finally:
                listener.cancel()

    async def _listen(self, listens: asyncio.Event) -> None:
        address = self._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self.rung()  # whatever was rung while nobody listened
                    listens.set()
                    async for notice in connection.notifies():
                        self.rung(notice.payload)
            except psycopg.Error as error:
                log.warning("The database rings no more (%s); listening again in %.0f s", error, AGAIN_AFTER_S)
            listens.set()  # a service without push serves all the same
            await asyncio.sleep(AGAIN_AFTER_S)
