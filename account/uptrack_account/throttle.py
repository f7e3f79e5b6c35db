"""How often something may be tried: so many times in so long, by whom and from where.

Counted in the database, in a transaction of its own: a try counts though what was tried fails, and for all processes
alike. Windows are fixed; the count begins anew when one ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, delete

from uptrack_account.errors import TooMany
from uptrack_account.store import Database
from uptrack_account.store.models import TryRow
from uptrack_account.tokens import Keyed


@dataclass(frozen=True, slots=True)
class Limit:
    action: str
    most: int
    within: timedelta


SIGN_IN = Limit("sign in", 10, timedelta(minutes=15))
SIGN_IN_FROM = Limit("sign in from", 60, timedelta(minutes=15))
SIGN_UP_FROM = Limit("sign up from", 20, timedelta(hours=1))
LETTER = Limit("letter", 5, timedelta(hours=1))
LETTER_FROM = Limit("letter from", 20, timedelta(hours=1))

LINK_CODE = Limit("link code", 10, timedelta(minutes=15))
"""Of 25.6 thousand million codes, with a thousand machines waiting: one guess in 25 million (RFC 8628, 5.1)."""
LINK_CODE_FROM = Limit("link code from", 60, timedelta(minutes=15))
DEVICE_FROM = Limit("device from", 30, timedelta(hours=1))
BILLING = Limit("billing", 30, timedelta(hours=1))
"""Of one account: each asks Stripe."""
REPORT = Limit("report", 1_000, timedelta(hours=1))
"""Of one account: a measurement takes seconds, and years of them may come at once after linking."""
UPLOAD = Limit("upload", 60, timedelta(hours=1))
"""Of one account; what cannot be analysed does not count in its month, so this is what counts it."""

DATA = Limit("data", 30, timedelta(hours=1))
"""Of one account: each goes through all that is kept of it."""

DECISION = Limit("decision", 5_000, timedelta(hours=1))
"""Of one account: a machine that is linked anew may know of years of them."""
DELETION = Limit("deletion", 1_000, timedelta(hours=1))
"""Of one account, as many as reports: of each an id is kept, there or not, and every machine of the account is told."""


class Throttle:
    """Counts tries."""

    def __init__(self, database: Database, keyed: Keyed) -> None:
        self._database = database
        self._keyed = keyed

    async def count(self, limit: Limit, subject: str) -> None:
        """One more try.

        Raises
        ------
        TooMany
            More than the limit.
        """
        now = self._database.clock()
        row = TryRow.__table__.c
        insert = self._database.insert(TryRow).values(
            action=limit.action,
            subject=self._keyed.digest(limit.action, subject),
            count=1,
            until=now + limit.within,
        )
        new = insert.excluded
        ended = row.until <= now
        counted = insert.on_conflict_do_update(
            index_elements=[row.action, row.subject],
            set_={
                "count": case((ended, new.count), else_=row.count + 1),
                "until": case((ended, new.until), else_=row.until),
            },
        ).returning(row.count, row.until)
        async with self._database.writing() as session:
            count, until = (await session.execute(counted)).one()
        if count > limit.most:
            raise TooMany((until - now).total_seconds())

    async def forget(self, limit: Limit, subject: str) -> None:
        """Begin anew: it went well."""
        async with self._database.writing() as session:
            mine = (TryRow.action == limit.action) & (TryRow.subject == self._keyed.digest(limit.action, subject))
            await session.execute(delete(TryRow).where(mine))

    async def sweep(self) -> None:
        """Delete what has ended."""
        async with self._database.writing() as session:
            await session.execute(delete(TryRow).where(TryRow.until <= self._database.clock()))
