"""What a person sees of their music: projects, versions, reports and two of them side by side."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pytest

from support.account_site import MADE_AT, Browser, Machine, linked, somebody, upload
from support.page_reader import links, objections
from support.reports import a_finding, a_report
from uptrack_account.service import Service
from uptrack_analysis.report import Report, to_json

IDS = [f"{number:016x}" for number in range(1, 6)]


@pytest.fixture
async def machine(service: Service, browser: Browser) -> Machine:
    """Ada's, who is signed in."""
    await somebody(service)
    await browser.sign_in()
    return await linked(browser)


def version(number: int, score: float | None) -> Report:
    report = a_report(name=f"warehouse_v{number}.wav")
    source = dataclasses.replace(report.source, sha256=f"{number:064x}")
    return dataclasses.replace(report, source=source, score=dataclasses.replace(report.score, overall=score))


async def put(
    machine: Machine, report_id: str, report: Report | str, *, day: int = 0, project: str | None = "Warehouse"
) -> None:
    sent = upload(report, project=project, made_at=MADE_AT + timedelta(days=day))
    answer = await machine.ask("PUT", f"/v1/reports/{report_id}", sent.model_dump_json().encode())
    assert answer.status == 201, answer.text


async def test_an_account_without_reports_says_what_to_do(machine: Machine) -> None:
    page = (await machine.browser.get("/")).text
    assert "Nothing is here yet" in page
    assert "uptrack link" in page


async def test_projects_are_listed_with_their_latest_score_the_last_worked_on_first(machine: Machine) -> None:
    await put(machine, IDS[0], version(1, 61), day=0)
    await put(machine, IDS[1], version(2, 76), day=2)
    await put(machine, IDS[2], version(9, 50), day=1, project="Attic")
    await put(machine, IDS[3], version(8, None), day=3, project=None)
    page = (await machine.browser.get("/")).text
    assert page.index("Project ") < page.index("Warehouse") < page.index("Attic")
    assert "warehouse_v2.wav" in page
    assert "warehouse_v1.wav" not in page
    for score in (">76<", ">50<", ">–<"):
        assert score in page


async def test_a_projects_versions_show_what_each_changed(machine: Machine) -> None:
    for number, score in ((1, 61), (2, 76), (3, 70)):
        await put(machine, IDS[number], version(number, score), day=number)
    (project,) = [link for link in links((await machine.browser.get("/")).text) if link.startswith("/projects/")]
    page = (await machine.browser.get(project)).text
    assert page.index("warehouse_v3") < page.index("warehouse_v2") < page.index("warehouse_v1")
    assert ">-6<" in page
    assert ">+15<" in page
    assert 'aria-label="Score over 3 versions, from 61 to 70 of 100"' in page
    assert page.count("<circle") == 3


async def test_the_same_file_measured_again_is_said_to_be_the_same(machine: Machine) -> None:
    await put(machine, IDS[0], version(1, 61))
    await put(machine, IDS[1], version(1, 62), day=1)
    (project,) = [link for link in links((await machine.browser.get("/")).text) if link.startswith("/projects/")]
    assert (await machine.browser.get(project)).text.count("(the same file again)") == 1


async def test_a_report_is_shown_as_the_companion_shows_it_and_can_be_taken_along(machine: Machine) -> None:
    report = dataclasses.replace(version(1, 61), findings=(a_finding(title="The sub <b>is</b> loud"),))
    await put(machine, IDS[0], report)
    page = (await machine.browser.get(f"/reports/{IDS[0]}")).text
    assert "The sub &lt;b&gt;is&lt;/b&gt; loud" in page
    assert page.count("<svg") >= 2
    taken = await machine.browser.get(f"/reports/{IDS[0]}/report.json")
    assert taken.text == to_json(report)
    assert taken.headers["Content-Disposition"] == f'attachment; filename="uptrack-{IDS[0]}.json"'
    assert "uptrack-report" in (await machine.browser.get("/report.css")).text


