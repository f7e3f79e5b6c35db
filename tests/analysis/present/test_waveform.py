"""The waveform on the page, with the parts of the arrangement behind it."""

from __future__ import annotations

import dataclasses
import re
from xml.etree import ElementTree as ET

import pytest

from support.reports import a_report, a_section, a_waveform
from uptrack_analysis.present.plots import LEFT, RIGHT, WIDTH
from uptrack_analysis.present.waveform import waveform_plot
from uptrack_analysis.report import Report, Section, Waveform

SVG = "{http://www.w3.org/2000/svg}"


def drawn(waveform: Waveform, sections: tuple[Section, ...] = ()) -> Report:
    report = a_report(sections=sections)
    return dataclasses.replace(report, series=dataclasses.replace(report.series, waveform=waveform))


def plot(report: Report) -> ET.Element:
    return ET.fromstring(waveform_plot(report))  # noqa: S314 - our own drawing


def path(report: Report, name: str) -> list[tuple[float, float]]:
    drawing = next(path for path in plot(report).iter(f"{SVG}path") if path.get("class") == f"wave {name}")
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.-]+) ([\d.-]+)", drawing.get("d") or "")]


def test_a_section_is_a_band_as_wide_as_it_is_long_with_its_name() -> None:
    report = drawn(a_waveform(), (a_section("intro", 0.0, 45.0), a_section("drop", 45.0, 180.0)))
    bands = list(plot(report).iter(f"{SVG}rect"))
    assert [band.get("class") for band in bands] == ["section intro", "section drop"]
    axis = WIDTH - LEFT - RIGHT
    assert float(bands[1].get("x") or 0) == pytest.approx(LEFT + axis / 4, abs=0.1)
    assert float(bands[1].get("width") or 0) == pytest.approx(axis * 3 / 4 - 1, abs=0.1)
    assert [text.text for text in plot(report).iter(f"{SVG}text")] == ["Intro", "Drop"]


def test_a_name_that_does_not_fit_is_left_to_the_words() -> None:
    report = drawn(a_waveform(), (a_section("intro", 0.0, 178.0), a_section("outro", 178.0, 180.0)))
    assert [text.text for text in plot(report).iter(f"{SVG}text")] == ["Intro"]
    assert "Outro: 2:58 to 3:00, 1 bars" in (plot(report).get("aria-label") or "")


def test_the_outline_holds_every_peak_and_stays_inside_the_drawing() -> None:
    wave = a_waveform()
    spiky = dataclasses.replace(wave, high=(*wave.high[:1_000], 1.4, *wave.high[1_001:]))
    height = float((plot(drawn(spiky)).get("viewBox") or "").split()[3])
    points = path(drawn(spiky), "peak")
    assert min(y for _, y in points) == 0.0  # the spike, at full scale of the drawing
    assert all(LEFT <= x <= WIDTH - RIGHT and 0 <= y <= height for x, y in points)
    assert len(points) == len(path(drawn(spiky), "body"))


def test_two_thousand_points_and_two_make_a_small_drawing() -> None:
    assert len(waveform_plot(drawn(a_waveform(2_000)))) < 14_000
    assert len(path(drawn(a_waveform(2)), "peak")) == 4


def test_without_a_waveform_nothing_is_drawn() -> None:
    assert waveform_plot(drawn(Waveform())) == ""
