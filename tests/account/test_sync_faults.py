"""Weeks on a bad way to the account, by chance and from a seed: once it is quiet, both sides agree, and all is once.

Reports are measured, erased here and deleted there; findings are dismissed and brought back on both sides; requests are
lost, cut, doubled, late and answered by somebody else; the Companion dies between any two of its steps, the site is
started anew, and what has changed there is swept before it was asked for.
"""

from __future__ import annotations

import os
import random
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Any, Never

import pytest
from sqlalchemy import select

from support.account_site import Browser, served, somebody
from support.bad_road import FAULTS, BadRoad, bad_road
from support.companion import Companion
from support.reports import a_report
from uptrack_account.service import Service
from uptrack_bridges.account_changes import Decision
from uptrack_daemon.account.site import Site
from uptrack_daemon.store import AccountFeed, AccountLinks, Dismissals, Outbox
from uptrack_daemon.store.decisions import decision_of
from uptrack_daemon.store.models import DecisionRow

SEEDS = range(500 if os.environ.get("UPTRACK_SOAK") == "1" else 25)
ROUNDS = 60
STEPS = (("measure",) * 4 + ("push",) * 6 + ("dismiss here", "restore here", "dismiss there", "restore there") * 2) + (
    "erase",
    "delete there",
    "killed",
    "killed",
    "wait",
    "late",
    "restart",
    "site restarted",
    "swept",
)
LAST_WORDS = (
    (Outbox, "trying"),
    (Outbox, "done"),
    (Outbox, "left"),
    (Outbox, "said"),
    (AccountFeed, "followed"),
    (AccountFeed, "start_again"),
    (Site, "put_report"),
    (Site, "put_decision"),
    (Site, "changes"),
)
"""What the Companion is about to do as it is killed."""


class Killed(BaseException):
    """What ends a process at once, as nothing that catches errors can help."""


