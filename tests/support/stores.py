"""Stores, jobs and reports for tests, each in one line."""

from __future__ import annotations

import tempfile
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from support.reports import a_report
from uptrack_analysis.report import to_json
from uptrack_daemon.store import Clock as AnyClock
from uptrack_daemon.store import NewReport, Store, open_store, utc_now
from uptrack_daemon.store.migrate import upgrade

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Forward by ``timedelta`` arguments, or backward if they are negative."""
        self.now += timedelta(**by)


def a_new_report(*, name: str = "warehouse_v7.wav", job_id: str = "0" * 16, **changes: Any) -> NewReport:
    """A whole report about to be stored."""
    return NewReport(document=to_json(a_report(name=name)), job_id=job_id, source_path=Path("/music") / name, **changes)


def bytes_of(database: Path) -> bytes:
    """Everything SQLite has on disk: the database and what lies beside it."""
    return b"".join(path.read_bytes() for path in sorted(database.parent.glob(f"{database.name}*")))


def a_store(path: Path, *, clock: AnyClock = utc_now) -> AbstractAsyncContextManager[Store]:
    """``open_store`` on a copy of one that was migrated once for all tests: migrating costs more than most tests."""
    if not path.exists():
        path.write_bytes(_migrated())
        path.chmod(0o600)
    return open_store(path, clock=clock)


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uptrack.sqlite"
        upgrade(path)
        return path.read_bytes()
