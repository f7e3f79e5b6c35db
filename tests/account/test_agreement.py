"""Two machines and their account come to agree on what is meant, whatever was decided where, and heard when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from support.account_site import Browser, somebody
from support.companion import Companion, companion
from support.reports import a_report
from support.stores import Clock
from uptrack_account.machines.changes import decision_of as decision_there
from uptrack_account.service import Service
from uptrack_account.store.models import DismissalRow as RowThere
from uptrack_account.store.models import ProjectRow
from uptrack_analysis.report import SEVERITIES
from uptrack_bridges.account_changes import Decision, moment_after
from uptrack_daemon.account.envelope import project_key
from uptrack_daemon.store import AccountLinks, Dismissals
from uptrack_daemon.store.decisions import decision_of
from uptrack_daemon.store.models import DecisionRow, DismissalRow

RULE, WHOLE = "low.sub_balance", ""
IDS = (WHOLE, "low.sub_balance-01", "low.sub_balance-02", "low.sub_balance-03")
EXAMPLES = 25

moments = st.integers(0, 3).map(lambda second: datetime(2026, 11, 29, 12, 0, second, tzinfo=UTC))
words = st.builds(
    Decision,
    rule=st.just(RULE),
    dismissed=st.booleans(),
    at=moments,
    severity=st.sampled_from((*SEVERITIES, None)),
    report=st.sampled_from(("0" * 16, "1" * 16, None)),
)


@given(said=st.lists(words, min_size=1, max_size=4))
def test_of_any_words_the_same_one_counts_in_whatever_order_they_are_heard(said: list[Decision]) -> None:
    standing = set[str]()
    for order in permutations(said):
        counts = order[0]
        for other in order[1:]:
            counts = other if other.stands_over(counts) else counts
        standing.add(counts.model_dump_json())
    assert len(standing) == 1


@given(one=words, other=words)
def test_the_later_counts_and_of_one_moment_the_one_that_dismisses(one: Decision, other: Decision) -> None:
    if (one.at, one.dismissed) > (other.at, other.dismissed):
        assert one.stands_over(other)
        assert not other.stands_over(one)
    assert not one.stands_over(one)


@given(now=moments, before=st.none() | moments)
def test_who_decides_anew_decides_later_than_what_they_saw(now: datetime, before: datetime | None) -> None:
    at = moment_after(now, before)
    assert at >= now
    assert before is None or at > before


@dataclass(frozen=True)
class Step:
    """Something that happens somewhere."""

    who: Literal[0, 1, 2]
    """A machine, or the page."""
    what: Literal["dismiss", "restore", "sync", "wait", "seen as another"]
    about: int
    """Of ``IDS``."""


steps = st.builds(
    Step,
    who=st.sampled_from((0, 1, 2)),
    what=st.sampled_from(("dismiss", "dismiss", "restore", "restore", "sync", "wait", "seen as another")),
    about=st.integers(0, len(IDS) - 1),
)


@dataclass
class Studio:
    """Two machines of one account, and its page."""

    service: Service
    account_id: str
    machines: tuple[Companion, Companion]
    clock: Clock
    numbers: count[int]

    async def run(self, happens: list[Step]) -> None:
        """A project of its own, in which all that happens; then all is heard by everybody."""
        self.project = f"Song {next(self.numbers)}"
        self.key = f"name:{self.project.lower()}"
        self.words: dict[str, list[Decision]] = {name: [] for name in IDS}
        for machine in self.machines:
            await machine.measure(a_report(name=f"{self.project}.wav"), project=self.project)
            await machine.pusher.push(now=True)
        for step in happens:
            await self._step(step)
        for _ in range(3):
            for machine in self.machines:
                assert (await machine.pusher.push(now=True)).trouble is None

    async def _step(self, step: Step) -> None:
        name = IDS[step.about]
        if step.what == "wait":
            self.clock.move(seconds=1)
        elif step.who == 2:
            if step.what in {"dismiss", "restore"}:
                await self.service.dismissals.decide(
                    self.account_id,
                    await self._project_id(),
                    RULE,
                    name or None,
                    dismissed=step.what == "dismiss",
                    severity="major",
                    report_id="0" * 16,
                )
                self.words[name].append((await self.there())[name])
        else:
            await self._at(self.machines[step.who], step.what, name)

    async def _at(self, machine: Companion, what: str, name: str) -> None:
        dismissals = Dismissals(machine.store)
        match what:
            case "sync":
                await machine.pusher.push(now=True)
                return
            case "dismiss":
                await dismissals.add(
                    self.key, self.project, rule=RULE, finding=name or None, title=name, report_id="0" * 16
                )
            case "restore":
                await dismissals.remove(self.key, rule=RULE, finding=name or None)
            case _:
                seen = [one for one in await dismissals.list(self.key) if one.findings]
                if not seen or not name:
                    return
                await machine.measure(project=self.project, dismissed={seen[0].id: name})
        for about, word in (await self.here(machine)).items():
            self.words[about].append(word)

    async def here(self, machine: Companion) -> dict[str, Decision]:
        async with machine.store.reading() as session:
            rows = (await session.scalars(select(DecisionRow).where(DecisionRow.project_key == self.key))).all()
        return {row.finding: decision_of(row) for row in rows}

    async def meant(self, machine: Companion) -> set[str]:
        async with machine.store.reading() as session:
            rows = (await session.scalars(select(DismissalRow).where(DismissalRow.project_key == self.key))).all()
        return {name for row in rows for name in json.loads(row.findings) or [WHOLE]}

    async def there(self) -> dict[str, Decision]:
        async with self.service.database.reading() as session:
            rows = await session.scalars(select(RowThere).where(RowThere.project_id == await self._project_id()))
            return {row.finding: decision_there(row) for row in rows}

    async def _project_id(self) -> str:
        link = await AccountLinks(self.machines[0].store).get()
        assert link is not None
        key = project_key(self.key, link)
        async with self.service.database.reading() as session:
            return (await session.scalars(select(ProjectRow.id).where(ProjectRow.key == key))).one()


@pytest.fixture
async def studio(service: Service, browser: Browser, clock: Clock, tmp_path: Path) -> AsyncIterator[Studio]:
    account_id = await somebody(service)
    await browser.sign_in()
    async with AsyncExitStack() as stack:
        machines = [
            await stack.enter_async_context(companion(tmp_path / name, clock, browser.port)) for name in ("a", "b")
        ]
        for machine in machines:
            await machine.link(browser)
        yield Studio(service, account_id, (machines[0], machines[1]), clock, count())


async def for_any(holds: Callable[[list[Step]], Coroutine[Any, Any, None]], which: st.SearchStrategy[Step]) -> None:
    """Have Hypothesis, which knows no coroutines, look in a thread of its own for a story in which it does not hold."""
    loop = asyncio.get_running_loop()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(happens=st.lists(which, max_size=12))
    def holds_in(happens: list[Step]) -> None:
        asyncio.run_coroutine_threadsafe(holds(happens), loop).result()

    await asyncio.to_thread(holds_in)


async def test_of_whatever_is_decided_anywhere_the_last_word_counts_everywhere(studio: Studio) -> None:
    async def holds(happens: list[Step]) -> None:
        await studio.run(happens)
        counts = await studio.there()
        for name, words_said in studio.words.items():
            if words_said:
                assert not any(word.stands_over(counts[name]) for word in words_said)
                assert counts[name] in words_said
        for machine in studio.machines:
            assert await studio.here(machine) == counts
            assert await studio.meant(machine) == {name for name, word in counts.items() if word.dismissed}

    await for_any(holds, steps.filter(lambda step: step.what != "seen as another"))


async def test_machines_that_see_a_finding_under_several_names_agree_as_well(studio: Studio) -> None:
    async def holds(happens: list[Step]) -> None:
        await studio.run(happens)
        counts = await studio.there()
        for machine in studio.machines:
            assert await studio.here(machine) == counts
            assert await studio.meant(machine) == {name for name, word in counts.items() if word.dismissed}

    await for_any(holds, steps)


def test_a_moment_is_later_by_as_little_as_both_databases_can_keep() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    assert moment_after(now, now) - now == timedelta(microseconds=1)
