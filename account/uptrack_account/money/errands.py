"""What is still to be done for an account that is deleted: have Stripe delete its customer.

The errand is written in the transaction that deletes the account, and says nothing but the customer's id. It is run
until Stripe has confirmed it, however long that takes, and then is gone as well (promise P15).
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.errors import StripeAway
from uptrack_account.money.stripe_site import StripeSite
from uptrack_account.store import Database, in_line
from uptrack_account.store.models import ErrandRow, SubscriptionRow

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(hours=6)
"""The first is longer than Stripe is waited for, or another process would run the errand meanwhile."""


async def remember(database: Database, session: AsyncSession, customer_id: str) -> None:
    """Have a customer deleted, from a transaction after which no account has it."""
    now = database.clock()
    errand = database.insert(ErrandRow).values(customer_id=customer_id, created_at=now, due_at=now, attempts=0)
    await session.execute(errand.on_conflict_do_nothing())


async def remember_of(database: Database, session: AsyncSession, account_id: str) -> bool:
    """Have an account's customer deleted, in the transaction that deletes the account; whether it has one."""
    # What a checkout is about to write of the account waits, and then finds that there is none.
    await in_line(session, account_id, leaving=True)
    mine = SubscriptionRow.account_id == account_id
    customer_id = await session.scalar(select(SubscriptionRow.customer_id).where(mine))
    if customer_id is not None:
        await remember(database, session, customer_id)
    return customer_id is not None


class Errands:
    """Runs them; without Stripe they wait for it."""

    def __init__(self, database: Database, stripe: StripeSite | None) -> None:
        self._database = database
        self._stripe = stripe

    async def run(self) -> int:
        """All that are due; how many were done.

        Raises
        ------
        StripeAway
            Of any, once all the others were tried.
        """
        done = 0
        away: StripeAway | None = None
        while self._stripe is not None and (customer_id := await self._taken()) is not None:
            try:
                await self._stripe.forget(customer_id)
            except StripeAway as error:
                away = error  # put off already
                continue
            async with self._database.writing() as session:
                await session.execute(delete(ErrandRow).where(ErrandRow.customer_id == customer_id))
            done += 1
        if away is not None:
            raise away
        return done

    async def _taken(self) -> str | None:
        """One that is due; put off meanwhile, so that no other process runs it as well."""
        now = self._database.clock()
        async with self._database.writing() as session:
            errand = await session.scalar(
                select(ErrandRow)
                .where(ErrandRow.due_at <= now)
                .order_by(ErrandRow.due_at, ErrandRow.customer_id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if errand is None:
                return None
            errand.due_at = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(errand.attempts, 10))
            errand.attempts += 1
            return errand.customer_id
