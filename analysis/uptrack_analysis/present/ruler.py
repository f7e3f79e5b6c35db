"""Markers laid over a bar ruler, as lines of text: what a DAW's timeline would show, for a terminal.

The ruler is linear in time, so a change of tempo shows as wider or narrower bars. Each marker is a span of its own
colour-free glyph with its number, packed into as few rows as hold them; below stands a line for each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from uptrack_analysis.figures import clock
from uptrack_analysis.present.wording import plain
from uptrack_analysis.report import Severity

GLYPHS: dict[Severity, str] = {"blocker": "█", "major": "▓", "moderate": "▒", "minor": "░", "info": "·"}
BAR_STEPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
CELLS_PER_LABEL = 6
"""Room for a bar number of four digits and the space that keeps it from the next."""
NARROWEST = 20


class BarLines(Protocol):
    """Where a project's bars are; ``uptrack_bridges.tempo_map.TempoMap`` is one."""

    def position(self, time_s: float, /) -> tuple[int, float]:
        """Bar and beat at ``time_s``, both from 1."""
        ...

    def time_s(self, bar: int, /) -> float:
        """When a bar begins, in project seconds."""
        ...

    def label(self, time_s: float, /) -> str:
        """Bar and whole beat: "73.1"."""
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """One marker, in project seconds."""

    start_s: float
    end_s: float
    severity: Severity
    text: str


def ruler(marks: Sequence[Mark], bars: BarLines | None, *, start_s: float, end_s: float, width: int = 80) -> list[str]:
    """Draw a ruler with marks over it and a legend under it.

    Parameters
    ----------
    marks : sequence of Mark
        Numbered from 1 in the order given; what lies outside the ruler is drawn at its edge.
    bars : BarLines or None
        The project's bars; without them the ruler counts minutes and seconds.
    start_s, end_s : float
        Project seconds at the ruler's edges, ``start_s < end_s``.
    width : int
        Columns of the terminal; no line is longer. At least ``NARROWEST``.

    Returns
    -------
    lines : list of str
        Labels, ruler, rows of marks, one empty line and the legend; no colour, no trailing blanks.

    Raises
    ------
    ValueError
        The ruler has no length or the width no room.
    """
    if not start_s < end_s:
        raise ValueError(f"expected start_s < end_s; got {start_s} and {end_s}")
    if width < NARROWEST:
        raise ValueError(f"expected a width of at least {NARROWEST} columns; got {width}")
    scale = _Scale(start_s, end_s, width)
    ticks = _bar_ticks(bars, scale) if bars is not None else _clock_ticks(scale)
    return [*_ruler_lines(ticks, width), *_mark_rows(marks, scale), *_legend(marks, bars, width)]


@dataclass(frozen=True, slots=True)
class _Scale:
    start_s: float
    end_s: float
    width: int

    def cell(self, time_s: float) -> int:
        share = (time_s - self.start_s) / (self.end_s - self.start_s)
        return min(self.width - 1, max(0, math.floor(share * self.width)))

    def fits(self, ticks: int) -> bool:
        return ticks * CELLS_PER_LABEL <= self.width


def _bar_ticks(bars: BarLines, scale: _Scale) -> list[tuple[int, str]]:
    first, last = bars.position(scale.start_s)[0], bars.position(scale.end_s)[0]
    step = next((step for step in BAR_STEPS if scale.fits((last - first) // step + 1)), BAR_STEPS[-1])
    # Musicians count phrases from bar 1: 1, 9, 17 rather than 0, 8, 16.
    start = first + (1 - first) % step
    numbered = ((bar, bars.time_s(bar)) for bar in range(start, last + 1, step))
    return [(scale.cell(time_s), str(bar)) for bar, time_s in numbered if scale.start_s <= time_s < scale.end_s]


def _clock_ticks(scale: _Scale) -> list[tuple[int, str]]:
    length_s = scale.end_s - scale.start_s
    step_s = next(
        (step for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600) if length_s / step * 8 <= scale.width), 3_600
    )
    first = math.ceil(scale.start_s / step_s)
    last = math.ceil(scale.end_s / step_s)
    return [(scale.cell(count * step_s), clock(count * step_s)) for count in range(first, last)]


def _ruler_lines(ticks: Sequence[tuple[int, str]], width: int) -> list[str]:
    labels, line = [" "] * width, ["─"] * width
    free = 0
    for cell, label in ticks:
        line[cell] = "┼"
        if cell >= free and cell + len(label) <= width:
            labels[cell : cell + len(label)] = label
            free = cell + len(label) + 1
    return ["".join(labels).rstrip(), "".join(line)]


def _mark_rows(marks: Sequence[Mark], scale: _Scale) -> list[str]:
    rows: list[list[str]] = []
    for number, mark in enumerate(marks, start=1):
        name = str(number)
        first = min(scale.cell(mark.start_s), scale.width - len(name))
        last = max(scale.cell(mark.end_s), first + len(name) - 1)
        # One blank on either side keeps two marks in a row apart.
        row = next((row for row in rows if not "".join(row[max(0, first - 1) : last + 2]).strip()), None)
        if row is None:
            row = [" "] * scale.width
            rows.append(row)
        row[first : last + 1] = name + GLYPHS[mark.severity] * (last - first + 1 - len(name))
    return ["".join(row).rstrip() for row in rows]


def _legend(marks: Sequence[Mark], bars: BarLines | None, width: int) -> list[str]:
    if not marks:
        return []
    numbers = [str(number) for number in range(1, len(marks) + 1)]
    places = [bars.label(mark.start_s) if bars is not None else clock(mark.start_s, 3) for mark in marks]
    number_cells, place_cells = max(map(len, numbers)), max(map(len, places))
    lines = [""]
    for number, place, mark in zip(numbers, places, marks, strict=True):
        line = f"{number:>{number_cells}}  {place:<{place_cells}}  {mark.severity:<8}  {plain(mark.text)}"
        lines.append((line if len(line) <= width else line[: width - 1] + "…").rstrip())
    return lines
