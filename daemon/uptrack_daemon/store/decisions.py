"""What was decided about the findings of a project, here or in the account: one word each, the later one counting.

A dismissal knows a finding by every id it has had; a decision is about one id. So what a person decides here is a
decision about each of those ids, and one that comes from the account is carried over to the others. At the end of
every transaction a finding is among the dismissals if, and only if, the last word on it dismisses.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_analysis.report import Severity
from uptrack_bridges.account_changes import Decision, moment_after
from uptrack_daemon.store.account_links import link_row
from uptrack_daemon.store.models import DecisionRow, DismissalRow, OutboxRow, ReportRow, new_id

WHOLE_RULE = ""


async def decide(
    session: AsyncSession,
    project_key: str,
    rule: str,
    findings: Sequence[str],
    *,
    dismissed: bool,
    now: datetime,
    severity: str | None = None,
    report_id: str | None = None,
) -> None:
    """A person's word, here, about a finding by all its ids, or without any about the rule; later than all before."""
    rows = {name: await _row(session, project_key, rule, name) for name in findings or [WHOLE_RULE]}
    at = now
    for row in rows.values():
        at = max(at, moment_after(now, None if row is None else row.decided_at))
    for name, row in rows.items():
        said = _decision(rule, name, dismissed=dismissed, at=at, severity=severity, report_id=report_id)
        await _keep(session, project_key, said, row, now)


async def carry_over(session: AsyncSession, project_key: str, rule: str, known: str, also: str, now: datetime) -> None:
    """A finding that was known by one id is seen under another: what was said of the one is said of the other."""
    row, other = [await _row(session, project_key, rule, name) for name in (known, also)]
    if row is None or (other is not None and other.dismissed):
        return
    said = decision_of(row)
    at = said.at if other is None else max(said.at, moment_after(said.at, other.decided_at))
    about = said.model_copy(update={"finding": also, "at": at})
    await _keep(session, project_key, about, other, now)


async def hear(session: AsyncSession, project_key: str, said: Decision, now: datetime) -> bool:
    """The account's word: it counts if it is the later one; whether it did."""
    row = await _row(session, project_key, said.rule, said.finding or WHOLE_RULE)
    if row is not None and not said.stands_over(decision_of(row)):
        if said == decision_of(row):
            row.on_account = True
        return False
    await take_over(session, project_key, said, now)
    return True


async def take_over(session: AsyncSession, project_key: str, said: Decision, now: datetime) -> None:
    """What the account says counts there, counts here."""
    name = said.finding or WHOLE_RULE
    await _keep(session, project_key, said, await _row(session, project_key, said.rule, name), now, on_account=True)
    meant = await _dismissals(session, project_key, said.rule, name)
    if said.dismissed and not meant:
        await _dismiss(session, project_key, said)
    for one in meant:
        if said.dismissed:
            one.severity = said.severity
        else:
            await _restore(session, one, said, now)


async def decision_with(session: AsyncSession, decision_id: str) -> DecisionRow | None:
    """By its id, in an open transaction."""
    return (await session.scalars(select(DecisionRow).where(DecisionRow.id == decision_id))).one_or_none()


async def wish_decisions(session: AsyncSession, now: datetime, project_key: str | None = None) -> None:
    """Have the account told what it does not know yet; of one project, or of all that have a report it is to have."""
    there = select(OutboxRow.report_id)
    query = select(DecisionRow.id).where(DecisionRow.on_account.is_(False), DecisionRow.id.not_in(there))
    of_reports = select(ReportRow.project_key).join(OutboxRow, OutboxRow.report_id == ReportRow.id)
    wanted = DecisionRow.project_key.in_(of_reports) if project_key is None else DecisionRow.project_key == project_key
    for decision_id in (await session.scalars(query.where(wanted))).all():
        session.add(_wish(decision_id, now))


async def forget_projects(session: AsyncSession, project_key: str | None = None) -> None:
    """With a project's last report, or with all, what was decided about it; nothing is taken back by that."""
    gone = (
        delete(DecisionRow)
        if project_key is None
        else delete(DecisionRow).where(DecisionRow.project_key == project_key)
    )
    ids = (await session.scalars(gone.returning(DecisionRow.id))).all()
    await session.execute(delete(OutboxRow).where(OutboxRow.report_id.in_(ids)))


