"""Bringing the database to the tables this version knows, with Alembic; the steps lie in ``migrations/versions``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from uptrack_analysis.errors import Unavailable

MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x75707472  # "uptr": any number that nobody else's advisory lock has


def upgrade(connection: Connection, to: str = "head") -> None:
    """In the transaction of ``connection``: a crash half-way leaves the old tables.

    Raises
    ------
    Unavailable
        A newer version has written it; code ``account.newer``.
    """
    if connection.dialect.name == "postgresql":
        # SQLite holds its write lock already. Two that start at once migrate once.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise Unavailable(
            "The account's database was written by a newer UpTrack; update this one.", code="account.newer"
        ) from error
