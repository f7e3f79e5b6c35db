"""The database as a block: open inside it, closed after it, with transactions that lose nothing on either kind.

SQLite takes its write lock as a transaction begins (BEGIN IMMEDIATE), because one that reads first and writes later
loses the other's update under the driver's defaults. PostgreSQL locks rows where it is asked to (``with_for_update``),
which SQLite ignores and needs not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.event import listen
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from uptrack_account.store.models import Base, utc_now
from uptrack_analysis.errors import BadInput, Unavailable

Clock = Callable[[], datetime]

_PRAGMAS = (
    "busy_timeout = 10000",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",  # what a person erases is overwritten, not only unlinked
)
_BEGIN, _CLOCK = "uptrack_begin", "uptrack_clock"


class Database:
    """Transactions; made by ``open_database``."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self.is_sqlite = engine.dialect.name == "sqlite"
        # SQLite's own waiting is unfair, and gives up.
        self._writer = asyncio.Lock() if self.is_sqlite else nullcontext()
        known = {_CLOCK: clock}
        self._writes = async_sessionmaker(engine, expire_on_commit=False, info=known)
        self._reads = async_sessionmaker(
            engine.execution_options(**{_BEGIN: "DEFERRED"}), expire_on_commit=False, info=known
        )

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """One transaction, committed when the block ends well."""
        async with self._writer, self._writes.begin() as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with self._reads.begin() as session:
            yield session

    async def ask(self) -> None:
        """Ask it for nothing, to hear whether it answers."""
        async with self.reading() as session:
            await session.execute(select(1))

    def insert(self, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that may say what to do about a row that is there; both databases spell it alike."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)


def clock_of(session: AsyncSession) -> Clock:
    """The clock of the database whose transaction it is."""
    return cast("Clock", session.info[_CLOCK])


@asynccontextmanager
async def open_database(url: str, *, clock: Clock = utc_now) -> AsyncIterator[Database]:
    """Open it, made or migrated first if need be; several processes may do so at once.

    Raises
    ------
    BadInput
        An address that names neither SQLite nor PostgreSQL; code ``account.database``.
    Unavailable
        It cannot be reached, or a newer version has written it.
    """
    from uptrack_account.store.migrate import upgrade

    parsed = _parsed(url)
    engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
    try:
        try:
            async with engine.begin() as connection:
                await connection.run_sync(upgrade)
        except OperationalError as error:
            raise Unavailable(
                f"Expected the account's database at {parsed.render_as_string(hide_password=True)}, but it said: "
                f"{str(error.orig).splitlines()[0]}. Start it, or set UPTRACK_ACCOUNT_DATABASE.",
                code="account.database",
            ) from error
        yield Database(engine, clock)
    finally:
        await engine.dispose()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadInput(
            "Expected a database address like postgresql://user@host/name, or sqlite:///path; another came. Set "
            "UPTRACK_ACCOUNT_DATABASE.",
            code="account.database",
        )
    return parsed


def _sqlite(url: URL) -> AsyncEngine:
    path = Path(cast("str", url.database))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)  # -wal and -shm take this mode from it
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"), connect_args={"isolation_level": None}, hide_parameters=True
    )
    listen(engine.sync_engine, "connect", _set_pragmas)
    listen(engine.sync_engine, "begin", _begin)
    return engine


def _postgresql(url: URL) -> AsyncEngine:
    return create_async_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)


def _set_pragmas(connection: Any, _record: Any) -> None:
    with closing(connection.cursor()) as cursor:
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(_BEGIN, 'IMMEDIATE')}")
