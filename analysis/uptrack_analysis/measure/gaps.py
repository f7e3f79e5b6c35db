"""Holes in the signal: zeros, or one held sample, where the music plainly goes on; dither may have come upon them.

Electronic music is full of true digital silence, so silence alone proves nothing. A hole is reported when

* it lasts 2 to 120 ms (buffers that a driver or a render lost are that long; longer silences are arrangement);
* the 10 ms before and after are loud, and about equally: at most 8 dB louder after it, because a hit that follows the
  tail of another is louder than that, and at most 15 dB quieter, or as much more as a drum dies away meanwhile;
* the wave is cut, not faded: over its last and its first eighth of a millisecond the wave or its slope still has a
  quarter of its strength (both, because one of them is always large when the other crosses zero);
* the wave around it moves, sample by sample: pulse waves and held (bit-crushed) signals are flat by nature;
* a held value lies between the neighbouring peaks, above and below, and is left by a jump: clipped and round crests are
  flat as well, and a wave clipped on one side alone goes further on the other;
* it is not one of many: where hits stop in silence as often nearby, one that stops early is playing (a silence before
  which nothing over -50 dBFS was left says nothing of that: hits have died away into it), unless those silences end in
  time and it does not;
* it is not one of six or more that keep time (``timed_gaps.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.regular import off_grid_s, step_of
from uptrack_analysis.measure.results import Gap
from uptrack_analysis.measure.timed_gaps import OUT_OF_TIME_S, finer_steps_s
from uptrack_analysis.signal import Block, FloatArray

MIN_S = 0.002
MAX_S = 0.120
CONTEXT_S = 0.010
_EDGE_S = 0.000_125
LOUD = 10 ** (-50 / 20)
_MOST_RISE = 10 ** (8 / 20)
_MOST_FALL_DB, _MOST_FALL_DB_PER_S = 15.0, 80.0
_EDGE_SHARE = 0.25
_FLAT_SHARE = 0.25
_CREST_SHARE = 0.01
"""Of the way from the lowest to the highest sample around: what is held nearer to either than that is a flat crest."""
_JUMP_STEPS = 8
DITHER = 3 * 2.0**-15
"""TPDF dither of a 16-bit step either way, and half a step of rounding: so far apart lie samples of one value."""
_WHITE = 0.7
"""Squares of the differences from sample to sample, over those from the mean: about 2 where one sample says nothing of
the next, as with dither (von Neumann, Ann. Math. Stat. 12, 1941). What an instrument leaves as it dies away is a slow
wave."""
_SAME_S = 0.001
_NEARBY_S = 4.0
_ORDINARY_MIN = 3
_IN_TIME_NEARBY_S = 8.0
MAX_SILENCES = 100_000
"""Of one channel; those after are not looked at."""


class Stop(NamedTuple):
    """Where something stops, or holds, in samples; ``rise_db`` of a hole, as ``Gap``, and ``None`` of a mere stop."""

    start: int
    end: int
    rise_db: float | None


class GapFinder:
    """Finds holes in one window of one channel; the windows overlap by ``history_frames``, and each hole counts once.

    Parameters
    ----------
    rate_hz : int
    resolution : float
        One quantisation step of the file, full scale 1.0.
    """

    def __init__(self, rate_hz: int, resolution: float) -> None:
        self._rate_hz = rate_hz
        self._resolution = resolution
        # In files of fewer bits three steps of theirs are music.
        self._dither = np.float32(DITHER if resolution <= DITHER / 3 else 0.0)
        self._shortest = math.ceil(MIN_S * rate_hz)
        self._longest = math.floor(MAX_S * rate_hz)
        self._context = math.ceil(CONTEXT_S * rate_hz)
        self._edge = edge_frames(rate_hz)
        # Every run of the shortest length covers at least one whole probe, wherever it lies.
        self._probe = self._shortest // 2
        self.history_frames = self._longest + 2 * self._context + 2 * self._probe

    @property
    def reach_frames(self) -> int:
        """How far past a hole's end its judgement looks."""
        return self._context

    def search(self, samples: Block) -> Iterator[Stop]:
        """Each stop or hold that ends in the window's newest part.

        That part runs from ``reach_frames`` before the end of the history to ``reach_frames`` before the window's end.
        """
        earliest = self.history_frames - self._context
        latest = samples.size - self._context
        for start, end, value in self._constant_runs(samples):
            if earliest <= end < latest and self._shortest <= end - start <= self._longest:
                rise_db = self._rise_over_hole(samples, start, end, value)
                if rise_db is not None or (value == 0 and self._is_stop(samples, start)):
                    yield Stop(start, end, rise_db)

    def _constant_runs(self, samples: Block) -> Iterator[tuple[int, int, float]]:
        """Start, end and value of each stretch of equal samples, or of samples that only dither may have told apart."""
        probe, dither = self._probe, self._dither
        rows = samples[: samples.size // probe * probe].reshape(-1, probe)
        # Three samples settle it for nearly every stretch of music; only what passes is read whole.
        likely = np.flatnonzero(np.abs(rows[:, 0] - rows[:, probe // 2]) <= dither)
        likely = likely[np.abs(rows[likely, 0] - rows[likely, -1]) <= dither]
        if likely.size == 0:
            return
        columns = rows[likely].T.copy()  # of short rows each, NumPy takes four times as long
        lowest, highest = columns.min(axis=0), columns.max(axis=0)
        near = highest - lowest <= dither
        if not near.any():
            return
        whole, lowest, highest = likely[near], lowest[near], highest[near]
        # What is equal to the sample stays so: the first sample of music that is near it is none of it.
        exact, centre = lowest == highest, (lowest + highest) / 2
        alike = np.where(exact[1:], centre[1:] == centre[:-1], np.abs(np.diff(centre)) <= dither / 2)
        joined = (np.diff(whole) == 1) & (exact[1:] == exact[:-1]) & alike
        breaks = np.flatnonzero(~joined)
        firsts = whole[np.concatenate([[0], breaks + 1])] * probe
        lasts = (whole[np.concatenate([breaks, [whole.size - 1]])] + 1) * probe
        rough = ~exact[np.concatenate([[0], breaks + 1])]
        asked = (lasts - firsts <= self._longest) & self._may_be_loud_before(rows, firsts // probe)
        firsts, lasts, rough = firsts[asked], lasts[asked], rough[asked]
        for first, last, is_rough in zip(firsts.tolist(), lasts.tolist(), rough.tolist(), strict=True):
            value, most = float(samples[first]), 0.0
            if is_rough:
                held = samples[first:last].astype(np.float64)
                value, most = float(held.mean()), float(dither) * 2 / 3
                if np.square(np.diff(held)).sum() < _WHITE * np.square(held - value).sum():
                    continue
                value = 0.0 if abs(value) <= dither / 3 else value
            start, end = max(0, first - probe), last + probe
            head = (np.abs(samples[start:first] - value) > most).nonzero()[0]
            tail = (np.abs(samples[last:end] - value) > most).nonzero()[0]
            yield (
                start + int(head[-1]) + 1 if head.size else start,
                last + int(tail[0]) if tail.size else min(end, samples.size),
                value,
            )

    def _may_be_loud_before(self, rows: Block, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether anything in what ``_is_hole`` and ``_is_stop`` look at before these rows could be heard.

        Nothing could, by far the usual case in a part that dies away into silence, is cheaper to tell of many at once.
        """
        reach = 1 + -(-self._context // self._probe)
        before = np.maximum(places[:, np.newaxis] - np.arange(1, reach + 1), 0)
        found: NDArray[np.bool_] = np.abs(rows[before]).max(axis=(1, 2)) >= LOUD
        return found

    def _rise_over_hole(self, samples: Block, start: int, end: int, value: float) -> float | None:
        """By how many dB it is louder after than before; ``None`` where it is no hole."""
        before = samples[start - self._context : start].astype(np.float64)
        after = samples[end : end + self._context].astype(np.float64)
        if (level_before := rms(before)) < LOUD or (level_after := rms(after)) < LOUD:
            return None
        most_fall_db = _MOST_FALL_DB + _MOST_FALL_DB_PER_S * (end - start) / self._rate_hz
        if level_after > _MOST_RISE * level_before or level_before > 10 ** (most_fall_db / 20) * level_after:
            return None
        if not (is_cut(before[::-1] - value, self._edge) and is_cut(after - value, self._edge)):
            return None
        rise_db = 20 * math.log10(level_after / level_before)
        if value == 0.0:
            return rise_db
        over = max(before.max(), after.max()) - value
        under = value - min(before.min(), after.min())
        jump = max(abs(before[-2] - value), abs(after[1] - value))
        is_held = min(over, under) > _CREST_SHARE * (over + under) and jump > _JUMP_STEPS * self._resolution
        return rise_db if is_held else None

    def _is_stop(self, samples: Block, start: int) -> bool:
        """Whether something could be heard right before."""
        return rms(samples[start - self._context : start].astype(np.float64)) >= LOUD


def edge_frames(rate_hz: int) -> int:
    """How much of the wave beside a hole ``is_cut`` looks at."""
    return max(4, math.ceil(_EDGE_S * rate_hz))


def is_cut(outwards: FloatArray, edge: int) -> bool:
    """Whether the wave, read away from the hole, is strong in its first ``edge`` samples, and no flat drawing."""
    slope = np.diff(outwards)
    if np.mean(slope == 0) > _FLAT_SHARE:
        return False
    return rms(outwards[:edge]) >= _EDGE_SHARE * rms(outwards) or rms(slope[:edge]) >= _EDGE_SHARE * rms(slope)


def rms(wave: FloatArray) -> float:
    return math.sqrt(float(wave @ wave) / wave.size)


def exceptional(holes: list[Stop], ordinary: list[int], rate_hz: int) -> list[Stop]:
    """The holes of one channel that are not outnumbered by ordinary silences nearby.

    Parameters
    ----------
    holes : list of Stop
    ordinary : list of int
        Ends of silences, in which something stops, that are no holes.
    """
    reach = _NEARBY_S * rate_hz
    hole_ends = np.sort([hole.end for hole in holes])
    ordinary_ends = np.sort(ordinary)

    def near(ends: NDArray[np.int64], position: int) -> int:
        first, last = np.searchsorted(ends, [position - reach, position + reach])
        return int(last - first)

    def is_out_of_time(end: int) -> bool:
        far = _IN_TIME_NEARBY_S * rate_hz
        first, last = np.searchsorted(ordinary_ends, [end - far, end + far])
        around_s = ordinary_ends[first:last] / rate_hz
        if (step_s := step_of(around_s)) is None:
            return False
        return all(off_grid_s(end / rate_hz, around_s, one_s) >= OUT_OF_TIME_S for one_s in finer_steps_s(step_s))

    return [
        hole
        for hole in holes
        if near(ordinary_ends, hole.end) < max(_ORDINARY_MIN, near(hole_ends, hole.end)) or is_out_of_time(hole.end)
    ]


def joined(found: list[tuple[Stop, int]], rate_hz: int) -> list[Gap]:
    """One ``Gap`` for holes of several channels that begin and end together.

    Parameters
    ----------
    found : list of (Stop, channel)
    """
    gaps: list[Gap] = []
    for (start, end, rise_db), channel in sorted(found):
        own = Gap(start, end, (channel,), rise_db or 0.0)
        twin = _twin(gaps, start, end, channel, _SAME_S * rate_hz)
        if twin is None:
            gaps.append(own)
        else:
            other = gaps[twin]
            channels = tuple(sorted((*other.channels, channel)))
            most_db = max(other.rise_db, own.rise_db, key=abs)
            gaps[twin] = Gap(other.start, max(end, other.end), channels, most_db)
    return gaps


def _twin(gaps: list[Gap], start: int, end: int, channel: int, near: float) -> int | None:
    for index in range(len(gaps) - 1, -1, -1):
        other = gaps[index]
        if start - other.start > near:
            return None
        if abs(end - other.end) <= near and channel not in other.channels:
            return index
    return None
