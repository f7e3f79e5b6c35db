"""What changes in the account reaches the machine, and what is decided on the machine reaches the account."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from support.account_site import Browser
from support.companion import Companion, companion
from support.reports import a_finding, a_report
from support.stores import Clock
from uptrack_account.machines.reports import Version
from uptrack_account.service import Service
from uptrack_analysis.report import Finding, Report
from uptrack_bridges.account_changes import Decision
from uptrack_daemon.account.following import Follower
from uptrack_daemon.account.site import Site
from uptrack_daemon.account.sync import FOLLOW_EVERY_S
from uptrack_daemon.store import AccountFeed, AccountLinks, Dismissal, Dismissals, Outbox
from uptrack_daemon.versions import Versions, weigh

LOUD, WIDE = (
    a_finding("major", 1, id="low.sub_balance-0001", title="The sub is loud"),
    a_finding("minor", 2, id="low.width-0002", rule="low.width", title="The bass is wide"),
)


def version(number: int, *findings: Finding) -> Report:
    report = a_report(name=f"warehouse_v{number}.wav", findings=findings or (LOUD, WIDE))
    engine = dataclasses.replace(report.engine, rules=dict.fromkeys((LOUD.rule, WIDE.rule), "1"))
    return dataclasses.replace(
        report, engine=engine, source=dataclasses.replace(report.source, sha256=f"{number:064x}")
    )


async def there(service: Service, account_id: str) -> list[Version]:
    found = list[Version]()
    for project in await service.reports.projects(account_id):
        found += await service.reports.versions(account_id, project.id)
    return found


async def known_there(service: Service, account_id: str) -> list[Decision]:
    (project,) = await service.reports.projects(account_id)
    return await service.dismissals.of(account_id, project.id)


async def meant(mine: Companion) -> list[Dismissal]:
    return await Dismissals(mine.store).list()


async def press(browser: Browser, report_id: str, finding: Finding, scope: str = "finding", *, undo: str = "") -> None:
    answer = await browser.post(f"/reports/{report_id}/dismiss", finding=finding.id, scope=scope, undo=undo)
    assert answer.status == 303


async def dismiss(mine: Companion, report_id: str, finding: Finding, *, rule: bool = False, undo: bool = False) -> None:
    await Versions(mine.store).dismiss(await mine.reports.get(report_id), finding.id, whole_rule=rule, undo=undo)


# -- reports -----------------------------------------------------------------------------------------------------------


async def test_what_the_account_has_deleted_stays_here_and_is_never_sent_again(
    service: Service, browser: Browser, ada: str, mine: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await mine.measure()
    await mine.link(browser)
    gone, kept = await mine.measure(version(1)), await mine.measure(version(2))
    await mine.pusher.push()
    await browser.post(f"/reports/{gone}/delete")
    await service.reports.delete(ada, before)  # known there by another machine, never sent by this one
    assert (await mine.pusher.push(now=True)).heard == 2
    sent = list[str]()
    ask = Site.ask

    async def overheard(self: Site, method: str, path: str, access_token: str, body: bytes | None = None) -> object:
        sent.append(f"{method} {path.partition('?')[0]}")
        return await ask(self, method, path, access_token, body)

    monkeypatch.setattr(Site, "ask", overheard)
    assert await mine.outbox.add_all() == 0
    await mine.pusher.push(now=True)
    assert sent == ["GET /v1/changes"]
    assert [one.id for one in await there(service, ada)] == [kept]
    assert {one.id for one in await mine.reports.list()} == {before, gone, kept}
    assert (await mine.outbox.counts()).sent == 1
    sent.clear()
    await mine.reports.delete(gone)
    await mine.pusher.push()
    assert sent == [], "the account has nothing of it to delete"


async def test_who_wants_it_so_has_it_erased_here_too(
    browser: Browser, ada: str, mine: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    gone, kept = await mine.measure(version(1)), await mine.measure(version(2))
    await mine.pusher.push()
    await browser.post(f"/reports/{gone}/delete")
    mine.deletes_here = True
    mine.restart()

    async def killed(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(AccountFeed, "followed", killed)
        with pytest.raises(KeyboardInterrupt):
            await mine.pusher.push(now=True)
    assert [one.id for one in await mine.reports.list()] == [kept]
    mine.restart()
    assert (await mine.pusher.push(now=True)).heard == 1
    assert await mine.outbox.due() is None, "nothing is to be deleted there on that account"


# -- what is meant -----------------------------------------------------------------------------------------------------


async def test_a_finding_dismissed_on_the_page_is_left_out_of_the_next_run_here(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await mine.pusher.push()
    await press(browser, report_id, LOUD)
    await press(browser, report_id, WIDE, "rule")
    assert (await mine.pusher.push(now=True)).heard == 2
    one, rule = sorted(await meant(mine), key=lambda found: found.whole_rule)
    assert (one.rule, one.findings, one.title, one.severity) == (LOUD.rule, (LOUD.id,), LOUD.title, "major")
    assert (rule.rule, rule.whole_rule, rule.severity, rule.project_name) == (WIDE.rule, True, "minor", "Warehouse")
    stored = await mine.reports.get(report_id)
    past = await Versions(mine.store).past(stored.summary.project_key, f"{2:064x}")
    weighed = weigh(mine.document(version(2)), past)
    assert all(found.dismissed for found in weighed.report.findings)
    await press(browser, report_id, LOUD, undo="yes")
    await mine.pusher.push(now=True)
    assert [one.rule for one in await meant(mine)] == [WIDE.rule]


@pytest.mark.parametrize("with_names", [True, False])
async def test_a_finding_dismissed_here_is_left_out_on_the_page(
    service: Service, browser: Browser, ada: str, mine: Companion, *, with_names: bool
) -> None:
    await mine.link(browser, with_names=with_names)
    report_id = await mine.measure(version(1))
    await dismiss(mine, report_id, LOUD)
    assert (await mine.pusher.push()).sent == 2
    assert "1 dismissed in this project" in (await browser.get(f"/reports/{report_id}")).text
    await dismiss(mine, report_id, LOUD, undo=True)
    assert (await mine.pusher.push()).sent == 1
    assert "dismissed in this project" not in (await browser.get(f"/reports/{report_id}")).text
    assert [one.dismissed for one in await known_there(service, ada)] == [False]


async def test_what_was_dismissed_before_the_link_goes_with_the_projects_next_report(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    first = await mine.measure(version(1))
    await dismiss(mine, first, LOUD)
    await mine.link(browser)
    assert await mine.outbox.due() is None, "that too is what nobody has wished to send"
    await mine.measure(version(2))
    assert (await mine.pusher.push()).sent == 2
    assert [one.about for one in await known_there(service, ada)] == [LOUD.id]
    await AccountLinks(mine.store).remove()
    await mine.link(browser)
    await mine.outbox.add_all()
    assert (await mine.pusher.push()).sent == 3


async def test_a_decision_about_a_project_that_is_gone_there_waits_for_its_next_report(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await mine.pusher.push()
    await browser.post(f"/reports/{report_id}/delete")
    await dismiss(mine, report_id, LOUD)
    assert (await mine.pusher.push()).trouble is None
    assert await mine.outbox.due() is None
    await mine.measure(version(2))
    await mine.pusher.push()
    assert [(one.about, one.dismissed) for one in await known_there(service, ada)] == [(LOUD.id, True)]


async def test_a_finding_that_is_called_otherwise_in_a_later_run_is_brought_back_by_either_name(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    first = await mine.measure(version(1))
    await dismiss(mine, first, LOUD)
    moved = dataclasses.replace(LOUD, id="low.sub_balance-00aa")
    (dismissal,) = await meant(mine)
    second = await mine.measure(version(2, moved, WIDE), dismissed={dismissal.id: moved.id})
    await mine.pusher.push()
    for report_id in (first, second):
        assert "1 dismissed in this project" in (await browser.get(f"/reports/{report_id}")).text
    await press(browser, second, moved, undo="yes")
    await mine.pusher.push(now=True)
    await mine.pusher.push(now=True)
    assert await meant(mine) == []
    for report_id in (first, second):
        assert "dismissed in this project" not in (await browser.get(f"/reports/{report_id}")).text
    assert {one.about: one.dismissed for one in await known_there(service, ada)} == {LOUD.id: False, moved.id: False}


async def test_a_machine_that_comes_to_know_a_project_hears_what_is_meant_in_it(
    service: Service, browser: Browser, ada: str, mine: Companion, tmp_path: Path, clock: Clock
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await mine.pusher.push()
    async with companion(tmp_path / "laptop", clock, browser.port) as laptop:
        await laptop.link(browser)
        await press(browser, report_id, LOUD)
        await laptop.pusher.push(now=True)
        assert await meant(laptop) == []
        await laptop.measure(version(2))
        await laptop.pusher.push()
        assert [one.findings for one in await meant(laptop)] == [(LOUD.id,)]


# -- of two words ------------------------------------------------------------------------------------------------------


async def test_the_later_word_counts_on_both_sides_whoever_hears_it_last(
    service: Service, browser: Browser, ada: str, mine: Companion, clock: Clock
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await mine.pusher.push()
    await dismiss(mine, report_id, LOUD)
    clock.move(seconds=1)
    await press(browser, report_id, LOUD)
    clock.move(seconds=1)
    await press(browser, report_id, LOUD, undo="yes")
    await dismiss(mine, report_id, WIDE)
    clock.move(seconds=1)
    await dismiss(mine, report_id, WIDE, undo=True)
    await mine.pusher.push(now=True)
    assert await meant(mine) == []
    assert {one.about: one.dismissed for one in await known_there(service, ada)} == {LOUD.id: False, WIDE.id: False}


async def test_of_two_words_of_the_same_moment_the_one_that_dismisses_counts(
    service: Service, browser: Browser, ada: str, mine: Companion, clock: Clock
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await dismiss(mine, report_id, LOUD)
    await mine.pusher.push()
    clock.move(seconds=5)
    await dismiss(mine, report_id, LOUD, undo=True)
    await press(browser, report_id, LOUD)
    await mine.pusher.push(now=True)
    assert [one.findings for one in await meant(mine)] == [(LOUD.id,)]
    assert [one.dismissed for one in await known_there(service, ada)] == [True]


async def test_a_clock_that_was_ahead_does_not_decide_for_ever(
    service: Service, browser: Browser, ada: str, mine: Companion, clock: Clock
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await mine.pusher.push()
    mine.store.clock = lambda: clock.now + timedelta(minutes=30)
    await dismiss(mine, report_id, LOUD)
    await mine.pusher.push(now=True)
    mine.store.clock = clock
    await press(browser, report_id, LOUD, undo="yes")
    await mine.pusher.push(now=True)
    assert await meant(mine) == []


async def test_a_word_that_is_taken_back_while_it_is_on_its_way_is_taken_back_there_next(
    service: Service, browser: Browser, ada: str, mine: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await mine.pusher.push()
    await dismiss(mine, report_id, LOUD)
    say = Site.put_decision

    async def slow(self: Site, project: str, decision: Decision, access_token: str) -> Decision:
        if decision.dismissed:
            await dismiss(mine, report_id, LOUD, undo=True)
        return await say(self, project, decision, access_token)

    monkeypatch.setattr(Site, "put_decision", slow)
    await mine.pusher.push()
    await mine.pusher.push()
    assert await meant(mine) == []
    assert [one.dismissed for one in await known_there(service, ada)] == [False]
    assert await mine.outbox.due() is None


# -- following ---------------------------------------------------------------------------------------------------------


async def test_who_was_away_too_long_reads_the_state_and_goes_on(
    service: Service, browser: Browser, ada: str, mine: Companion, clock: Clock
) -> None:
    link = await mine.link(browser)
    gone, kept = await mine.measure(version(1)), await mine.measure(version(2))
    await mine.pusher.push()
    await browser.post(f"/reports/{gone}/delete")
    await press(browser, kept, LOUD)
    clock.move(days=91)
    await service.changes.sweep()
    await browser.sign_in()
    await service.devices.unlink(ada, link.device_id)
    feed = AccountFeed(mine.store)
    cursor = await feed.cursor()
    await mine.link(browser)
    await feed.followed(cursor, deleted=(), decisions=(), key_of=str)  # linked again, it goes on where it was
    assert (await mine.pusher.push(now=True)).trouble is None
    assert [one.findings for one in await meant(mine)] == [(LOUD.id,)]
    assert await mine.outbox.add_all() == 0, "what was deleted there is not sent again"
    assert await feed.cursor() == 2


@pytest.mark.usefixtures("ada")
async def test_the_state_is_read_to_its_end_or_from_its_beginning(
    service: Service, browser: Browser, mine: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await mine.pusher.push()
    for finding in (LOUD, WIDE):
        await press(browser, report_id, finding)
    await AccountFeed(mine.store).start_again()
    monkeypatch.setattr("uptrack_account.web.changes_api.MOST_CHANGES", 1)
    followed = AccountFeed.followed
    pages = list[int | None]()

    async def dies_at_first(self: AccountFeed, cursor: int | None, **what: object) -> None:
        await followed(self, cursor, **what)  # type: ignore[arg-type]
        pages.append(cursor)
        if len(pages) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(AccountFeed, "followed", dies_at_first)
    with pytest.raises(KeyboardInterrupt):
        await mine.pusher.push(now=True)
    assert await AccountFeed(mine.store).cursor() is None
    mine.restart()
    assert (await mine.pusher.push(now=True)).trouble is None
    assert pages[:4] == [None, None, 2, 2]
    assert len(await meant(mine)) == 2


@pytest.mark.usefixtures("ada")
async def test_an_account_is_asked_for_changes_every_ten_minutes_or_so_and_when_something_was_sent(
    browser: Browser, mine: Companion, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[float]()
    begun = clock.now
    follow = Follower.follow

    async def counted(self: Follower, caller: object) -> int:
        asked.append((clock.now - begun).total_seconds())
        return await follow(self, caller)  # type: ignore[arg-type]

    monkeypatch.setattr(Follower, "follow", counted)
    await mine.link(browser)
    mine.chance = 0.5
    for _ in range(25):
        await mine.pusher.push()
        clock.move(seconds=60)
    assert asked == [0.0, FOLLOW_EVERY_S, 2 * FOLLOW_EVERY_S]
    await mine.measure()
    await mine.pusher.push()
    assert len(asked) == 4
    mine.pusher.wake()
    await mine.pusher.push()
    assert len(asked) == 5


@pytest.mark.usefixtures("ada")
async def test_a_crash_before_a_change_is_noted_has_it_carried_out_again(
    browser: Browser, mine: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await mine.pusher.push()
    await press(browser, report_id, LOUD)

    async def killed(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("uptrack_daemon.store.account_feed.hear", killed)
        with pytest.raises(KeyboardInterrupt):
            await mine.pusher.push(now=True)
    mine.restart()
    assert await meant(mine) == []
    await mine.pusher.push(now=True)
    assert len(await meant(mine)) == 1


async def test_forgetting_a_project_here_takes_nothing_back_there(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    report_id = await mine.measure(version(1))
    await dismiss(mine, report_id, LOUD)
    await mine.pusher.push()
    await dismiss(mine, report_id, WIDE)
    await mine.reports.delete(report_id, keep_on_account=True)
    await mine.pusher.push()
    assert [(one.about, one.dismissed) for one in await known_there(service, ada)] == [(LOUD.id, True)]
    assert await Outbox(mine.store).due() is None
