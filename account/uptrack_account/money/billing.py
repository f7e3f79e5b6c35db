"""Free and Pro: going to Stripe to pay, what Stripe says of it afterwards, and what is kept of that.

Stripe is believed in what it answers, not in what its events carry: those come late, twice and in any order, so that
each only says whom to ask about. An answer is stored if nobody has stored another since it was asked for, else Stripe
is asked again; what is stored last was asked for last. No transaction is held open while Stripe is waited for.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.errors import Refused, StripeAway
from uptrack_account.money import plans, usage
from uptrack_account.money.errands import remember
from uptrack_account.money.plans import Plan
from uptrack_account.money.stripe_site import ENDED, Standing, StripeSite
from uptrack_account.settings import AccountSettings
from uptrack_account.store import Database, in_line
from uptrack_account.store.models import AccountRow, StripeEventRow, SubscriptionRow, new_id

log = logging.getLogger(__name__)

EVENTS_KEPT = timedelta(days=30)
"""Stripe sends one again by itself for three days. Later it would only be asked about once more."""
ASK_AGAIN_AFTER = timedelta(days=1)
TRIES = 10
"""How often others may store an answer before ours, each time with one of Stripe's that is newer than the last."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a page shows."""

    plan: Plan
    used: int
    allowed: int
    row: SubscriptionRow | None

    @property
    def may_subscribe(self) -> bool:
        """What is only unpaid or paused is taken up again where it is managed: two would be paid twice."""
        return self.row is None or self.row.status is None or self.row.status in ENDED


