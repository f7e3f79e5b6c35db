"""The report as a page, and as the body of another page."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from support.reports import a_finding, a_report
from uptrack_analysis.present.html import content_security_policy, report_body, report_page, stylesheet
from uptrack_analysis.present.plots import PlotMark, loudness_plot, spectrum_plot
from uptrack_analysis.report import Report, Series, Span, SpectrumFigures

VOID = {"meta", "br", "link", "input", "img", "hr"}


class Reader(HTMLParser):
    """Collects elements and text, and notices tags that do not close in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


NASTY = "<script>alert(1)</script>\"&amp;'.wav"


def a_nasty_report() -> Report:
    finding = a_finding(title=NASTY, advice=NASTY, unit=NASTY, stem=NASTY, expected_delta=NASTY)
    report = a_report(name=NASTY, findings=(finding,))
    source = dataclasses.replace(report.source, notes=(NASTY,), codec=NASTY)
    measurements = dataclasses.replace(report.measurements, unmeasured={"loudness.psr_min_db": NASTY})
    return dataclasses.replace(report, source=source, measurements=measurements)


def test_whatever_a_file_is_called_the_page_shows_it_as_text() -> None:
    page = Reader(report_page(a_nasty_report()))
    assert not page.named("script")
    assert page.text.count("<script>alert(1)</script>") >= 7


def test_the_page_has_no_script_no_inline_style_no_identifier_and_fetches_nothing() -> None:
    page = Reader(report_page(a_report()))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "audio", "video", "use"}
    attributes = {name for _, attributes in page.elements for name in attributes}
    assert not attributes & {"style", "id", "src", "href", "srcset", "action", "background"}
    assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in stylesheet()
    assert "@import" not in stylesheet()


