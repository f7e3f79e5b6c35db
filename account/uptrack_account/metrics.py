"""What a service counts about itself, for Prometheus: how much and how long, never who or what.

Requests are counted by the pattern of their route, so that no address with an id or a token in it becomes a name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import wraps

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import ColumnElement, func, select

from uptrack_account.store import Base, Clock, Database
from uptrack_account.store.models import ErasureRow, ErrandRow, LetterRow, ReportRow, UploadRow

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
"""A method or route that we do not have: who asks cannot make new series."""
ERASED_WITHIN = timedelta(hours=1, minutes=5)
"""An erasure is looked after for an hour though all was deleted at once, and then forgotten by the next sweep."""

Kept = Callable[[datetime], tuple[type[Base], tuple[ColumnElement[bool], ...]]]
KEPT: dict[str, tuple[str, Kept]] = {
    "letters_waiting": ("Letters not sent yet.", lambda _now: (LetterRow, ())),
    "reports": ("Reports kept.", lambda _now: (ReportRow, ())),
    "uploads_overdue": (
        "Uploads whose audio should be deleted by now.",
        lambda now: (UploadRow, (UploadRow.deleted_at.is_(None), UploadRow.delete_by <= now)),
    ),
    "uploads_waiting": (
        "Uploads that wait to be analysed.",
        lambda _now: (UploadRow, (UploadRow.deleted_at.is_(None), UploadRow.state == "waiting")),
    ),
    "erasures_overdue": (
        "Deleted accounts whose audio should be deleted by now.",
        lambda now: (ErasureRow, (ErasureRow.since <= now - ERASED_WITHIN,)),
    ),
    "errands_waiting": ("Customers that Stripe has not confirmed to have deleted.", lambda _now: (ErrandRow, ())),
}
"""What is counted in the database, whichever process is asked; of each which rows."""


class Metrics:
    """One process's own counts; what is kept is asked of the database."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "uptrack_account_requests",
            "Requests answered.",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "uptrack_account_request_seconds",
            "Time from a request's head to its answer's.",
            ["route", "method"],
            registry=self._registry,
        )
        self._done = Gauge(
            "uptrack_account_work_success_time_seconds",
            "When work in the background last ended well, since 1970.",
            ["work"],
            registry=self._registry,
        )
        self._kept = {
            name: Gauge(f"uptrack_account_{name}", said, registry=self._registry) for name, (said, _of) in KEPT.items()
        }

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        method = method if method in METHODS else OTHER
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def noting(self, name: str, work: Callable[[], Awaitable[object]], clock: Clock) -> Callable[[], Awaitable[None]]:
        """The same work, which leaves behind when it ended well."""

        @wraps(work)
        async def noted() -> None:
            await work()
            self._done.labels(name).set(clock().timestamp())

        return noted

    async def page(self, database: Database) -> bytes:
        """All of it, in Prometheus' text format 0.0.4."""
        async with database.reading() as session:
            for name, (_said, of) in KEPT.items():
                table, which = of(database.clock())
                self._kept[name].set(await session.scalar(select(func.count()).select_from(table).where(*which)) or 0)
        return generate_latest(self._registry)
