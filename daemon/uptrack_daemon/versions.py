"""A new run and its project's past: what it is held against, and what came of that.

``Versions`` asks the store; ``weigh`` compares, which takes numbers and a moment, so it is pure and runs in a thread.
The comparison itself is ``uptrack_analysis.compare``, loaded when the first one is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from uptrack_analysis.report import Report, from_json
from uptrack_daemon.store import Reports, Store, StoredReport

if TYPE_CHECKING:
    from datetime import datetime

    from uptrack_analysis.compare.versions import Comparison


@dataclass(frozen=True, slots=True)
class Past:
    """What a project remembers when a run of it comes in."""

    before: StoredReport | None = None
    """Its version before: the newest report of another file."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A run held against its project's past."""

    report: Report
    document: str
    """``report`` as it is stored: the bytes that came where nothing of it was changed."""
    comparison: Comparison | None

    @property
    def since(self) -> tuple[str, ...]:
        """Lines for the head of a report."""
        if self.comparison is None:
            return ()
        from uptrack_analysis.present.comparison import since_before

        return (since_before(self.comparison), *self.comparison.notes)


class Versions:
    """The pasts of the projects of one store."""

    def __init__(self, store: Store) -> None:
        self._reports = Reports(store)

    async def past(self, project_key: str, sha256: str, *, before: datetime | None = None) -> Past:
        """What there is to hold a run against; ``before`` for a run that is in the store already."""
        return Past(await self._reports.version_before(project_key, sha256, before=before))

    async def of(self, stored: StoredReport) -> Weighed:
        """A stored run, held against what came before it."""
        import asyncio

        summary = stored.summary
        past = await self.past(summary.project_key, summary.sha256, before=summary.created_at)
        return await asyncio.to_thread(weigh, stored.document, past)


def weigh(document: str, past: Past) -> Weighed:
    """Hold a run's report against the past; raises ``pydantic.ValidationError`` if it is none."""
    report = from_json(document)
    return Weighed(report, document, _compared(past.before, report))


def _compared(before: StoredReport | None, report: Report) -> Comparison | None:
    if before is None:
        return None
    from uptrack_analysis.compare.versions import compare

    try:
        old = from_json(before.document)
    except ValidationError:
        return None  # of a schema this version does not read: nothing to hold the new one against
    return compare(old, report)
