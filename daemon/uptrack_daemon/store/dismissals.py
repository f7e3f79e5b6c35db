"""What users have said is meant: "this finding" or "this rule", in one project, until they take it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_daemon.store.decisions import carry_over, decide
from uptrack_daemon.store.models import DismissalRow, new_id
from uptrack_daemon.store.store import Store


@dataclass(frozen=True, slots=True)
class Dismissal:
    id: str
    project_key: str
    project_name: str
    rule: str
    findings: tuple[str, ...]
    """Ids the finding has had so far, newest last; empty where the whole rule is dismissed."""
    title: str
    report_id: str
    """The run in which it was last seen."""
    created_at: datetime
    severity: str | None = None
    """Of the finding when it was dismissed, or the worst of the rule; ``None`` if that was not kept."""

    @property
    def whole_rule(self) -> bool:
        return not self.findings


class Dismissals:
    """The dismissals of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self,
        project_key: str,
        project_name: str,
        *,
        rule: str,
        finding: str | None,
        title: str,
        report_id: str,
        severity: str | None = None,
    ) -> Dismissal:
        """Remember one; said again, what is meant is as bad as it is now. No ``finding`` means the whole rule."""
        async with self._store.writing() as session:
            row = await _find(session, project_key, rule, finding)
            if row is None:
                row = DismissalRow(
                    id=new_id(),
                    project_key=project_key,
                    project_name=project_name,
                    rule=rule,
                    findings=json.dumps([] if finding is None else [finding]),
                    title=title,
                    report_id=report_id,
                    created_at=self._store.clock(),
                )
                session.add(row)
            elif severity is not None:
                row.report_id = report_id
            row.severity = severity
            await session.flush()
            await decide(
                session,
                project_key,
                rule,
                json.loads(row.findings),
                dismissed=True,
                now=self._store.clock(),
                severity=severity,
                report_id=report_id,
            )
            return _dismissal(row)

    async def remove(self, project_key: str, *, rule: str, finding: str | None) -> bool:
        """Take one back, by any id the finding has had; false if there was none."""
        async with self._store.writing() as session:
            ids = list[str]()
            found = False
            # What was dismissed twice may have grown together.
            while (row := await _find(session, project_key, rule, finding)) is not None:
                found = True
                ids += json.loads(row.findings)
                await session.delete(row)
                await session.flush()
            if found:
                await decide(session, project_key, rule, ids, dismissed=False, now=self._store.clock())
            return found

    async def list(self, project_key: str | None = None) -> list[Dismissal]:
        """Of one project, or of all; oldest first."""
        query = select(DismissalRow).order_by(DismissalRow.created_at, DismissalRow.id)
        if project_key is not None:
            query = query.where(DismissalRow.project_key == project_key)
        async with self._store.reading() as session:
            return [_dismissal(row) for row in await session.scalars(query)]


async def note_seen(session: AsyncSession, report_id: str, seen: Mapping[str, str], now: datetime) -> None:
    """Note in an open transaction under which id each dismissed finding was seen in a new run."""
    for dismissal_id, finding in seen.items():
        row = await session.get(DismissalRow, dismissal_id)
        if row is not None:
            known = json.loads(row.findings)
            if finding not in known:
                await carry_over(session, row.project_key, row.rule, known[-1], finding, now)
            row.findings = json.dumps([*(other for other in known if other != finding), finding])
            row.report_id = report_id


async def _find(session: AsyncSession, project_key: str, rule: str, finding: str | None) -> DismissalRow | None:
    query = select(DismissalRow).where(DismissalRow.project_key == project_key, DismissalRow.rule == rule)
    for row in await session.scalars(query):
        known = json.loads(row.findings)
        if finding in known if finding is not None else not known:
            return row
    return None


def _dismissal(row: DismissalRow) -> Dismissal:
    return Dismissal(
        id=row.id,
        project_key=row.project_key,
        project_name=row.project_name,
        rule=row.rule,
        findings=tuple(json.loads(row.findings)),
        title=row.title,
        report_id=row.report_id,
        created_at=row.created_at,
        severity=row.severity,
    )
