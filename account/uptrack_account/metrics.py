"""What a service counts about itself, for Prometheus: how much and how long, never who or what.

Requests are counted by the pattern of their route, so that no address with an id or a token in it becomes a name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from uptrack_account.store import Base, Clock, Database
from uptrack_account.store.models import LetterRow, ReportRow

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
"""A method or route that we do not have: who asks cannot make new series."""


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
        self._letters = Gauge("uptrack_account_letters_waiting", "Letters not sent yet.", registry=self._registry)
        self._reports = Gauge("uptrack_account_reports", "Reports kept.", registry=self._registry)

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
        self._letters.set(await _count(database, LetterRow))
        self._reports.set(await _count(database, ReportRow))
        return generate_latest(self._registry)


async def _count(database: Database, table: type[Base]) -> int:
    async with database.reading() as session:
        return (await session.scalar(select(func.count()).select_from(table))) or 0
