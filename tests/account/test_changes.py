"""What has changed in an account is told to its machines in order: what was deleted, and what is meant in a project."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import timedelta
from typing import Any, Never

import pytest
from sqlalchemy import event, func, select

from support.account_site import BOB, MADE_AT, PASSWORD, Answer, Browser, Machine, linked, somebody, upload
from support.reports import a_finding, a_report
from support.stores import Clock
from uptrack_account.machines.bell import Bell
from uptrack_account.service import Service
from uptrack_account.store import Base
from uptrack_account.store.models import ChangeRow, DeletedReportRow, DismissalRow, FeedRow, ReportRow
from uptrack_account.throttle import DECISION, DELETION
from uptrack_account.web import api, dismissal_pages
from uptrack_analysis.report import Finding, Report
from uptrack_bridges.account import REFRESH_GRANT, TOKEN_PATH, Tokens
from uptrack_bridges.account_changes import MOST_CHANGES, AccountState, ChangeList, Decision

IDS = [f"{number:016x}" for number in range(1, 6)]
KEY = upload().project.key
LOUD, WIDE = (
    a_finding("major", 1, id="low.sub_balance-0001", title="The sub is loud", penalty=0.3),
    a_finding("minor", 2, id="low.width-0002", rule="low.width", title="The bass is wide", penalty=0.1),
)


@pytest.fixture
async def machine(service: Service, browser: Browser) -> Machine:
    """Ada's, who is signed in."""
    await somebody(service)
    await browser.sign_in()
    return await linked(browser)


def version(number: int, *findings: Finding) -> Report:
    report = a_report(name=f"warehouse_v{number}.wav", findings=findings or (LOUD, WIDE))
    engine = dataclasses.replace(report.engine, rules=dict.fromkeys((LOUD.rule, WIDE.rule), "1"))
    return dataclasses.replace(
        report, engine=engine, source=dataclasses.replace(report.source, sha256=f"{number:064x}")
    )


async def put(machine: Machine, number: int, *findings: Finding) -> None:
    sent = upload(version(number, *findings), made_at=MADE_AT + timedelta(days=number))
    answer = await machine.ask("PUT", f"/v1/reports/{IDS[number]}", sent.model_dump_json().encode())
    assert answer.status == 201, answer.text


async def since(machine: Machine, after: int = 0, limit: int = MOST_CHANGES) -> ChangeList:
    answer = await machine.ask("GET", f"/v1/changes?after={after}&limit={limit}")
    assert answer.status == 200, answer.text
    return ChangeList.model_validate_json(answer.body)


async def decide(machine: Machine, said: Decision, *, key: str = KEY, about: str | None = None) -> Answer:
    path = f"/v1/projects/{key}/dismissals/{about or said.about}"
    return await machine.ask("PUT", path, said.model_dump_json().encode())


async def press(machine: Machine, number: int, finding: Finding, scope: str = "finding", *, undo: str = "") -> None:
    answer = await machine.browser.post(f"/reports/{IDS[number]}/dismiss", finding=finding.id, scope=scope, undo=undo)
    assert (answer.status, answer.to) == (303, f"/reports/{IDS[number]}#meant")


async def page(machine: Machine, number: int) -> str:
    return (await machine.browser.get(f"/reports/{IDS[number]}")).text


async def count(service: Service, table: type[Base]) -> int:
    async with service.database.reading() as session:
        return (await session.scalar(select(func.count()).select_from(table))) or 0


def said(clock: Clock, *, dismissed: bool = True, finding: Finding | None = LOUD, **changes: object) -> Decision:
    rule, name = (LOUD.rule, None) if finding is None else (finding.rule, finding.id)
    decision = Decision(rule=rule, finding=name, dismissed=dismissed, at=clock.now, severity="major", report=IDS[1])
    return decision.model_copy(update=changes)


# -- reports -----------------------------------------------------------------------------------------------------------


async def test_that_a_report_was_deleted_is_told_once_whoever_deleted_it(machine: Machine) -> None:
    for number in (0, 1):
        await put(machine, number)
    await machine.browser.post(f"/reports/{IDS[0]}/delete")
    for report_id in (IDS[1], IDS[1], IDS[0], IDS[2]):
        assert (await machine.ask("DELETE", f"/v1/reports/{report_id}")).status == 204
    told = await since(machine)
    assert [(one.sequence, one.kind, one.report) for one in told.changes] == [
        (1, "report_deleted", IDS[0]),
        (2, "report_deleted", IDS[1]),
        (3, "report_deleted", IDS[2]),
    ]
    assert (told.cursor, told.more) == (3, False)


