"""Letters: what they say, and how they get out.

A letter is written into the database in the transaction that has a reason for it, so that neither is without the
other, and is sent afterwards; one that could not be is tried again for two days. What is not essential (promise P16)
goes to nobody who does not want it.
"""

from __future__ import annotations

import asyncio
import logging
import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.store import Database
from uptrack_account.store.models import AccountRow, LetterRow

log = logging.getLogger(__name__)

HELP = "support@uptrack.pro"
GIVEN_UP_AFTER = timedelta(days=2)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(hours=2)
"""The first is longer than a mail server is waited for, or another process would send the letter meanwhile."""


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    essential: bool = True


def verify(link: str) -> Letter:
    return Letter(
        "Prove your address for UpTrack",
        f"Somebody, you we hope, made an UpTrack account with this address. To use it, open\n\n    {link}\n\n"
        "within two days and give the password you chose. If it was not you, do nothing: the account goes by itself.\n",
    )


def reset(link: str) -> Letter:
    return Letter(
        "A new password for UpTrack",
        f"To choose a new password, open\n\n    {link}\n\nwithin an hour. It signs out every browser. If you did not "
        "ask for this, do nothing: your password stays as it is.\n",
    )


def already_there(site: str) -> Letter:
    return Letter(
        "You have an UpTrack account",
        "Somebody tried to make an UpTrack account with this address, which has one. Sign in at\n\n"
        f"    {site}/sign-in\n\n"
        "or ask there for a new password. If it was not you, do nothing: nothing was changed.\n",
    )


def password_changed(site: str, *, unlinked: bool) -> Letter:
    machines = (
        "Every linked machine was unlinked; link yours again with `uptrack link`.\n"
        if unlinked
        else f"Linked machines stay linked; you can end them at\n\n    {site}/devices\n"
    )
    return Letter(
        "Your UpTrack password was changed",
        f"The password of your UpTrack account was changed just now. If it was not you, ask for a new one at\n\n"
        f"    {site}/forgotten\n\nand write to {HELP}. {machines}",
    )


def new_address(link: str) -> Letter:
    return Letter(
        "Prove your new address for UpTrack",
        f"Somebody, you we hope, wants to use this address for their UpTrack account. To do so, open\n\n    {link}\n\n"
        "within an hour and give the account's password. If it was not you, do nothing: nothing is changed.\n",
    )


def address_changed(site: str) -> Letter:
    return Letter(
        "The address of your UpTrack account was changed",
        "Your UpTrack account has another address since just now, this one is forgotten, and every browser was signed "
        f"out. If it was not you, write to {HELP}. The account is at\n\n    {site}\n",
    )


def new_policy(site: str, version: str) -> Letter:
    return Letter(
        "UpTrack's privacy policy has changed",
        f"A new privacy policy is in force since {version}. Read what it promises at\n\n    {site}/privacy\n\n"
        f"If you do not agree, you can take your data with you and delete your account at\n\n    {site}/account\n\n"
        f"at any time. Questions: {HELP}.\n",
    )


def machine_linked(site: str, name: str, system: str) -> Letter:
    return Letter(
        "A machine was linked to your UpTrack account",
        f"{name} ({system}) was linked to your account just now, and may put reports and audio into it. If it was not "
        f"you, end it at\n\n    {site}/devices\n\nand choose a new password.\n",
    )


def machine_cut_off(site: str, name: str) -> Letter:
    return Letter(
        "A machine is not linked to your UpTrack account any more",
        f"A key of {name} was used twice, as if two machines had it, so neither can use it any more. Somebody may have "
        "copied it, or the machine was restored from a backup. If you know why, link it again with `uptrack link`; "
        f"else look at\n\n    {site}/devices\n\nand write to {HELP}.\n",
    )


def post(session: AsyncSession, account_id: str, letter: Letter, now: datetime, *, address: str | None = None) -> None:
    """Write it, within a transaction that something else is done in; to the account's address unless one is given."""
    session.add(
        LetterRow(
            account_id=account_id,
            essential=letter.essential,
            address=address,
            subject=letter.subject,
            text=letter.text,
            created_at=now,
            due_at=now,
        )
    )


class Sender(Protocol):
    """Gets one letter out; raises ``OSError`` or ``SMTPException`` if it did not."""

    def send(self, message: EmailMessage) -> None: ...


class FolderSender:
    """Writes each letter into a file of its own, for a service whose only reader sits before it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").replace("/", "-")
        partial = self._folder / f".{name}"
        partial.touch(mode=0o600)
        partial.write_bytes(bytes(message))
        partial.rename(self._folder / f"{name}.eml")


class SmtpSender:
    """Hands each letter to a mail server, over TLS."""

    def __init__(self, host: str, port: int, user: str, password: str, *, timeout_s: float = 15.0) -> None:
        self._host, self._port, self._user, self._password = host, port, user, password
        self._timeout_s = timeout_s

    def send(self, message: EmailMessage) -> None:
        with smtplib.SMTP(self._host, self._port, timeout=self._timeout_s) as server:
            server.starttls()
            if self._user:
                server.login(self._user, self._password)
            server.send_message(message)


class Postman:
    """Sends what is due.

    Parameters
    ----------
    origin : str
        Who letters are from.
    """

    def __init__(self, database: Database, sender: Sender, origin: str) -> None:
        self._database = database
        self._sender = sender
        self._origin = origin

    async def deliver(self) -> int:
        """Send all that is due, one after the other; how many went out."""
        sent = 0
        while (letter := await self._taken()) is not None:
            sent += await self._deliver_one(*letter)
        return sent

    async def _taken(self) -> tuple[LetterRow, str] | None:
        """One that is due, and where to; put off meanwhile, so that no other process sends it as well."""
        now = self._database.clock()
        async with self._database.writing() as session:
            found = (
                await session.execute(
                    select(LetterRow, AccountRow)
                    .join(AccountRow)
                    .where(LetterRow.due_at <= now)
                    .order_by(LetterRow.due_at, LetterRow.id)
                    .limit(1)
                    .with_for_update(of=LetterRow, skip_locked=True)
                )
            ).one_or_none()
            if found is None:
                return None
            letter, account = found
            if not letter.essential and not account.wants_news:
                await session.delete(letter)
                return letter, ""
            letter.attempts += 1
            letter.due_at = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** (letter.attempts - 1))
            return letter, letter.address or account.email

    async def _deliver_one(self, letter: LetterRow, address: str) -> int:
        if not address:
            return 0
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._origin, address, letter.subject
        message["Date"], message["Message-ID"] = format_datetime(letter.created_at), make_msgid(domain="uptrack.pro")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        mine = LetterRow.id == letter.id
        try:
            await asyncio.to_thread(self._sender.send, message)
        except (OSError, smtplib.SMTPException) as error:
            # Never the address or the text: they are a person's, and the link in it is a key.
            log.warning(
                "Letter %d could not be sent (attempt %d): %s", letter.id, letter.attempts, type(error).__name__
            )
            if self._database.clock() - letter.created_at > GIVEN_UP_AFTER:
                async with self._database.writing() as session:
                    await session.execute(delete(LetterRow).where(mine))
            return 0
        async with self._database.writing() as session:
            await session.execute(delete(LetterRow).where(mine))
        return 1
