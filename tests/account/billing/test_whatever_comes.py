"""Months of events by chance: lost, twice, late and in any order, with Stripe away now and then and its answers lost.

Whatever came, our row is what Stripe says as soon as all that it told has arrived; where something was lost, a day
later. And nobody ever has two subscriptions.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from support.account_site import Browser, account_service, served, somebody
from support.fake_stripe import ENDED, Asked, FakeStripe, Json, fake_stripe, settings_of
from support.postgres import new_database
from support.stores import Clock
from uptrack_account.errors import AccountError
from uptrack_account.money.plans import monthly_allowance
from uptrack_account.service import Service
from uptrack_account.store.models import SubscriptionRow

MUCH = os.environ.get("UPTRACK_SOAK") == "1"
EXAMPLES = {"sqlite": 300 if MUCH else 20, "postgresql": 60 if MUCH else 6}
STEPS = (
    "go to pay", "pay", "cancel", "resume", "end", "refund", "card is refused", "pay what is due", "delete customer",
    "days pass", "deliver", "deliver", "deliver", "deliver twice at once", "deliver again", "overtake", "overtake",
    "lose", "away", "back", "lose answers", "come back", "sweep",
)  # fmt: skip
PAST = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Months:
    """What happens between an account and Stripe; where a step has nothing to do, nothing happens."""

    def __init__(self, service: Service, browser: Browser, stripe: FakeStripe, account_id: str, clock: Clock) -> None:
        self.service, self.browser, self.stripe, self.account_id = service, browser, stripe, account_id
        self.clock = clock
        self.sent: list[Json] = []
        self.has_lost = False

    async def step(self, what: str, chance: int) -> None:
        living = [one for one in self.stripe.subscriptions.values() if one["status"] not in ENDED]
        customers = [name for name, one in self.stripe.customers.items() if not one.get("deleted")]
        match what:
            case "go to pay":  # in two tabs, one after the other or at once
                tabs = [self.tried(self.service.billing.subscribe(self.account_id)) for _ in range(2)]
                if chance % 2:
                    await asyncio.gather(*tabs)
                else:
                    for tab in tabs:
                        await tab
            case "come back":
                await self.tried(self.service.billing.refresh(self.account_id))
            case "pay":  # wherever there is a page that lets one
                self.stripe.tick()
                for session in list(self.stripe.sessions.values()):
                    if session["status"] == "open" and session["customer"] in customers:
                        self.stripe.pay(session["id"])
            case "cancel" if living:
                self.stripe.cancel_at_period_end(living[0]["id"])
            case "resume" if living:
                self.stripe.resume(living[0]["id"])
            case "end" if living:
                self.stripe.cancel_now(living[0]["id"])
            case "refund" if customers and any(one["customer"] == customers[0] for one in self.stripe.charges.values()):
                self.stripe.refund(customers[0], 100 + chance)
            case "card is refused" if customers:
                self.stripe.refusing_cards.add(customers[0])
            case "pay what is due" if living and living[0]["status"] == "past_due":
                self.stripe.pay_what_is_due(living[0]["id"])
            case "delete customer" if customers and chance % 4 == 0:
                self.stripe.delete_customer(customers[0])
            case "days pass":
                self.clock.move(days=chance % 20)
                self.stripe.tick()
            case "deliver" if self.stripe.events:
                await self.delivered([self.stripe.events.pop(chance % len(self.stripe.events))])
            case "deliver twice at once" if self.stripe.events:
                event = self.stripe.events.pop(chance % len(self.stripe.events))
                another = self.stripe.events.pop(0) if self.stripe.events else event
                await self.delivered([event, another, event])
            case "deliver again" if self.sent:
                await self.delivered([self.sent[chance % len(self.sent)]])
            case "overtake" if self.stripe.events:
                await self.overtaken(self.stripe.events.pop(chance % len(self.stripe.events)), living)
            case "lose" if self.stripe.events and chance % 4 == 0:
                self.stripe.events.pop(chance % len(self.stripe.events))
                self.has_lost = True
            case "away":
                self.stripe.away = True
            case "back":
                self.stripe.away = False
            case "lose answers":
                self.stripe.losing = 1 + chance % 4
            case "sweep":
                await self.service.sweep()
            case _:
                pass

    async def overtaken(self, event: Json, living: list[Json]) -> None:
        """An answer of Stripe's is on its way while something changes and all that tells of it arrives."""
        asked, go_on = asyncio.Event(), asyncio.Event()

        async def hold(one: Asked) -> None:
            if one.path == "/v1/charges" and not asked.is_set():
                asked.set()
                await go_on.wait()

        self.stripe.held = hold
        slow, waiting = asyncio.create_task(self.delivered([event])), asyncio.create_task(asked.wait())
        await asyncio.wait({slow, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if living:
            self.stripe.cancel_now(living[0]["id"])
        pending = list(self.stripe.events)
        self.stripe.events.clear()
        for one in pending:
            await self.delivered([one])
        go_on.set()
        await slow
        self.stripe.held = None

    async def tried(self, act: Any) -> None:
        try:
            await act
        except AccountError:
            return

    async def delivered(self, events: list[Json]) -> None:
        """At once; what could not be dealt with is sent again later."""
        answers = await asyncio.gather(*(self.stripe.deliver(self.browser, event) for event in events))
        for event, status in zip(events, answers, strict=True):
            assert status in (200, 503)
            if status == 503:
                self.stripe.events.append(event)
            else:
                self.sent.append(event)

    async def until_quiet(self) -> None:
        """A day without trouble, in which what was lost stays lost."""
        self.stripe.away, self.stripe.losing = False, 0
        while self.stripe.events:
            await self.delivered([self.stripe.events.pop()])
        await self.check()
        self.clock.move(days=1)
        self.stripe.tick()
        await self.service.sweep()
        self.stripe.events.clear()
        await self.compare()

    async def check(self) -> None:
        """What holds at any moment."""
        for customer_id in self.stripe.customers:
            assert sum(one["status"] not in ENDED for one in self.stripe.of(customer_id)) <= 1, "nobody pays twice"
        if not self.stripe.events and not self.has_lost:
            await self.compare()

    async def compare(self) -> None:
        async with self.service.database.reading() as session:
            row = await session.get(SubscriptionRow, self.account_id)
            allowed = await monthly_allowance(session, self.account_id, self.service.settings)
        if row is None or row.customer_id is None:
            assert allowed == self.service.settings.free_analyses
            return
        found = self.stripe.of(row.customer_id)
        if self.stripe.customers[row.customer_id].get("deleted"):
            assert self.has_lost, "its end was told"
            assert row.status in (None, *ENDED), "and nobody is asked after who has ended"
            return
        said = next((one for one in found if one["status"] not in ENDED), found[0] if found else None)
        assert (row.subscription_id, row.status) == ((said["id"], said["status"]) if said else (None, None))
        if said is not None:
            item = said["items"]["data"][0]
            assert row.period_end == datetime.fromtimestamp(item["current_period_end"], UTC)
            assert row.cancel_at_period_end == said["cancel_at_period_end"]
            charges = [
                one for one in self.stripe.charges.values() if one["customer"] == row.customer_id and one["paid"]
            ]
            refunded = charges[-1]["amount_refunded"]
            assert row.refund == (None if not refunded else "whole" if charges[-1]["refunded"] else "part")


@asynccontextmanager
async def months(database: str, folder: Path) -> AsyncIterator[Months]:
    clock = Clock(PAST)
    async with (
        fake_stripe(clock) as stripe,
        account_service(folder, database, clock, **settings_of(stripe)) as service,
        served(service) as browser,
    ):
        yield Months(service, browser, stripe, await somebody(service), clock)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_our_row_is_what_stripe_says_whatever_came_and_nobody_pays_twice(
    kind: str, request: pytest.FixtureRequest
) -> None:
    template = request.getfixturevalue("sqlite" if kind == "sqlite" else "postgres")

    @settings(max_examples=EXAMPLES[kind], deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 99)), min_size=10, max_size=60))
    def holds(steps: list[tuple[str, int]]) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if kind == "sqlite":
                database = f"sqlite:///{shutil.copy(template, folder / 'account.sqlite')}"
            else:
                database = new_database(template.socket, template.migrated)
            asyncio.run(story(database, folder, steps))

    holds()


async def story(database: str, folder: Path, steps: list[tuple[str, int]]) -> None:
    async with months(database, folder / "home") as life:
        # Something is paid in every story, or most would be about nothing.
        life.stripe.pay(URL(await life.service.billing.subscribe(life.account_id)).name)
        for what, chance in steps:
            await life.step(what, chance)
            await life.check()
        await life.until_quiet()
