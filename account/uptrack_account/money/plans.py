"""Which plan an account has, and how many hosted analyses a month that gives.

A plan is never stored: it follows from what Stripe last said of the subscription. Where a payment fails, Pro stays for
a week of grace from the beginning of the period that was to be paid.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.settings import AccountSettings
from uptrack_account.store.database import clock_of
from uptrack_account.store.models import SubscriptionRow

Plan = Literal["free", "pro"]
GRACE = timedelta(days=7)
PAID = frozenset({"active", "trialing"})


async def monthly_allowance(session: AsyncSession, account_id: str, settings: AccountSettings) -> int:
    """How many hosted analyses the account has in a month, of a session that ``Database`` gave."""
    row = await session.get(SubscriptionRow, account_id) if settings.stripe_key.get_secret_value() else None
    return allowance(plan(row, clock_of(session)()), settings)


def allowance(plan: Plan, settings: AccountSettings) -> int:
    return settings.pro_analyses if plan == "pro" else settings.free_analyses


def plan(row: SubscriptionRow | None, now: datetime) -> Plan:
    if row is None or row.status is None:
        return "free"
    until = grace_until(row)
    return "pro" if row.status in PAID or (until is not None and now < until) else "free"


def grace_until(row: SubscriptionRow) -> datetime | None:
    """How long Pro stays though a payment failed; ``None`` if none did."""
    return row.period_start + GRACE if row.status == "past_due" and row.period_start is not None else None
