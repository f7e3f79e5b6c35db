"""Where a problem is: spans of time as ``(start_s, end_s)``, joined, measured and made from windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import clock
from uptrack_analysis.report import Span

TimeSpan = tuple[float, float]


def merged(spans: Iterable[TimeSpan], gap_s: float = 0.0) -> tuple[TimeSpan, ...]:
    """The union of ``spans``, in order, with neighbours joined that lie ``gap_s`` or less apart."""
    joined: list[TimeSpan] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + gap_s:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def total_s(spans: Iterable[TimeSpan]) -> float:
    """Time covered by the union of ``spans``."""
    return sum(end - start for start, end in merged(spans))


def overlap_s(first: Iterable[TimeSpan], second: Iterable[TimeSpan]) -> float:
    """Time covered by both."""
    others = merged(second)
    return sum(
        max(0.0, min(end, other_end) - max(start, other_start))
        for start, end in merged(first)
        for other_start, other_end in others
    )


def share(spans: Iterable[TimeSpan], of: Iterable[TimeSpan]) -> float:
    """Share of ``of`` that ``spans`` cover, 0 to 1; 0 when there is nothing to cover."""
    of = merged(of)
    whole = total_s(of)
    return min(1.0, overlap_s(spans, of) / whole) if whole > 0 else 0.0


def spans_of_windows(chosen: NDArray[np.bool_], ends_s: NDArray[np.float64], length_s: float) -> tuple[TimeSpan, ...]:
    """The union of the chosen windows, each ``length_s`` long and ending at its place in ``ends_s``."""
    places = np.flatnonzero(chosen)
    if not places.size:
        return ()
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return merged((max(0.0, float(ends_s[run[0]]) - length_s), float(ends_s[run[-1]])) for run in runs)


def inside(times_s: NDArray[np.float64], spans: Sequence[TimeSpan]) -> NDArray[np.bool_]:
    """Which of ``times_s``, shape (n,), lie in one of ``spans``."""
    chosen = np.zeros(times_s.shape, dtype=np.bool_)
    for start, end in spans:
        chosen |= (times_s >= start) & (times_s < end)
    return chosen


def as_spans(spans: Iterable[TimeSpan], channel: int | None = None) -> tuple[Span, ...]:
    """The report's form."""
    return tuple(Span(start, end, channel) for start, end in spans)


def when(spans: Sequence[TimeSpan], at_most: int = 3) -> str:
    """The longest few stretches in order of time: "1:32–1:48, 2:10–2:20 and 4 more"."""
    longest = sorted(sorted(spans, key=lambda span: span[0] - span[1])[:at_most])
    named = [clock(a) if clock(a) == clock(b) else f"{clock(a)}–{clock(b)}" for a, b in longest]
    more = len(spans) - len(longest)
    if more > 0:
        return ", ".join(named) + f" and {more} more"
    return named[0] if len(named) == 1 else ", ".join(named[:-1]) + " and " + named[-1] if named else ""