async def test_two_versions_side_by_side_say_what_was_fixed_and_what_is_new(machine: Machine) -> None:
    old = dataclasses.replace(version(1, 61), findings=(a_finding(title="Old trouble"),))
    await put(machine, IDS[0], old)
    await put(machine, IDS[1], dataclasses.replace(version(2, 76), findings=()), day=1)
    page = (await machine.browser.get(f"/reports/{IDS[1]}")).text
    assert f"/compare/{IDS[0]}/{IDS[1]}" in links(page)
    page = (await machine.browser.get(f"/compare/{IDS[0]}/{IDS[1]}")).text
    assert "Old trouble" in page
    assert "fixed" in page
    assert "61 → 76" in page


async def test_a_report_of_a_newer_uptrack_says_so_and_can_be_taken_along(machine: Machine) -> None:
    newer = json.dumps(json.loads(to_json(version(1, 61))) | {"schema": "uptrack.report/2"})
    await put(machine, IDS[0], newer)
    await put(machine, IDS[1], version(2, 76), day=-1)
    page = (await machine.browser.get(f"/reports/{IDS[0]}")).text
    assert "A newer UpTrack has made this report" in page
    assert (await machine.browser.get(f"/reports/{IDS[0]}/report.json")).text == newer
    assert (await machine.browser.get(f"/compare/{IDS[1]}/{IDS[0]}")).status == 404
    (project,) = [link for link in links((await machine.browser.get("/")).text) if link.startswith("/projects/")]
    assert "by a newer UpTrack" in (await machine.browser.get(project)).text


async def test_deleting_a_report_leads_back_to_its_project_while_there_is_one(machine: Machine) -> None:
    for number in (0, 1):
        await put(machine, IDS[number], version(number, 60))
    (project,) = [link for link in links((await machine.browser.get("/")).text) if link.startswith("/projects/")]
    assert (await machine.browser.post(f"/reports/{IDS[0]}/delete")).to == project
    assert (await machine.browser.get(f"/reports/{IDS[0]}")).status == 404
    assert (await machine.browser.post(f"/reports/{IDS[1]}/delete")).to == "/"
    assert (await machine.browser.get(project)).status == 404


async def test_every_page_can_be_read_aloud_needs_no_script_asks_no_other_site_and_lets_one_out(
    machine: Machine,
) -> None:
    browser = machine.browser
    await put(machine, IDS[0], version(1, 61))
    await put(machine, IDS[1], version(2, 76), day=1)
    seen, waiting = set[str](), ["/", "/link", "/sign-in", "/sign-up", "/forgotten"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith(("#", "mailto:")):
            continue
        seen.add(path)
        answer = await browser.get(path)
        assert answer.status == 200, path
        if answer.headers["Content-Type"].startswith("text/html"):
            assert objections(answer.text) == [], path
            assert 'action="/sign-out"' in answer.text, path
            waiting += links(answer.text)
    assert {f"/reports/{IDS[0]}", f"/compare/{IDS[0]}/{IDS[1]}", "/devices", "/account/data"} <= seen, seen


@pytest.mark.parametrize(
    ("page", "objection"),
    [
        ('<html lang="en"><h1>x</h1><input id="a"></html>', "input 'a' has no label"),
        ('<html lang="en"><h1>x</h1><p style="x">y</p></html>', "<p style> needs a looser policy"),
        ('<html lang="en"><h1>x</h1><svg></svg></html>', "<svg> without words"),
        ('<html lang="en"><h1>x</h1><a href="https://elsewhere.example">y</a></html>', "leads to another site"),
        ('<html lang="en"><h1>x</h1><script></script></html>', "<script>"),
        ('<html lang="en"><h1>x</h1><h3>y</h3></html>', "<h3> after <h1>"),
        ('<html lang="en"><p>x</html>', "0 <h1>"),
    ],
)
def test_what_a_reader_would_object_to_is_found(page: str, objection: str) -> None:
    assert any(objection in found for found in objections(page))
