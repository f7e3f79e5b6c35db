"""How far this machine has followed what changed in its account, and what a change does here.

A change is carried out in the transaction that notes how far we are, so a crash neither loses nor forgets one; done
twice it does nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select

from uptrack_bridges.account_changes import Decision
from uptrack_daemon.store.decisions import hear
from uptrack_daemon.store.models import AccountFeedRow, ReportRow
from uptrack_daemon.store.outbox import leave_deleted
from uptrack_daemon.store.store import Store


class AccountFeed:
    """The feed of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def cursor(self) -> int | None:
        """Where to go on; ``None`` where the state is to be read first."""
        async with self._store.reading() as session:
            row = await session.get(AccountFeedRow, 1)
            return None if row is None else row.cursor

    async def followed_at(self) -> datetime | None:
        """When the account last answered."""
        async with self._store.reading() as session:
            row = await session.get(AccountFeedRow, 1)
            return None if row is None else row.followed_at

    async def start_again(self) -> None:
        async with self._store.writing() as session:
            row = await session.get(AccountFeedRow, 1)
            if row is not None:
                row.cursor = None

    async def known(self, report_ids: Sequence[str]) -> list[str]:
        """Those of the reports that are here."""
        async with self._store.reading() as session:
            return list(await session.scalars(select(ReportRow.id).where(ReportRow.id.in_(report_ids))))

    async def followed(
        self,
        cursor: int | None,
        *,
        deleted: Sequence[str],
        decisions: Sequence[tuple[str, Decision]],
        key_of: Callable[[str], str],
    ) -> None:
        """Carry out what the account told, and note how far that is; ``None`` in the middle of reading the state.

        Parameters
        ----------
        deleted : sequence of str
            Reports that the account has no longer, and is not to be sent again.
        decisions : sequence of (str, Decision)
            Each with its project, as the account knows it.
        key_of : callable
            From our key of a project to the account's.
        """
        now = self._store.clock()
        async with self._store.writing() as session:
            await leave_deleted(session, deleted, now)
            if decisions:
                keys = (await session.scalars(select(ReportRow.project_key).distinct())).all()
                ours = {key_of(key): key for key in keys}
                for project, said in decisions:
                    if (key := ours.get(project)) is not None:
                        await hear(session, key, said, now)
            if cursor is not None:
                row = await session.get(AccountFeedRow, 1)
                if row is None:
                    row = AccountFeedRow(id=1)
                    session.add(row)
                row.cursor, row.followed_at = cursor, now
