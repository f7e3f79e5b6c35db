"""A report becomes what a DAW shows: project seconds, bars where they are known, at most twelve markers, one line."""

from __future__ import annotations

import dataclasses

import pytest
from pydantic import ValidationError

from support.reports import a_finding, a_report, stem_figures
from uptrack_analysis.compare.versions import compare
from uptrack_analysis.present.wording import MOST_FINDINGS_SHOWN
from uptrack_analysis.report import Action, Engine, Finding, Report, StemReport, StemShare
from uptrack_bridges.messages import Analyze, AudioFile, Feedback, Project, Stem, TempoPoint
from uptrack_daemon.feedback import COLOURS, compose, marker_text, since_before, status_line


def feedback_of(report: Report, project: Project | None = None, stems: list[Stem] | None = None) -> Feedback:
    request = Analyze(id="a1", mix=AudioFile(path="/mix.wav"), project=project, stems=stems or [])
    return compose(report, request, job="j1", run="r1", report_id="p1")


def with_findings(*findings: Finding) -> Report:
    return dataclasses.replace(a_report(), findings=tuple(findings))


def test_marker_times_are_project_seconds_from_where_the_render_starts() -> None:
    report = with_findings(a_finding(start_s=2.0, end_s=3.5))
    [marker] = feedback_of(report, Project(start_s=60.0)).markers
    assert (marker.start_s, marker.end_s, marker.bar) == (62.0, 63.5, None)


def test_bars_are_counted_by_the_hosts_own_tempo_map() -> None:
    tempo_map = [TempoPoint(time_s=0.0, bpm=120.0, beats_per_bar=4, bar=1)]
    report = with_findings(a_finding(start_s=2.0, end_s=3.0))
    [marker] = feedback_of(report, Project(start_s=8.0, tempo_map=tempo_map)).markers
    assert marker.bar == "6.1", "10 s at 120 BPM in 4/4"


@pytest.mark.parametrize("start_s", [-1e9, 1e9])
@pytest.mark.parametrize("bpm", [0.01, 2_000.0])
def test_the_farthest_place_and_the_oddest_tempo_a_host_may_name_still_get_their_markers(
    start_s: float, bpm: float
) -> None:
    project = Project(start_s=start_s, tempo_map=[TempoPoint(time_s=-start_s, bpm=bpm, beats_per_bar=1, bar=1)])
    [marker] = feedback_of(with_findings(a_finding(start_s=2.0, end_s=3.5)), project).markers
    assert marker.end_s == start_s + 3.5
    assert marker.bar is not None


def test_a_tempo_so_slow_that_a_beat_lasts_for_ever_is_refused() -> None:
    with pytest.raises(ValidationError):
        TempoPoint(time_s=0.0, bpm=5e-324)


def test_a_timeline_gets_the_twelve_most_valuable_findings_in_the_reports_order() -> None:
    findings = [a_finding(number=number) for number in range(20)]
    markers = feedback_of(with_findings(*findings)).markers
    assert [marker.id for marker in markers] == [finding.id for finding in findings[:MOST_FINDINGS_SHOWN]]


def test_a_blocker_worth_nothing_alone_still_gets_its_marker() -> None:
    """Of two equal dropouts neither is worth a point, since mending one regains nothing."""
    dear = [dataclasses.replace(a_finding("minor", number), rule=f"rule.{number}", points=1.0) for number in range(14)]
    blockers = [dataclasses.replace(a_finding("blocker", number), rule="int.dropout") for number in (20, 21)]
    markers = feedback_of(with_findings(*dear, *blockers)).markers
    assert [marker.severity for marker in markers] == ["minor"] * 11 + ["blocker"]


def test_a_finding_that_names_a_stem_names_the_hosts_track() -> None:
    report = with_findings(a_finding(stem="Bass", title="Bass lost in mono", shares=(StemShare("Bass", 0.8),)))
    stems = [Stem(path="/bass.wav", name="Bass", track="{GUID}"), Stem(path="/kick.wav", name="Kick")]
    [marker] = feedback_of(report, stems=stems).markers
    assert (marker.stem, marker.track) == ("Bass", "{GUID}")
    assert ", from Bass: " in marker.text


def test_a_step_says_on_which_track_of_the_hosts_it_is_made() -> None:
    steps = (
        Action("EQ", "Bell on Lead", -2.0, 240.0, 1.0, tool="bell", on="Lead"),
        Action("GN", "Bass down", gain_db=-2.0, tool="gain"),
        Action("LM", "Ceiling", tool="ceiling", amount=-1.0, on_mix=True),
        Action("MK", "Mark it"),
    )
    stems = [Stem(path=f"/{name}.wav", name=name, track=f"{{{name}}}") for name in ("Bass", "Lead")]
    [marker] = feedback_of(with_findings(a_finding(stem="Bass", actions=steps)), stems=stems).markers
    assert [(step.tool, step.track, step.on_mix) for step in marker.actions] == [
        ("bell", "{Lead}", False),
        ("gain", "{Bass}", False),
        ("ceiling", None, True),
    ]


