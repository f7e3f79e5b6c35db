"""What the outbox wishes is carried out at the real site, once, through failures of the way, the site and ourselves."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Never

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from support.account_site import ANOTHER, BOB, SITE, Browser, somebody
from support.companion import Companion
from support.reports import a_finding, a_report
from support.stores import Clock, a_new_report
from uptrack_account.machines.reports import Version
from uptrack_account.service import Service
from uptrack_account.store.models import ReportRow
from uptrack_analysis.report import Report, from_json, to_json
from uptrack_daemon.account.envelope import project_key, without_names
from uptrack_daemon.account.site import Site, SiteUnavailable
from uptrack_daemon.account.sync import FIRST_WAIT_S, LONGEST_WAIT_S, keep_in_step
from uptrack_daemon.account.token_place import TokenFile, kept_in
from uptrack_daemon.cli.reports import _and_account
from uptrack_daemon.store import AccountLinks, Outbox, Outgoing


async def there(service: Service, account_id: str) -> list[Version]:
    found = list[Version]()
    for project in await service.reports.projects(account_id):
        found += await service.reports.versions(account_id, project.id)
    return found


async def test_without_a_link_nothing_is_written_down_to_be_sent_and_nobody_is_reached(mine: Companion) -> None:
    def unreachable(_origin: str) -> Never:
        raise AssertionError("something was reached for")

    mine.pusher._reach = unreachable
    await mine.measure()
    assert (await mine.pusher.push(now=True)).trouble is None
    assert await mine.outbox.add_all() == 0
    assert await mine.outbox.due() is None


async def test_a_report_made_while_linked_arrives_byte_for_byte(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    before = await mine.measure()
    await mine.link(browser)
    report_id = await mine.measure(a_report(name="mix – ½.wav"))
    assert (await mine.pusher.push()).sent == 1
    (version,) = await there(service, ada)
    assert (version.id, version.name, version.project_name) == (report_id, "mix – ½.wav", "Warehouse")
    stored = await service.reports.get(ada, report_id)
    assert stored is not None
    assert stored.document == (await mine.reports.get(report_id)).document
    assert version.made_at == (await mine.reports.get(report_id)).summary.created_at
    assert (await mine.pusher.push(now=True)).sent == 0
    assert await mine.outbox.add_all() == 1
    assert (await mine.pusher.push()).sent == 1
    assert {one.id for one in await there(service, ada)} == {before, report_id}


def report_with_names() -> Report:
    report = a_report(name="Unreleased Anthem v7.wav")
    finding = a_finding(
        title="Secret Bass hides the kick",
        advice="Duck Secret Bass by 3 dB against Famous Track.wav.",
        stem="Secret Bass",
    )
    context = dataclasses.replace(report.context, stems=("Secret Bass",), references=("Famous Track.wav",))
    return dataclasses.replace(report, findings=(finding,), context=context)


@pytest.mark.usefixtures("ada")
async def test_without_consent_no_name_of_a_file_stem_or_project_is_sent(
    service: Service, browser: Browser, mine: Companion
) -> None:
    await mine.link(browser, with_names=False)
    await mine.measure(report_with_names())
    assert (await mine.pusher.push()).sent == 1
    async with service.database.reading() as session:
        document = (await session.scalars(select(ReportRow.document))).one()
    for name in ("Anthem", "Secret", "Famous", "Warehouse", "/music"):
        assert name not in document
    sent, own = from_json(document), report_with_names()
    assert sent.findings[0].title == "stem 1 hides the kick"
    assert sent.findings[0].advice == "Duck stem 1 by 3 dB against reference 1."
    assert (sent.source.name, sent.findings[0].stem, sent.context.references) == ("mix", "stem 1", ("reference 1",))
    assert (sent.score, sent.measurements, sent.series) == (own.score, own.measurements, own.series)
    assert without_names(to_json(own)) == document, "the same bytes every time"


def test_a_stem_called_like_a_word_of_the_schema_breaks_nothing() -> None:
    for name in ("major", "low", "bass", "club", "TEC", "dB"):
        report = a_report()
        finding = a_finding(title=f"{name} is loud", stem=name)
        context = dataclasses.replace(report.context, stems=(name,))
        sent = from_json(without_names(to_json(dataclasses.replace(report, findings=(finding,), context=context))))
        (told,) = sent.findings
        assert (told.title, told.stem, told.severity, told.area) == ("stem 1 is loud", "stem 1", "major", "low")
        assert sent.series == report.series


@pytest.mark.usefixtures("ada")
async def test_a_projects_key_is_one_on_all_machines_with_names_and_opaque_without(
    browser: Browser, mine: Companion
) -> None:
    link = await mine.link(browser)
    another = dataclasses.replace(link, secret=b"another machine's")
    assert project_key("name:warehouse", link) == project_key("name:warehouse", another)
    hidden, other = (dataclasses.replace(one, with_names=False) for one in (link, another))
    assert len({project_key("name:warehouse", one) for one in (link, hidden, other)}) == 3


@pytest.mark.usefixtures("ada")
async def test_a_report_that_was_not_stored_is_not_sent_either(browser: Browser, mine: Companion) -> None:
    await mine.link(browser)
    taken = await mine.measure()
    assert (await mine.pusher.push()).sent == 1
    twice = dataclasses.replace(a_new_report(), run_id=(await mine.reports.get(taken)).summary.run_id)
    with pytest.raises(IntegrityError):
        await mine.reports.save(twice)
    assert await mine.outbox.due() is None


@pytest.mark.usefixtures("ada")
async def test_a_passage_is_no_version_and_is_not_sent(browser: Browser, mine: Companion) -> None:
    await mine.link(browser)
    await mine.measure(passage_of="0" * 16)
    assert await mine.outbox.due() is None


async def test_the_key_is_renewed_before_it_is_too_old_and_when_the_site_says_so(
    service: Service, browser: Browser, ada: str, mine: Companion, clock: Clock
) -> None:
    await mine.link(browser)
    first = kept_in(mine.key)
    clock.move(minutes=59)
    await mine.measure()
    assert (await mine.pusher.push()).sent == 1
    second = kept_in(mine.key)
    assert second.refresh_token != first.refresh_token
    mine.key.write(second.model_copy(update={"access_token": "set back"}).model_dump_json())
    await mine.measure()
    assert (await mine.pusher.push()).sent == 1
    assert len(await there(service, ada)) == 2


async def test_a_crash_while_the_key_is_renewed_does_not_unlink(
    service: Service, browser: Browser, ada: str, mine: Companion, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    await mine.measure()
    clock.move(hours=2)

    def killed(_self: TokenFile, _text: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TokenFile, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            await mine.pusher.push()
    mine.restart()
    assert (await mine.pusher.push()).sent == 1
    assert len(await there(service, ada)) == 1


async def test_a_crash_after_a_report_arrived_sends_it_again_and_it_is_there_once(
    service: Service, browser: Browser, ada: str, mine: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    report_id = await mine.measure()

    async def killed(_self: Outbox, _outgoing: Outgoing, *, refused: str | None = None) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Outbox, "done", killed)
        with pytest.raises(KeyboardInterrupt):
            await mine.pusher.push()
    assert [one.id for one in await there(service, ada)] == [report_id]
    mine.restart()
    assert (await mine.pusher.push()).sent == 1
    assert [one.id for one in await there(service, ada)] == [report_id]


async def test_a_site_that_is_away_is_tried_again_ever_later_up_to_an_hour(
    service: Service, browser: Browser, ada: str, mine: Companion, clock: Clock
) -> None:
    await mine.link(browser)
    await mine.measure()
    mine.port, begun = 1, clock.now
    waits = []
    for _ in range(14):
        pushed = await mine.pusher.push()
        assert pushed.trouble is not None
        assert "does not answer" in pushed.trouble
        held = mine.pusher._not_before
        assert held is not None
        waits.append((held - clock.now).total_seconds())
        clock.now = held
    assert waits[:4] == [FIRST_WAIT_S * 2, FIRST_WAIT_S * 4, FIRST_WAIT_S * 8, FIRST_WAIT_S * 16]
    assert waits[-1] == LONGEST_WAIT_S
    assert (clock.now - begun).total_seconds() == sum(waits)
    mine.port = browser.port
    assert (await mine.pusher.push()).sent == 1
    assert len(await there(service, ada)) == 1


@pytest.mark.usefixtures("ada")
async def test_between_two_tries_nobody_is_asked_but_a_person_can_have_it_tried(
    browser: Browser, mine: Companion, clock: Clock
) -> None:
    await mine.link(browser)
    await mine.measure()
    mine.port = 1
    await mine.pusher.push()
    mine.port = browser.port
    clock.move(seconds=FIRST_WAIT_S * 2 - 1)
    assert (await mine.pusher.push()).sent == 0
    assert (await mine.pusher.push(now=True)).sent == 1


@pytest.mark.usefixtures("ada")
async def test_chance_spreads_the_tries_and_the_sites_wish_comes_on_top(
    browser: Browser, mine: Companion, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    await mine.measure()

    async def busy(*_arguments: object) -> Never:
        raise SiteUnavailable("busy", retry_after_s=120)

    monkeypatch.setattr(Site, "ask", busy)
    for chance, wait_s in ((0.0, 120), (0.5, 120 + FIRST_WAIT_S * 2)):
        mine.chance = chance
        await mine.pusher.push(now=True)
        held = mine.pusher._not_before
        assert held is not None
        assert (held - clock.now).total_seconds() == wait_s


async def test_a_report_that_is_refused_says_why_and_holds_up_no_other(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    await mine.measure(json.dumps(json.loads(to_json(a_report())) | {"schema": "uptrack.report/0"}))
    good = await mine.measure()
    pushed = await mine.pusher.push()
    assert (pushed.sent, pushed.refused, pushed.trouble) == (1, 1, None)
    assert [one.id for one in await there(service, ada)] == [good]
    counts = await mine.outbox.counts()
    assert (counts.waiting, counts.sent, counts.refused) == (0, 1, 1)
    assert counts.last_sentence is not None
    assert counts.last_sentence.startswith("Expected a report")
    assert (await mine.pusher.push(now=True)).refused == 0
    await mine.outbox.add_all()
    assert (await mine.pusher.push(now=True)).refused == 1, "a person can have it tried again"


async def test_a_machine_that_was_ended_at_the_site_stops_says_so_and_goes_on_once_it_is_linked_again(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    link = await mine.link(browser)
    await service.devices.unlink(ada, link.device_id)
    report_id = await mine.measure()
    assert "not linked any more" in str((await mine.pusher.push()).trouble)
    mine.port = 1
    assert "not linked any more" in str((await mine.pusher.push(now=True)).trouble), "and nobody was asked"
    mine.port = browser.port
    later = await mine.measure()
    await mine.link(browser)
    assert (await mine.pusher.push()).sent == 2
    assert {one.id for one in await there(service, ada)} == {report_id, later}


@pytest.mark.usefixtures("ada")
async def test_what_one_account_was_to_get_another_does_not(
    service: Service, browser: Browser, mine: Companion
) -> None:
    await mine.link(browser)
    await mine.measure()
    bob = await somebody(service, BOB, ANOTHER)
    await browser.sign_in(BOB, ANOTHER)
    await mine.link(browser)
    assert (await mine.pusher.push(now=True)).sent == 0
    assert await there(service, bob) == []


@pytest.mark.usefixtures("ada")
async def test_once_unlinked_nothing_waits_and_nothing_is_sent(browser: Browser, mine: Companion) -> None:
    await mine.link(browser)
    await mine.measure()
    await AccountLinks(mine.store).remove()
    assert await mine.outbox.due() is None
    assert (await mine.pusher.push(now=True)).sent == 0


async def test_what_is_erased_here_is_deleted_there_unless_it_is_to_stay(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    sent, kept = await mine.measure(), await mine.measure()
    await mine.pusher.push()
    never_sent = await mine.measure()
    assert (await mine.reports.delete(never_sent)).on_account == 0
    assert (await mine.reports.delete(kept, keep_on_account=True)).on_account == 0
    assert (await mine.reports.delete(sent)).on_account == 1
    await mine.pusher.push()
    assert [one.id for one in await there(service, ada)] == [kept]
    assert (await mine.outbox.counts()).sent == 0, "no row of it is left"


async def test_erasing_everything_empties_the_account_of_what_came_from_here(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    for _ in range(3):
        await mine.measure()
    await mine.pusher.push()
    assert (await mine.reports.delete_all()).on_account == 3
    await mine.pusher.push()
    assert await there(service, ada) == []


async def test_a_report_that_is_erased_while_it_is_on_its_way_is_deleted_there_next(
    service: Service, browser: Browser, ada: str, mine: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    report_id = await mine.measure()
    ask = Site.ask

    async def slow(self: Site, method: str, path: str, access_token: str, body: bytes | None = None) -> object:
        if method == "PUT":
            assert (await mine.reports.delete(report_id)).on_account == 1
        return await ask(self, method, path, access_token, body)

    monkeypatch.setattr(Site, "ask", slow)
    await mine.pusher.push()
    assert await there(service, ada) == []
    assert await mine.outbox.due() is None


async def test_what_was_deleted_at_the_site_is_not_put_there_again(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    report_id = await mine.measure()
    await service.reports.delete(ada, report_id)
    pushed = await mine.pusher.push()
    assert (pushed.refused, pushed.trouble) == (0, None)
    assert await there(service, ada) == []
    assert await mine.outbox.due() is None


async def test_a_daemon_looks_now_and_then_and_survives_what_fails(
    service: Service, browser: Browser, ada: str, mine: Companion, clock: Clock
) -> None:
    await mine.link(browser)
    await mine.measure()
    mine.port, rounds = 1, 0

    async def sleep(seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        clock.move(seconds=seconds)
        if rounds == 5:
            mine.port = browser.port
        if rounds == 20:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_in_step(mine.pusher, sleep=sleep)
    assert len(await there(service, ada)) == 1


@pytest.mark.usefixtures("ada")
async def test_who_erases_everything_is_asked_about_the_account_too(
    browser: Browser, mine: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPTRACK_HOME", str(mine.home.root))
    assert await asyncio.to_thread(_and_account) == ""
    await mine.link(browser)
    asked = await asyncio.to_thread(_and_account)
    assert asked == f", and from Ada's account at {SITE} those it has put there"
