"""The report as text, in a pipe and on a terminal."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from rich.console import Console

from support.reports import a_finding, a_report
from uptrack_analysis.present.text import print_report
from uptrack_analysis.report import Click, DefectFigures, Hum, ProjectFacts, Repeat, Report, Stretch


def in_a_pipe(report: Report, *, width: int = 80, every_finding: bool = False) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=width), every_finding=every_finding)
    return out.getvalue()


def on_a_terminal(report: Report) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=80, force_terminal=True, color_system="truecolor"))
    return out.getvalue()


def test_the_score_the_findings_and_the_key_figures_are_all_there() -> None:
    text = in_a_pipe(a_report())
    assert "Score 76 of 100 as techno (guessed), club" in text
    assert "1 major · 1 moderate · 1 info · coverage 92 %" in text
    assert "MODERATE  The sub is 8.40 dB over the average (finding 2)" in text
    assert "1:12.500–1:28.000 and 1 more place · 30–60 Hz" in text
    assert re.search(r"Integrated loudness +−9\.87 LUFS", text)
    assert re.search(r"True peak +\+0\.61 dBTP +at 0:37\.402, right", text)
    assert re.search(r"Key +F# minor \(11A\)", text)


def test_what_could_not_be_measured_is_said_with_its_reason() -> None:
    text = in_a_pipe(a_report())
    assert re.search(r"Smallest PSR +not measured", text)
    assert "Smallest PSR: Peaks over time are not measured yet." in text
    assert "rule dj.tempo: The project's tempo is not known." in text


def test_a_pipe_gets_no_escape_no_bar_and_no_trailing_blank() -> None:
    text = in_a_pipe(a_report())
    assert "\x1b" not in text
    assert "━" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_a_terminal_gets_colour_and_bars() -> None:
    text = on_a_terminal(a_report())
    assert "\x1b[" in text
    assert "━" in text


def test_no_line_is_wider_than_the_window() -> None:
    report = a_report(name="x" * 200 + ".wav")
    for width in (40, 80, 200):
        assert max(map(len, in_a_pipe(report, width=width).splitlines())) <= min(width, 100)


def test_twelve_findings_are_shown_and_the_rest_is_counted() -> None:
    report = a_report(findings=tuple(a_finding("minor", number) for number in range(1, 15)))
    text = in_a_pipe(report)
    assert text.count("MINOR") == 12
    assert "2 more findings: --all shows every one." in text
    every = in_a_pipe(report, every_finding=True)
    assert every.count("MINOR") == 14
    assert "--all" not in every


def test_findings_stand_by_severity_whatever_they_are_worth() -> None:
    text = in_a_pipe(a_report(findings=(a_finding("minor", 1, points=9.0), a_finding("blocker", 2, points=1.0))))
    assert text.index("BLOCKER") < text.index("MINOR")


def test_a_clean_mix_is_told_so() -> None:
    assert "Nothing found by the rules that could be measured." in in_a_pipe(a_report(findings=()))


def test_a_file_name_is_neither_markup_nor_a_command_to_the_terminal() -> None:
    text = in_a_pipe(a_report(name="[bold]a\x1b[2Jb\u202egnp.wav"))
    assert text.splitlines()[0] == "[bold]a\ufffd[2Jb\ufffdgnp.wav"


def test_bars_are_named_when_the_projects_tempo_is_known() -> None:
    report = a_report(findings=(a_finding(start_s=64.0, end_s=70.0),))
    assert "bar " not in in_a_pipe(report)
    context = report.context
    known = a_report(
        findings=report.findings,
        context=type(context)(context.genre, context.target, ProjectFacts(bpm=120.0)),
    )
    assert "bar 33.1 · 1:04.000–1:10.000" in in_a_pipe(known)


@pytest.mark.parametrize(("cents", "shown"), [(-31.4, "−31.4 cents"), (5.0, "+5.0 cents"), (4.9, None), (None, None)])
def test_tuning_is_shown_where_a_listener_would_hear_it(cents: float | None, shown: str | None) -> None:
    report = a_report(findings=())
    key = dataclasses.replace(report.measurements.key, tuning_cents=cents)
    text = in_a_pipe(dataclasses.replace(report, measurements=dataclasses.replace(report.measurements, key=key)))
    assert ("Tuning" in text) == (shown is not None)
    assert shown is None or shown in text


def test_clicks_repeats_and_hum_are_told_where_there_are_any() -> None:
    assert not re.search(r"Clicks|Repeated blocks|Mains hum", in_a_pipe(a_report()))
    measurements = a_report().measurements
    defects = dataclasses.replace(
        measurements.defects,
        click_count=7,
        clicks=(Click(61.25, 2_701_125, None, -12.0),),
        repeat_count=1,
        repeats=(Repeat(83.5, 83.512, None, 3_682_350, 512, 512),),
        hum=(Hum(0.0, 180.0, 0, 50.0, -52.3), Hum(0.0, 180.0, 1, 50.0, -48.25)),
    )
    text = in_a_pipe(a_report(measurements=dataclasses.replace(measurements, defects=defects)))
    assert re.search(r"Clicks +7 +at 1:01\.250", text)
    assert re.search(r"Repeated blocks +1 +at 1:23\.500", text)
    capped = dataclasses.replace(measurements, defects=dataclasses.replace(defects, repeat_count=1_000))
    assert re.search(r"Repeated blocks +1000 or more", in_a_pipe(a_report(measurements=capped)))
    assert re.search(r"Mains hum +.48\.2 dBFS +at 50\.0 Hz", text)


def test_dropouts_beyond_those_listed_are_counted() -> None:
    measurements = a_report().measurements
    listed = tuple(Stretch(float(at), at + 0.01, None, at * 48_000, 480) for at in range(61, 66))
    defects = dataclasses.replace(measurements.defects, dropouts=listed, dropout_count=300)
    text = in_a_pipe(a_report(measurements=dataclasses.replace(measurements, defects=defects)))
    assert re.search(r"Dropouts +300 +at 1:01\.000", text)


def test_a_mono_file_is_shown_without_left_or_right() -> None:
    report = a_report()
    source = report.source
    mono = dataclasses.replace(source, channels=1)
    figures = report.measurements
    defects = DefectFigures(0, 0, (), (0.0001,), (), (), 0, 0.0, 0.0)
    text = in_a_pipe(
        a_report(
            source=mono,
            findings=(),
            measurements=type(figures)(
                figures.loudness,
                figures.tempo,
                figures.key,
                figures.spectrum,
                type(figures.stereo)(None, None, None, None),
                figures.dynamics,
                defects,
                {"stereo.correlation": "mono", "stereo.width_db": "mono"},
            ),
        )
    )
    assert "mono · 44.1 kHz" in text
    assert not re.search(r"\b(left|right)\b", text)
    assert "Stereo correlation, Side to mid: mono" in text


def test_holes_in_time_are_told_as_what_they_are_if_meant() -> None:
    assert "Holes in time" not in in_a_pipe(a_report())
    measurements = a_report().measurements
    defects = dataclasses.replace(measurements.defects, holes_in_time=48)
    text = in_a_pipe(a_report(measurements=dataclasses.replace(measurements, defects=defects)))
    assert re.search(r"Holes in time +48 +a gate or stutter, if they are meant", text)


@pytest.mark.parametrize(("duration_s", "steady"), [(59.0, False), (61.0, True)])
def test_the_loudness_range_of_a_short_file_is_said_not_to_be_steady(duration_s: float, steady: bool) -> None:
    report = a_report()
    source = dataclasses.replace(report.source, duration_s=duration_s)
    assert ("not steady under 60 s" in in_a_pipe(dataclasses.replace(report, source=source))) == (not steady)


def test_the_arrangement_is_one_line_of_bars() -> None:
    assert "Arrangement\n  Intro bars 1–17 · Drop 17–73 · Outro 73–91\n" in in_a_pipe(a_report())
    assert "Arrangement" not in in_a_pipe(a_report(sections=()))
