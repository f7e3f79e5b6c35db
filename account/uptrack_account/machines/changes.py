"""What has changed in an account, in order: written with the change, kept for ninety days, told to its machines.

Each account counts its changes from one. A machine says up to where it knows them; one that knows fewer than are kept
is sent to the state, which is what all changes have come to, and goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.errors import AccountError
from uptrack_account.machines.bell import Bell
from uptrack_account.store import Database
from uptrack_account.store.models import ROW_ID, ChangeRow, DeletedReportRow, DismissalRow, FeedRow, ProjectRow
from uptrack_analysis.report import SEVERITIES, Severity
from uptrack_bridges.account import REPORT_ID
from uptrack_bridges.account_changes import FINDING, RULE, AccountState, Change, ChangeList, Decision, ProjectDecision

KEPT = timedelta(days=90)
START_AGAIN = "Some of what has changed is no longer kept one by one: read the state, and go on from there."


Kind = Literal["report_deleted", "dismissed", "restored"]
_GIVEN = {
    "deleted": re.compile(f"deleted/({REPORT_ID})"),
    "meant": re.compile(f"meant/({ROW_ID})/({RULE})/({FINDING}|)"),
}
"""A place in the state, as ``next`` gave it."""


class Changes:
    """The changes of all accounts; each question names whose."""

    def __init__(self, database: Database, bell: Bell) -> None:
        self._database = database
        self._bell = bell

    async def note(
        self,
        session: AsyncSession,
        account_id: str,
        kind: Kind,
        *,
        report: str | None = None,
        project: str | None = None,
        decision: Decision | None = None,
    ) -> None:
        """Within the transaction that makes the change, in which the account's row is locked."""
        first = self._database.insert(FeedRow).values(account_id=account_id, head=1, swept=0)
        counted = first.on_conflict_do_update(index_elements=["account_id"], set_={"head": FeedRow.head + 1})
        sequence = (await session.execute(counted.returning(FeedRow.head))).scalar_one()
        change = Change(sequence=sequence, kind=kind, report=report, project=project, decision=decision)
        what = change.model_dump_json(exclude_none=True)
        now = self._database.clock()
        session.add(ChangeRow(account_id=account_id, sequence=sequence, kind=kind, what=what, made_at=now))
        await self._bell.ring(session, account_id)

    async def after(self, account_id: str, cursor: int, *, limit: int) -> ChangeList | None:
        """What came after; ``None`` where not all of it is kept, or the machine knows what never was."""
        query = (
            select(ChangeRow)
            .where(ChangeRow.account_id == account_id, ChangeRow.sequence > cursor)
            .order_by(ChangeRow.sequence)
            .limit(limit + 1)
        )
        async with self._database.reading() as session:
            head, swept = await _reach(session, account_id)
            if not swept <= cursor <= head:
                return None
            rows = (await session.scalars(query)).all()
        changes = [Change.model_validate_json(row.what) for row in rows[:limit]]
        return ChangeList(changes=changes, cursor=changes[-1].sequence if changes else cursor, more=len(rows) > limit)

    async def state(self, account_id: str, *, limit: int, after: str | None = None) -> AccountState:
        """All that changes have come to, a page at a time: first what was deleted, then what is meant.

        Raises
        ------
        AccountError
            ``after`` is nothing we gave out.
        """
        part, place = _place(after)
        deleted = list[str]()
        decisions = list[ProjectDecision]()
        async with self._database.reading() as session:
            head, _swept = await _reach(session, account_id)
            if part == "deleted":
                deleted = await _deleted(session, account_id, place, limit)
                if len(deleted) > limit:
                    deleted = deleted[:limit]
                    return AccountState(deleted=deleted, decisions=[], cursor=head, next=f"deleted/{deleted[-1]}")
                place = ()
            found = await _decisions(session, account_id, place, limit)
        last = found[limit - 1] if len(found) > limit else None
        decisions = [ProjectDecision(project=key, decision=decision_of(row)) for key, row in found[:limit]]
        following = None if last is None else f"meant/{last[1].project_id}/{last[1].rule}/{last[1].finding}"
        return AccountState(deleted=deleted, decisions=decisions, cursor=head, next=following)

    async def sweep(self) -> None:
        """Delete what is older than ninety days; a machine that has not seen it then reads the state."""
        # What is not old is not looked at: it may be a thousand times as much.
        # SQLite would group by the primary key, all of it, and not search by time, were it the bare column.
        owner = ChangeRow.account_id.concat("").label("owner")
        old = (
            select(owner, func.max(ChangeRow.sequence))
            .where(ChangeRow.made_at < self._database.clock() - KEPT)
            .group_by(owner)
        )
        async with self._database.reading() as session:
            found = (await session.execute(old)).all()
        for account_id, last in found:
            feed = (FeedRow.account_id == account_id) & (FeedRow.swept < last)
            gone = (ChangeRow.account_id == account_id) & (ChangeRow.sequence <= last)
            async with self._database.writing() as session:
                await session.execute(update(FeedRow).where(feed).values(swept=last))
                await session.execute(delete(ChangeRow).where(gone))


async def _reach(session: AsyncSession, account_id: str) -> tuple[int, int]:
    """How many changes there were, and how many of them are swept away."""
    row = await session.get(FeedRow, account_id)
    return (0, 0) if row is None else (row.head, row.swept)


async def _deleted(session: AsyncSession, account_id: str, place: Sequence[str], limit: int) -> list[str]:
    query = select(DeletedReportRow.id).where(DeletedReportRow.account_id == account_id)
    if place:
        query = query.where(DeletedReportRow.id > place[0])
    return list(await session.scalars(query.order_by(DeletedReportRow.id).limit(limit + 1)))


async def _decisions(
    session: AsyncSession, account_id: str, place: Sequence[str], limit: int
) -> list[tuple[str, DismissalRow]]:
    key = (DismissalRow.project_id, DismissalRow.rule, DismissalRow.finding)
    query = select(ProjectRow.key, DismissalRow).join(ProjectRow, ProjectRow.id == DismissalRow.project_id)
    query = query.where(DismissalRow.account_id == account_id)
    if place:
        project, rule, finding = place
        same_project = DismissalRow.project_id == project
        beyond = (DismissalRow.rule > rule) | ((DismissalRow.rule == rule) & (DismissalRow.finding > finding))
        query = query.where((DismissalRow.project_id > project) | (same_project & beyond))
    return [(found, row) for found, row in await session.execute(query.order_by(*key).limit(limit + 1))]


def _place(after: str | None) -> tuple[str, tuple[str, ...]]:
    if not after:
        return "deleted", ()
    for part, given in _GIVEN.items():
        if found := given.fullmatch(after):
            return part, found.groups()
    raise AccountError("Expected ?after= as the page before gave it in `next`.", code="account.cursor")


def decision_of(row: DismissalRow) -> Decision:
    """A row as both sides say it."""
    by_name: dict[str, Severity] = {severity: severity for severity in SEVERITIES}
    return Decision(
        rule=row.rule,
        finding=row.finding or None,
        dismissed=row.dismissed,
        at=row.decided_at,
        severity=by_name.get(row.severity or ""),
        report=row.report_id,
    )
