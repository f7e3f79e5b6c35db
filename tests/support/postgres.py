"""A PostgreSQL of one's own: made, started on a socket in a folder, and stopped; every test gets an empty database."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier

from support.needs import need_program

_FAST = ("-c", "fsync=off", "-c", "listen_addresses=", "-c", "max_connections=50", "-c", "shared_buffers=32MB")
_numbers = count(1)


@cache
def _program(name: str) -> str:
    """On nobody's PATH in Debian: each major version has a folder."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else need_program(name)


def _as_owner(command: Sequence[str]) -> list[str]:
    """PostgreSQL will not be run by root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


@contextmanager
def running_postgres() -> Iterator[Path]:
    """Its socket's folder.

    Beside pytest's own folders, which are closed to PostgreSQL's user, and whose names are too long for a socket.
    """
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    with tempfile.TemporaryDirectory(prefix="uptrack-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data, log = folder / "data", folder / "log"
        make = [initdb, "--pgdata", str(data), "--auth", "trust", "--no-sync", "--encoding", "UTF8"]
        subprocess.run(_as_owner([*make, "--username", "uptrack"]), check=True, capture_output=True, cwd="/")
        control = [pg_ctl, "--pgdata", str(data), "--wait", "--silent"]
        options = " ".join((*_FAST, "-k", name))
        subprocess.run(_as_owner([*control, "--log", str(log), "--options", options, "start"]), check=True, cwd="/")
        try:
            yield folder
        finally:
            subprocess.run(_as_owner([*control, "--mode", "immediate", "stop"]), check=True, cwd="/")


def new_database(socket: Path, template: str = "template1") -> str:
    """The address of an empty one, or of a copy of ``template``."""
    name = f"test{next(_numbers)}"
    with psycopg.connect(host=str(socket), user="uptrack", dbname="postgres", autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    return f"postgresql://uptrack@/{name}?host={quote(str(socket), safe='')}"
