"""An equaliser heard between two passes of the same loop.

Electronic music says the same bar again, and what one pass has and the other has not stands out as nothing else does.
Half a beat is held against the same half beat 1, 2, 4 ... 32 bars before, sixth octave by sixth octave. An equaliser
left on moves one range by one amount, half beat after half beat, what is loud in it and what is quiet; it falls off to
both sides, and on one of them bands further away keep their level. An instrument that enters moves what its notes move,
note by note, and a held one fills what was quiet. Nothing tells an equaliser from the fader of the one part that plays
in an octave and nowhere else.

Which of the two passes is the odd one, such pairs say together: the passage around which the other lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.findings.places import TimeSpan
from uptrack_analysis.findings.tone import OCTAVES, SIXTHS
from uptrack_analysis.measure.band_sums import sums_between
from uptrack_analysis.measure.ltas import Band
from uptrack_analysis.measure.results import BandMatrix, BeatGrid
from uptrack_analysis.signal import FloatArray

CELLS_A_BEAT = 2
_EARLY = 0.25
"""Of a cell, by which it begins before its beat: so no hit is divided between two."""
_BARS = (1, 2, 4, 8, 16, 32)
_LOWEST_HZ, _HIGHEST_HZ = OCTAVES[0].low_hz, OCTAVES[-1].low_hz
"""Of an octave's own beginning and end."""
_LEAST_DB, _MOST_DB = 2.5, 13.0
"""Of an octave's mean: a bell of 15 dB. What leaps by more was not there before."""
_STEADY_DB, _STEADY_SHARE = 0.8, 0.2
"""Deviation over a bar of what a sixth of the octave moves by, at most, also as a share of the move: what is left of
two passes of one loop is 0.2 to 1 dB."""
_AGREEING_SHARE, _AGREEING_PAIRS = 0.12, 0.75
"""An equaliser that is left on moves every pass by as much: the share of pairs that are so near their median."""
_RIM_SHARE = 0.4
"""Of the move, what each of the octave's sixths takes part in at least."""
_SKIRT_SHARES = (-0.3, 0.85)
"""The same of the half octaves beside it."""
_AWAY_DB, _AWAY_SHARE = 0.5, 0.25
"""What any band more than an octave away moves by, at most, on one side of it."""
_HEARD_DB = 60.0
"""How far under the file's loudest sixth something still has a level of its own."""
_OWN_SPREAD_DB = 0.4
"""Deviation over the bar of the octave's own level, in both passes: a held note has none, and lifts what it covers by
as much as an equaliser would."""
_LEAST_BARS = 2
"""So many bars, or lags at which one is met, that are not the same pair a half beat later. Of 62 clean songs, a minute
each, none has a pair; of 24 at full length one has nine, which do not agree."""
_SAME_COLUMNS = 2
"""Octaves so few sixths apart are one."""
_LONG = 12
"""Bars: a shorter passage that has none of the other on one side of it is as long as what was met again."""
_AT_ONCE = 2048
_SILENCE = 1e-12


@dataclass(frozen=True, slots=True)
class LoopLeap:
    """One octave that an equaliser moves in one passage."""

    band: Band
    apart_db: float
    """How far it lies over (under, if negative) what it is in other passes of the same bars."""
    span: TimeSpan


@dataclass(frozen=True, slots=True)
class _Pair:
    """Bars of one sound, of which the later has more or less of one octave."""

    later: int
    """First cell."""
    earlier: int
    start: int
    """First column of the octave."""
    apart_db: float
    """Of the later one."""

    @property
    def lag(self) -> int:
        return self.later - self.earlier