def test_the_policy_the_page_declares_allows_exactly_its_own_style_block() -> None:
    page = report_page(a_report())
    blocks = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert len(blocks) == 1
    digest = base64.b64encode(hashlib.sha256(blocks[0].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in content_security_policy()
    declared = [a["content"] for a in Reader(page).named("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert declared == [content_security_policy()]
    assert "default-src 'none'" in content_security_policy()


def test_the_page_says_score_findings_figures_and_what_is_missing() -> None:
    text = " ".join(Reader(report_page(a_report())).text.split())
    for said in (
        "76 of 100",
        "as techno (guessed), club",
        "1 major · 1 moderate · 1 info",
        "1:12.500–1:28.000 and 1 more place · 30–60 Hz · 8.4 dB (fine: −6 to 6)",
        "+6.1 points if fixed",
        "Integrated loudness −9.87 LUFS",
        "Smallest PSR: Peaks over time are not measured yet.",
    ):
        assert said in text, said


def test_headings_descend_without_gaps_and_tables_say_what_they_hold() -> None:
    page = Reader(report_page(a_report()))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert len(page.named("caption")) == len(page.named("table")) == 2
    assert all("scope" in header for header in page.named("th"))


def test_every_figure_has_its_content_in_words() -> None:
    plots = Reader(report_page(a_report())).named("svg")
    assert len(plots) == 3
    assert all(plot["role"] == "img" for plot in plots)
    assert "loudest short-term −7.20 LUFS at 1:35.000" in (plots[0]["aria-label"] or "")
    assert "Drop: 0:32 to 2:24, 56 bars" in (plots[1]["aria-label"] or "")
    assert "the strongest is" in (plots[2]["aria-label"] or "")


def test_the_body_is_one_article_that_other_pages_can_carry_more_than_once() -> None:
    body = report_body(a_report())
    both = Reader(str(body + body))
    assert [tag for tag, _ in both.elements].count("article") == 2
    assert "<html" not in body
    assert str(body) in report_page(a_report())
    unscoped = [
        line for line in re.findall(r"^([^@{}\n]+)\{", stylesheet(), re.MULTILINE) if "uptrack-report" not in line
    ]
    assert {line.strip() for line in unscoped} <= {"html", "body"}


def test_bars_come_from_whoever_knows_the_project() -> None:
    report = a_report(findings=(a_finding(start_s=64.0, end_s=70.0),))
    assert "bar " not in Reader(report_body(report)).text
    assert "bar 33.1 · 1:04.000" in Reader(report_body(report, bar_of=lambda time_s: f"{int(time_s / 2) + 1}.1")).text


def test_places_of_findings_have_a_lane_under_the_loudness_curve_numbered_as_in_the_list() -> None:
    findings = (
        a_finding("minor", 1, start_s=10.0, end_s=20.0, low_hz=None),
        a_finding("major", 2, spans=(Span(30.0, 40.0), Span(50.0, 60.0)), low_hz=None),
        a_finding("info", 3, start_s=0.0, end_s=180.0, low_hz=None),
    )
    page = report_page(a_report(findings=findings))
    assert re.findall(r'class="mark (\w+)"', page) == ["major", "major", "minor"]
    assert re.findall(r'class="y lane"[^>]*>(\d+)<', page) == ["1", "2"]


def test_a_short_place_is_shaded_behind_the_curve_and_a_wide_one_is_not() -> None:
    short, wide = a_finding("major", 1, start_s=10.0, end_s=12.0), a_finding("minor", 2, start_s=20.0, end_s=170.0)
    assert re.findall(r'class="shade (\w+)"', report_page(a_report(findings=(short, wide)))) == ["major"]


def test_bands_of_findings_have_a_lane_under_the_spectrum() -> None:
    findings = (
        a_finding("minor", 1, low_hz=2_000.0, high_hz=4_000.0),
        a_finding("major", 2, low_hz=None, high_hz=None),
    )
    page = report_page(a_report(findings=findings))
    assert re.findall(r'class="mark (\w+)"', page) == ["minor"]
    assert re.findall(r'class="y lane"[^>]*>(\d+)<', page) == ["2"]


def test_a_gap_in_a_curve_is_a_gap_in_the_drawing() -> None:
    report = a_report()
    whole = Series(0.1, 0.1, (-10.0,) * 50, (), (), ())
    broken = Series(0.1, 0.1, (*(-10.0,) * 20, *(None,) * 10, *(-10.0,) * 20), (), (), ())
    assert [pens(dataclasses.replace(report, series=series)) for series in (whole, broken)] == [1, 2]


def pens(report: Report) -> int:
    plot = ET.fromstring(loudness_plot(report))  # noqa: S314 - our own drawing
    paths = [path.get("d") or "" for path in plot.iter("{http://www.w3.org/2000/svg}path")]
    return sum(path.count("M") for path in paths)


def test_two_hours_make_no_bigger_drawing_than_two_minutes() -> None:
    report = a_report()
    long = Series(0.1, 0.1, (-10.0,) * 72_000, (-10.0,) * 72_000, (), ())
    source = dataclasses.replace(report.source, duration_s=7_200.0)
    assert len(loudness_plot(dataclasses.replace(report, series=long, source=source))) < 30_000


@pytest.mark.parametrize("duration_s", [0.05, 1.0, 7.3, 60.0, 270.0, 4_000.0, 20_000.0])
def test_everything_drawn_lies_inside_the_drawing(duration_s: float) -> None:
    report = a_report()
    source = dataclasses.replace(report.source, duration_s=duration_s)
    series = Series(0.1, 0.1, (-200.0, -10.0, 3.0), (None, -9.0, -9.0), (), ())
    marks = [
        PlotMark(number, "major", start, duration_s + 5) for number, start in enumerate((0.0, duration_s), start=1)
    ]
    drawn = loudness_plot(dataclasses.replace(report, source=source, series=series), marks)
    plot = ET.fromstring(drawn)  # noqa: S314 - our own drawing
    height = float((plot.get("viewBox") or "").split()[3])
    for element in plot.iter():
        assert float(element.get("x", "0")) + float(element.get("width", "0")) <= 760
        for name in ("x", "x1", "x2"):
            assert 0 <= float(element.get(name, "0")) <= 760
        for name in ("y", "y1", "y2"):
            assert 0 <= float(element.get(name, "0")) <= height


def test_a_file_with_nothing_to_draw_still_makes_a_page() -> None:
    report = a_report(findings=())
    measurements = dataclasses.replace(report.measurements, spectrum=SpectrumFigures((), (), None))
    score = dataclasses.replace(report.score, overall=None, areas=())
    silent = dataclasses.replace(
        report, measurements=measurements, score=score, series=Series(0.1, 0.1, (), (), (), ())
    )
    assert loudness_plot(silent) == spectrum_plot(silent) == ""
    page = Reader(report_page(silent))
    assert not page.named("svg")
    assert "no score: too little could be measured" in page.text


def test_the_same_report_makes_the_same_bytes() -> None:
    assert report_page(a_report()) == report_page(a_report())
