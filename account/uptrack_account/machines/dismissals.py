"""What people have said is meant, in each project: decided here or on a machine, the later word counting.

A report never changes, so what was decided is laid over it wherever it is shown. A project's decisions go with its last
report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.machines.changes import Changes, Kind, decision_of
from uptrack_account.store import Database, in_line
from uptrack_account.store.models import DismissalRow, ProjectRow
from uptrack_analysis.report import SEVERITIES, Finding, Report, Severity
from uptrack_bridges.account_changes import Decision, moment_after

AS_CLOCKS_DIFFER = timedelta(seconds=5)


class Dismissals:
    """The decisions of all accounts; each question names whose."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    async def of(self, account_id: str, project_id: str) -> list[Decision]:
        """All of a project; empty if it is none of that account's."""
        mine = select(DismissalRow).where(DismissalRow.account_id == account_id, DismissalRow.project_id == project_id)
        async with self._database.reading() as session:
            rows = await session.scalars(mine.order_by(DismissalRow.rule, DismissalRow.finding))
            return [decision_of(row) for row in rows]

    async def put(self, account_id: str, project_key: str, decision: Decision) -> Decision | None:
        """A machine's word; which word counts now, or ``None`` where the account has no report of that project.

        A machine whose clock is ahead has decided it now, or nobody could decide otherwise until then.
        """
        now = self._database.clock()
        async with self._database.writing() as session:
            await in_line(session, account_id)
            mine = (ProjectRow.account_id == account_id) & (ProjectRow.key == project_key)
            project = await session.scalar(select(ProjectRow).where(mine))
            if project is None:
                return None
            row = await _row(session, project.id, decision)
            latest = moment_after(now, None if row is None else row.decided_at)
            is_ahead = decision.at > now + AS_CLOCKS_DIFFER
            said = decision.model_copy(update={"at": min(decision.at, latest)}) if is_ahead else decision
            if row is not None and not said.stands_over(standing := decision_of(row)):
                return standing
            await self._keep(session, project, row, said)
            return said

    async def decide(
        self,
        account_id: str,
        project_id: str,
        rule: str,
        finding: str | None,
        *,
        dismissed: bool,
        severity: Severity | None,
        report_id: str,
    ) -> None:
        """A person's word on a page; it counts over all that was said before."""
        async with self._database.writing() as session:
            await in_line(session, account_id)
            mine = (ProjectRow.account_id == account_id) & (ProjectRow.id == project_id)
            project = await session.scalar(select(ProjectRow).where(mine))
            if project is None:
                return  # its last report was deleted meanwhile
            said = Decision(
                rule=rule,
                finding=finding,
                dismissed=dismissed,
                at=self._database.clock(),
                severity=severity if dismissed else None,
                report=report_id,
            )
            row = await _row(session, project_id, said)
            at = moment_after(said.at, None if row is None else row.decided_at)
            await self._keep(session, project, row, said.model_copy(update={"at": at}))

    async def _keep(self, session: AsyncSession, project: ProjectRow, row: DismissalRow | None, said: Decision) -> None:
        if row is None:
            row = DismissalRow(
                project_id=project.id, rule=said.rule, finding=said.finding or "", account_id=project.account_id
            )
            session.add(row)
        row.dismissed, row.decided_at = said.dismissed, said.at
        row.severity, row.report_id = said.severity, said.report
        kind: Kind = "dismissed" if said.dismissed else "restored"
        await self._changes.note(session, project.account_id, kind, project=project.key, decision=said)


def with_decisions(report: Report, decisions: Sequence[Decision]) -> Report:
    """The report as those decisions have it; what none is about stays as the machine has marked it.

    As on the machine, a rule that is dismissed takes all it finds with it, and what has grown worse than what was
    dismissed is told again.
    """
    from uptrack_analysis.findings.dismissed import with_dismissed

    known = {(one.rule, one.finding): one for one in decisions}
    meant = set[str]()
    worse: dict[str, Severity] = {}
    for found in report.findings:
        said = [one for one in (known.get((found.rule, None)), known.get((found.rule, found.id))) if one is not None]
        dismissing = [one for one in said if one.dismissed]
        if any(not _is_worse(found, one) for one in dismissing) or (not said and found.dismissed):
            meant.add(found.id)
        elif dismissing:
            worse[found.id] = worst_of(one.severity for one in dismissing if one.severity)
        elif not said and found.dismissed_as is not None:
            worse[found.id] = found.dismissed_as
    return with_dismissed(report, meant, worse)


def worst_of(severities: Iterable[Severity]) -> Severity:
    """Of at least one."""
    found = set(severities)
    return next(severity for severity in reversed(SEVERITIES) if severity in found)


def _is_worse(found: Finding, decision: Decision) -> bool:
    was = decision.severity
    return was is not None and SEVERITIES.index(found.severity) > SEVERITIES.index(was)


async def _row(session: AsyncSession, project_id: str, said: Decision) -> DismissalRow | None:
    return await session.get(DismissalRow, (project_id, said.rule, said.finding or ""))
