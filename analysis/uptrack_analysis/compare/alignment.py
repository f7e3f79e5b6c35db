"""Which moment of one version is which of another, though phrases were put in or taken out between them.

Each file is a row of steps (half a second as a rule) that hold the level of the eight named bands, each file's own
loudness taken off. The cheapest monotone path through both, found by dynamic programming with affine gap costs, pairs
steps that sound alike and skips what only one file has (Gotoh 1982, as for sequences of any kind). Levels are compared
up to ``MOST_DB``, so that a band that was mended shifts no time. Pieces of the path are then moved by fractions of a
step until the momentary loudness fits best.

Looped music is the same in many places: where an inserted phrase repeats its neighbour, which of the two was "put in"
cannot be known, and does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from uptrack_analysis.report import Report

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

TimeSpan = tuple[float, float]

MOST_DB = 12.0
"""Band levels that differ by more are only "different"."""
FLOOR_LU = -40.0
"""Under the file's loudness a level is as good as silence."""
OPEN, EXTEND = 2.0, 0.25
"""Of a gap, in units of a step whose bands all differ by ``MOST_DB``: two gaps cost more than a step half different."""
MOST_PASSES, NO_GAIN_DB = 3, 0.25
SOUNDING_LU = -20.0
"""Quieter steps have no say in how alike two files are: every fade-out is like every other."""
LIKE_FROM = 0.65
"""Below this likeness two files are not versions of one mix."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch that both files have, of one length."""

    old_s: float
    new_s: float
    length_s: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """Pieces in order of time, which lie in the same order in both files."""

    pieces: tuple[Piece, ...]
    old_duration_s: float
    new_duration_s: float
    likeness: float
    """Up to 1: the correlation of both files' band levels along the pairs, times the share of the shorter file that
    has pairs. Twelve faults mended in a mix leave 0.85; pieces that have nothing to do with each other reach 0.5."""

    @property
    def versions_of_one_mix(self) -> bool:
        return self.likeness >= LIKE_FROM

    @property
    def inserted(self) -> tuple[TimeSpan, ...]:
        """What only the newer file has, in its own time."""
        return _between([(piece.new_s, piece.new_s + piece.length_s) for piece in self.pieces], self.new_duration_s)

    @property
    def removed(self) -> tuple[TimeSpan, ...]:
        """What only the older file has, in its own time."""
        return _between([(piece.old_s, piece.old_s + piece.length_s) for piece in self.pieces], self.old_duration_s)

    def to_new(self, spans: Iterable[TimeSpan]) -> tuple[TimeSpan, ...]:
        """Where stretches of the older file lie in the newer; what was taken out is nowhere."""
        return tuple(
            (start - piece.old_s + piece.new_s, end - piece.old_s + piece.new_s)
            for span in spans
            for piece in self.pieces
            for start, end in _cut(span, piece.old_s, piece.length_s)
        )

    def common(self, spans: Iterable[TimeSpan], *, of_new: bool) -> tuple[TimeSpan, ...]:
        """Stretches of either file on the time both share: its pieces, one after the other."""
        found: list[TimeSpan] = []
        for span in spans:
            before = 0.0
            for piece in self.pieces:
                from_s = piece.new_s if of_new else piece.old_s
                found += [
                    (start - from_s + before, end - from_s + before)
                    for start, end in _cut(span, from_s, piece.length_s)
                ]
                before += piece.length_s
        return tuple(found)

    def swapped(self) -> Alignment:
        """The same from the other file's side."""
        pieces = tuple(Piece(piece.new_s, piece.old_s, piece.length_s) for piece in self.pieces)
        return Alignment(pieces, self.new_duration_s, self.old_duration_s, self.likeness)


def align(old: Report, new: Report) -> Alignment:
    """Pair two reports' time, by their band curves, or by their loudness where they have none."""
    if old.source.sha256 == new.source.sha256:
        return _whole(old, new, 1.0)
    # One order for both directions: ties in looped music must fall the same way whoever asks.
    first, second = sorted((old, new), key=lambda report: (report.source.duration_s, report.source.sha256))
    found = _align(first, second)
    return found if first is old else found.swapped()


def placed(old: Report, new: Report, start_s: float) -> Alignment:
    """The alignment of a passage: ``new`` is known to be rendered again from ``start_s`` of ``old`` on."""
    length_s = max(0.0, min(new.source.duration_s, old.source.duration_s - start_s))
    pieces = (Piece(start_s, 0.0, length_s),) if length_s > 0 else ()
    return Alignment(pieces, old.source.duration_s, new.source.duration_s, 1.0)