async def is_new_project(session: AsyncSession, project_key: str) -> bool:
    """Whether the report that was just added is its project's first."""
    count = select(func.count()).select_from(ReportRow).where(ReportRow.project_key == project_key)
    return (await session.scalars(count)).one() == 1


def decision_of(row: DecisionRow) -> Decision:
    """A row as both sides say it."""
    return _decision(
        row.rule,
        row.finding,
        dismissed=row.dismissed,
        at=row.decided_at,
        severity=row.severity,
        report_id=row.report_id,
    )


def _decision(
    rule: str, finding: str, *, dismissed: bool, at: datetime, severity: str | None, report_id: str | None
) -> Decision:
    return Decision(
        rule=rule,
        finding=None if finding == WHOLE_RULE else finding,
        dismissed=dismissed,
        at=at,
        severity=cast("Severity | None", severity),
        report=report_id,
    )


async def _keep(
    session: AsyncSession,
    project_key: str,
    said: Decision,
    row: DecisionRow | None,
    now: datetime,
    *,
    on_account: bool = False,
) -> None:
    if row is None:
        row = DecisionRow(project_key=project_key, rule=said.rule, finding=said.finding or WHOLE_RULE, id=new_id())
        session.add(row)
    row.dismissed, row.decided_at = said.dismissed, said.at
    row.severity, row.report_id, row.on_account = said.severity, said.report, on_account
    await session.execute(delete(OutboxRow).where(OutboxRow.report_id == row.id))
    if not on_account and await link_row(session) is not None:
        session.add(_wish(row.id, now))
    await session.flush()


async def _dismiss(session: AsyncSession, project_key: str, said: Decision) -> None:
    named = select(ReportRow.project_name, ReportRow.source_name).where(ReportRow.project_key == project_key)
    name = (await session.execute(named.order_by(ReportRow.created_at.desc()).limit(1))).one_or_none()
    session.add(
        DismissalRow(
            id=new_id(),
            project_key=project_key,
            project_name="" if name is None else name.project_name or name.source_name,
            rule=said.rule,
            findings=json.dumps([] if said.finding is None else [said.finding]),
            title=await _title(session, said),
            report_id=said.report or "",
            created_at=said.at,
            severity=said.severity,
        )
    )
    await session.flush()


async def _title(session: AsyncSession, said: Decision) -> str:
    """As the report it was seen in has it, if that is here; titles are not sent."""
    document = await session.scalar(select(ReportRow.document).where(ReportRow.id == said.report))
    if document is not None and said.finding is not None:
        for finding in json.loads(document).get("findings") or []:
            if finding.get("id") == said.finding:
                return str(finding["title"])
    return said.about


async def _restore(session: AsyncSession, meant: DismissalRow, said: Decision, now: datetime) -> None:
    """Take a dismissal back, with all ids the finding has had that were not dismissed anew since."""
    left = list[str]()
    for name in json.loads(meant.findings):
        row = await _row(session, meant.project_key, meant.rule, name)
        about = said.model_copy(update={"finding": name})
        if name == said.finding:
            continue
        if row is not None and not about.stands_over(decision_of(row)):
            if row.dismissed:
                left.append(name)
            continue
        await _keep(session, meant.project_key, about, row, now)
    if left:
        meant.findings = json.dumps(left)
    else:
        await session.delete(meant)
    await session.flush()


async def _dismissals(session: AsyncSession, project_key: str, rule: str, name: str) -> list[DismissalRow]:
    """More than one where what was dismissed twice has grown together."""
    query = select(DismissalRow).where(DismissalRow.project_key == project_key, DismissalRow.rule == rule)
    rows = (await session.scalars(query)).all()
    return [row for row in rows if name in (json.loads(row.findings) or [WHOLE_RULE])]


async def _row(session: AsyncSession, project_key: str, rule: str, finding: str) -> DecisionRow | None:
    return await session.get(DecisionRow, (project_key, rule, finding))


def _wish(decision_id: str, now: datetime) -> OutboxRow:
    return OutboxRow(report_id=decision_id, wish="decided", attempts=0, created_at=now, due_at=now, refused=False)
