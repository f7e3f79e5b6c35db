"""What is dismissed costs nothing and stays in the document; taken back, everything is as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.reports import a_report
from support.tracks import beat
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.findings.dismissed import with_dismissed
from uptrack_analysis.present.html import report_page
from uptrack_analysis.report import Report, from_json, to_json
from uptrack_analysis.settings import Settings


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A real report of something with a good many findings."""
    path: Path = beat(tmp_path_factory.mktemp("mix") / "mix.wav", gain=3.0)
    found = analyze_file(path, Settings(genre="techno")).report
    assert len(found.findings) >= 4
    assert found.score.overall is not None
    return found


def test_the_score_made_again_from_the_document_is_the_score(report: Report) -> None:
    one = report.findings[0].id
    assert with_dismissed(with_dismissed(report, {one}), ()) == report
    assert with_dismissed(report, ()) is report


def test_without_any_finding_nothing_is_lost(report: Report) -> None:
    clean = with_dismissed(report, {finding.id for finding in report.findings})
    assert clean.score.overall == 100
    assert {area.score for area in clean.score.areas} == {100}
    assert clean.score.coverage == report.score.coverage
    assert all(finding.dismissed and not finding.points for finding in clean.findings)
    assert {finding.id for finding in clean.findings} == {finding.id for finding in report.findings}


@settings(max_examples=30)
@given(st.data())
def test_dismissing_more_never_costs_points(report: Report, data: st.DataObject) -> None:
    ids = [finding.id for finding in report.findings]
    some = data.draw(st.sets(st.sampled_from(ids)))
    more = some | data.draw(st.sets(st.sampled_from(ids)))
    fewer_score, more_score = (with_dismissed(report, chosen).score.overall for chosen in (some, more))
    assert fewer_score is not None
    assert more_score is not None
    assert more_score >= fewer_score
    assert with_dismissed(with_dismissed(report, more), some) == with_dismissed(report, some)


def test_a_dismissed_finding_is_in_the_document_and_on_no_page(report: Report) -> None:
    gone = report.findings[0]
    marked = with_dismissed(report, {gone.id})
    assert from_json(to_json(marked)).findings[-1] == marked.findings[-1]
    assert marked.findings[-1].id == gone.id
    page = report_page(marked)
    assert gone.id not in page
    assert "1 dismissed in this project." in page


def test_a_report_from_before_costs_were_kept_keeps_its_score() -> None:
    early = a_report()
    marked = with_dismissed(early, {early.findings[0].id})
    assert marked.findings[0].dismissed
    assert marked.score == early.score


def test_what_has_grown_worse_says_from_what_and_only_as_long_as_it_has(report: Report) -> None:
    one, other = report.findings[:2]
    once = with_dismissed(report, {other.id}, {one.id: "minor", other.id: "info"})
    twice = with_dismissed(from_json(to_json(once)), {other.id}, {one.id: "info"})
    was = {finding.id: finding.dismissed_as for finding in twice.findings if finding.dismissed_as}
    assert was == {one.id: "info"}
    said = "What you dismissed was info at most; this is worse."
    assert report_page(twice).count(said) == 1
    assert said not in report_page(report)
    assert with_dismissed(twice, ()) == report


def test_a_report_from_before_that_was_told_reads_as_one_without_it(report: Report) -> None:
    document = json.loads(to_json(report))
    for finding in document["findings"]:
        del finding["dismissed_as"]
    assert from_json(json.dumps(document)) == report
