"""The account this machine is linked to, if it is: one row, and no key in it (those are ``account.token_place``'s)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_daemon.store.models import AccountFeedRow, AccountLinkRow, DecisionRow, OutboxRow
from uptrack_daemon.store.store import Store


@dataclass(frozen=True, slots=True)
class AccountLink:
    site: str
    device_id: str
    device_name: str
    account_id: str
    account_name: str
    with_names: bool
    """Whether names of files, stems and projects may be sent."""
    secret: bytes
    """Makes opaque keys of projects whose names are not sent."""
    token_place: str
    linked_at: datetime
    trouble: str | None = None
    """The sentence with which the site unlinked us."""


class AccountLinks:
    """The link of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self) -> AccountLink | None:
        async with self._store.reading() as session:
            row = await link_row(session)
            return None if row is None else _link(row)

    async def save(
        self,
        *,
        site: str,
        device_id: str,
        device_name: str,
        account_id: str,
        account_name: str,
        with_names: bool,
        token_place: str,
    ) -> AccountLink:
        """Link the machine; what another account was to get, this one does not."""
        async with self._store.writing() as session:
            before = await link_row(session)
            same = before is not None and (before.site, before.account_id) == (site, account_id)
            secret = before.secret if same and before is not None else secrets.token_bytes(32)
            await _forget(session)
            if not same:
                await session.execute(delete(OutboxRow))
            row = AccountLinkRow(
                id=1,
                site=site,
                device_id=device_id,
                device_name=device_name,
                account_id=account_id,
                account_name=account_name,
                with_names=with_names,
                secret=secret,
                token_place=token_place,
                linked_at=self._store.clock(),
            )
            session.add(row)
            await session.flush()
            return _link(row)

    async def ended(self, sentence: str) -> None:
        """The site has unlinked us."""
        async with self._store.writing() as session:
            await session.execute(update(AccountLinkRow).values(trouble=sentence))

    async def remove(self) -> None:
        """Forget the account, and what it was to be told."""
        async with self._store.writing() as session:
            await _forget(session)
            await session.execute(delete(OutboxRow))


async def link_row(session: AsyncSession) -> AccountLinkRow | None:
    """The row, in an open transaction."""
    return (await session.scalars(select(AccountLinkRow))).one_or_none()


async def _forget(session: AsyncSession) -> None:
    """The link, how far its account's changes were followed, and what that account knows of decisions."""
    await session.execute(delete(AccountLinkRow))
    await session.execute(delete(AccountFeedRow))
    await session.execute(update(DecisionRow).values(on_account=False))


def _link(row: AccountLinkRow) -> AccountLink:
    return AccountLink(
        site=row.site,
        device_id=row.device_id,
        device_name=row.device_name,
        account_id=row.account_id,
        account_name=row.account_name,
        with_names=row.with_names,
        secret=row.secret,
        token_place=row.token_place,
        linked_at=row.linked_at,
        trouble=row.trouble,
    )