class Week:
    """What happens to a musician and their network, drawn from a seed."""

    def __init__(
        self, seed: int, service: Service, account_id: str, mine: Companion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.random = random.Random(seed)
        self.service = service
        self.account_id = account_id
        self.mine = mine
        self.monkeypatch = monkeypatch
        self.quiet = False
        self.anchor = ""
        """One that nobody touches: a project without a report is forgotten, with all that is meant in it."""
        self.here: set[str] = set()
        self.deleted_there: set[str] = set()
        self.serving = AsyncExitStack()

    def deal(self) -> str:
        return "pass" if self.quiet or self.random.random() < 0.35 else self.random.choice(FAULTS)

    async def begin(self) -> None:
        self.anchor = await self.mine.measure(a_report(name="first.wav"))
        self.here.add(self.anchor)

    async def step(self, road: BadRoad) -> None:
        what = self.random.choice(STEPS)
        self.mine.clock.move(milliseconds=self.random.choice((0, 1)))
        match what:
            case "measure":
                self.here.add(await self.mine.measure(a_report(name=f"mix {self.random.random()}.wav")))
            case "push":
                await self.mine.pusher.push(now=self.random.random() < 0.9)
            case "dismiss here" | "restore here":
                await self.decide_here(dismissed=what == "dismiss here")
            case "dismiss there" | "restore there":
                await self.decide_there(dismissed=what == "dismiss there")
            case "erase" if gone := self.any_of(self.here):
                self.here.remove(gone)
                await self.mine.reports.delete(gone)
            case "delete there" if gone := self.any_of(await self.there()):
                self.deleted_there.add(gone)
                await self.service.reports.delete(self.account_id, gone)
            case "killed":
                await self.killed()
            case "wait":
                self.mine.clock.move(minutes=self.random.uniform(0, 50))
            case "late":
                await road.repeat()
            case "restart":
                self.mine.restart()
            case "site restarted":
                await self.serve(road)
            case "swept":
                await self.service.changes.sweep()
            case _:
                pass

    def any_of(self, reports: set[str]) -> str | None:
        left = sorted(reports - {self.anchor})
        return self.random.choice(left) if left else None

    async def there(self) -> set[str]:
        return {one.id for one in (await self.service.reports.listed(self.account_id, limit=1_000)).reports}

    async def decide_here(self, *, dismissed: bool) -> None:
        summary = (await self.mine.reports.get(self.anchor)).summary
        rule, finding = self.random.choice(ABOUT)
        dismissals = Dismissals(self.mine.store)
        if dismissed:
            await dismissals.add(
                summary.project_key, "Warehouse", rule=rule, finding=finding, title=rule, report_id=self.anchor
            )
        else:
            await dismissals.remove(summary.project_key, rule=rule, finding=finding)

    async def decide_there(self, *, dismissed: bool) -> None:
        rule, finding = self.random.choice(ABOUT)
        for project in await self.service.reports.projects(self.account_id):
            await self.service.dismissals.decide(
                self.account_id,
                project.id,
                rule,
                finding,
                dismissed=dismissed,
                severity="major",
                report_id=self.anchor,
            )

    async def killed(self) -> None:
        """The Companion ends before one of its steps, or after it and before it is noted."""
        room, name = self.random.choice(LAST_WORDS)
        step, does_it = getattr(room, name), self.random.random() < 0.5

        async def end(*arguments: Any, **named: Any) -> Never:
            if does_it:
                await step(*arguments, **named)
            raise Killed

        with self.monkeypatch.context() as patched:
            patched.setattr(room, name, end)
            with suppress(Killed):
                await self.mine.pusher.push(now=True)
        self.mine.restart()

    async def serve(self, road: BadRoad) -> None:
        """By a new server, on a port of its own; connections to the one before are cut."""
        await self.serving.aclose()
        road.to = (await self.serving.enter_async_context(served(self.service))).port

    async def until_quiet(self, road: BadRoad) -> None:
        self.quiet = True
        await road.repeat()
        for _ in range(len(self.here) + ROUNDS):
            await self.mine.pusher.push()
            if await self.mine.outbox.due() is None:
                break
            self.mine.clock.move(hours=1)
        await road.repeat()
        for _ in range(2):  # what an account tells may have to be told on
            assert (await self.mine.pusher.push(now=True)).trouble is None

    async def decided_here(self) -> dict[tuple[str, str | None], Decision]:
        async with self.mine.store.reading() as session:
            rows = (await session.scalars(select(DecisionRow))).all()
        return {(row.rule, row.finding or None): decision_of(row) for row in rows}

    async def decided_there(self) -> dict[tuple[str, str | None], Decision]:
        (project,) = await self.service.reports.projects(self.account_id)
        found = await self.service.dismissals.of(self.account_id, project.id)
        return {(one.rule, one.finding): one for one in found}


ABOUT: tuple[tuple[str, str | None], ...] = (
    ("low.sub_balance", None),
    ("low.sub_balance", "low.sub_balance-0001"),
    ("low.sub_balance", "low.sub_balance-0002"),
)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
async def test_after_quiet_every_report_is_there_exactly_once_and_both_sides_agree_on_what_is_meant(
    service: Service, browser: Browser, mine: Companion, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("uptrack_account.machines.changes.KEPT", timedelta())
    account_id = await somebody(service)
    await browser.sign_in()
    await mine.link(browser)
    week = Week(seed, service, account_id, mine, monkeypatch)
    await week.begin()
    async with week.serving, bad_road(browser.port, week.deal) as road:
        mine.port, mine.chance = road.port, 0.3
        for _ in range(ROUNDS):
            await week.step(road)
        await week.until_quiet(road)
        link = await AccountLinks(mine.store).get()
    assert link is not None
    assert link.trouble is None, "no fault of the way unlinks a machine"
    found = (await service.reports.listed(account_id, limit=1_000)).reports
    assert sorted(one.id for one in found) == sorted(week.here - week.deleted_there)
    for one in found:
        stored = await service.reports.get(account_id, one.id)
        assert stored is not None
        assert stored.document == (await mine.reports.get(one.id)).document
    assert {one.id for one in await mine.reports.list(limit=1_000)} == week.here
    assert await mine.outbox.due() is None
    decided = await week.decided_here()
    assert decided == await week.decided_there()
    meant = {
        (one.rule, finding) for one in await Dismissals(mine.store).list() for finding in (one.findings or (None,))
    }
    assert meant == {about for about, word in decided.items() if word.dismissed}
    assert sum(count for fate, count in road.dealt.items() if fate != "pass") > 8, road.dealt