async def test_a_change_and_its_cause_are_one_transaction(
    service: Service, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(machine, 0)

    async def fails(*_arguments: object) -> Never:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(Bell, "ring", fails)  # the last that is done in it
        assert (await machine.ask("DELETE", f"/v1/reports/{IDS[0]}")).status == 500
    assert (await count(service, ReportRow), await count(service, ChangeRow)) == (1, 0)
    await machine.ask("DELETE", f"/v1/reports/{IDS[0]}")
    assert [one.sequence for one in (await since(machine)).changes] == [1]


async def test_changes_made_at_once_are_counted_without_a_gap(machine: Machine) -> None:
    await asyncio.gather(*(machine.ask("DELETE", f"/v1/reports/{number:016x}") for number in range(12)))
    assert [one.sequence for one in (await since(machine)).changes] == list(range(1, 13))


async def test_changes_are_told_a_page_at_a_time(machine: Machine) -> None:
    for number in range(5):
        await machine.ask("DELETE", f"/v1/reports/{number:016x}")
    first = await since(machine, limit=3)
    rest = await since(machine, after=first.cursor, limit=3)
    assert [one.sequence for one in (*first.changes, *rest.changes)] == [1, 2, 3, 4, 5]
    assert (first.more, rest.more) == (True, False)
    assert (await since(machine, after=5)).cursor == 5
    for wrong in ("?after=x", "?after=-1", "?limit=0", "?limit=x"):
        assert (await machine.ask("GET", f"/v1/changes{wrong}")).status == 400


# -- who was away ------------------------------------------------------------------------------------------------------


async def test_who_was_away_for_ninety_days_is_sent_to_the_state_which_says_all(
    service: Service, machine: Machine, clock: Clock
) -> None:
    for number in (0, 1, 2):
        await put(machine, number)
    await press(machine, 2, LOUD)
    await press(machine, 2, LOUD, undo="yes")
    await press(machine, 2, WIDE, "rule")
    for number in (0, 1):
        await machine.browser.post(f"/reports/{IDS[number]}/delete")
    clock.move(minutes=50)
    state, after = list[AccountState](), ""
    while True:
        answer = await machine.ask("GET", f"/v1/state?limit=1{after}")
        state.append(AccountState.model_validate_json(answer.body))
        if (following := state[-1].next) is None:
            break
        after = f"&after={following}"
    assert [one for part in state for one in part.deleted] == IDS[:2]
    decisions = [one.decision for part in state for one in part.decisions]
    assert [(one.about, one.dismissed) for one in decisions] == [(LOUD.id, False), (WIDE.rule, True)]
    assert {one.project for part in state for one in part.decisions} == {KEY}
    assert state[0].cursor == 5

    clock.move(days=90)
    await machine.browser.sign_in()
    again = await linked(machine.browser, "Again")
    await again.ask("DELETE", f"/v1/reports/{IDS[4]}")
    await service.sweep()
    assert await count(service, ChangeRow) == 1
    gone = await again.ask("GET", "/v1/changes?after=4")
    assert (gone.status, json.loads(gone.body)["code"]) == (410, "changes.resync")
    assert [one.sequence for one in (await since(again, after=5)).changes] == [6]
    assert (await again.ask("GET", "/v1/changes?after=7")).status == 410, "what never was is not known either"
    clock.move(days=91)
    await service.changes.sweep()
    async with service.database.reading() as session:
        account_id = (await session.scalars(select(FeedRow.account_id))).one()
    assert (await count(service, ChangeRow), await count(service, FeedRow)) == (0, 1)
    await service.reports.delete(account_id, "f" * 16)
    async with service.database.reading() as session:
        assert (await session.scalars(select(ChangeRow.sequence))).all() == [7], "no number is used twice"


async def test_a_sweep_looks_only_at_accounts_that_have_something_old(service: Service, clock: Clock) -> None:
    ada, bob = await somebody(service), await somebody(service, BOB)
    await service.reports.delete(ada, IDS[0])
    clock.move(days=91)
    for account_id in (ada, bob):
        await service.reports.delete(account_id, IDS[1])
    deleted = list[str]()

    def look(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        if statement.startswith("DELETE"):
            deleted.append(f"{statement} {parameters}")

    event.listen(service.database.engine.sync_engine, "before_cursor_execute", look)
    await service.changes.sweep()
    await service.changes.sweep()
    (once,) = deleted
    assert (ada in once, bob in once) == (True, False)
    async with service.database.reading() as session:
        kept = (await session.execute(select(ChangeRow.account_id, ChangeRow.sequence))).all()
        swept = (await session.execute(select(FeedRow.account_id, FeedRow.swept))).all()
    assert {tuple(row) for row in kept} == {(ada, 2), (bob, 1)}
    assert {tuple(row) for row in swept} == {(ada, 1), (bob, 0)}


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # PostgreSQL chooses by how many rows there are
async def test_a_sweep_finds_what_is_old_by_its_time(service: Service) -> None:
    asked = list[tuple[str, Any]]()

    def look(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        asked.append((statement, parameters))

    event.listen(service.database.engine.sync_engine, "before_cursor_execute", look)
    await service.changes.sweep()
    ((statement, parameters),) = [one for one in asked if "FROM changes" in one[0]]
    async with service.database.engine.connect() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
    assert plan[0].detail.startswith("SEARCH changes USING INDEX ix_changes_made_at"), plan


@pytest.mark.parametrize(
    "wrong",
    [
        "?after=nothing",
        "?after=meant/x",
        "?limit=0",
        "?after=deleted/%00",
        "?after=deleted/x",
        f"?after=meant/{'a' * 32}/low.width/%00",
        f"?after=meant/{'a' * 32}/low%00/",
        "?after=meant/%00/low.width/",
    ],
)
async def test_a_place_in_the_state_that_was_never_given_out_is_refused(machine: Machine, wrong: str) -> None:
    assert (await machine.ask("GET", f"/v1/state{wrong}")).status == 400


# -- how often ---------------------------------------------------------------------------------------------------------


async def test_ids_that_nobody_knows_are_not_kept_without_end(
    service: Service, machine: Machine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "DELETION", dataclasses.replace(DELETION, most=3))
    statuses = [(await machine.ask("DELETE", f"/v1/reports/{number:016x}")).status for number in range(4)]
    assert statuses == [204, 204, 204, 429]
    refused = await machine.ask("DELETE", f"/v1/reports/{IDS[4]}")
    assert 0 < int(refused.headers["Retry-After"]) <= 3_601
    assert (await count(service, DeletedReportRow), await count(service, ChangeRow)) == (3, 3)
    clock.move(minutes=59, seconds=59)
    assert (await machine.ask("DELETE", f"/v1/reports/{IDS[4]}")).status == 429
    clock.move(seconds=1)
    again = await machine.browser.tell(TOKEN_PATH, grant_type=REFRESH_GRANT, refresh_token=machine.tokens.refresh_token)
    machine.tokens = Tokens.model_validate_json(again.body)
    assert (await machine.ask("DELETE", f"/v1/reports/{IDS[4]}")).status == 204


async def test_a_finding_is_dismissed_on_its_page_only_so_often(
    service: Service, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(machine, 0)
    monkeypatch.setattr(dismissal_pages, "DECISION", dataclasses.replace(DECISION, most=2))
    await press(machine, 0, LOUD)
    await press(machine, 0, LOUD, undo="yes")
    headers = {"Origin": machine.browser.site, "Accept": "text/html"}
    form = {"finding": LOUD.id, "scope": "finding"}
    refused = await machine.browser.ask("POST", f"/reports/{IDS[0]}/dismiss", form, headers)
    assert (refused.status, "Too often" in refused.text) == (429, True)
    assert 0 < int(refused.headers["Retry-After"]) <= 3_601
    assert await count(service, ChangeRow) == 2


# -- on the page -------------------------------------------------------------------------------------------------------


async def test_a_finding_that_is_dismissed_on_its_page_is_left_out_in_the_whole_project_until_it_is_brought_back(
    machine: Machine,
) -> None:
    for number in (0, 1):
        await put(machine, number)
    before = await page(machine, 1)
    assert "dismissed in this project" not in before
    await press(machine, 0, LOUD)
    for number in (0, 1):
        shown = await page(machine, number)
        assert "1 dismissed in this project" in shown
        assert "The sub is loud <span" in shown
        assert "<h3>The sub is loud</h3>" not in shown
        assert "<h3>The bass is wide</h3>" in shown
    compared = (await machine.browser.get(f"/compare/{IDS[0]}/{IDS[1]}")).text
    assert "1 dismissed and left out." in compared
    await press(machine, 1, LOUD, undo="yes")
    assert (await page(machine, 1)) == before
    told = [(one.kind, one.project, one.decision and one.decision.about) for one in (await since(machine)).changes]
    assert told == [("dismissed", KEY, LOUD.id), ("restored", KEY, LOUD.id)]


async def test_a_dismissed_finding_costs_no_points(machine: Machine) -> None:
    await put(machine, 0)
    await press(machine, 0, LOUD)
    await press(machine, 0, WIDE)
    assert "<strong>100</strong> of 100" in await page(machine, 0)


async def test_a_rule_that_is_dismissed_takes_all_it_finds_but_not_what_is_worse(machine: Machine) -> None:
    another = dataclasses.replace(LOUD, id="low.sub_balance-0003", title="The sub is loud again")
    worse = dataclasses.replace(LOUD, id="low.sub_balance-0004", title="The sub is all there is", severity="blocker")
    await put(machine, 0, LOUD, another, WIDE)
    await put(machine, 1, worse, another)
    await press(machine, 0, LOUD, "rule")
    assert "2 dismissed in this project" in await page(machine, 0)
    shown = await page(machine, 1)
    assert "1 dismissed in this project" in shown
    assert "What you dismissed was major at most; this is worse." in shown
    await press(machine, 0, another, "rule", undo="yes")
    assert "dismissed in this project" not in await page(machine, 0)


async def test_what_a_machine_has_marked_stays_so_until_a_person_says_otherwise(machine: Machine) -> None:
    await put(machine, 0, dataclasses.replace(LOUD, dismissed=True), WIDE)
    assert "1 dismissed in this project" in await page(machine, 0)
    await press(machine, 0, LOUD, undo="yes")
    assert "dismissed in this project" not in await page(machine, 0)


async def test_a_finding_that_is_not_there_or_a_report_of_nobodys_cannot_be_dismissed(machine: Machine) -> None:
    await put(machine, 0)
    for report_id, finding in ((IDS[0], "another"), (IDS[3], LOUD.id)):
        answer = await machine.browser.post(f"/reports/{report_id}/dismiss", finding=finding, scope="finding")
        assert answer.status == 404
    assert (await since(machine)).changes == []


async def test_what_is_meant_goes_with_the_projects_last_report_and_with_the_account(
    service: Service, machine: Machine
) -> None:
    await put(machine, 0)
    await press(machine, 0, LOUD)
    await machine.browser.post(f"/reports/{IDS[0]}/delete")
    assert await count(service, DismissalRow) == 0
    await put(machine, 1)
    await press(machine, 1, LOUD)
    assert "low.sub_balance-0001" in (await machine.browser.get("/account/data")).text
    await machine.browser.post("/account/erase", password=PASSWORD)
    for table in (DismissalRow, ChangeRow, FeedRow):
        assert await count(service, table) == 0


# -- from a machine ----------------------------------------------------------------------------------------------------


async def test_a_machines_word_is_kept_and_the_later_one_counts(machine: Machine, clock: Clock) -> None:
    await put(machine, 1)
    first = said(clock)
    assert Decision.model_validate_json((await decide(machine, first)).body) == first
    assert "1 dismissed in this project" in await page(machine, 1)
    earlier = said(clock, dismissed=False, at=clock.now - timedelta(hours=1))
    assert Decision.model_validate_json((await decide(machine, earlier)).body) == first
    tie = said(clock, dismissed=False)
    assert Decision.model_validate_json((await decide(machine, tie)).body) == first, "of one moment, who dismisses"
    clock.move(seconds=1)
    later = said(clock, dismissed=False)
    assert Decision.model_validate_json((await decide(machine, later)).body) == later
    assert (await decide(machine, later)).status == 200
    assert [one.kind for one in (await since(machine)).changes] == ["dismissed", "restored"], "said again, not told"


async def test_a_machine_whose_clock_is_ahead_has_decided_now(machine: Machine, clock: Clock) -> None:
    await put(machine, 1)
    ahead = said(clock, at=clock.now + timedelta(days=400))
    standing = Decision.model_validate_json((await decide(machine, ahead)).body)
    assert standing == ahead.model_copy(update={"at": clock.now})
    await press(machine, 1, LOUD, undo="yes")  # at the same moment of a clock that stands still
    assert "dismissed in this project" not in await page(machine, 1)


async def test_a_word_about_a_project_without_a_report_is_not_kept(machine: Machine, clock: Clock) -> None:
    answer = await decide(machine, said(clock))
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "project.unknown")


@pytest.mark.parametrize("wrong", ["another finding", "no key", "no json", "a rule with spaces"])
async def test_a_word_that_is_not_as_agreed_is_refused(machine: Machine, clock: Clock, wrong: str) -> None:
    await put(machine, 1)
    match wrong:
        case "another finding":
            answer = await decide(machine, said(clock), about=WIDE.id)
        case "no key":
            answer = await decide(machine, said(clock), key="warehouse")
        case "no json":
            answer = await machine.ask("PUT", f"/v1/projects/{KEY}/dismissals/x", b"no")
        case _:
            body = json.dumps(json.loads(said(clock).model_dump_json()) | {"rule": "of mine", "finding": None})
            answer = await machine.ask("PUT", f"/v1/projects/{KEY}/dismissals/of%20mine", body.encode())
    assert answer.status == 422
    assert (await since(machine)).changes == []
