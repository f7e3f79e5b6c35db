"""Fixes applied in a DAW: they wait for the project's next version, and are then kept with what it showed of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_daemon.store.models import FixRow, new_id
from uptrack_daemon.store.store import Store


@dataclass(frozen=True, slots=True)
class AppliedFix:
    """One fix; ``action`` and ``outcome`` are JSON of the daemon's own making, which the store only carries."""

    id: str
    project_key: str
    report_id: str
    """The run whose finding was fixed."""
    finding: str
    action: str
    applied_at: datetime
    outcome: str | None


class Fixes:
    """The fixes of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, project_key: str, report_id: str, finding: str, action: str) -> str:
        """Remember one; the same said again (a lossy wire repeats) is the same fix. Answers its id."""
        same = select(FixRow).where(
            FixRow.report_id == report_id,
            FixRow.finding == finding,
            FixRow.action == action,
            FixRow.outcome.is_(None),
        )
        async with self._store.writing() as session:
            row = (await session.scalars(same)).first()
            if row is None:
                row = FixRow(
                    id=new_id(),
                    project_key=project_key,
                    report_id=report_id,
                    finding=finding,
                    action=action,
                    applied_at=self._store.clock(),
                )
                session.add(row)
                await session.flush()
            return row.id

    async def waiting(self, project_key: str) -> list[AppliedFix]:
        """Those no later version has been measured for yet, oldest first."""
        return await self._some(FixRow.project_key == project_key, FixRow.outcome.is_(None))

    async def checked_in(self, report_id: str) -> list[AppliedFix]:
        """Those that were measured again in this run."""
        return await self._some(FixRow.checked_in == report_id)

    async def _some(self, *which: ColumnElement[bool]) -> list[AppliedFix]:
        query = select(FixRow).where(*which).order_by(FixRow.applied_at, FixRow.id)
        async with self._store.reading() as session:
            return [_fix(row) for row in await session.scalars(query)]


async def note_outcomes(session: AsyncSession, report_id: str, outcomes: Mapping[str, str]) -> None:
    """Note in an open transaction what a new run showed of fixes that waited for it."""
    for fix_id, outcome in outcomes.items():
        row = await session.get(FixRow, fix_id)
        if row is not None:
            row.checked_in, row.outcome = report_id, outcome


def _fix(row: FixRow) -> AppliedFix:
    return AppliedFix(row.id, row.project_key, row.report_id, row.finding, row.action, row.applied_at, row.outcome)
