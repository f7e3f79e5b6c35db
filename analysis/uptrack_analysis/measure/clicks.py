"""Clicks: a wrong sample, a step or a burst of at most 2 ms in music that goes on as before.

Electronic music is made of steep edges, so steepness proves nothing. The screening (``screening.py``) marks rows of
about 1.5 ms that stand out of the 12 ms on both sides: note onsets do not, because what follows them is as bright, and
waves that are steep by nature do not, because their next period is as steep. What stands out is judged in each channel
(``discontinuity.py``):

* a **spike**, one sample off its place, is no instrument's work: a click, unless edges as high come once a second,
  which is crackle or a texture, or a note begins with it;
* a **step** or a **burst** may be the edge of a note. It counts only if the music goes on as loud and as bright as
  before, and only where its equals are rare: synthesisers that switch their voices hard, and samples cut short, leave
  edges by the dozen, and that is how the track sounds. An edge too faint beside what is near it to be a click is still
  one of the dozen: what an equaliser, a clip or an echo does to some of a song's edges makes no click of the others;
* three discontinuities within 65 ms are a wave (31 Hz and up), and what keeps to one grid is played; so is what has
  two edges of its like in whole steps from it, to the meter's own few milliseconds if they are as strong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.discontinuity import LEAST, Judge, look_like_spikes
from uptrack_analysis.measure.regular import keeps_time
from uptrack_analysis.measure.results import Click
from uptrack_analysis.measure.screening import Screening
from uptrack_analysis.signal import Block, FloatArray

_NEAR_ROWS = 8
_ROW_RATIO = 4.0
"""Energy of a row over the strongest row near it. Rows of steady noise keep under 3."""
_SPIKE_ROW_RATIO = 3.0
"""The same of a row whose largest has the shape of a wrong sample: beside hats it stands out by that, too."""
_ROW_FLOOR = 3 * LEAST**2
"""What the least step leaves in the fold if the channel with the least weight has it."""
LATE_S = 0.035
"""How long after a row its judgement is made, at most; a few rows more than it takes."""
_WAVE_S = 0.065
_WAVE = 2
_OFTEN_S = 4.0
_OFTEN = 3
_TEXTURE, _AS_HIGH = 8, 0.28
"""So many edges in four seconds to either side, of that share of a spike's energy: a step's row has 20, a spike's 70
times the square of its height."""
_EQUAL = 0.03
"""Energy of an edge's row over another's from which the two are equals: none 15 dB down hides a click."""
_FAINTEST = _EQUAL * _ROW_FLOOR
"""So far down edges are counted, though none is a click: else a quieter copy of the same music has fewer equals."""
_LIKE = 0.25
"""The same of edges that are one sound, played again: within 6 dB."""
_AGAIN_S, _ON_TIME_S, _LEAST_STEP_S = 16.0, 0.0015, 0.1
_NEAREST = 8
"""Of its like, how many are asked. Two of them lie in time by chance once in fourteen times where one comes a second;
where there are more, edges abound."""
_RATIOS = ((1, -1), (1, 2), (-1, -2), (1, 3), (-1, -3), (2, 3), (-2, -3), (1, -2), (2, -1), (1, 4), (-1, -4))
_MORE_RATIOS = (*_RATIOS, (3, 4), (-3, -4), (1, -3), (3, -1), (1, -4), (4, -1), (2, -3), (3, -2), (3, -4), (4, -3))
_PLAYED = ((_LIKE, _ON_TIME_S, _RATIOS), (0.7, 0.004, _MORE_RATIOS))
"""How alike two edges are, how near to time, in which of the steps. Of one sound that is cut by its next stroke, edges
are within 1.5 dB, and as late as the wave then happens to be steep. Such equals are rare enough to be asked less of."""
_MOST_PER_STRETCH = 16
"""More (ten a second at 44.1 kHz) are a texture: only what has no equal there is looked at closer."""
_MOST_COUNTED = 32
"""Of the edges of a stretch, the strongest: more of them than any count asks for."""
MAX_CLICKS = 10_000
"""As many are kept for the rules; all are counted."""


@dataclass(frozen=True, slots=True)
class _Edge:
    frame: int
    energy: float
    """Of the row of differences it was found in."""


@dataclass(frozen=True, slots=True)
class _Mark(_Edge):
    channel: int
    size: float
    is_spike: bool
    goes_on: bool


class ClickFinder:
    """Searches windows that overlap by ``history_frames``; each click counts once.

    Parameters
    ----------
    rate_hz : int
    row, rows : int
        Length and number of the rows of a stretch.
    """

    def __init__(self, rate_hz: int, row: int, rows: int) -> None:
        self._rate_hz = rate_hz
        self._row = row
        self._rows = rows
        self._judge = Judge(rate_hz, row)
        # A row is judged when the samples that its judgement looks at are there.
        self._late = max(_NEAR_ROWS, math.ceil(self._judge.reach / self._row))
        self.reach_frames = (self._late + 1) * self._row
        self.history_frames = self.reach_frames + self._judge.reach
        self._energies: Block = np.zeros(self._rows + _NEAR_ROWS + self._late, dtype=np.float32)
        self._marks: list[_Mark] = []
        self._edges: list[_Edge] = []

    def search(self, window: Block, screening: Screening, first: int) -> None:
        """Judge the rows that have become judgeable.

        Parameters
        ----------
        window : array, shape (channels, history + stretch)
        screening : Screening
            Of its stretch.
        first : int
            Position in the file of the stretch's first frame.
        """
        energies, kept = self._energies, _NEAR_ROWS + self._late
        energies[:kept] = energies[-kept:].copy()
        energies[kept:] = screening.energies
        hits, surely = _standing_out(energies, self._rows)
        if hits.size == 0:
            return
        rows = energies[_NEAR_ROWS + hits]
        begin = screening.recent.size - screening.differences.size - self._late * self._row - 8
        spikes = look_like_spikes(screening.recent[begin + hits[:, np.newaxis] * self._row + np.arange(self._row + 16)])
        # Beside bright music a lone wrong sample stands out by its shape where a row of it would not.
        stands = surely | spikes
        hits, rows, spikes = hits[stands], rows[stands], spikes[stands]
        frames = first + (hits - self._late) * self._row
        closer = rows > _ROW_FLOOR
        if np.count_nonzero(closer) > _MOST_PER_STRETCH:
            closer &= _without_equals(rows, np.where(spikes, _AS_HIGH, _EQUAL))
        only_counted = np.flatnonzero(~closer)
        only_counted = only_counted[np.argsort(-rows[only_counted], kind="stable")[:_MOST_COUNTED]]
        only_counted.sort()
        self._edges += map(_Edge, frames[only_counted].tolist(), rows[only_counted].tolist())
        frames, rows, spikes = frames[closer], rows[closer], spikes[closer]
        stretch_at = window.shape[1] - self._rows * self._row
        reach = self._judge.reach
        for frame, energy, may_be_spike in zip(frames.tolist(), rows.tolist(), spikes.tolist(), strict=True):
            # Where edges abound only spikes can be clicks, and a spike shows in the fold already.
            if self._abound(frame, energy) and not may_be_spike:
                self._edges.append(_Edge(frame, energy))
                continue
            at = frame + self._row // 2 - reach
            around = window[:, at - first + stretch_at :][:, : 2 * reach]
            found = [(channel, self._judge.judge(samples)) for channel, samples in enumerate(around)]
            marks = [
                _Mark(at + mark.index, energy, channel, mark.size, mark.is_spike, mark.goes_on)
                for channel, mark in found
                if mark is not None and mark.stands_out
            ]
            hidden = [_Edge(at + mark.index, energy) for _, mark in found if mark is not None and not mark.stands_out]
            self._edges += [_Edge(mark.frame, energy) for mark in marks if not mark.is_spike][:1]
            if not marks:
                self._edges += hidden[:1]
            self._marks += [mark for mark in marks if mark.size >= LEAST]

    def _abound(self, frame: int, energy: float) -> bool:
        """Whether enough equals lie behind ``frame``."""
        since = frame - _OFTEN_S * self._rate_hz
        equals = 0
        for edge in reversed(self._edges):
            # Those of this stretch that are only counted may lie ahead.
            if edge.frame <= since or equals == _OFTEN:
                break
            equals += edge.frame <= frame and edge.energy >= _EQUAL * energy
        return equals >= _OFTEN

    def finish(self, frames: int) -> list[Click]:
        """Clicks of a file of ``frames`` in order of time, one for all channels that have it.

        The first and last 2 ms are left out: a file that begins or ends in the middle of a wave is cut there.
        """
        inside = range(self._judge.longest, frames - self._judge.longest)
        marks = [mark for mark in self._marks if mark.frame in inside]
        marks.sort(key=lambda mark: (mark.frame, mark.channel))
        edges = self._apart(self._edges)
        every = self._apart([*self._edges, *marks])
        clicks = [
            _click(group, self._rarity(edges, group))
            for group in self._joined(marks)
            if self._near(every, group[0], _WAVE_S) - 1 < _WAVE  # without itself
            and all(mark.goes_on for mark in group)
            and not self._comes_in_time(edges, group[0])
            and (
                self._near(edges, group[0], _OFTEN_S, _AS_HIGH) < _TEXTURE
                if all(mark.is_spike for mark in group)
                else self._near(edges, group[0], _OFTEN_S) - 1 < _OFTEN
            )
        ]
        times_s = np.array([click.frame for click in clicks], dtype=np.float64) / self._rate_hz
        return [] if keeps_time(times_s) else clicks

    def _apart(self, edges: Sequence[_Edge]) -> tuple[NDArray[np.int64], FloatArray]:
        """Frames in order and energies, those of one discontinuity in several channels or rows once."""
        ordered = sorted(edges, key=lambda edge: (edge.frame, -edge.energy))
        frames = np.array([edge.frame for edge in ordered], dtype=np.int64)
        apart = np.diff(frames, prepend=-self._judge.longest - 1) > self._judge.longest
        return frames[apart], np.array([edge.energy for edge in ordered], dtype=np.float64)[apart]

    def _near(
        self, edges: tuple[NDArray[np.int64], FloatArray], edge: _Edge, within_s: float, share: float = _EQUAL
    ) -> int:
        """How many that near have that share of its energy."""
        frames, energies = edges
        reach = round(within_s * self._rate_hz)
        first, last = np.searchsorted(frames, [edge.frame - reach, edge.frame + reach + 1])
        return int(np.count_nonzero(energies[first:last] >= share * edge.energy))

    def _rarity(self, edges: tuple[NDArray[np.int64], FloatArray], marks: Sequence[_Mark]) -> float:
        """Without steps: an edge is like a click as far as they are alike in energy, and three are a sound."""
        if all(mark.is_spike for mark in marks):
            return 1.0
        frames, energies = edges
        reach = round(_OFTEN_S * self._rate_hz)
        first, last = np.searchsorted(frames, [marks[0].frame - reach, marks[0].frame + reach + 1])
        others = np.abs(frames[first:last] - marks[0].frame) > self._judge.longest
        apart = np.abs(np.log(energies[first:last][others] / marks[0].energy)) / math.log(1 / _LIKE)
        alike = float(np.clip(2.0 - 2.0 * apart, 0.0, 1.0).sum())
        return max(0.0, 1.0 - alike / _OFTEN)

    def _comes_in_time(self, edges: tuple[NDArray[np.int64], FloatArray], edge: _Edge) -> bool:
        """Whether two of the nearest of its like lie in whole steps from it."""
        frames, energies = edges
        reach = round(_AGAIN_S * self._rate_hz)
        first, last = np.searchsorted(frames, [edge.frame - reach, edge.frame + reach + 1])
        near = energies[first:last] / edge.energy
        away_s = (frames[first:last] - edge.frame) / self._rate_hz
        apart = np.abs(away_s) >= _LEAST_STEP_S
        return any(
            _in_whole_steps(away_s[apart & (near >= like) & (near <= 1 / like)], on_time_s, ratios)
            for like, on_time_s, ratios in _PLAYED
        )

    def _joined(self, marks: list[_Mark]) -> list[list[_Mark]]:
        """Marks of several channels, or of two rows, that lie within the longest click."""
        groups: list[list[_Mark]] = []
        for mark in marks:
            if groups and mark.frame - groups[-1][0].frame <= self._judge.longest:
                groups[-1].append(mark)
            else:
                groups.append([mark])
        return groups


def _standing_out(energies: Block, count: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Which of ``count`` rows, the first of them at ``_NEAR_ROWS``, outdo the seven rows on either side.

    The row beside the one judged is left out: it may hold part of the same click. Of two such rows the stronger stands.
    """
    pairs = np.maximum(energies[:-1], energies[1:])
    fours = np.maximum(pairs[:-2], pairs[2:])
    sevens = np.maximum(fours[:-3], fours[3:])  # the strongest of the seven rows that begin at each
    judged = energies[_NEAR_ROWS : _NEAR_ROWS + count]
    around = np.maximum(sevens[:count], sevens[_NEAR_ROWS + 2 : _NEAR_ROWS + 2 + count])
    hits = np.flatnonzero(judged > np.maximum(_SPIKE_ROW_RATIO * around, _FAINTEST))
    if hits.size == 0:
        return hits, np.zeros(0, dtype=np.bool_)
    left, right = energies[hits + _NEAR_ROWS - 1], energies[hits + _NEAR_ROWS + 1]
    stands: NDArray[np.intp] = hits[(judged[hits] > left) & (judged[hits] >= right)]
    return stands, judged[stands] > _ROW_RATIO * around[stands]


def _in_whole_steps(away_s: FloatArray, on_time_s: float, ratios: Sequence[tuple[int, int]]) -> bool:
    """Whether two of the nearest are as far away as so many of the same steps."""
    nearest = away_s[np.argsort(np.abs(away_s), kind="stable")[:_NEAREST]]
    return any(
        bool((np.abs(nearest[:, np.newaxis] * (other / one) - nearest) <= on_time_s).any()) for one, other in ratios
    )


def _without_equals(rows: Block, shares: Block) -> NDArray[np.bool_]:
    """Of which rows fewer than a count asks for have that share of its energy."""
    equals = np.count_nonzero(rows >= (shares * rows)[:, np.newaxis], axis=1) - 1  # itself
    rare: NDArray[np.bool_] = equals < _OFTEN
    return rare


def _click(marks: list[_Mark], rarity: float) -> Click:
    largest = max(marks, key=lambda mark: mark.size)
    channels = tuple(sorted({mark.channel for mark in marks}))
    return Click(largest.frame, channels, 20 * math.log10(largest.size), rarity)
