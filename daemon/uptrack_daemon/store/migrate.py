"""Bringing a store to the tables this version knows, with Alembic; the steps lie in ``migrations/versions``."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from uptrack_analysis.errors import Unavailable
from uptrack_daemon.store.engine import explained, sync_engine

HEAD = "0012"
"""The newest revision. A store already there is opened without loading Alembic, which costs a command 0.2 s."""

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(path: Path) -> None:
    """Create or bring up to date the store at ``path``; a store that is current is left alone.

    All steps run in one transaction that holds the write lock: two commands starting at once migrate once, and a
    crash half-way leaves the old store.

    Raises
    ------
    Unavailable
        The store comes from a newer version (code ``store.newer``), or cannot be opened (see ``engine.explained``).
    """
    engine = sync_engine(path)
    try:
        with explained(path), engine.begin() as connection:
            if _revision(connection) == HEAD:
                return
            _run_alembic(connection, path)
    finally:
        engine.dispose()


def is_current(path: Path) -> bool:
    """Whether the store at ``path`` has the tables this version knows; nothing is changed.

    Raises
    ------
    Unavailable
        It cannot be opened.
    """
    engine = sync_engine(path)
    try:
        with explained(path), engine.connect() as connection:
            return _revision(connection) == HEAD
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _run_alembic(connection: Connection, path: Path, *, to: str = "head") -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise Unavailable(
            f"The store {path} was written by a newer UpTrack (revision {_revision(connection)}); update this one.",
            code="store.newer",
        ) from error
