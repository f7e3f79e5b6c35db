"""A finished job is held against its project's version before, and its host hears what became of each finding."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.desks import TOKEN, VERSION
from support.front_desk import a_desk
from support.hosts import Host, ask, hear_whole, websocket_line
from support.reports import a_finding, a_report
from support.stores import Clock, a_store, bytes_of
from support.tracks import beat
from uptrack_analysis.errors import BadInput
from uptrack_analysis.report import BandCurve, Engine, Finding, Report, Span, from_json, to_json
from uptrack_analysis.settings import Settings
from uptrack_bridges.messages import Analyze, AppliedAction, AudioFile, Feedback, Passage, Project
from uptrack_bridges.switchboard import Switchboard
from uptrack_daemon.jobs.queue import NewJob, Queue
from uptrack_daemon.jobs.supervisor import Measure
from uptrack_daemon.requests import Origin
from uptrack_daemon.store import Dismissals, Fixes, Reports, ReportSummary, Store
from uptrack_daemon.versions import Dismissed, Versions, weigh

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
    store: Store,
    clock: Clock,
    report: Report,
    *,
    folder: str = "/music",
    project: Project | None = None,
    passage: Passage | None = None,
    measure: Measure | None = None,
) -> tuple[ReportSummary, Feedback]:
    """One job from request to stored report, with the analysis left out."""
    queue = Queue(store)
    desk = a_desk(store, queue=queue)
    path = Path(folder) / report.source.name
    request = Analyze(id="a1", mix=AudioFile(path=str(path)), project=project, passage=passage)
    origin = Origin(instance="r-1", host="reaper", request=request).model_dump_json()
    clock.move(minutes=1)
    await queue.enqueue(NewJob(path, origin=origin))
    job = await queue.claim()
    assert job is not None
    new, sent = await desk.feedback_for(job, to_json(report), *([] if measure is None else [measure]))
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


def judged_today(report: Report, *findings: Finding) -> Report:
    """By rules one of which has changed."""
    return dataclasses.replace(
        report, findings=findings, engine=Engine("0.2.0", "b" * 12, RULES | {"int.dropout": "11111111"})
    )


async def test_a_version_before_whose_rules_have_changed_is_measured_again(store: Store, clock: Clock) -> None:
    before = report_of("mix_v1.wav", a_finding(number=1))
    gap = a_finding(number=2, rule="int.dropout", id="int.dropout-000002")
    await run(store, clock, before)
    asked: list[tuple[Path, str]] = []

    async def measure(path: Path, settings: Settings) -> str | None:
        asked.append((path, settings.target))
        return to_json(judged_today(before, a_finding(number=1), gap))

    new = judged_today(report_of("mix_v2.wav"), a_finding(number=1))
    _, told = await run(store, clock, new, measure=measure)
    assert told.since is not None
    assert asked == [(Path("/music/mix_v1.wav"), before.context.target)]
    assert (told.since.fixed, told.since.unchanged, told.since.notes) == (1, 1, [])
    assert told.since.sentence.endswith("; under today's rules")
    # Judged by the same rules, nothing is measured again.
    _, told = await run(store, clock, judged_today(report_of("mix_v3.wav")), measure=measure)
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["mix_v2.wav", "mix_v1.wav"])
async def test_where_the_version_before_is_gone_or_written_over_the_rules_that_changed_are_named(
    store: Store, clock: Clock, name: str
) -> None:
    await run(store, clock, report_of("mix_v1.wav", a_finding(number=1)))
    other = report_of("mix_v9.wav")

    async def measure(path: Path, _settings: Settings) -> str | None:
        assert path.name != name  # written over by this very run: nobody need look
        return to_json(judged_today(other))

    new = judged_today(report_of("mix_v2.wav"))
    summary, told = await run(
        store, clock, dataclasses.replace(new, source=dataclasses.replace(new.source, name=name)), measure=measure
    )
    assert told.since is not None
    gone = "1 rule has changed or is new since mix_v1.wav was judged, so it is not compared ({}): int.dropout."
    assert told.since.notes == [gone.format("its file is gone, or is another by now")]
    # Shown again it is not measured, but it is said what does that.
    shown = await Versions(store).of(await Reports(store).get(summary.id))
    assert shown.since[1] == gone.format("`uptrack reports compare` measures it again")


async def test_a_project_is_found_by_the_name_people_call_it(store: Store, clock: Clock) -> None:
    summary, _ = await run(store, clock, report_of("a.wav"), project=Project(id="p1", name="Warehouse"))
    assert (await Reports(store).project_called("WAREHOUSE v9")).key == summary.project_key
    assert (await Reports(store).project_called("Other")).key == "name:other"


# -- dismissals --------------------------------------------------------------------------------------------------------


async def dismiss(store: Store, run_id: str, finding: str, **how: bool) -> Dismissed:
    versions = Versions(store)
    return await versions.dismiss(await versions.run(run_id), finding, **how)


def told_ids(told: Feedback) -> list[str]:
    return [marker.id for marker in told.markers]


async def stored(store: Store, summary: ReportSummary) -> Report:
    return from_json((await Reports(store).get(summary.id)).document)


async def test_later_runs_leave_a_dismissed_finding_out_until_it_is_taken_back(store: Store, clock: Clock) -> None:
    one, other = a_finding(number=1, penalty=0.2, group="sub"), a_finding(number=2, penalty=0.1, group="other")
    first, told = await run(store, clock, report_of("mix_v1.wav", one, other))
    assert len(told.markers) == 2
    done = await dismiss(store, first.run_id, one.id)
    assert (done.project, done.finding) == ("mix", one.id)

    second, told = await run(store, clock, report_of("mix_v2.wav", one, other))
    assert told_ids(told) == [other.id]
    report = await stored(store, second)
    assert {finding.id: finding.dismissed for finding in report.findings} == {one.id: True, other.id: False}
    assert report.score.overall == told.score
    assert told.since is not None
    assert (told.since.fixed, told.since.unchanged) == (0, 1)

    await dismiss(store, second.run_id, one.id, undo=True)
    _, told = await run(store, clock, report_of("mix_v3.wav", one, other))
    assert set(told_ids(told)) == {one.id, other.id}
    with pytest.raises(BadInput, match="not dismissed") as refusal:
        await dismiss(store, second.run_id, one.id, undo=True)
    assert refusal.value.code == "finding.not_dismissed"


async def test_a_dismissed_finding_that_has_grown_worse_comes_back_and_says_so(store: Store, clock: Clock) -> None:
    minor, moderate, major = (a_finding(severity, 1) for severity in ("minor", "moderate", "major"))
    first, _ = await run(store, clock, report_of("mix_v1.wav", moderate))
    await dismiss(store, first.run_id, moderate.id)
    # Better, and as bad again as it was when it was dismissed: still meant.
    for version, finding in ((2, minor), (3, moderate)):
        _, told = await run(store, clock, report_of(f"mix_v{version}.wav", finding))
        assert told.markers == []
    fourth, told = await run(store, clock, report_of("mix_v4.wav", major))
    (marker,) = told.markers
    assert marker.severity == "major"
    assert marker.dismissed_as == "moderate"
    assert marker.advice == f"{major.advice} What you dismissed was moderate at most; this is worse."
    (finding,) = (await stored(store, fourth)).findings
    assert (finding.dismissed_as, finding.advice) == ("moderate", major.advice)
    assert told.score == (await stored(store, fourth)).score.overall
    # No longer than it is true.
    _, told = await run(store, clock, report_of("mix_v5.wav", moderate))
    assert told.markers == []
    # Dismissed as it is now, it is meant as it is now.
    await dismiss(store, fourth.run_id, major.id)
    sixth, told = await run(store, clock, report_of("mix_v6.wav", major))
    assert told.markers == []
    (finding,) = (await stored(store, sixth)).findings
    assert (finding.dismissed, finding.dismissed_as) == (True, None)


async def test_what_was_dismissed_before_its_severity_was_kept_is_held_against_the_run_it_was_seen_in(
    store: Store, clock: Clock
) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav", a_finding("minor", 1)))
    await Dismissals(store).add(
        first.project_key, "mix", rule="low.sub_balance", finding=a_finding(number=1).id, title="", report_id=first.id
    )
    _, told = await run(store, clock, report_of("mix_v2.wav", a_finding("minor", 1)))
    assert told.markers == []
    _, told = await run(store, clock, report_of("mix_v3.wav", a_finding("major", 1)))
    assert len(told.markers) == 1


async def test_a_dismissed_rule_is_silent_in_its_project_and_speaks_in_others(store: Store, clock: Clock) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav", a_finding(number=1)))
    assert (await dismiss(store, first.run_id, "low.sub_balance", whole_rule=True)).finding is None
    _, told = await run(store, clock, report_of("mix_v2.wav", a_finding(number=7)))
    assert told.markers == []
    _, told = await run(store, clock, report_of("mix_v2.wav", a_finding(number=7)), folder="/other")
    assert len(told.markers) == 1
    await dismiss(store, first.run_id, "low.sub_balance", whole_rule=True, undo=True)
    _, told = await run(store, clock, report_of("mix_v3.wav", a_finding(number=7)))
    assert len(told.markers) == 1


async def test_what_is_worse_than_all_a_rule_had_found_when_it_was_dismissed_is_told(
    store: Store, clock: Clock
) -> None:
    before = report_of("mix_v1.wav", a_finding("minor", 1), a_finding("moderate", 2))
    first, _ = await run(store, clock, before)
    assert (await dismiss(store, first.run_id, "low.sub_balance", whole_rule=True)).severity == "moderate"
    second, told = await run(store, clock, report_of("mix_v2.wav", a_finding("moderate", 1), a_finding("major", 7)))
    (marker,) = told.markers
    assert (marker.id, marker.dismissed_as) == (a_finding(number=7).id, "moderate")
    assert [one.dismissed for one in (await stored(store, second)).findings] == [False, True]
    # Dismissed again, it is meant as it is now; and what is dismissed by itself stays so.
    await dismiss(store, second.run_id, a_finding(number=7).id)
    _, told = await run(store, clock, report_of("mix_v3.wav", a_finding("major", 7), a_finding("major", 8)))
    assert told_ids(told) == [a_finding(number=8).id]
    await dismiss(store, second.run_id, "low.sub_balance", whole_rule=True)
    _, told = await run(store, clock, report_of("mix_v4.wav", a_finding("major", 7), a_finding("major", 8)))
    assert told.markers == []


async def test_a_rule_that_was_dismissed_before_its_worst_was_kept_is_held_against_the_run_it_was_dismissed_in(
    store: Store, clock: Clock
) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav", a_finding("minor", 1)))
    await Dismissals(store).add(
        first.project_key, "mix", rule="low.sub_balance", finding=None, title="", report_id=first.id
    )
    _, told = await run(store, clock, report_of("mix_v2.wav", a_finding("minor", 2)))
    assert told.markers == []
    _, told = await run(store, clock, report_of("mix_v3.wav", a_finding("moderate", 2)))
    assert [marker.dismissed_as for marker in told.markers] == ["minor"]


def with_curves(report: Report, levels: list[float]) -> Report:
    """Band curves of 0.5 s a step that make passages recognisable."""
    bands = tuple(BandCurve(str(k), tuple(level - k for level in levels)) for k in range(8))
    series = dataclasses.replace(report.series, bands=bands, momentary_lufs=())
    return dataclasses.replace(
        report, series=series, source=dataclasses.replace(report.source, duration_s=len(levels) / 2)
    )


async def test_a_dismissed_event_stays_dismissed_when_a_phrase_is_put_in_before_it(store: Store, clock: Clock) -> None:
    levels = [-20.0 + 9 * ((step * 37) % 11) / 11 for step in range(120)]
    phrase = [-35.0 + 9 * ((step * 53) % 13) / 13 for step in range(30)]

    def gap(at_s: float) -> Finding:
        place = Span(at_s, at_s + 0.02)
        return a_finding(
            rule="int.dropout",
            id=f"int.dropout-{at_s:06.0f}",
            start_s=at_s,
            end_s=at_s + 0.02,
            spans=(place,),
            low_hz=None,
            high_hz=None,
        )

    first, _ = await run(store, clock, with_curves(report_of("mix_v1.wav", gap(40.0)), levels))
    await dismiss(store, first.run_id, gap(40.0).id)
    longer = levels[:20] + phrase + levels[20:]
    # The dismissed gap has moved by 15 s, and another lies where it was: only one of them is meant.
    second, told = await run(store, clock, with_curves(report_of("mix_v2.wav", gap(40.0), gap(55.0)), longer))
    assert told_ids(told) == [gap(40.0).id]
    assert [finding.id for finding in (await stored(store, second)).findings if finding.dismissed] == [gap(55.0).id]
    _, told = await run(store, clock, with_curves(report_of("mix_v3.wav", gap(55.0)), [*longer, -20.0]))
    assert told_ids(told) == []
    (kept,) = await Dismissals(store).list()
    assert kept.findings[0] == gap(40.0).id
    assert kept.findings[-1] == gap(55.0).id
    # Known by its first id, too.
    await dismiss(store, first.run_id, gap(40.0).id, undo=True)
    assert await Dismissals(store).list() == []


async def test_what_is_dismissed_is_known_by_its_id_when_the_run_it_was_seen_in_is_erased(
    store: Store, clock: Clock
) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav", a_finding(number=1)))
    await run(store, clock, report_of("mix_v2.wav"))
    await dismiss(store, first.run_id, a_finding(number=1).id)
    await Reports(store).delete(first.id)
    _, told = await run(store, clock, report_of("mix_v3.wav", a_finding(number=1)))
    assert told.markers == []


@pytest.mark.parametrize(
    ("word", "code"),
    [("nothing", "finding.unknown"), ("", "finding.unknown"), ("low.sub_balance", "finding.ambiguous")],
)
async def test_a_finding_nobody_can_tell_is_refused(store: Store, clock: Clock, word: str, code: str) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav", a_finding(number=1), a_finding(number=2)))
    with pytest.raises(BadInput) as refusal:
        await dismiss(store, first.run_id, word)
    assert refusal.value.code == code
    with pytest.raises(BadInput) as refusal:
        await dismiss(store, "0" * 16, word)
    assert refusal.value.code == "run.unknown"


async def test_erasing_a_projects_last_report_or_all_takes_its_dismissals_with_it(store: Store, clock: Clock) -> None:
    project = Project(name="Unreleased Anthem")
    first, _ = await run(store, clock, report_of("a.wav", a_finding(number=1)), project=project)
    second, _ = await run(store, clock, report_of("b.wav", a_finding(number=1)), project=project)
    await dismiss(store, first.run_id, a_finding(number=1).id)
    await Reports(store).delete(first.id)
    assert len(await Dismissals(store).list()) == 1
    await Reports(store).delete(second.id)
    assert await Dismissals(store).list() == []
    assert b"Unreleased Anthem" not in bytes_of(store.path)
    third, _ = await run(store, clock, report_of("a.wav", a_finding(number=1)), project=project)
    await dismiss(store, third.run_id, a_finding(number=1).id)
    await Reports(store).delete_all()
    assert b"Unreleased Anthem" not in bytes_of(store.path)


@asynccontextmanager
async def a_wire(store: Store) -> AsyncIterator[Host]:
    """A host that has said hello to the real desk, and heard the feedback nobody had acknowledged."""

    desk = a_desk(store)
    async with websocket_line(Switchboard(desk, token=TOKEN, version=VERSION)) as line:
        host = await line.host()
        await ask(host, type="hello", protocol=1, host="reaper", instance="r-1", token=TOKEN)
        await hear_whole(host)
        yield host


async def test_a_host_dismisses_and_takes_back_over_the_wire(store: Store, clock: Clock) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav", a_finding(number=1)))
    async with a_wire(store) as host:
        about: dict[str, Any] = {"type": "finding.dismiss", "run": first.run_id, "finding": a_finding(number=1).id}
        said = await ask(host, **about, id="d1")
        assert said == {
            "type": "finding.dismissed",
            "id": "d1",
            "run": first.run_id,
            "finding": a_finding(number=1).id,
            "rule": "low.sub_balance",
            "project": "mix",
            "undone": False,
        }
        assert (await ask(host, **about, undo=True))["undone"] is True
        assert (await ask(host, **about, undo=True))["code"] == "finding.not_dismissed"
        assert (await ask(host, **{**about, "run": "nobody"}))["code"] == "run.unknown"


# -- fixes -------------------------------------------------------------------------------------------------------------


async def test_a_fix_waits_for_the_next_version_and_is_told_once(store: Store, clock: Clock) -> None:
    one, other = a_finding(number=1, low_hz=None, high_hz=None), a_finding(number=2, low_hz=30.0, high_hz=60.0)
    first, _ = await run(store, clock, report_of("mix_v1.wav", one, other))
    versions = Versions(store)
    for finding in (one, other):
        action = AppliedAction(kind="NT", text="done")
        clock.move(seconds=1)
        fix = await versions.fixed(await versions.run(first.run_id), finding.id, action)
        assert await versions.fixed(await versions.run(first.run_id), finding.id, action) == fix, "a wire may repeat"
    with pytest.raises(BadInput) as refusal:
        await versions.fixed(await versions.run(first.run_id), "nothing", action)
    assert refusal.value.code == "finding.unknown"

    _, told = await run(store, clock, report_of("mix_v1.wav", one, other))
    assert told.fixes == [], "the same file again shows nothing of any fix"
    second, told = await run(store, clock, report_of("mix_v2.wav", dataclasses.replace(other, value=7.0, excess=0.3)))
    assert [(result.finding, result.status) for result in told.fixes] == [(one.id, "closed"), (other.id, "remaining")]
    remaining = told.fixes[1]
    assert (remaining.before, remaining.after, remaining.unit) == (8.4, 7.0, "dB")
    assert remaining.sentence.endswith("+8.40 → +7.00 dB: 1.0 dB remain (+7.00 now, fine up to +6.00).")
    _, told = await run(store, clock, report_of("mix_v3.wav"))
    assert told.fixes == []
    lines = (await versions.of(await Reports(store).get(second.id))).since
    assert [line for line in lines if line.startswith("Fix checked: ")] == [
        f"Fix checked: {result.sentence}" for result in (await versions.of(await Reports(store).get(second.id))).fixes
    ]
    assert len(lines) == 3


def a_passage_of(finding: Finding, name: str, **changes: Any) -> Report:
    """Two seconds of a mix, with one finding half a second in."""
    found = [dataclasses.replace(finding, start_s=0.5, end_s=1.5, **changes)] if changes.pop("there", True) else []
    report = report_of(name, *found)
    return dataclasses.replace(report, source=dataclasses.replace(report.source, duration_s=2.0))


async def test_a_passage_before_and_after_tells_of_the_fixes_that_show_in_it_and_is_no_version(
    store: Store, clock: Clock
) -> None:
    early = a_finding(number=1, start_s=1.0, end_s=2.0, low_hz=None, high_hz=None)
    late = a_finding(number=2, start_s=3.0, end_s=4.0, low_hz=None, high_hz=None)
    mix = Project(id="p", name="Warehouse")
    first, _ = await run(store, clock, report_of("mix.wav", early, late), project=mix)
    versions = Versions(store)
    passage = Passage(run=first.run_id, start_s=2.5)
    before, told = await run(store, clock, a_passage_of(late, "before.wav"), project=mix, passage=passage)
    assert (told.passage, told.since, told.fixes) == (True, None, [])
    for finding in (early, late):
        await versions.fixed(await versions.run(first.run_id), finding.id, AppliedAction(kind="NT", text="done"))

    after = Passage(run=first.run_id, start_s=2.5, before=before.run_id)
    weaker = a_passage_of(late, "after.wav", value=7.0, excess=0.3)
    seen, told = await run(store, clock, weaker, project=Project(id="renamed"), passage=after)
    assert [(one.finding, one.status) for one in told.fixes] == [(late.id, "remaining")]
    assert (seen.project_key, seen.passage_of) == ("id:p", first.run_id), "whatever the host calls its project by now"
    assert [summary.id for summary in await Reports(store).list()] == [first.id]

    second, told = await run(store, clock, report_of("mix2.wav"), project=mix)
    assert told.since is not None
    assert told.since.report == first.id, "a passage is no version"
    assert [(one.finding, one.status) for one in told.fixes] == [(early.id, "closed")], "what it could not judge waited"
    await Reports(store).delete(second.id)
    erased = await Reports(store).delete(first.id)
    assert erased.reports == 3, "its passages go with it"


async def test_what_a_passage_did_not_show_before_it_does_not_call_closed_after(store: Store, clock: Clock) -> None:
    late = a_finding(number=2, start_s=3.0, end_s=4.0, low_hz=None, high_hz=None)
    first, _ = await run(store, clock, report_of("mix.wav", late))
    versions = Versions(store)
    passage = Passage(run=first.run_id, start_s=2.5)
    before, _ = await run(store, clock, a_passage_of(late, "before.wav", there=False), passage=passage)
    await versions.fixed(await versions.run(first.run_id), late.id, AppliedAction(kind="NT", text="done"))
    after = Passage(run=first.run_id, start_s=2.5, before=before.run_id)
    _, told = await run(store, clock, a_passage_of(late, "after.wav", there=False), passage=after)
    assert told.fixes == []


async def test_what_a_passage_shows_more_weakly_than_the_mix_it_does_not_judge(store: Store, clock: Clock) -> None:
    late = a_finding(number=2, start_s=3.0, end_s=4.0, low_hz=None, high_hz=None, excess=2.0)
    first, _ = await run(store, clock, report_of("mix.wav", late))
    versions = Versions(store)
    passage = Passage(run=first.run_id, start_s=2.5)
    before, _ = await run(store, clock, a_passage_of(late, "before.wav", excess=0.6), passage=passage)
    await versions.fixed(await versions.run(first.run_id), late.id, AppliedAction(kind="NT", text="done"))
    after = Passage(run=first.run_id, start_s=2.5, before=before.run_id)
    _, told = await run(store, clock, a_passage_of(late, "after.wav", there=False), passage=after)
    assert told.fixes == [], "a leap between sections is none within a passage"


async def test_a_passage_is_judged_as_its_run_was(store: Store, clock: Clock, tmp_path: Path) -> None:
    first, _ = await run(store, clock, report_of("mix.wav"))
    song = beat(tmp_path / "span.wav", seconds=2)
    async with a_wire(store) as host:
        passage = {"run": first.run_id, "start_s": 0.0}
        said = await ask(host, type="analyze", id="a1", mix={"path": str(song)}, passage=passage, genre="house")
        assert said["type"] == "job.queued"
        passage["before"] = first.run_id
        said = await ask(host, type="analyze", id="a2", mix={"path": str(song)}, passage=passage)
        assert said["code"] == "passage.before", "that run is none of the passage"
    job = await Queue(store).claim()
    assert job is not None
    assert job.settings.genre == first.genre != "house"


async def test_a_passage_of_a_run_nobody_knows_is_refused(store: Store, clock: Clock, tmp_path: Path) -> None:
    await run(store, clock, report_of("mix.wav"))
    async with a_wire(store) as host:
        request = {"type": "analyze", "mix": {"path": str(tmp_path / "x.wav")}, "passage": {"run": "no", "start_s": 0}}
        assert (await ask(host, **request))["code"] == "run.unknown"


async def test_a_fix_goes_with_the_run_it_was_made_for(store: Store, clock: Clock) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav", a_finding(number=1)))
    versions = Versions(store)
    await versions.fixed(await versions.run(first.run_id), a_finding(number=1).id, AppliedAction(track="Secret Lead"))
    await Reports(store).delete(first.id)
    assert b"Secret Lead" not in bytes_of(store.path)
    _, told = await run(store, clock, report_of("mix_v2.wav"))
    assert told.fixes == []


async def test_a_host_says_what_it_fixed_and_hears_that_it_is_noted(store: Store, clock: Clock) -> None:
    first, _ = await run(store, clock, report_of("mix_v1.wav", a_finding(number=1)))
    async with a_wire(store) as host:
        about = {"type": "fix.applied", "run": first.run_id, "finding": a_finding(number=1).id}
        said = await ask(host, **about, id="f1", action={"kind": "EQ", "gain_db": -2.4, "frequency_hz": 240.0})
        assert (said["type"], said["id"], said["finding"]) == ("fix.noted", "f1", a_finding(number=1).id)
        assert (await ask(host, **{**about, "finding": "none"}))["code"] == "finding.unknown"
        assert (await ask(host, **about, action={"gain_db": "much"}))["code"] == "message.bad"
    (waiting,) = await Fixes(store).waiting(first.project_key)
    assert waiting.action == '{"kind":"EQ","text":"","gain_db":-2.4,"frequency_hz":240.0}'
