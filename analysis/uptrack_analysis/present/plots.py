"""Curves of a report as inline SVG: built as a tree, so text is escaped; coloured by the page's stylesheet.

An SVG here carries no style of its own, no script, no identifier and no reference, so it sits on any page under a
strict content security policy, as often as wanted. Every plot says its figures in words for who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from uptrack_analysis.figures import clock, digits, frequency, signed
from uptrack_analysis.present import wording
from uptrack_analysis.report import BandLevel, Report, Severity

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 54, 22, 14, 40
LANE, LANE_THICKNESS = 22, 9
MOST_LANES = 12
WIDEST_SHADE = 0.2
"""Share of the axis: wider places are shown by their lane alone."""
MOST_POINTS = 720
"""About one a pixel: more would only make the page heavier."""

LOUDNESS_SPAN_LU = 30.0
SPECTRUM_FLOOR_DB = -40.0
LINE_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600)


@dataclass(frozen=True, slots=True)
class Frame:
    """Maps figures to the drawing's units: x linear or logarithmic, y linear and upwards."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    log_x: bool = False

    def x(self, value: float) -> float:
        if self.log_x:
            share = math.log(value / self.x_low) / math.log(self.x_high / self.x_low)
        else:
            share = (value - self.x_low) / (self.x_high - self.x_low)
        return LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.y_low) / (self.y_high - self.y_low)
        return HEIGHT - BOTTOM - min(1.0, max(0.0, share)) * (HEIGHT - TOP - BOTTOM)


@dataclass(frozen=True, slots=True)
class PlotMark:
    """A finding's place on a plot's x axis, in its unit (s, Hz); ``number`` is its place in the list of findings."""

    number: int
    severity: Severity
    start: float
    end: float


def loudness_plot(report: Report, marks: Sequence[PlotMark] = ()) -> str:
    """Momentary and short-term loudness over time, findings marked; empty when no window was measured."""
    series = report.series
    drawn = [value for value in (*series.momentary_lufs, *series.short_term_lufs) if value is not None]
    if not drawn:
        return ""
    top = math.ceil(max(drawn) / 5) * 5.0
    frame = Frame(0.0, max(report.source.duration_s, 1e-3), top - LOUDNESS_SPAN_LU, top)
    loudness = report.measurements.loudness
    svg = _drawing(_loudness_in_words(report, len(marks)), marks)
    _shade(svg, frame, marks)
    _level_axis(svg, frame, 5.0, "LUFS")
    _time_axis(svg, frame)
    start_s, step_s = series.start_s, series.step_s
    _curve(svg, "momentary", frame, _thinned(series.momentary_lufs, start_s, step_s))
    _curve(svg, "short-term", frame, _thinned(series.short_term_lufs, start_s, step_s))
    if loudness.integrated_lufs is not None:
        y = _number(frame.y(loudness.integrated_lufs))
        SubElement(svg, "line", {"class": "integrated", "x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": y, "y2": y})
    _lanes(svg, frame, marks)
    return tostring(svg, encoding="unicode")


def spectrum_plot(report: Report, marks: Sequence[PlotMark] = ()) -> str:
    """Third-octave levels re the band at 1 kHz, bands of findings marked; empty when not measured."""
    bands = [band for band in report.measurements.spectrum.third_octaves if band.level_db is not None]
    if not bands:
        return ""
    levels = [band.level_db for band in bands if band.level_db is not None]
    high = max(10.0, math.ceil(max(levels) / 10) * 10.0)
    low = max(SPECTRUM_FLOOR_DB, math.floor(min(levels) / 10) * 10.0)
    frame = Frame(20.0, 20_000.0, min(low, high - 30.0), high, log_x=True)
    svg = _drawing(_spectrum_in_words(bands), marks)
    _level_axis(svg, frame, 10.0, "dB")
    for hertz in (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000):
        _x_tick(svg, frame.x(hertz), f"{hertz // 1000}k" if hertz >= 1_000 else str(hertz), major=str(hertz)[0] != "5")
    points = [(_centre(band), band.level_db) for band in bands if band.level_db is not None]
    for band in bands:
        if band.level_db is None:
            continue
        x_low, x_high, y = frame.x(band.low_hz), frame.x(band.high_hz), frame.y(band.level_db)
        SubElement(
            svg,
            "rect",
            {
                "class": "band",
                "x": _number(x_low + 0.75),
                "y": _number(y),
                "width": _number(max(0.0, x_high - x_low - 1.5)),
                "height": _number(HEIGHT - BOTTOM - y),
            },
        )
    _curve(svg, "spectrum", frame, points)
    _lanes(svg, frame, marks)
    return tostring(svg, encoding="unicode")


def _loudness_in_words(report: Report, marked: int) -> str:
    loudness = report.measurements.loudness
    parts = [f"Loudness over {clock(report.source.duration_s, 3)}"]
    if loudness.integrated_lufs is not None:
        parts.append(f"integrated {digits(loudness.integrated_lufs, 2)} LUFS")
    if loudness.short_term_max_lufs is not None and loudness.short_term_max_s is not None:
        parts.append(
            f"loudest short-term {digits(loudness.short_term_max_lufs, 2)} LUFS at "
            f"{clock(loudness.short_term_max_s, 3)}"
        )
    if loudness.momentary_max_lufs is not None and loudness.momentary_max_s is not None:
        parts.append(
            f"loudest momentary {digits(loudness.momentary_max_lufs, 2)} LUFS at {clock(loudness.momentary_max_s, 3)}"
        )
    if marked:
        parts.append(f"{marked} place{'s' if marked > 1 else ''} of findings marked")
    return "; ".join(parts) + "."


