"""The privacy policy in force, who has seen it, and the letter that tells everybody of a new one (promise P19).

Its text is the page ``/privacy``. Whoever changes what the text promises sets ``VERSION`` to the day it holds from.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, update

from uptrack_account import letters
from uptrack_account.store import Clock, Database
from uptrack_account.store.models import AccountRow

VERSION = "2026-11-29"
AT_ONCE = 200
"""Accounts in one transaction: the letters of thousands must not hold up who signs in."""


class Policy:
    """Parameters
    ----------
    version : str
        The day from which it holds.
    """

    def __init__(self, database: Database, site: str, version: str = VERSION) -> None:
        self._database = database
        self._site = site
        self.version = version

    def is_news_to(self, seen: str | None) -> bool:
        """Whether somebody who has seen that version has to be shown the one in force."""
        return seen != self.version and _holds(self.version, self._database.clock)

    async def acknowledge(self, account_id: str) -> None:
        mine = AccountRow.id == account_id
        async with self._database.writing() as session:
            await session.execute(update(AccountRow).where(mine).values(policy_seen=self.version))

    async def tell(self) -> int:
        """Write to everybody who was not told of the version in force; how many that were.

        The letter and the note that it was written are one transaction, so that nobody gets two or none.
        """
        told, now = 0, self._database.clock()
        if not _holds(self.version, self._database.clock):
            return 0
        another = AccountRow.policy_told.is_distinct_from(self.version) & AccountRow.verified_at.is_not(None)
        while True:
            async with self._database.writing() as session:
                some = select(AccountRow).where(another).order_by(AccountRow.id).limit(AT_ONCE)
                accounts = (await session.scalars(some.with_for_update(skip_locked=True))).all()
                for account in accounts:
                    account.policy_told = self.version
                    letters.post(session, account.id, letters.new_policy(self._site, self.version), now)
            told += len(accounts)
            if len(accounts) < AT_ONCE:
                return told


def _holds(version: str, clock: Clock) -> bool:
    return date.fromisoformat(version) <= clock().date()
