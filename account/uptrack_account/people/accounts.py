"""Becoming somebody, proving it, and leaving again.

Nothing here says whether an address has an account: signing up, asking for a new password and a wrong password answer
the same with and without one, and a password is hashed in any case. What differs is in the letter, which only the
address's owner reads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account import letters
from uptrack_account.errors import AccountError, Refused
from uptrack_account.machines.bell import Bell
from uptrack_account.machines.devices import unlink_all
from uptrack_account.money.errands import remember_of
from uptrack_account.people import passwords
from uptrack_account.people.passwords import Passwords
from uptrack_account.people.policy import VERSION
from uptrack_account.people.sessions import Person, end_all
from uptrack_account.store import Database
from uptrack_account.store.models import EMAIL_LENGTH, NAME_LENGTH, AccountRow, LinkRow
from uptrack_account.tokens import digest, new_token

Leaving = Callable[[AsyncSession, str], Awaitable[None]]
VERIFY, RESET = "verify", "reset"
LINK_LIFE = {VERIFY: timedelta(days=2), RESET: timedelta(hours=1)}
WRONG = "That address and password do not belong together. Try again, or ask for a new password."
AGAIN_AFTER = timedelta(minutes=15)
"""Who knows the password of an address that is not proved gets no letter sent to it more often than that."""
USED = "This link was used before, or is too old. Ask for a new one."


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """All that is kept of a person, but the hash of the password."""

    id: str
    email: str
    display_name: str
    created_at: datetime
    verified_at: datetime | None
    wants_news: bool


class Accounts:
    """What people do with their accounts.

    Parameters
    ----------
    site : str
        The service's address, which links in letters begin with.
    bell : Bell
        Rung when machines are unlinked here, so that their push channels end.
    leaving : sequence of callables
        Called in the transaction that erases an account, for what lies elsewhere and goes with it.
    """

    def __init__(
        self, database: Database, keeper: Passwords, site: str, bell: Bell, *, leaving: Sequence[Leaving] = ()
    ) -> None:
        self._database = database
        self._bell = bell
        self._leaving = leaving
        self._passwords = keeper
        self._site = site

    async def sign_up(self, email: str, display_name: str, password: str) -> None:
        """Make an account and write to its address; where there is one already, its owner is written to instead.

        Raises
        ------
        AccountError
            No address, no name, or no password to be used.
        """
        email, display_name = checked_email(email), checked_name(display_name)
        hashed = await self._passwords.hashed(passwords.check(password, email, display_name))
        now = self._database.clock()
        row = AccountRow(email=email, display_name=display_name, password_hash=hashed, created_at=now, wants_news=False)
        # The form says that the policy is read and agreed to with it.
        row.policy_seen = row.policy_told = VERSION
        try:
            async with self._database.writing() as session:
                session.add(row)
                await session.flush()
                await self._send_link(session, row, VERIFY)
        except IntegrityError:
            async with self._database.writing() as session:
                there = await _by_email(session, email)
                if there is not None:
                    letters.post(session, there.id, letters.already_there(self._site), now)

    async def verify(self, token: str, password: str) -> str:
        """Believe that the address is theirs; the account's id.

        The password is asked for because the letter's reader need not be who signed up: without it, who signs up with
        another's address would have an account that its owner has proved for them.

        Raises
        ------
        Refused
            No such link, or no longer; or another password, and the link can be followed again.
        """
        async with self._database.reading() as session:
            found = await self._of_link(session, token, VERIFY)
        if not await self._passwords.is_right(password, found.password_hash):
            raise Refused(
                "That is not the password this account was made with. If you did not make it, ask for a new password.",
                code="account.wrong",
            )
        async with self._database.writing() as session:
            account = await self._spend_link(session, token, VERIFY)
            account.verified_at = account.verified_at or self._database.clock()
            return account.id

    async def sign_in(self, email: str, password: str) -> str:
        """The account's id.

        Raises
        ------
        Refused
            Not those two, or the address was never proved; then its owner has a new link.
        """
        try:
            email = checked_email(email)
        except AccountError:
            email = ""
        async with self._database.reading() as session:
            account = await _by_email(session, email)
        if not await self._passwords.is_right(password, account.password_hash if account else None) or account is None:
            raise Refused(WRONG, code="account.wrong")
        if account.verified_at is None:
            await self._remind(account)
            raise Refused(
                "This address is not proved yet. A link is on its way to it: follow it, then sign in.",
                code="account.unproved",
            )
        if self._passwords.is_weak(account.password_hash):
            hashed = await self._passwords.hashed(password)
            async with self._database.writing() as session:
                (await _by_id(session, account.id)).password_hash = hashed
        return account.id

    async def ask_for_reset(self, email: str) -> None:
        """Write to the address, if it has an account."""
        try:
            email = checked_email(email)
        except AccountError:
            return
        async with self._database.writing() as session:
            account = await _by_email(session, email)
            if account is not None:
                await self._send_link(session, account, RESET)

    async def reset(self, token: str, password: str, *, unlink: bool = False) -> None:
        """A new password, by the link of a letter; every browser is signed out, and with ``unlink`` every machine.

        Raises
        ------
        Refused
            No such link, or no longer.
        AccountError
            The password cannot be used; the link still can.
        """
        hashed = await self._passwords.hashed(passwords.check(password))
        now = self._database.clock()
        async with self._database.writing() as session:
            account = await self._spend_link(session, token, RESET)
            account.password_hash = hashed
            account.verified_at = account.verified_at or now  # who reads the address's letters has it
            await end_all(session, account.id)
            if unlink:
                await unlink_all(session, self._bell, account.id)
            letters.post(session, account.id, letters.password_changed(self._site, unlinked=unlink), now)

    async def change_password(self, person: Person, old: str, new: str, *, unlink: bool = False) -> None:
        """Another password; every other browser is signed out, and with ``unlink`` every machine.

        Raises
        ------
        Refused
            The old one is another.
        """
        await self.prove(person, old)
        hashed = await self._passwords.hashed(passwords.check(new, person.email, person.display_name))
        async with self._database.writing() as session:
            (await _by_id(session, person.account_id)).password_hash = hashed
            await end_all(session, person.account_id, but=person.session_id)
            if unlink:
                await unlink_all(session, self._bell, person.account_id)
            letter = letters.password_changed(self._site, unlinked=unlink)
            letters.post(session, person.account_id, letter, self._database.clock())

    async def prove(self, person: Person, password: str) -> None:
        """That it is still they, before something that cannot be taken back.

        Raises
        ------
        Refused
            It is another password.
        """
        async with self._database.reading() as session:
            stored = (await _by_id(session, person.account_id)).password_hash
        if not await self._passwords.is_right(password, stored):
            raise Refused("That is not your password. Nothing was changed.", code="account.wrong")

    async def rename(self, person: Person, display_name: str) -> None:
        async with self._database.writing() as session:
            (await _by_id(session, person.account_id)).display_name = checked_name(display_name)

    async def prefer(self, person: Person, *, wants_news: bool) -> None:
        """Which letters they want, of those that are not essential (promise P16)."""
        async with self._database.writing() as session:
            (await _by_id(session, person.account_id)).wants_news = wants_news

    async def facts(self, account_id: str) -> AccountFacts:
        async with self._database.reading() as session:
            row = await _by_id(session, account_id)
        return AccountFacts(
            row.id, row.email, row.display_name, row.created_at, row.verified_at, wants_news=row.wants_news
        )

    async def erase(self, person: Person, password: str) -> bool:
        """Everything about the account, at once; whether Stripe has a customer of it, whom it is asked to delete.

        Raises
        ------
        Refused
            It is another password.
        """
        await self.prove(person, password)
        async with self._database.writing() as session:
            is_customer = await remember_of(self._database, session, person.account_id)
            for leave in self._leaving:
                await leave(session, person.account_id)
            await session.execute(delete(AccountRow).where(AccountRow.id == person.account_id))
            await self._bell.ring(session, person.account_id)
        return is_customer

    async def sweep(self) -> None:
        """Delete links that can no longer be followed, and accounts nobody ever proved to be theirs."""
        now = self._database.clock()
        async with self._database.writing() as session:
            await session.execute(delete(LinkRow).where(LinkRow.expires_at <= now))
            waiting = select(LinkRow.account_id)
            await session.execute(
                delete(AccountRow).where(AccountRow.verified_at.is_(None), AccountRow.id.not_in(waiting))
            )

    async def _remind(self, account: AccountRow) -> None:
        """Another link to prove the address by, unless the last one is new."""
        new = self._database.clock() + LINK_LIFE[VERIFY] - AGAIN_AFTER
        async with self._database.writing() as session:
            own = select(LinkRow.digest).where(LinkRow.account_id == account.id, LinkRow.purpose == VERIFY)
            if (await session.scalars(own.where(LinkRow.expires_at > new))).first() is None:
                await self._send_link(session, account, VERIFY)

    async def _send_link(self, session: AsyncSession, account: AccountRow, purpose: str) -> None:
        token, now = new_token(), self._database.clock()
        # The one of an older letter stays good until it is too old: letters overtake each other.
        session.add(
            LinkRow(digest=digest(token), account_id=account.id, purpose=purpose, expires_at=now + LINK_LIFE[purpose])
        )
        write = letters.verify if purpose == VERIFY else letters.reset
        letters.post(session, account.id, write(f"{self._site}/{purpose}/{token}"), now)

    async def _of_link(self, session: AsyncSession, token: str, purpose: str) -> AccountRow:
        """Whose link it is."""
        account = await session.scalar(
            select(AccountRow)
            .join(LinkRow)
            .where(LinkRow.digest == digest(token), LinkRow.purpose == purpose)
            .where(LinkRow.expires_at > self._database.clock())
            .with_for_update()
        )
        if account is None:
            raise Refused(USED, code="account.link")
        return account

    async def _spend_link(self, session: AsyncSession, token: str, purpose: str) -> AccountRow:
        """Whose it is, which it is no longer; nor is any other of that purpose."""
        account = await self._of_link(session, token, purpose)
        await session.execute(delete(LinkRow).where(LinkRow.account_id == account.id, LinkRow.purpose == purpose))
        return account


def checked_email(email: str) -> str:
    """The address as it is kept.

    Raises
    ------
    AccountError
        It is none; code ``account.email``.
    """
    try:
        found = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=True).normalized
    except EmailNotValidError:
        found = ""
    if not 0 < len(found) <= EMAIL_LENGTH:
        raise AccountError("Expected an e-mail address, like ada@example.org; another text came.", code="account.email")
    return found.lower()


def known_as(email: str) -> str:
    """What tries are counted by: the address as it is kept, however it was written, or whatever else came."""
    try:
        return checked_email(email)
    except AccountError:
        return email.strip().casefold()


def checked_name(display_name: str) -> str:
    """The name as it is kept.

    Raises
    ------
    AccountError
        Empty, too long, or with what cannot be shown; code ``account.name``.
    """
    name = " ".join(display_name.split())
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        raise AccountError(f"Expected a name of 1 to {NAME_LENGTH} letters to call you by.", code="account.name")
    return name


async def _by_email(session: AsyncSession, email: str) -> AccountRow | None:
    return await session.scalar(select(AccountRow).where(AccountRow.email == email))


async def _by_id(session: AsyncSession, account_id: str) -> AccountRow:
    return (await session.scalars(select(AccountRow).where(AccountRow.id == account_id).with_for_update())).one()
