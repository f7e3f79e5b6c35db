"""The file's waveform with the parts of its arrangement, as inline SVG on the time axis of ``plots.loudness_plot``."""

from __future__ import annotations

import itertools
from xml.etree.ElementTree import Element, SubElement, tostring

from uptrack_analysis.figures import clock
from uptrack_analysis.present import wording
from uptrack_analysis.present.plots import LEFT, RIGHT, WIDTH
from uptrack_analysis.report import Report, Section

NAMES_HEIGHT, WAVE_HEIGHT = 22, 96
COLUMN = 2
"""Width of a column of the drawing: finer ones would double its bytes and show nothing more."""
LETTER = 7.5
"""A name is written only where it fits, at about this width a letter."""


def waveform_plot(report: Report) -> str:
    """Lowest, highest and mean level over time, sections as labelled bands; empty without a waveform."""
    wave = report.series.waveform
    if not wave.low:
        return ""
    top = NAMES_HEIGHT if report.sections else 0
    words = _in_words(report)
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "plot",
            "viewBox": f"0 0 {WIDTH} {top + WAVE_HEIGHT + 2}",
            "role": "img",
            "aria-label": words,
        },
    )
    SubElement(svg, "title").text = words
    _bands(svg, report, top)
    full_scale = max(1.0, -min(wave.low), *wave.high)
    middle, half = top + WAVE_HEIGHT / 2, WAVE_HEIGHT / 2 / full_scale
    columns = min(len(wave.low), (WIDTH - LEFT - RIGHT) // COLUMN)
    edges = [column * len(wave.low) // columns for column in range(columns + 1)]
    spans = [slice(first, last) for first, last in itertools.pairwise(edges)]
    peaks = [(middle - half * max(wave.high[span]), middle - half * min(wave.low[span])) for span in spans]
    means = [max(wave.rms[span]) for span in spans]
    width = (WIDTH - LEFT - RIGHT) / columns
    SubElement(svg, "path", {"class": "wave peak", "d": _outline(peaks, width)})
    body = [(middle - half * level, middle + half * level) for level in means]
    SubElement(svg, "path", {"class": "wave body", "d": _outline(body, width)})
    return tostring(svg, encoding="unicode")


def _bands(svg: Element, report: Report, top: int) -> None:
    duration_s = max(report.source.duration_s, 1e-3)
    for section in report.sections:
        x = LEFT + section.start_s / duration_s * (WIDTH - LEFT - RIGHT)
        width = (section.end_s - section.start_s) / duration_s * (WIDTH - LEFT - RIGHT)
        place = {"x": f"{x:.1f}", "y": "0", "width": f"{max(1.0, width - 1):.1f}", "height": str(top + WAVE_HEIGHT)}
        rect = SubElement(svg, "rect", {"class": f"section {section.kind or 'part'}", **place})
        SubElement(rect, "title").text = _section_in_words(section)
        name = wording.section_name(section)
        if len(name) * LETTER < width:
            SubElement(svg, "text", {"class": "name", "x": f"{x + 5:.1f}", "y": str(NAMES_HEIGHT - 7)}).text = name


def _section_in_words(section: Section) -> str:
    name = wording.section_name(section) or "part"
    bars = "" if section.bars is None else f", {section.bars:.3g} bars"
    return f"{name}: {clock(section.start_s)} to {clock(section.end_s)}{bars}"


def _in_words(report: Report) -> str:
    words = f"Waveform over {clock(report.source.duration_s, 3)}"
    if report.sections:
        words += "; " + "; ".join(_section_in_words(section) for section in report.sections)
    return words + "."


def _outline(columns: list[tuple[float, float]], width: float) -> str:
    """A closed path along the upper values and back along the lower ones to the nearest unit."""
    upper = [f"{LEFT + (index + 0.5) * width:.0f} {high:.0f}" for index, (high, _) in enumerate(columns)]
    lower = [f"{LEFT + (index + 0.5) * width:.0f} {low:.0f}" for index, (_, low) in enumerate(columns)]
    return "M" + "L".join([*upper, *reversed(lower)]) + "Z"