def test_what_has_no_marker_is_told_beside_and_what_is_dismissed_is_marked() -> None:
    findings = [a_finding(number=number) for number in range(14)]
    findings[0] = dataclasses.replace(findings[0], dismissed=True)
    feedback = feedback_of(with_findings(*findings))
    told = [marker.id for marker in [*feedback.markers, *feedback.more]]
    assert sorted(told) == sorted(finding.id for finding in findings)
    assert [marker.id for marker in feedback.more if marker.dismissed] == [findings[0].id]


def test_a_rule_that_speaks_of_one_stem_does_not_name_it_twice() -> None:
    [marker] = feedback_of(with_findings(a_finding(stem="Bass", title="Bass hides Kick"))).markers
    assert marker.text.startswith("Bass hides Kick, 30–60 Hz: ")


def test_severity_is_told_by_colour_too() -> None:
    markers = feedback_of(with_findings(a_finding("blocker", 1), a_finding("minor", 2))).markers
    assert [marker.colour for marker in markers] == [COLOURS["blocker"], COLOURS["minor"]]


def test_a_flag_says_the_problem_its_band_and_the_first_thing_to_do_with_its_number() -> None:
    actions = (Action("MK", "Mark it"), Action("GN", "Bass bus", gain_db=-3.0), Action("NT", "Listen"))
    finding = dataclasses.replace(a_finding(), title="Much sub", low_hz=30.0, high_hz=60.0, actions=actions)
    assert marker_text(finding) == "Much sub, 30–60 Hz: Bass bus −3.0 dB"
    assert marker_text(dataclasses.replace(finding, low_hz=None, high_hz=None, actions=())) == "Much sub"


def test_the_status_line_counts_only_what_is_moderate_or_worse() -> None:
    report = with_findings(a_finding("major", 1), a_finding("major", 2), a_finding("minor", 3))
    line = status_line(report)
    assert "2 major" in line
    assert "minor" not in line
    assert line.endswith(f"coverage {report.score.coverage * 100:.0f} %")
    assert "nothing moderate or worse" in status_line(with_findings())


def test_the_status_line_of_a_silent_file_says_so() -> None:
    report = with_findings()
    figures = report.measurements
    nothing = dataclasses.replace(figures.loudness, sample_peak_dbfs=None, true_peak_dbtp=None, integrated_lufs=None)
    silent = dataclasses.replace(report, measurements=dataclasses.replace(figures, loudness=nothing))
    assert " · silent · " in status_line(silent)


def test_without_a_score_the_line_says_so() -> None:
    report = a_report()
    unscored = dataclasses.replace(report, score=dataclasses.replace(report.score, overall=None))
    assert status_line(unscored).startswith("no score · ")


def test_feedback_answers_the_request_and_names_job_run_and_report() -> None:
    feedback = feedback_of(a_report())
    assert (feedback.id, feedback.job, feedback.run, feedback.report) == ("a1", "j1", "r1", "p1")


def test_a_stem_scores_what_the_mix_would_if_its_findings_were_all() -> None:
    named, other = a_finding(number=1, penalty=0.4), a_finding(number=2, penalty=0.4, group="other")
    report = with_findings(named, other)
    figures = stem_figures(-14.0)
    stems = tuple(
        StemReport(name, f"{{{name}}}", figures=figures, findings=findings)
        for name, findings in (("Bass", (named.id,)), ("Kick", ()))
    )
    engine = Engine("0.1.0", "a" * 12, {"low.sub_balance": "0"})
    bass, kick = feedback_of(dataclasses.replace(report, stems=stems, engine=engine)).tracks
    assert kick.score == 100.0
    assert bass.score is not None
    assert 0.0 < bass.score < 100.0
    assert (bass.findings, kick.findings) == ([named.id], [])
    assert (bass.loudness_lufs, bass.name) == (-14.0, "Bass")


def test_what_changed_since_the_version_before_is_named_with_its_place_on_the_hosts_timeline() -> None:
    new = a_finding("major", 2, rule="low.mono", id="low.mono-02", start_s=2.0, end_s=3.0)
    old = a_finding("minor", 3, rule="ton.band", id="ton.band-03", title="Boom", start_s=4.0, end_s=4.5, stem="Bass")
    same = a_finding(number=4)
    engine = Engine("0.1.0", "a" * 12, dict.fromkeys(("low.mono", "ton.band", same.rule), "00000000"))
    before, now = (
        dataclasses.replace(with_findings(*findings), engine=engine) for findings in ((old, same), (new, same))
    )
    tempo_map = [TempoPoint(time_s=0.0, bpm=120.0, beats_per_bar=4, bar=1)]
    since = since_before(compare(before, now), "r0", Project(start_s=8.0, tempo_map=tempo_map))
    told = [(one.status, one.title, one.severity, one.finding, one.start_s, one.bar, one.stem) for one in since.changes]
    assert told == [
        ("new", new.title, "major", new.id, 10.0, "6.1", None),
        ("fixed", "Boom", "minor", None, 12.0, "7.1", "Bass"),
    ]
    assert since.unchanged == 1
