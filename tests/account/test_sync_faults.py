"""Weeks on a bad way to the account, by chance and from a seed: once it is quiet, all that is here is there, once."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from support.account_site import Browser, somebody
from support.bad_road import FAULTS, BadRoad, bad_road
from support.companion import Companion, companion
from support.reports import a_report
from support.stores import Clock
from uptrack_account.service import Service
from uptrack_daemon.store import AccountLinks, Outbox, Outgoing

SEEDS = range(200 if os.environ.get("UPTRACK_SOAK") == "1" else 4)
ROUNDS = 80


class Killed(BaseException):
    """What ends a process at once, as nothing that catches errors can help."""


class Week:
    """What happens to a musician and their network, drawn from a seed."""

    def __init__(self, seed: int, mine: Companion, monkeypatch: pytest.MonkeyPatch) -> None:
        self.random = random.Random(seed)
        self.mine = mine
        self.monkeypatch = monkeypatch
        self.quiet = False
        self.here: set[str] = set()

    def deal(self) -> str:
        return "pass" if self.quiet or self.random.random() < 0.25 else self.random.choice(FAULTS)

    async def step(self, road: BadRoad) -> None:
        match self.random.choice(("measure",) * 4 + ("push",) * 5 + ("erase", "kill", "wait", "late", "restart")):
            case "measure":
                self.here.add(await self.mine.measure(a_report(name=f"mix {self.random.random()}.wav")))
            case "push":
                await self.mine.pusher.push(now=self.random.random() < 0.9)
            case "erase" if self.here:
                gone = self.random.choice(sorted(self.here))
                self.here.remove(gone)
                await self.mine.reports.delete(gone)
            case "kill":
                await self.killed()
            case "wait":
                self.mine.clock.move(minutes=self.random.uniform(0, 50))
            case "late":
                await road.repeat()
            case _:
                self.mine.restart()

    async def killed(self) -> None:
        """The Companion ends between what it has sent and what it has noted."""

        async def end(_self: Outbox, _outgoing: Outgoing, *, refused: str | None = None) -> None:
            raise Killed

        with self.monkeypatch.context() as patched:
            patched.setattr(Outbox, "done", end)
            with suppress(Killed):
                await self.mine.pusher.push(now=True)
        self.mine.restart()

    async def until_quiet(self, road: BadRoad) -> None:
        self.quiet = True
        await road.repeat()
        for _ in range(len(self.here) + ROUNDS):
            await self.mine.pusher.push()
            if await self.mine.outbox.due() is None:
                break
            self.mine.clock.move(hours=1)
        await road.repeat()


@pytest.fixture
async def mine(tmp_path: Path, clock: Clock, browser: Browser) -> AsyncIterator[Companion]:
    async with companion(tmp_path / "companion", clock, browser.port) as mine:
        yield mine


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
async def test_after_quiet_every_report_is_there_exactly_once_and_none_that_was_erased(
    service: Service, browser: Browser, mine: Companion, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    account_id = await somebody(service)
    await browser.sign_in()
    await mine.link(browser)
    week = Week(seed, mine, monkeypatch)
    async with bad_road(browser.port, week.deal) as road:
        mine.port, mine.chance = road.port, 0.3
        for _ in range(ROUNDS):
            await week.step(road)
        await week.until_quiet(road)
    link = await AccountLinks(mine.store).get()
    assert link is not None
    assert link.trouble is None, "no fault of the way unlinks a machine"
    found = (await service.reports.listed(account_id, limit=1_000)).reports
    assert sorted(one.id for one in found) == sorted(week.here)
    for one in found:
        stored = await service.reports.get(account_id, one.id)
        assert stored is not None
        assert stored.document == (await mine.reports.get(one.id)).document
    assert await mine.outbox.due() is None
    assert sum(count for fate, count in road.dealt.items() if fate != "pass") > 8, road.dealt
