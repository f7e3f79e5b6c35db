"""Reports that are put into an account: once each, as they came, and never another's; deleted, they stay so."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select

from support.account_site import ANOTHER, BOB, PASSWORD, Answer, Browser, Machine, linked, somebody, upload
from support.reports import a_report
from support.stores import Clock
from uptrack_account.service import Service
from uptrack_account.store import Base
from uptrack_account.store.models import DeletedReportRow, DeviceRow, ProjectRow, ReportRow
from uptrack_account.throttle import REPORT
from uptrack_analysis.report import to_json
from uptrack_bridges.account import MAX_UPLOAD_BYTES, ReportKept, ReportList, ReportUpload

ID, OTHER_ID = "3f2a" * 4, "81c0" * 4


@pytest.fixture
async def machine(service: Service, browser: Browser) -> Machine:
    """Ada's."""
    await somebody(service)
    await browser.sign_in()
    return await linked(browser)


async def put(machine: Machine, report: ReportUpload, report_id: str = ID) -> Answer:
    return await machine.ask("PUT", f"/v1/reports/{report_id}", report.model_dump_json().encode())


async def listed(machine: Machine, query: str = "") -> ReportList:
    answer = await machine.ask("GET", f"/v1/reports{query}")
    assert answer.status == 200, answer.text
    return ReportList.model_validate_json(answer.body)


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, str(json.loads(answer.body)["code"])


async def count(service: Service, table: type[Base]) -> int:
    async with service.database.reading() as session:
        return (await session.scalar(select(func.count()).select_from(table))) or 0


async def test_a_report_is_kept_byte_for_byte_and_the_same_again_changes_nothing(
    service: Service, machine: Machine
) -> None:
    report = upload(a_report(name="mix – ½.wav"))
    first, again = await put(machine, report), await put(machine, report)
    assert (first.status, again.status) == (201, 200)
    assert ReportKept.model_validate_json(first.body) == ReportKept(id=ID, sha256=report.sha256, readable=True)
    async with service.database.reading() as session:
        assert (await session.scalars(select(ReportRow.document))).all() == [report.document]
    (one,) = (await listed(machine)).reports
    assert (one.id, one.name, one.project, one.score) == (ID, "mix – ½.wav", "Warehouse", a_report().score.overall)


async def test_of_the_same_report_sent_many_times_at_once_one_is_kept(service: Service, machine: Machine) -> None:
    answers = await asyncio.gather(*(put(machine, upload()) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
    assert await count(service, ReportRow) == 1
    assert await count(service, ProjectRow) == 1


async def test_another_report_under_the_same_id_is_refused(service: Service, machine: Machine) -> None:
    await put(machine, upload())
    assert told(await put(machine, upload(a_report(name="another.wav")))) == (409, "report.other")
    assert await count(service, ReportRow) == 1


async def test_what_was_deleted_does_not_come_back_though_it_was_still_on_its_way(
    service: Service, machine: Machine
) -> None:
    await put(machine, upload())
    for report_id in (ID, ID, OTHER_ID):
        assert (await machine.ask("DELETE", f"/v1/reports/{report_id}")).status == 204
    for report_id in (ID, OTHER_ID):
        assert told(await put(machine, upload(), report_id)) == (410, "report.deleted")
    for table in (ReportRow, ProjectRow):
        assert await count(service, table) == 0, "the project's name lives on in nothing else"


def changed(document: str, **changes: Any) -> str:
    return json.dumps(json.loads(document) | changes)


async def test_a_report_of_a_newer_uptrack_is_kept_as_it_is_and_says_so(service: Service, machine: Machine) -> None:
    newer = changed(to_json(a_report()), schema="uptrack.report/2", source={"nothing": "known"})
    same_schema = changed(to_json(a_report()), engine={"version": "99.0.0", "ruleset": "x"}, score="in words")
    for report_id, document in ((ID, newer), (OTHER_ID, same_schema)):
        answer = await put(machine, upload(document), report_id)
        kept = ReportKept.model_validate_json(answer.body)
        assert (answer.status, kept.readable) == (201, False)
        assert kept.sentence is not None
        assert "newer UpTrack" in kept.sentence
    async with service.database.reading() as session:
        assert set((await session.scalars(select(ReportRow.document))).all()) == {newer, same_schema}


@pytest.mark.parametrize(
    "document",
    [
        "{}",
        "[]",
        "not json",
        '{"schema": "uptrack.report/1"}',
        '{"schema": "uptrack.report/0", "engine": {"version": "0.1"}}',
        '{"schema": "another/1", "engine": {"version": "0.1"}}',
        '{"schema": "uptrack.report/1", "engine": {"version": "0.1"}}',
        '{"schema": "uptrack.report/9", "engine": {"version": "' + "1" * 50 + '"}}',
        '{"schema": "uptrack.report/9", "engine": {"version": "9"}, "x": NaN}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:60],
)
async def test_what_is_no_report_is_refused_in_a_sentence(service: Service, machine: Machine, document: str) -> None:
    answer = await put(machine, upload(document))
    assert told(answer) == (422, "report.unreadable")
    assert json.loads(answer.body)["detail"].startswith("Expected a report")
    assert await count(service, ReportRow) == 0


async def test_a_report_with_a_field_of_another_kind_names_the_field(machine: Machine) -> None:
    answer = await put(machine, upload(changed(to_json(a_report()), score="high")))
    assert told(answer) == (422, "report.unreadable")
    assert "but score is not as it should be" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64},
        {"sha256": "x"},
        {"made_at": "2026-01-01T00:00:00"},
        {"made_at": 5},
        {"document": 5},
        {"project": {"key": "a name"}},
        {"project": None},
    ],
    ids=str,
)
async def test_a_request_that_is_not_as_agreed_is_refused(
    service: Service, machine: Machine, change: dict[str, Any]
) -> None:
    body = json.dumps(json.loads(upload().model_dump_json()) | change).encode()
    assert (await machine.ask("PUT", f"/v1/reports/{ID}", body)).status == 422
    assert await count(service, ReportRow) == 0


