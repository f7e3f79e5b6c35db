"""How SQLite is opened: pragmas, transactions that lose nothing, and a sentence for each way it can fail.

The driver's own idea of transactions is switched off (``isolation_level=None``) and SQLAlchemy's "begin" says BEGIN
itself: IMMEDIATE where something will be written, because a transaction that reads first and asks for the write lock
later either fails or, under the driver's defaults, silently loses the other's update.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from uptrack_analysis.errors import Unavailable
from uptrack_daemon.home import PRIVATE_FILE, DiskFull, explain_os_error

BEGIN_OPTION = "uptrack_begin"
Begin = Literal["IMMEDIATE", "DEFERRED", "none"]

BUSY_TIMEOUT_MS = 10_000

PRAGMAS = (
    f"busy_timeout = {BUSY_TIMEOUT_MS}",
    "journal_mode = WAL",
    "synchronous = FULL",  # feedback and outbox rows must survive a power cut, not only a crash
    "foreign_keys = ON",
    "secure_delete = ON",  # what a user deletes is overwritten, not only unlinked
    "temp_store = MEMORY",  # VACUUM would otherwise leave a copy of everything in the temporary folder
)


def async_engine(path: Path) -> AsyncEngine:
    """The engine of the daemon and of commands; begins IMMEDIATE unless an execution option says otherwise."""
    _create_private(path)
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)), connect_args={"isolation_level": None}
    )
    _listen(engine.sync_engine)
    return engine


def sync_engine(path: Path) -> Engine:
    """The same for migrations, which Alembic runs synchronously."""
    _create_private(path)
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"isolation_level": None})
    _listen(engine)
    return engine


def _create_private(path: Path) -> None:
    # SQLite gives -wal and -shm the mode of the database, so this one file decides for all three.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), PRIVATE_FILE))
    except OSError as error:
        raise explain_os_error(error, f"open its store {path}", code="store.unusable") from error


def _listen(engine: Engine) -> None:
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


def _set_pragmas(connection: Any, _record: Any) -> None:
    with closing(connection.cursor()) as cursor:
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    begin: Begin = connection.get_execution_options().get(BEGIN_OPTION, "IMMEDIATE")
    if begin != "none":
        connection.exec_driver_sql(f"BEGIN {begin}")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into a sentence.

    Raises
    ------
    DiskFull
        No room; the transaction has been rolled back and nothing stored before is lost.
    Unavailable
        Locked by another process for too long, not writable, or damaged. Anything else (a constraint, bad SQL) is a
        programming slip and passes as it is.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        sentence = _sentence(getattr(cause, "sqlite_errorcode", None), path)
        if sentence is None:
            raise
        raise sentence from error


def _sentence(extended: int | None, path: Path) -> Unavailable | None:
    if extended is None:
        return None
    match extended & 0xFF:  # the low byte is the primary result code, https://sqlite.org/rescode.html
        case sqlite3.SQLITE_FULL:
            return DiskFull(
                f"UpTrack could not store its results in {path}: the disk is full. Free some space and try again."
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Unavailable(
                f"Another process has held UpTrack's store {path} for over {BUSY_TIMEOUT_MS // 1000} s; "
                "try again when it is done.",
                code="store.busy",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return Unavailable(
                f"UpTrack may not write its store {path}; check the permissions of the file and its folder.",
                code="store.unusable",
            )
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return Unavailable(
                f"{path} is damaged or not UpTrack's store; move it away and a new one is made.", code="store.damaged"
            )
        case sqlite3.SQLITE_IOERR:
            return Unavailable(
                f"The disk refused to read or write UpTrack's store {path}; check the disk and its free space.",
                code="store.io",
            )
        case _:
            return None