class Billing:
    """What accounts pay for; each question names whose."""

    def __init__(self, database: Database, settings: AccountSettings, stripe: StripeSite | None) -> None:
        self._database = database
        self._settings = settings
        self._stripe = stripe

    @property
    def is_on(self) -> bool:
        return self._stripe is not None

    async def bill(self, account_id: str) -> Bill:
        now = self._database.clock()
        async with self._database.reading() as session:
            row = await session.get(SubscriptionRow, account_id) if self.is_on else None
            used = await usage.used_in(session, account_id, usage.month_of(now))
        plan = plans.plan(row, now)
        return Bill(plan, used, plans.allowance(plan, self._settings), row)

    async def subscribe(self, account_id: str) -> str:
        """The address of the page of Stripe's on which Pro is paid for: the same one until it is paid or too old.

        Raises
        ------
        Refused
            There is a subscription already.
        StripeAway
            Try again.
        """
        for _ in range(TRIES):
            before = await self._customer(account_id)
            # The page is looked at before the subscription: who has just paid there is found by one or the other.
            open_page = await self._site.checkout(before.checkout_id) if before.checkout_id else None
            await self.refresh(account_id)
            bill = await self.bill(account_id)
            if bill.row is None or bill.row.customer_id is None:
                continue  # Stripe has deleted the customer: another is made
            if not bill.may_subscribe:
                raise Refused("You have Pro already. Manage it below.", code="account.subscribed")
            if open_page is not None and open_page.status == "open" and open_page.url is not None:
                return open_page.url
            attempt = await self._attempt(account_id, before.checkout_id)
            if attempt is None:
                continue
            made = await self._site.new_checkout(bill.row.customer_id, account_id, attempt)
            async with self._database.writing() as session:
                row = await _locked(session, account_id)
                if row is not None and row.checkout_attempt == attempt:
                    row.checkout_attempt, row.checkout_id, row.checkout_ends_at = None, made.id, made.expires_at
            if made.url is not None:
                return made.url
        raise StripeAway

    async def manage(self, account_id: str) -> str:
        """The address of the page of Stripe's on which a subscription is managed.

        Raises
        ------
        Refused
            There never was one.
        StripeAway
            Try again.
        """
        row = (await self.bill(account_id)).row
        if row is None or row.customer_id is None or row.subscription_id is None:
            raise Refused("There is nothing to manage: you have never had Pro.", code="account.subscribed")
        return await self._site.portal(row.customer_id)

    async def refresh(self, account_id: str, event_id: str | None = None) -> None:
        """Ask Stripe how the account stands, and keep the answer, together with the event that told to ask.

        Raises
        ------
        StripeAway
            Nothing was kept.
        """
        for _ in range(TRIES):
            async with self._database.reading() as session:
                before = await session.get(SubscriptionRow, account_id)
            if before is None or before.customer_id is None:
                return
            asked_at = self._database.clock()
            standing = await self._site.standing(before.customer_id)
            async with self._database.writing() as session:
                row = await _locked(session, account_id)
                if row is None or row.customer_id != before.customer_id:
                    return
                if row.edition != before.edition:
                    continue
                if standing is None:
                    await session.delete(row)
                    return
                _keep(row, standing)
                row.fetched_at, row.edition = asked_at, row.edition + 1
                if row.checkout_ends_at is not None and row.checkout_ends_at <= asked_at:
                    row.checkout_id = row.checkout_ends_at = None
                if event_id is not None:
                    seen = self._database.insert(StripeEventRow).values(
                        id=event_id, account_id=account_id, seen_at=asked_at
                    )
                    await session.execute(seen.on_conflict_do_nothing())
                return
        raise StripeAway

    async def hear(self, body: bytes, signature: str) -> None:
        """Take notice of an event.

        Raises
        ------
        NotFromStripe
            It is none of Stripe's.
        StripeAway
            Stripe could not be asked about it: it is to be sent again.
        """
        event = self._site.event(body, signature)
        async with self._database.reading() as session:
            if await session.get(StripeEventRow, event.id) is not None:
                return
            mine = SubscriptionRow.customer_id == (event.customer_id or "")
            account_id = await session.scalar(select(SubscriptionRow.account_id).where(mine))
        if account_id is None:
            log.info("An event of Stripe's is about no customer here: %s", event.type)
            return
        await self.refresh(account_id, event.id)

    async def sweep(self) -> None:
        """Forget old events, and ask after those of whom nothing was heard for a day: an event can be lost."""
        now = self._database.clock()
        async with self._database.writing() as session:
            await session.execute(delete(StripeEventRow).where(StripeEventRow.seen_at <= now - EVENTS_KEPT))
        if not self.is_on:
            return
        may_change = or_(SubscriptionRow.status.not_in(ENDED), SubscriptionRow.checkout_id.is_not(None))
        unheard = or_(SubscriptionRow.fetched_at.is_(None), SubscriptionRow.fetched_at <= now - ASK_AGAIN_AFTER)
        async with self._database.reading() as session:
            due = (await session.scalars(select(SubscriptionRow.account_id).where(may_change, unheard))).all()
        for account_id in due:
            try:
                await self.refresh(account_id)
            except StripeAway:
                log.warning("%d accounts wait for Stripe to be asked after them", len(due))
                return

    @property
    def _site(self) -> StripeSite:
        if self._stripe is None:
            raise StripeAway
        return self._stripe

    async def _customer(self, account_id: str) -> SubscriptionRow:
        """The account's row, with a customer, whom Stripe is told to make if there is none yet."""
        async with self._database.writing() as session:
            row = await _locked(session, account_id)
            if row is None:
                if await session.get(AccountRow, account_id) is None:
                    raise StripeAway  # it was deleted by another browser
                row = SubscriptionRow(account_id=account_id, customer_key=new_id(), cancel_at_period_end=False)
                session.add(row)
                await session.flush()
        if row.customer_id is not None:
            return row
        made = await self._site.new_customer(row.customer_key)
        async with self._database.writing() as session:
            there = await _locked(session, account_id)
            if there is not None and there.customer_id is None and there.customer_key == row.customer_key:
                there.customer_id = made
            if there is None or there.customer_id != made:  # deleted meanwhile, with the account or by Stripe
                await remember(self._database, session, made)
        if there is None:
            raise StripeAway
        return there

    async def _attempt(self, account_id: str, known: str | None) -> str | None:
        """What the next page to pay on is made under; ``None`` if somebody has made another than the ``known``."""
        async with self._database.writing() as session:
            row = await _locked(session, account_id)
            if row is None or row.checkout_id not in (None, known):
                return None
            row.checkout_id = row.checkout_ends_at = None
            row.checkout_attempt = row.checkout_attempt or new_id()
            return row.checkout_attempt


async def _locked(session: AsyncSession, account_id: str) -> SubscriptionRow | None:
    """The account's row, if it has one, while others of the account wait."""
    await in_line(session, account_id)
    return await session.get(SubscriptionRow, account_id, populate_existing=True)


def _keep(row: SubscriptionRow, standing: Standing) -> None:
    row.refund = standing.refund
    if (one := standing.subscription) is None:
        row.subscription_id = row.status = row.price = row.period_start = row.period_end = row.ends_at = None
        row.cancel_at_period_end = False
        return
    row.subscription_id, row.status, row.price = one.id, one.status, one.price
    row.period_start, row.period_end = one.period_start, one.period_end
    row.cancel_at_period_end, row.ends_at = one.cancel_at_period_end, one.ends_at
