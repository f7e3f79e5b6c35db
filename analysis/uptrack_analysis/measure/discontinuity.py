"""What breaks a wave at one place: a spike, a step, a burst, or nothing that stands out.

Judged on the fourth difference, in which a lone sample off its place is the pattern 1, -4, 6, -4, 1 and a step the
pattern 1, -3, 3, -1, whatever slow wave they sit on. A burst is anything else of at most 2 ms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.signal import Block, FloatArray

LEAST = 10 ** (-46 / 20)
"""Smaller ones are dither, or under the noise of whatever music is around them."""
FAINTEST = LEAST / 5
"""So small ones are found all the same, for whoever counts how often the like of one occurs."""
SIDE_S = 0.012
LONGEST_S = 0.002
_SPIKE = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
_STEP = np.array([1.0, -3.0, 3.0, -1.0])
_LINE_ON = np.array([1.0, 0.5, 0.0, -0.5])
"""Where the line through four samples, by least squares, is one sample before the first of them."""
_MEETING = np.concatenate([-_LINE_ON[::-1], [0.0], _LINE_ON])
_SPIKE_RATIO = 3.0
_EDGE_RATIO = 4.0
"""How far the peak stands over the largest difference within 12 ms; between two stretches of noise it is 1.3."""
_BREAK_RATIO = 2.0
"""From here on a short peak is an edge, if too faint beside what is near to be a click. The same where a plateau's
corner is: gain and clipping hide edges, and take none away."""
_SUPREME = 8.0
"""How far a burst or a step stands over it from which hats that begin or end there are none of its business."""
_ACROSS_SHARE = 0.25
"""Of a spike's height, what the wave may have moved meanwhile beside its own course, over what it does near by: of 92
that were planted in single channels of 60 mixes none moves by 0.2 more. A step that rings looks like a spike, too, and
moves by 0.5 or more."""
_SAME_DB = 4.0
_SWAYING_DB = 8.0
"""What the level may move by where the brightness stays: 12 ms are half a period of 40 Hz, so that a bass is louder or
softer in them by where its wave just is. A note that begins or ends takes its overtones with it."""
_DYING_DB = 12.0
_BEGUN_DB, _BRIGHTENED_DB = 8.0, 25.0
"""By so much louder, or brighter, it is a note that begins, and its first sample no wrong one: none of 36 that were
planted in 58 mixes and found is followed by more than 7 and 22 dB."""
_EXTENT_SHARE = 0.25
_PURE_SHARE = 0.15
_LEAST_PURE_SHARE = 0.3
_HEADROOM = 1.3
"""A pattern explains a peak if what it leaves is no more than the music beside it, or than a seventh of the peak; a
third of it would be as far from a spike as from a step."""
_CREST_SHARE = 0.98


@dataclass(frozen=True, slots=True)
class Discontinuity:
    """Found in a stretch of one channel."""

    index: int
    """The first wrong sample."""
    size: float
    """How far the wave is off its course."""
    is_spike: bool
    goes_on: bool
    """Whether the wave is as loud and as bright after it as before, within 4 dB; after a burst it may have died away
    by 12 dB, and what towers over everything near it is asked for the level only. Where it is as bright, it may be
    louder or softer by 8 dB. Around a spike a note may end, and a fainter one begin."""
    stands_out: bool = True
    """Enough to be a click; what does not is an edge all the same, for whoever counts those."""


class Judge:
    """Judges stretches of ``2 * reach`` samples, whose middle is suspected.

    Parameters
    ----------
    rate_hz : int
    spread : int
        How far from the middle the peak may lie.
    """

    def __init__(self, rate_hz: int, spread: int) -> None:
        self.longest = math.ceil(LONGEST_S * rate_hz)
        self._side = math.ceil(SIDE_S * rate_hz)
        self._spread = spread
        self.reach = spread + 2 * self.longest + self._side + 16

    def judge(self, samples: Block) -> Discontinuity | None:
        """The discontinuity in the middle of ``samples``, if one stands out."""
        wave = samples.astype(np.float64)
        bends = wave
        for _ in range(4):  # bends[i] is made of wave[i] to wave[i + 4]
            bends = bends[1:] - bends[:-1]
        size = np.abs(bends)
        low = self.reach - self._spread - 2
        peak_at = low + int(np.argmax(size[low : low + 2 * self._spread]))
        peak = float(size[peak_at])
        if peak < 3 * FAINTEST:
            return None
        low = peak_at - self.longest
        over = np.flatnonzero(size[low : peak_at + self.longest + 1] > _EXTENT_SHARE * peak)
        first, last = low + int(over[0]), low + int(over[-1])
        if last - first > self.longest:
            return None
        # Wherever in these two milliseconds the rest of the fault lies, it is no part of the music beside it.
        begin, end = max(0, last - self.longest - 4), first + self.longest + 5
        before, after = slice(max(0, begin - self._side), begin), slice(end, end + self._side)
        outside = max(float(size[before].max()), float(size[after].max()))
        if peak < _BREAK_RATIO * outside:
            return None
        hidden = Discontinuity(peak_at + 2, peak / _SPIKE.max(), False, False, stands_out=False)
        if peak < _SPIKE_RATIO * outside or _is_clipped(wave, peak_at):
            return hidden
        allowed = min(max(_HEADROOM * outside, _PURE_SHARE * peak), _LEAST_PURE_SHARE * peak)
        spike_at, spike, spike_rest = _matched(bends, peak_at, _SPIKE)
        at, height, rest = _matched(bends, peak_at, _STEP)
        if spike_rest <= min(allowed, rest) and _returns(wave, spike_at, abs(spike), (before, after)):
            louder_db, brighter_db = _change_db(wave[before], wave[after]), _change_db(bends[before], bends[after])
            begins = louder_db > _BEGUN_DB or brighter_db > _BRIGHTENED_DB
            return Discontinuity(spike_at, abs(spike), True, not begins) if abs(spike) >= FAINTEST else None
        if peak < _EDGE_RATIO * outside:
            return hidden
        is_burst = rest > allowed
        if is_burst:
            # A burst begins where the differences first leave those of the music.
            at = begin + int(np.flatnonzero(size[begin : peak_at + 1] > outside)[0]) + 4
            height = peak / _SPIKE.max()
        if abs(height) < FAINTEST:
            return None
        louder_db, brighter_db = _change_db(wave[before], wave[after]), _change_db(bends[before], bends[after])
        # A note that begins is louder after its edge, and one that is cut off ends in a step: a burst with a note that
        # dies away around it is neither.
        lowest_db = -_DYING_DB if is_burst else -_SAME_DB
        towers = peak >= _SUPREME * outside
        goes_on = lowest_db <= louder_db <= _SAME_DB and (towers or lowest_db <= brighter_db <= _SAME_DB)
        goes_on |= abs(brighter_db) <= _SAME_DB and abs(louder_db) <= _SWAYING_DB
        return Discontinuity(at, abs(height), False, goes_on)


def look_like_spikes(rows: Block) -> NDArray[np.bool_]:
    """In which rows of fourth differences the pattern of a lone wrong sample is most of the largest.

    Parameters
    ----------
    rows : array, shape (n_rows, row + 16)
        The largest is looked for from the eighth to the last but seventh.
    """
    every = np.arange(rows.shape[0])
    peaks = np.argmax(np.abs(rows[:, 8:-8]), axis=1) + 8
    around = rows[every[:, np.newaxis], peaks[:, np.newaxis] + np.arange(-2, 3)]
    rest = np.abs(around - (around @ _SPIKE / (_SPIKE @ _SPIKE))[:, np.newaxis] * _SPIKE).max(axis=1)
    alike: NDArray[np.bool_] = rest <= _LEAST_PURE_SHARE * np.abs(rows[every, peaks])
    return alike


def _matched(bends: FloatArray, peak_at: int, pattern: FloatArray) -> tuple[int, float, float]:
    """(first wrong sample, height, largest rest) of the pattern where it fits best around the peak."""
    start = peak_at - 8
    around = bends[start : peak_at + 9]
    fits = np.correlate(around, pattern) / (pattern @ pattern)
    best = int(np.argmax(np.abs(fits)))
    rest = around.copy()
    rest[best : best + pattern.size] -= fits[best] * pattern
    return start + best + 4, float(fits[best]), float(np.abs(rest).max())


def _returns(wave: FloatArray, at: int, height: float, beside: tuple[slice, slice]) -> bool:
    """Whether the wave is after a wrong sample where its course on both sides would have brought it.

    ``beside`` are the stretches before and after, which say how far bright music strays from that by itself: nine in
    ten of their samples, because an edge among them is no tone.
    """
    # The lines through the four samples before and after should meet; strays[i] is of wave[i + 4].
    strays = np.abs(np.correlate(wave, _MEETING))
    near = np.concatenate([strays[max(0, part.start - 4) : max(0, part.stop - 4)] for part in beside])
    by_itself = float(np.partition(near, most := int(0.9 * near.size))[most])
    return bool(strays[at - 4] <= _ACROSS_SHARE * height + by_itself)


def _is_clipped(wave: FloatArray, peak_at: int) -> bool:
    """Whether the bend is the corner of a plateau at the crest of the wave."""
    near = wave[peak_at - 4 : peak_at + 9]
    flat = (near[2:] == near[1:-1]) & (near[1:-1] == near[:-2])
    return bool((flat & (np.abs(near[1:-1]) >= _CREST_SHARE * np.abs(wave).max()) & (near[1:-1] != 0)).any())


def _change_db(before: FloatArray, after: FloatArray) -> float:
    floor = (LEAST / 10) ** 2
    return 10 * math.log10((after @ after / after.size + floor) / (before @ before / before.size + floor))