@pytest.mark.parametrize("report_id", ["x" * 16, "3f2a", "A" * 16, "0" * 33, "..%2F..%2Faccount"])
async def test_an_id_that_is_none_is_refused(machine: Machine, report_id: str) -> None:
    assert (await put(machine, upload(), report_id)).status in {404, 422}


async def test_a_report_that_is_too_large_is_refused_also_where_it_was_made_small(
    service: Service, machine: Machine
) -> None:
    large = b"x" * (MAX_UPLOAD_BYTES + 1)
    assert told(await machine.ask("PUT", f"/v1/reports/{ID}", large)) == (413, "report.too_large")
    small = gzip.compress(large)
    answer = await machine.ask("PUT", f"/v1/reports/{ID}", small, **{"Content-Encoding": "gzip"})
    assert answer.status == 413
    assert await count(service, ReportRow) == 0


async def test_names_that_no_database_can_hold_are_kept_as_far_as_they_can_be(machine: Machine) -> None:
    report = upload(a_report(name="a\x00b.wav"), project="War\x00house")
    assert (await put(machine, report)).status == 201
    (one,) = (await listed(machine)).reports
    assert (one.name, one.project) == ("a\ufffdb.wav", "War\ufffdhouse")


async def test_a_list_goes_on_where_the_one_before_ended(machine: Machine, clock: Clock) -> None:
    ids = [f"{number:016x}" for number in range(7)]
    for number, report_id in enumerate(ids):
        await put(machine, upload(), report_id)
        clock.move(seconds=number % 2)  # some came at the same moment
    found, after = list[str](), ""
    while True:
        page = await listed(machine, f"?limit=3{after}")
        found += [one.id for one in page.reports]
        if page.next is None:
            break
        after = f"&after={page.next}"
    assert found == ids
    for wrong in ("?after=nothing", "?after=MjAyNg==", "?limit=many"):
        assert (await machine.ask("GET", f"/v1/reports{wrong}")).status == 400


async def test_putting_reports_ends_after_a_thousand_in_an_hour(service: Service, machine: Machine) -> None:
    (device,) = [row async for row in _devices(service)]
    for _ in range(REPORT.most):
        await service.throttle.count(REPORT, device.account_id)
    refused = await put(machine, upload())
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 3_000


async def _devices(service: Service) -> Any:
    async with service.database.reading() as session:
        for row in (await session.scalars(select(DeviceRow))).all():
            yield row


async def test_two_accounts_may_have_the_same_report_and_neither_sees_or_deletes_the_others(
    service: Service, browser: Browser, machine: Machine
) -> None:
    await put(machine, upload())
    await somebody(service, BOB, ANOTHER)
    await browser.sign_in(BOB, ANOTHER)
    bobs = await linked(browser, "Bob's")
    assert (await listed(bobs)).reports == []
    assert (await put(bobs, upload(a_report(name="bob.wav")))).status == 201
    await bobs.ask("DELETE", f"/v1/reports/{ID}")
    assert [one.name for one in (await listed(machine)).reports] == ["warehouse_v7.wav"]


async def test_what_an_unlinked_machine_has_put_here_stays_and_it_puts_nothing_more(
    service: Service, browser: Browser, machine: Machine
) -> None:
    await put(machine, upload())
    async for row in _devices(service):
        assert (await browser.post(f"/devices/{row.id}/end")).status == 303
    for method, body in (("GET", None), ("PUT", b"{}"), ("DELETE", None)):
        assert (
            await machine.ask(method, f"/v1/reports/{ID}" if body or method == "DELETE" else "/v1/reports", body)
        ).status == 401
    assert await count(service, ReportRow) == 1


async def test_reports_are_among_ones_data_whole_in_the_archive_and_go_with_the_account(
    service: Service, browser: Browser, machine: Machine
) -> None:
    report = upload()
    await put(machine, report)
    await put(machine, report, OTHER_ID)
    await machine.ask("DELETE", f"/v1/reports/{OTHER_ID}")
    page = (await browser.get("/account/data")).text
    assert f"reports/{ID}.json" in page
    assert len(page) < 100_000
    with zipfile.ZipFile(io.BytesIO((await browser.get("/account/data.zip")).body)) as packed:
        assert packed.namelist() == ["account.json", f"reports/{ID}.json"]
        assert packed.read(f"reports/{ID}.json").decode() == report.document
    await browser.post("/account/erase", password=PASSWORD)
    for table in (ReportRow, ProjectRow, DeletedReportRow):
        assert await count(service, table) == 0


def test_a_digest_is_of_the_documents_utf8() -> None:
    report = upload(a_report(name="½.wav"))
    assert report.sha256 == hashlib.sha256(report.document.encode("utf-8")).hexdigest()
