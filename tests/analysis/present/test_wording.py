"""Words and figures for people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reports import a_finding, a_report, a_section
from uptrack_analysis.present import wording
from uptrack_analysis.report import ProjectFacts, Span


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (30, 60, "30–60 Hz"),
        (2_000, 6_300, "2–6.3 kHz"),
        (800, 2_500, "800 Hz–2.5 kHz"),
        (58, 58, "58 Hz"),
        (None, 120, "below 120 Hz"),
        (None, None, ""),
    ],
)
def test_a_band_names_its_unit_once_where_once_is_enough(low: float | None, high: float | None, text: str) -> None:
    assert wording.band(low, high) == text


@given(st.text())
def test_no_text_from_outside_can_steer_a_terminal(text: str) -> None:
    shown = wording.plain(text)
    assert len(shown) == len(text)
    assert not any(
        character < " " or "\x7f" <= character < "\xa0" or character in "\u202e\u200f" for character in shown
    )


def test_a_finding_without_a_place_is_about_the_whole_file() -> None:
    assert wording.where(a_finding(start_s=0.0, end_s=0.0), 180.0) == "whole file"
    assert wording.where(a_finding(start_s=0.0, end_s=180.0), 180.0) == "whole file"


def test_a_finding_in_several_places_names_the_first_and_counts_the_others() -> None:
    spans = (Span(1.0, 2.0), Span(3.0, 3.0), Span(5.0, 6.0))
    assert wording.where(a_finding(spans=spans), 180.0) == "0:01.000–0:02.000 and 2 more places"


@pytest.mark.parametrize(
    ("ok_range", "text"),
    [
        ((-6.0, 6.0), "8.4 dB (fine: −6 to 6)"),
        ((None, 1.5), "8.4 dB (fine: up to 1.5)"),
        ((0.0, None), "8.4 dB (fine: from 0)"),
        ((None, None), "8.4 dB"),
    ],
)
def test_a_measured_value_stands_beside_what_is_fine(ok_range: tuple[float | None, float | None], text: str) -> None:
    assert wording.measured_against(a_finding(ok_range=ok_range)) == text


def test_what_is_not_told_before_it_can_be_heard_says_from_where_on_it_is_told() -> None:
    finding = a_finding(value=17.2, unit="dB", ok_range=(None, 4.0), told_from=16.0)
    assert wording.measured_against(finding) == "17.2 dB (told from 16)"


def test_bars_are_counted_from_the_files_start_only_when_the_tempo_is_known() -> None:
    assert wording.bars_from_start(ProjectFacts()) is None
    bar_of = wording.bars_from_start(ProjectFacts(bpm=120.0))
    assert bar_of is not None
    assert [bar_of(time_s) for time_s in (0.0, 0.5, 1.9999, 2.0, 64.0)] == ["1.1", "1.2", "2.1", "2.1", "33.1"]


def test_blockers_come_first_and_then_what_is_worth_most_whatever_its_severity() -> None:
    findings = [
        a_finding("major", 0, points=0.0),
        a_finding("minor", 1, points=3.5),
        a_finding("blocker", 2, points=0.0),
        a_finding("moderate", 3, points=1.2),
        a_finding("info", 4, points=0.0),
        a_finding("major", 5, points=1.2),
    ]
    assert [finding.id[-1] for finding in wording.most_valuable_first(findings)] == list("215304")
    # And where not all have room, it is those that are shown.
    apart = [replace(finding, rule=f"rule.{k}") for k, finding in enumerate(findings)]
    assert {finding.id[-1] for finding in wording.most_telling(apart, at_most=3)} == set("215")


def test_of_equal_worth_the_worst_findings_come_first_and_equals_keep_their_order() -> None:
    findings = [a_finding("minor", 1), a_finding("blocker", 2), a_finding("minor", 3), a_finding("major", 4)]
    assert [finding.severity for finding in wording.most_valuable_first(findings)] == [
        "blocker",
        "major",
        "minor",
        "minor",
    ]
    assert [finding.id[-1] for finding in wording.most_valuable_first(findings)] == ["2", "4", "1", "3"]


def test_where_not_all_have_room_each_rules_worst_is_shown_before_anothers_second() -> None:
    dropouts = [replace(a_finding("blocker", number), rule="int.dropout") for number in range(1, 6)]
    others = [replace(a_finding("minor", number), rule=f"rule.{number}") for number in (6, 7)]
    shown = wording.most_telling([*others, *dropouts], at_most=4)
    assert [finding.id[-1] for finding in shown] == ["6", "7", "1", "2"]
    assert wording.most_telling(dropouts) == tuple(dropouts)


@pytest.mark.parametrize(
    ("container", "codec", "bits", "text"),
    [
        ("WAV", "PCM", 24, "WAV, PCM 24-bit"),
        ("FLAC", "FLAC", 16, "FLAC 16-bit"),
        ("MP3", "MP3", None, "MP3"),
        ("Ogg", "FLAC", 16, "Ogg, FLAC 16-bit"),
    ],
)
def test_a_format_that_is_its_own_codec_is_named_once(container: str, codec: str, bits: int | None, text: str) -> None:
    source = replace(a_report().source, format=container, codec=codec, bit_depth=bits)
    assert wording.format_line(source).startswith(f"{text} · ")


def test_the_arrangement_counts_the_projects_bars_where_its_tempo_is_known() -> None:
    report = a_report(sections=(a_section("intro", 0.0, 32.0), a_section("drop", 32.0, 41.0)))
    assert wording.arrangement(report) == "Intro bars 1–17 · Drop 17–21"  # nine seconds are four and a half bars
    project = replace(report.context, project=ProjectFacts(bpm=60.0))
    assert wording.arrangement(replace(report, context=project)) == "Intro bars 1–9 · Drop 9–11.2"


def test_an_arrangement_without_bars_is_told_in_time_and_without_kinds_has_no_names() -> None:
    sections = tuple(
        a_section(None, start_s, end_s, bars=None, first_bar=None) for start_s, end_s in ((0.0, 63.26), (63.26, 180.0))
    )
    assert wording.arrangement(a_report(sections=sections)) == "0:00–1:03.3 · 1:03.3–3:00"
    assert wording.arrangement(a_report(sections=())) == ""


def test_a_figure_of_thousands_has_no_decimals() -> None:
    assert wording.shortest(16_021.94) == "16022"
    assert wording.shortest(-999.94) == "−999.94"
