"""A finished job is held against its project's version before, and its host hears what became of each finding."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.reports import a_finding, a_report
from support.stores import Clock, a_store
from uptrack_analysis.report import Engine, Finding, Report, to_json
from uptrack_bridges.messages import Analyze, AudioFile, Feedback, Project
from uptrack_daemon.desk import Desk, Origin
from uptrack_daemon.jobs.queue import NewJob, Queue
from uptrack_daemon.store import Deliveries, Reports, ReportSummary, Store
from uptrack_daemon.versions import Versions, weigh

RULES = {"low.sub_balance": "00000000", "int.dropout": "00000000"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite", clock=clock) as store:
        yield store


def report_of(name: str, *findings: Finding) -> Report:
    report = a_report(name=name, findings=findings, engine=Engine("0.1.0", "a" * 12, RULES))
    return dataclasses.replace(report, source=dataclasses.replace(report.source, sha256=f"{sum(name.encode()):064x}"))


async def run(
    store: Store, clock: Clock, report: Report, *, folder: str = "/music", project: Project | None = None
) -> tuple[ReportSummary, Feedback]:
    """One job from request to stored report, with the analysis left out."""

    async def cancel(_job: str) -> bool:
        return False

    queue, deliveries = Queue(store), Deliveries(store)
    desk = Desk(queue, deliveries, cancel=cancel, page_url=str, home=Path("/home"), versions=Versions(store))
    path = Path(folder) / report.source.name
    request = Analyze(id="a1", mix=AudioFile(path=str(path)), project=project)
    origin = Origin(instance="r-1", host="reaper", request=request).model_dump_json()
    clock.move(minutes=1)
    await queue.enqueue(NewJob(path, origin=origin))
    job = await queue.claim()
    assert job is not None
    new, sent = await desk.feedback_for(job, to_json(report))
    summary = await queue.finish(job.id, new, sent)
    assert summary is not None
    return summary, Feedback.model_validate_json(sent[0].payload)


async def test_the_second_version_hears_what_became_of_the_firsts_findings(store: Store, clock: Clock) -> None:
    first, told = await run(store, clock, report_of("mix_v1.wav", a_finding(number=1)))
    assert told.since is None
    assert told.project == first.project_name == "mix"
    summary, told = await run(store, clock, report_of("mix_v2.wav"))
    assert told.since is not None
    assert told.since.report == first.id
    assert (told.since.fixed, told.since.new, told.since.unchanged) == (1, 0, 0)
    assert told.since.sentence == "fixed 1, new 0; score 76 → 76 (no change); under today's rules"
    assert summary.project_key == first.project_key


async def test_a_version_is_held_against_the_newest_other_file_of_its_project(store: Store, clock: Clock) -> None:
    await run(store, clock, report_of("mix_v1.wav", a_finding(number=1)))
    second, _ = await run(store, clock, report_of("mix_v2.wav"))
    await run(store, clock, report_of("mix_v3.wav", a_finding(number=1)), folder="/elsewhere")
    again, told = await run(store, clock, report_of("mix_v2.wav"))
    assert told.since is not None
    assert told.since.fixed == 1
    _, told = await run(store, clock, report_of("mix_v4.wav"))
    assert told.since is not None
    assert told.since.report in (second.id, again.id)
    assert told.since.fixed == 0


async def test_the_daws_project_joins_files_of_any_name(store: Store, clock: Clock) -> None:
    project = Project(id="p1", name="Warehouse v3")
    first, _ = await run(store, clock, report_of("a.wav"), project=project)
    _, told = await run(store, clock, report_of("b.wav"), folder="/other", project=project)
    assert told.project == "Warehouse"
    assert told.since is not None
    assert told.since.report == first.id


async def test_a_stored_run_is_shown_against_what_came_before_it_and_not_after(store: Store, clock: Clock) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav", a_finding(number=1)))
    second, _ = await run(store, clock, report_of("mix_v2.wav"))
    reports, versions = Reports(store), Versions(store)
    assert (await versions.of(await reports.get(first.id))).since == ()
    (line,) = (await versions.of(await reports.get(second.id))).since
    assert line.startswith("Since mix_v1.wav: fixed 1, new 0;")


async def test_a_document_nobody_changed_is_stored_byte_for_byte(store: Store, clock: Clock) -> None:
    await run(store, clock, report_of("mix_v1.wav"))
    report = report_of("mix_v2.wav", a_finding())
    summary, _ = await run(store, clock, report)
    assert (await Reports(store).get(summary.id)).document == to_json(report)


async def test_a_version_before_that_no_schema_reads_any_more_is_passed_over(store: Store, clock: Clock) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav"))
    past = await Versions(store).past(first.project_key, "0" * 64)
    assert past.before is not None
    broken = dataclasses.replace(past, before=dataclasses.replace(past.before, document="{}"))
    assert weigh(to_json(report_of("mix_v2.wav")), broken).comparison is None


async def test_a_project_is_found_by_the_name_people_call_it(store: Store, clock: Clock) -> None:
    summary, _ = await run(store, clock, report_of("a.wav"), project=Project(id="p1", name="Warehouse"))
    assert (await Reports(store).project_called("WAREHOUSE v9")).key == summary.project_key
    assert (await Reports(store).project_called("Other")).key == "name:other"
