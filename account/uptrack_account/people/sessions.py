"""Browsers that are signed in: begun with every sign-in, found by their cookie, listed, and ended by their owner.

A session ends after seven days in which nobody came, and after thirty in any case (ASVS 5.0, 7.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.store import Database
from uptrack_account.store.models import AccountRow, SessionRow
from uptrack_account.tokens import digest, new_token

IDLE = timedelta(days=7)
LONGEST = timedelta(days=30)
RECENT = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=5)
"""When somebody came is written down no more often: a page is no reason to write."""

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in."""

    account_id: str
    email: str
    display_name: str
    session_id: str
    proved_at: datetime
    """When they last gave their password in this session."""
    policy_seen: str | None


@dataclass(frozen=True, slots=True)
class SessionFacts:
    id: str
    browser: str
    created_at: datetime
    seen_at: datetime


def browser_of(user_agent: str) -> str:
    """ "Firefox on Linux", and no more of it: all that is said beyond tells people apart."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    return f"{browser} on {system}" if system else browser


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, account_id: str, user_agent: str) -> str:
        """A new one, and its token, which is kept nowhere here."""
        token, now = new_token(), self._database.clock()
        async with self._database.writing() as session:
            session.add(
                SessionRow(
                    digest=digest(token),
                    account_id=account_id,
                    browser=browser_of(user_agent),
                    created_at=now,
                    seen_at=now,
                    proved_at=now,
                )
            )
        return token

    async def person(self, token: str) -> Person | None:
        """Whose it is; ``None`` if it never was one, or has ended."""
        now = self._database.clock()
        async with self._database.reading() as session:
            found = (
                await session.execute(
                    select(SessionRow, AccountRow).join(AccountRow).where(SessionRow.digest == digest(token))
                )
            ).one_or_none()
        if found is None:
            return None
        row, account = found
        if now - row.seen_at > IDLE or now - row.created_at > LONGEST:
            await self.end(account.id, row.id)
            return None
        if now - row.seen_at > SEEN_EVERY:
            async with self._database.writing() as session:
                await session.execute(update(SessionRow).where(SessionRow.id == row.id).values(seen_at=now))
        return Person(account.id, account.email, account.display_name, row.id, row.proved_at, account.policy_seen)

    async def of(self, account_id: str) -> list[SessionFacts]:
        """All that have not ended, the latest first."""
        now = self._database.clock()
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(SessionRow)
                .where(SessionRow.account_id == account_id, SessionRow.seen_at >= now - IDLE)
                .where(SessionRow.created_at >= now - LONGEST)
                .order_by(SessionRow.seen_at.desc(), SessionRow.id)
            )
            return [SessionFacts(row.id, row.browser, row.created_at, row.seen_at) for row in rows]

    async def end(self, account_id: str, session_id: str) -> bool:
        """End one of an account's own; whether there was one."""
        async with self._database.writing() as session:
            ended = await session.execute(
                delete(SessionRow)
                .where(SessionRow.account_id == account_id, SessionRow.id == session_id)
                .returning(SessionRow.id)
            )
            return ended.one_or_none() is not None

    async def end_of(self, email: str | None) -> int:
        """By who serves the account, of one person or of everybody (ASVS 5.0, 7.4.5); how many ended."""
        theirs = select(AccountRow.id) if email is None else select(AccountRow.id).where(AccountRow.email == email)
        ending = delete(SessionRow).where(SessionRow.account_id.in_(theirs)).returning(SessionRow.id)
        async with self._database.writing() as session:
            return len((await session.scalars(ending)).all())

    async def proved(self, person: Person) -> str:
        """They have given their password again; the session's new token, and the old one is none (ASVS 5.0, 7.2.4)."""
        token, now = new_token(), self._database.clock()
        mine = SessionRow.id == person.session_id
        async with self._database.writing() as session:
            await session.execute(update(SessionRow).where(mine).values(proved_at=now, digest=digest(token)))
        return token

    def is_recent(self, person: Person) -> bool:
        """Whether the password was given so lately that it need not be asked for again (ASVS 5.0, 7.5)."""
        return self._database.clock() - person.proved_at <= RECENT

    async def sweep(self) -> None:
        """Delete those that have ended."""
        now = self._database.clock()
        async with self._database.writing() as session:
            await session.execute(
                delete(SessionRow).where((SessionRow.seen_at < now - IDLE) | (SessionRow.created_at < now - LONGEST))
            )


async def end_all(session: AsyncSession, account_id: str, *, but: str | None = None) -> None:
    """Within another transaction: all of an account's, or all but the one that asks."""
    mine = SessionRow.account_id == account_id
    await session.execute(delete(SessionRow).where(mine if but is None else mine & (SessionRow.id != but)))