def _align(old: Report, new: Report) -> Alignment:
    step_s = max(_step_s(old), _step_s(new))
    old_steps, new_steps = _steps(old, step_s), _steps(new, step_s)
    if not len(old_steps) or not len(new_steps) or old_steps.shape[1] != new_steps.shape[1]:
        return _whole(old, new, 1.0)
    pairs: list[tuple[int, int]] = []
    for _ in range(MOST_PASSES):
        pairs = _path(_differences(old_steps, new_steps))
        # A phrase that was put in moves a file's own loudness; what was paired tells the gain between the two better.
        gain_db = float(np.median([np.median(new_steps[j] - old_steps[i]) for i, j in pairs])) if pairs else 0.0
        if abs(gain_db) < NO_GAIN_DB:
            break
        old_steps = old_steps + gain_db
    alike = _likeness(old_steps, new_steps, pairs)
    pieces = [_fitted(old, new, Piece(i * step_s, j * step_s, count * step_s), step_s) for i, j, count in _runs(pairs)]
    return Alignment(
        _within(pieces, old.source.duration_s, new.source.duration_s, step_s),
        old.source.duration_s,
        new.source.duration_s,
        alike,
    )


def _whole(old: Report, new: Report, likeness: float) -> Alignment:
    length_s = min(old.source.duration_s, new.source.duration_s)
    pieces = (Piece(0.0, 0.0, length_s),) if length_s > 0 else ()
    return Alignment(pieces, old.source.duration_s, new.source.duration_s, likeness)


# -- steps -------------------------------------------------------------------------------------------------------------


def _step_s(report: Report) -> float:
    return report.series.bands_step_s if report.series.bands else max(1.0, report.series.step_s)


def _steps(report: Report, step_s: float) -> Matrix:
    """Level of each curve over the file's loudness, shape (n_steps, n_curves)."""
    series = report.series
    curves: Sequence[Sequence[float | None]]
    if series.bands:
        curves, own_s = [band.level_dbfs for band in series.bands], series.bands_step_s
    else:
        curves, own_s = [series.short_term_lufs], series.step_s
    levels = np.array([[np.nan if level is None else level for level in curve] for curve in curves], dtype=np.float64)
    if not levels.size or not np.isfinite(levels).any():
        return np.empty((0, len(curves)))
    # A file's own loudness: a change of gain is no change of sound. The loudest half counts, or a longer break would.
    mean = 10 * np.log10(np.nan_to_num(10 ** (levels / 10)).sum(axis=0) + 1e-12)
    loudness = float(np.median(mean[mean >= np.median(mean)]))
    levels = np.maximum(np.nan_to_num(levels, nan=loudness + FLOOR_LU), loudness + FLOOR_LU) - loudness
    count = max(1, round(levels.shape[1] * own_s / step_s))
    if np.isclose(own_s, step_s):
        return np.ascontiguousarray(levels.T)
    edges_s = own_s * np.arange(levels.shape[1] + 1)
    wanted_s = np.minimum(step_s * np.arange(count + 1), edges_s[-1])
    sums = np.concatenate([np.zeros((levels.shape[0], 1)), np.cumsum(levels * own_s, axis=1)], axis=1)
    at_edges = np.array([np.interp(wanted_s, edges_s, row) for row in sums])
    lengths = np.maximum(np.diff(wanted_s), 1e-9)
    return np.ascontiguousarray((np.diff(at_edges, axis=1) / lengths).T)


def _differences(old: Matrix, new: Matrix) -> Matrix:
    """Mean difference of the curves, 0 for equal to 1, shape (n_old, n_new)."""
    total = np.zeros((len(old), len(new)))
    for curve in range(old.shape[1]):
        total += np.minimum(np.abs(old[:, curve, None] - new[None, :, curve]), MOST_DB)
    share: Matrix = total / (MOST_DB * old.shape[1])
    return share


# -- the path ----------------------------------------------------------------------------------------------------------

PAIRED, REMOVED, INSERTED = 0, 1, 2
ROUNDING = 1e-9


def _path(differences: Matrix) -> list[tuple[int, int]]:
    """(old step, new step) pairs of the cheapest way from both beginnings to both ends."""
    rows, columns = differences.shape
    came = np.zeros((3, rows + 1, columns + 1), dtype=np.int8)
    places = EXTEND * np.arange(columns + 1)
    # Cost to stand before (row, column), by what the last step was.
    paired = np.full(columns + 1, np.inf)
    removed = np.full(columns + 1, np.inf)
    paired[0] = 0.0
    inserted = np.concatenate([[np.inf], OPEN + places[1:]])
    came[INSERTED, 0, 2:] = INSERTED
    for row in range(1, rows + 1):
        above = np.stack([paired, removed, inserted])
        best = above.argmin(axis=0).astype(np.int8)
        lowest = np.take_along_axis(above, best[None].astype(np.int64), axis=0)[0]
        came[PAIRED, row, 1:] = best[:-1]
        opened = np.minimum(paired, inserted) + OPEN
        came[REMOVED, row] = np.where(
            removed <= opened, REMOVED, np.where(paired <= inserted, PAIRED, INSERTED).astype(np.int8)
        )
        removed = np.minimum(removed, opened) + EXTEND
        paired = np.concatenate([[np.inf], lowest[:-1] + differences[row - 1]])
        start = np.minimum(paired, removed)
        # The best place to the left at which the gap may have begun.
        began = np.minimum.accumulate(start - places)
        inserted = np.concatenate([[np.inf], began[:-1] + OPEN + places[1:]])
        # The two sides are one sum in another order: without the margin its last bit would decide the way back.
        fresh = start[:-1] + OPEN + EXTEND <= inserted[1:] + ROUNDING
        came[INSERTED, row, 1:] = np.where(
            fresh, np.where(paired[:-1] <= removed[:-1], PAIRED, REMOVED), INSERTED
        ).astype(np.int8)
    state = int(np.argmin([paired[-1], removed[-1], inserted[-1]]))
    row, column = rows, columns
    pairs: list[tuple[int, int]] = []
    while row > 0 or column > 0:
        before = int(came[state, row, column])
        if state == PAIRED:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif state == REMOVED:
            row -= 1
        else:
            column -= 1
        state = before
    return pairs[::-1]


