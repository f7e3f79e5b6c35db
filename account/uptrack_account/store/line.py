"""Waiting in line: what one account's writes do first, so that they come one after the other and never deadlock.

Whoever locks other rows of an account as well locks the account's first: each row that points at it asks for a lock on
it when it is written, and two that take them in another order wait for each other. SQLite has one writer at a time.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.store.models import AccountRow


async def in_line(session: AsyncSession, account_id: str, *, leaving: bool = False) -> bool:
    """Have others of the account wait until the transaction ends; whether the account is there.

    Rows that only point at it need not wait, unless it is ``leaving``: then none can be added to it any more.
    """
    mine = select(AccountRow.id).where(AccountRow.id == account_id).with_for_update(key_share=not leaving)
    return await session.scalar(mine) is not None