def loop_leap(matrix: BandMatrix, grid: BeatGrid) -> LoopLeap | None:
    """The octave that most pairs of bars say was moved, if any do.

    Parameters
    ----------
    matrix : BandMatrix
    grid : BeatGrid
        Of the same file.
    """
    if matrix.times_s.size < 2:
        return None
    edges_s, levels_db = _cells(matrix, grid)
    bar = CELLS_A_BEAT * grid.beats_per_bar
    pairs = [pair for bars in _BARS for pair in _pairs(matrix.edges_hz, levels_db, bar, bars)]
    if not pairs:
        return None
    sums_db = np.bincount([pair.start for pair in pairs], weights=[abs(pair.apart_db) for pair in pairs])
    start = int(np.argmax(sums_db))
    alike = [pair for pair in pairs if abs(pair.start - start) <= _SAME_COLUMNS]
    sizes_db = np.array([abs(pair.apart_db) for pair in alike if pair.start == start])
    size_db = float(np.median(sizes_db))
    agree = np.abs(sizes_db - size_db) <= max(_STEADY_DB, _AGREEING_SHARE * size_db)
    apart = {(pair.later // bar, pair.lag) for pair in alike}
    if len(apart) < _LEAST_BARS or size_db > _MOST_DB or np.mean(agree) < _AGREEING_PAIRS:
        return None
    found = _odd_passage(alike, bar, _contrast_db(levels_db, start))
    if found is None:
        return None
    passage, sign = found
    low_hz, high_hz = float(matrix.edges_hz[start]), float(matrix.edges_hz[start + SIXTHS])
    name = next(band.name for band in OCTAVES if (low_hz * high_hz) ** 0.5 < band.high_hz)
    span = (float(edges_s[passage.start]), float(edges_s[passage.stop]))
    return LoopLeap(Band(name, low_hz, high_hz), sign * size_db, span)


def _cells(matrix: BandMatrix, grid: BeatGrid) -> tuple[FloatArray, FloatArray]:
    """(edges in seconds, shape (n_cells + 1,); mean levels in dB, shape (n_bands, n_cells)), the cells half beats.

    Frames that lie across an edge are divided.
    """
    hop_s = float(matrix.times_s[1] - matrix.times_s[0])
    begin_s = float(matrix.times_s[0]) - hop_s / 2
    cell_s = grid.beat_s / CELLS_A_BEAT
    first_s = (grid.first_beat_s - _EARLY * cell_s - begin_s) % cell_s + begin_s
    count = max(0, int((matrix.times_s[-1] - first_s) / cell_s))
    edges_s: FloatArray = first_s + cell_s * np.arange(count + 1, dtype=np.float64)
    if count == 0:
        return edges_s, np.empty((matrix.edges_hz.size - 1, 0))
    frames, shares = np.divmod((edges_s - begin_s) / hop_s, 1.0)
    at = frames.astype(np.intp)
    sums = sums_between(matrix.ll, at)
    sums += sums_between(matrix.rr, at)
    cut = np.add(matrix.ll[at], matrix.rr[at], dtype=np.float64) * shares[:, np.newaxis]
    sums += cut[1:]
    sums -= cut[:-1]
    levels_db: FloatArray = 10 * np.log10(np.maximum(np.ascontiguousarray(sums.T) / (2 * cell_s / hop_s), _SILENCE))
    return edges_s, levels_db


def _pairs(edges_hz: FloatArray, levels_db: FloatArray, bar: int, bars: int) -> Iterator[_Pair]:
    """Bars that sound alike ``bars`` later but for one octave."""
    lag, count = bars * bar, levels_db.shape[1]
    heard_db = float(levels_db.max(initial=-np.inf)) - _HEARD_DB
    windows = count - lag - bar + 1
    for first in range(0, windows, _AT_ONCE):
        last = min(first + _AT_ONCE, windows)
        earlier, later = levels_db[:, first : last + bar - 1], levels_db[:, first + lag : last + lag + bar - 1]
        both_heard = _means(np.minimum(earlier, later) > heard_db, bar) > 1 - 0.5 / bar
        moved_db = _means(later - earlier, bar)
        spread_db = np.sqrt(np.maximum(_means(np.square(later - earlier), bar) - np.square(moved_db), 0.0))
        for start in _starts(edges_hz):
            octave = slice(start, start + SIXTHS)
            apart_db = moved_db[octave].mean(axis=0)
            chosen = _like_an_equaliser(moved_db, spread_db, start, apart_db)
            if not chosen.any():
                continue
            chosen &= both_heard[octave].all(axis=0)
            chosen &= np.all(
                [_spread(side[octave].mean(axis=0), bar) >= _OWN_SPREAD_DB for side in (earlier, later)], 0
            )
            for window in np.flatnonzero(chosen).tolist():
                yield _Pair(first + window + lag, first + window, start, float(apart_db[window]))


def _starts(edges_hz: FloatArray) -> range:
    """First columns of the octaves that are looked at, whose neighbours the file has, too."""
    lowest, highest = (int(np.argmin(np.abs(np.log(edges_hz / hz)))) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    return range(max(SIXTHS, lowest), min(highest, edges_hz.size - 1 - SIXTHS) - SIXTHS + 1)


def _means(cells: NDArray[np.floating] | NDArray[np.bool_], bar: int) -> FloatArray:
    """Means of ``bar`` cells in a row, shape (n_bands, n_cells - bar + 1)."""
    sums = np.cumsum(cells, axis=1, dtype=np.float64)
    sums[:, bar:] -= sums[:, :-bar].copy()
    means: FloatArray = sums[:, bar - 1 :] / bar
    return means


def _spread(level_db: FloatArray, bar: int) -> FloatArray:
    """Deviation of ``bar`` levels in a row, shape (n_cells - bar + 1,)."""
    spread_db: FloatArray = np.std(np.lib.stride_tricks.sliding_window_view(level_db, bar), axis=1)
    return spread_db


def _like_an_equaliser(
    moved_db: FloatArray, spread_db: FloatArray, start: int, apart_db: FloatArray
) -> NDArray[np.bool_]:
    """Which windows move as a bell on that octave moves them, shape (n_windows,)."""
    end, half = start + SIXTHS, SIXTHS // 2
    size_db = np.abs(apart_db)
    chosen: NDArray[np.bool_] = size_db >= _LEAST_DB
    chosen &= spread_db[start:end].max(axis=0) <= np.maximum(_STEADY_DB, _STEADY_SHARE * size_db)
    if not chosen.any():
        return chosen
    along_db = moved_db * np.sign(apart_db)
    middle_db = along_db[start + half - 1 : start + half + 1].mean(axis=0)
    chosen &= (middle_db >= size_db) & (along_db[start:end].min(axis=0) >= _RIM_SHARE * size_db)
    for skirt in (slice(start - half, start), slice(end, end + half)):
        share_db = along_db[skirt].mean(axis=0)
        chosen &= (share_db >= _SKIRT_SHARES[0] * size_db) & (share_db <= _SKIRT_SHARES[1] * size_db)
    away_db = _AWAY_DB + _AWAY_SHARE * size_db
    stays = [
        np.abs(moved_db[side]).max(axis=0) <= away_db
        for side in (slice(0, start - SIXTHS), slice(end + SIXTHS, None))
        if len(moved_db[side]) >= SIXTHS
    ]
    return chosen & np.any(stays, axis=0) if stays else np.zeros_like(chosen)


def _contrast_db(levels_db: FloatArray, start: int) -> FloatArray:
    """Of the octave over both its neighbours, shape (n_cells,)."""
    below, own, above = (levels_db[at : at + SIXTHS].mean(axis=0) for at in (start - SIXTHS, start, start + SIXTHS))
    contrast_db: FloatArray = own - (below + above) / 2
    return contrast_db


def _odd_passage(pairs: list[_Pair], bar: int, contrast_db: FloatArray) -> tuple[slice, float] | None:
    """The cells that are out, and whether they have more (1.0) or less (-1.0); ``None`` where the pairs disagree."""
    count = contrast_db.size
    votes = np.zeros(count)
    for pair in pairs:
        sign = np.sign(pair.apart_db)
        votes[pair.later : pair.later + bar] += sign
        votes[pair.earlier : pair.earlier + bar] -= sign
    passes = [_Pass.of(votes, sign) for sign in (1.0, -1.0)]
    if not all(one.cells for one in passes):
        return None
    more, less = passes
    if (more_inside := more.has_within(less)) != (less_inside := less.has_within(more)):
        # One lies around the other, which is then the odd one.
        odd = more if more_inside < less_inside else less
    else:
        # Side by side: the one that is further from what the file has most of the time.
        away_db = [abs(float(np.median(contrast_db[list(one.cells)]) - np.median(contrast_db))) for one in passes]
        odd = more if away_db[0] > away_db[1] else less
    other = less if odd is more else more
    if odd.has_within(other) > odd.length / 4:
        return None
    lags = [pair.lag for pair in pairs]
    reach = _Reach(odd.sign * contrast_db, min(lags), max(lags), bar, odd, other)
    start, end = reach.start(), count - reach.backwards().start()
    # A little over half of the file is half of it, in bars.
    return None if end - start > count / 2 + bar else (slice(start, end), odd.sign)


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far the odd passage goes beyond the bars that were compared."""

    along_db: FloatArray
    """The octave's contrast, higher in the odd passage, shape (n_cells,)"""
    lag: int
    farthest: int
    """At which bars were met again, the smallest and the largest."""
    bar: int
    odd: _Pass
    other: _Pass

    def start(self) -> int:
        before = [cell for cell in self.other.cells if cell < self.odd.start]
        if before:
            return self._border(before[-1] + 1)
        # As long as the widest lag, it may have been longer than any bar was looked for.
        return self._grown() if self.odd.length > self.farthest - self.bar >= _LONG * self.bar else self.odd.start

    def _border(self, first: int) -> int:
        """From which cell on it is odd: where what the loop before it does not explain steps up most."""
        bar, known = self.bar, max(0, first - self.bar, self.lag)
        end = min(self.along_db.size, self.odd.start + bar)
        places = range(max(first, known + 1), self.odd.start + 1)
        if not places:
            return self.odd.start
        new_db = self.along_db[known:end] - self.along_db[known - self.lag : end - self.lag]
        steps_db = [
            new_db[cell - known : cell - known + bar].mean() - new_db[max(0, cell - known - bar) : cell - known].mean()
            for cell in places
        ]
        return places[int(np.argmax(steps_db))]

    def _grown(self) -> int:
        """From the first cell of the file's run of loops that are as the odd passage is, and not as the other."""
        odd_db, other_db = (float(np.median(self.along_db[list(one.cells)])) for one in (self.odd, self.other))
        loops = np.convolve(self.along_db, np.full(self.lag, 1 / self.lag), "valid")[: self.odd.start]
        usual = np.flatnonzero(loops < (odd_db + other_db) / 2)
        return min(self.odd.start, int(usual[-1]) + 1) if usual.size else 0

    def backwards(self) -> _Reach:
        """The same with time reversed, in which the end is the start."""
        count = self.along_db.size
        odd, other = (
            _Pass(one.sign, tuple(count - 1 - cell for cell in one.cells[::-1])) for one in (self.odd, self.other)
        )
        return _Reach(self.along_db[::-1], self.lag, self.farthest, self.bar, odd, other)


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one side of the pairs covers."""

    sign: float
    cells: tuple[int, ...]

    @classmethod
    def of(cls, votes: FloatArray, sign: float) -> _Pass:
        return cls(sign, tuple(np.flatnonzero(sign * votes > 0).tolist()))

    @property
    def start(self) -> int:
        return self.cells[0]

    @property
    def end(self) -> int:
        return self.cells[-1] + 1

    @property
    def length(self) -> int:
        return self.end - self.start

    def has_within(self, other: _Pass) -> int:
        """How many cells of the other lie between its own first and last."""
        return sum(self.start <= cell < self.end for cell in other.cells)