def _spectrum_in_words(bands: Sequence[BandLevel]) -> str:
    loudest = max(bands, key=lambda band: -math.inf if band.level_db is None else band.level_db)
    level = loudest.level_db or 0.0
    return (
        f"Third-octave spectrum of {len(bands)} bands, levels relative to the band at 1 kHz; the strongest is "
        f"{frequency(_centre(loudest))} at {signed(level)} dB."
    )


def _centre(band: BandLevel) -> float:
    return math.sqrt(band.low_hz * band.high_hz)


def _drawing(words: str, marks: Sequence[PlotMark]) -> Element:
    height = HEIGHT + len(_lane_numbers(marks)) * LANE
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "plot",
            "viewBox": f"0 0 {WIDTH} {height}",
            "role": "img",
            "aria-label": words,
        },
    )
    SubElement(svg, "title").text = words
    return svg


def _level_axis(svg: Element, frame: Frame, step: float, unit: str) -> None:
    level = math.ceil(frame.y_low / step) * step
    count = 0
    while level <= frame.y_high:
        y = frame.y(level)
        SubElement(
            svg,
            "line",
            {"class": "grid", "x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": _number(y), "y2": _number(y)},
        )
        is_top = level + step > frame.y_high
        text = SubElement(
            svg,
            "text",
            {"class": "y tick" if count % 2 == 0 else "y tick minor", "x": str(LEFT - 8), "y": _number(y + 4)},
        )
        text.text = digits(level, 0)
        if is_top:
            label = SubElement(svg, "text", {"class": "unit", "x": str(LEFT + 4), "y": _number(y + 14)})
            label.text = unit
        level += step
        count += 1


def _time_axis(svg: Element, frame: Frame) -> None:
    step_s = next((step for step in LINE_STEPS_S if frame.x_high / step <= 12), LINE_STEPS_S[-1])
    if frame.x_high < 2:
        _x_tick(svg, frame.x(0.0), "0:00", major=True)
        _x_tick(svg, frame.x(frame.x_high), wording.short_clock(frame.x_high), major=True)
        return
    for count in range(int(frame.x_high / step_s) + 1):
        _x_tick(svg, frame.x(count * step_s), wording.short_clock(count * step_s), major=count % 3 == 0)


def _x_tick(svg: Element, x: float, label: str, *, major: bool) -> None:
    place = _number(x)
    SubElement(svg, "line", {"class": "grid", "x1": place, "x2": place, "y1": str(TOP), "y2": str(HEIGHT - BOTTOM)})
    text = SubElement(
        svg, "text", {"class": "x tick" if major else "x tick minor", "x": place, "y": str(HEIGHT - BOTTOM + 20)}
    )
    text.text = label


def _shade(svg: Element, frame: Frame, marks: Sequence[PlotMark]) -> None:
    """Shade the places of findings behind the curve; a wide one would only darken everything, its lane shows it."""
    for mark in marks:
        x = frame.x(mark.start)
        width = frame.x(mark.end) - x
        if width <= WIDEST_SHADE * (WIDTH - LEFT - RIGHT):
            place = {"x": _number(x), "y": str(TOP), "width": _number(max(2.0, width))}
            SubElement(svg, "rect", {"class": f"shade {mark.severity}", "height": str(HEIGHT - TOP - BOTTOM), **place})


def _lanes(svg: Element, frame: Frame, marks: Sequence[PlotMark]) -> None:
    """One lane a finding under the axis, its number at the left, as a DAW shows tracks."""
    numbers = _lane_numbers(marks)
    for lane, number in enumerate(numbers):
        y = HEIGHT + lane * LANE
        text = SubElement(svg, "text", {"class": "y lane", "x": str(LEFT - 8), "y": _number(y + LANE / 2 + 4)})
        text.text = str(number)
        for mark in marks:
            if mark.number != number:
                continue
            x = frame.x(mark.start)
            width = max(3.0, frame.x(mark.end) - x)
            rect = SubElement(
                svg,
                "rect",
                {
                    "class": f"mark {mark.severity}",
                    "x": _number(min(x, WIDTH - RIGHT - width)),
                    "y": _number(y + (LANE - LANE_THICKNESS) / 2),
                    "width": _number(width),
                    "height": str(LANE_THICKNESS),
                },
            )
            SubElement(rect, "title").text = f"Finding {number}"


def _lane_numbers(marks: Sequence[PlotMark]) -> list[int]:
    return sorted({mark.number for mark in marks})[:MOST_LANES]


def _curve(svg: Element, name: str, frame: Frame, points: Iterable[tuple[float, float | None]]) -> None:
    path: list[str] = []
    pen_down = False
    for x, y in points:
        if y is None:
            pen_down = False
            continue
        path.append(f"{'L' if pen_down else 'M'}{_number(frame.x(x))} {_number(frame.y(y))}")
        pen_down = True
    SubElement(svg, "path", {"class": f"curve {name}", "d": "".join(path)})


def _thinned(values: Sequence[float | None], start_s: float, step_s: float) -> list[tuple[float, float | None]]:
    """(time, value) of at most ``MOST_POINTS``: the loudest of each stretch, so that no peak is lost."""
    stretch = max(1, math.ceil(len(values) / MOST_POINTS))
    points: list[tuple[float, float | None]] = []
    for index in range(0, len(values), stretch):
        known = [value for value in values[index : index + stretch] if value is not None]
        points.append((start_s + index * step_s, max(known) if known else None))
    return points


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
