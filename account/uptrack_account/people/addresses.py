"""Another e-mail address for an account, once its reader has proved that it is theirs.

The link in the letter asks for the account's password: who mistypes their new address would otherwise hand their
account to whoever reads it. The old address is told, and every browser is signed out.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from uptrack_account import letters
from uptrack_account.errors import AccountError, Refused
from uptrack_account.people.accounts import Accounts, checked_email
from uptrack_account.people.passwords import Passwords
from uptrack_account.people.sessions import Person, end_all
from uptrack_account.store import Database
from uptrack_account.store.models import AccountRow, LinkRow
from uptrack_account.tokens import digest, new_token

PURPOSE = "address"
LINK_LIFE = timedelta(hours=1)
USED = "This link was used before, is too old, or its address has an account by now. Ask for a new one."


class Addresses:
    """Parameters
    ----------
    site : str
        The service's address, which links in letters begin with.
    """

    def __init__(self, database: Database, accounts: Accounts, keeper: Passwords, site: str) -> None:
        self._database = database
        self._accounts = accounts
        self._passwords = keeper
        self._site = site

    async def ask(self, person: Person, email: str, password: str) -> None:
        """Write to the new address; where it has an account, its owner is told that, and nobody else.

        Raises
        ------
        Refused
            It is another password.
        AccountError
            It is no address, or the one there is.
        """
        await self._accounts.prove(person, password)
        email, now = checked_email(email), self._database.clock()
        if email == person.email:
            raise AccountError("Expected another address; this one is yours already.", code="account.email")
        async with self._database.writing() as session:
            there = await session.scalar(select(AccountRow.id).where(AccountRow.email == email))
            if there is not None:
                letters.post(session, there, letters.already_there(self._site), now)
                return
            token = new_token()
            row = LinkRow(digest=digest(token), account_id=person.account_id, purpose=PURPOSE, email=email)
            row.expires_at = now + LINK_LIFE
            session.add(row)
            link = f"{self._site}/{PURPOSE}/{token}"
            letters.post(session, person.account_id, letters.new_address(link), now, address=email)

    async def change(self, token: str, password: str) -> None:
        """Believe that the new address is theirs.

        Raises
        ------
        Refused
            No such link, or no longer; or another password, and the link can be followed again.
        """
        now, mine = self._database.clock(), LinkRow.digest == digest(token)
        good = mine & (LinkRow.purpose == PURPOSE) & (LinkRow.expires_at > now)
        async with self._database.reading() as session:
            stored = await session.scalar(select(AccountRow.password_hash).join(LinkRow).where(good))
        if stored is None:
            raise Refused(USED, code="account.link")
        if not await self._passwords.is_right(password, stored):
            raise Refused("That is not the password of the account. Nothing was changed.", code="account.wrong")
        try:
            async with self._database.writing() as session:
                account = await session.scalar(select(AccountRow).join(LinkRow).where(good).with_for_update())
                email = await session.scalar(select(LinkRow.email).where(good))
                if account is None or email is None:
                    raise Refused(USED, code="account.link")
                before, account.email = account.email, email
                # Links in letters to the old address open nothing any more.
                await session.execute(delete(LinkRow).where(LinkRow.account_id == account.id))
                await end_all(session, account.id)
                letters.post(session, account.id, letters.address_changed(self._site), now, address=before)
        except IntegrityError as error:
            raise Refused(USED, code="account.link") from error
