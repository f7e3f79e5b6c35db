"""How many analyses an account had in a month: counted with what is counted, in its transaction, and nothing else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.errors import UploadRefused
from uptrack_account.money.plans import monthly_allowance
from uptrack_account.settings import AccountSettings
from uptrack_account.store import Database
from uptrack_account.store.models import UsageRow
from uptrack_bridges.account import ALLOWANCE_USED


def month_of(at: datetime) -> str:
    return f"{at:%Y-%m}"


async def check(session: AsyncSession, account_id: str, settings: AccountSettings, now: datetime) -> None:
    """Whether one more is allowed this month.

    Raises
    ------
    UploadRefused
        429: it is not.
    """
    used = await used_in(session, account_id, month_of(now))
    allowed = await monthly_allowance(session, account_id, settings)
    if used >= allowed:
        raise UploadRefused(
            429,
            ALLOWANCE_USED,
            f"All {allowed} analyses of this month are used. Wait for the next month, or measure it with the "
            "Companion, which counts nothing.",
        )


async def count(database: Database, session: AsyncSession, account_id: str, now: datetime) -> None:
    """One more; to be called with the account's row locked, after ``check``."""
    row = UsageRow.__table__.c
    insert = database.insert(UsageRow).values(account_id=account_id, month=month_of(now), analyses=1)
    more = insert.on_conflict_do_update(
        index_elements=[row.account_id, row.month], set_={"analyses": UsageRow.analyses + 1}
    )
    await session.execute(more)


async def take_back(session: AsyncSession, account_id: str, counted_at: datetime) -> None:
    """One less: it came to no result."""
    mine = (UsageRow.account_id == account_id) & (UsageRow.month == month_of(counted_at)) & (UsageRow.analyses > 0)
    await session.execute(update(UsageRow).where(mine).values(analyses=UsageRow.analyses - 1))


async def used_in(session: AsyncSession, account_id: str, month: str) -> int:
    mine = (UsageRow.account_id == account_id) & (UsageRow.month == month)
    return await session.scalar(select(UsageRow.analyses).where(mine)) or 0