def _likeness(old: Matrix, new: Matrix, pairs: Sequence[tuple[int, int]]) -> float:
    """How far the bands of both go up and down together, whatever their mean levels: mending a band is no other mix."""
    one, other = (steps[[pair[side] for pair in pairs]] for side, steps in enumerate((old, new)))
    sounding = (one.max(axis=1, initial=FLOOR_LU) > SOUNDING_LU) & (other.max(axis=1, initial=FLOOR_LU) > SOUNDING_LU)
    if not sounding.any():
        return 0.0
    one, other = (steps[sounding] - steps[sounding].mean(axis=0) for steps in (one, other))
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    together = float((one * other).sum()) / scale if scale > 0 else 1.0
    return max(0.0, together) * len(pairs) / min(len(old), len(new))


def _runs(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Pairs that follow each other in both files, as (first old step, first new step, how many)."""
    runs: list[tuple[int, int, int]] = []
    for old, new in pairs:
        if runs and (old, new) == (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]):
            runs[-1] = (runs[-1][0], runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((old, new, 1))
    return runs


# -- finer than a step -------------------------------------------------------------------------------------------------


def _fitted(old: Report, new: Report, piece: Piece, step_s: float) -> Piece:
    """The piece, moved in the newer file by up to a step, to where the momentary loudness fits best."""
    fine_s = old.series.step_s
    if new.series.step_s != fine_s or fine_s >= step_s:
        return piece
    one, other = (_curve(report) for report in (old, new))
    first, count = round(piece.old_s / fine_s), round(piece.length_s / fine_s)
    reach = round(step_s / fine_s)
    best, least = 0, np.inf
    # From the middle outwards: what fits as well unmoved is not moved.
    for shift in sorted(range(-reach, reach + 1), key=abs):
        start = round(piece.new_s / fine_s) + shift
        low = max(0, -start)
        size = min(count, len(one) - first, len(other) - start) - low
        if size < min(count, 2 * reach) // 2 + 1:
            continue
        gap = one[first + low : first + low + size] - other[start + low : start + low + size]
        error = float(np.mean(np.abs(gap - np.median(gap))))
        if error < least - 1e-6:
            best, least = shift, error
    return Piece(piece.old_s, piece.new_s + best * fine_s, piece.length_s)


def _curve(report: Report) -> Matrix:
    values = np.array([np.nan if level is None else level for level in report.series.momentary_lufs], dtype=np.float64)
    loudest = np.nanmax(values) if np.isfinite(values).any() else 0.0
    return np.maximum(np.nan_to_num(values, nan=-np.inf), loudest + FLOOR_LU) - loudest


def _within(pieces: Sequence[Piece], old_s: float, new_s: float, step_s: float) -> tuple[Piece, ...]:
    """The pieces inside both files, in order and not over each other; the last reaches both ends if it is near them."""
    kept: list[Piece] = []
    old_end, new_end = 0.0, 0.0
    for number, piece in enumerate(pieces):
        late = max(0.0, old_end - piece.old_s, new_end - piece.new_s)
        start_old, start_new = piece.old_s + late, piece.new_s + late
        length = min(piece.length_s - late, old_s - start_old, new_s - start_new)
        rest_old, rest_new = old_s - start_old - length, new_s - start_new - length
        if number == len(pieces) - 1 and max(rest_old, rest_new) <= step_s:
            length += min(rest_old, rest_new)
        if length > 1e-6:
            if kept and max(start_old - old_end, start_new - new_end) < 1e-6:  # moved together: one piece
                kept[-1] = Piece(kept[-1].old_s, kept[-1].new_s, kept[-1].length_s + length)
            else:
                kept.append(Piece(start_old, start_new, length))
            old_end, new_end = start_old + length, start_new + length
    return tuple(kept)


# -- spans -------------------------------------------------------------------------------------------------------------


def _cut(span: TimeSpan, from_s: float, length_s: float) -> tuple[TimeSpan, ...]:
    """The part of ``span`` inside a piece; a span without length lies in it or not."""
    start, end = max(span[0], from_s), min(span[1], from_s + length_s)
    if span[0] == span[1]:
        return ((start, end),) if from_s <= span[0] <= from_s + length_s else ()
    return ((start, end),) if start < end else ()


def _between(spans: Sequence[TimeSpan], duration_s: float) -> tuple[TimeSpan, ...]:
    edges = [0.0, *(edge for span in spans for edge in span), duration_s]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return tuple((start, end) for start, end in gaps if end - start > 1e-3)
