"""Repeated blocks: a buffer of 1 to 200 ms that a driver or a render delivered twice, equal in every sample.

Equal samples are looked for by content: an anchor of the screening met again within 200 ms proposes the distance, and
only then are samples compared. A block of 1 ms has an anchor every second time, one of 6 ms nearly always.

Machine-made music repeats exactly as well, so equality alone proves nothing. A block counts when

* it is there twice, or three times, and then no more: a wave whose period is a whole number of samples goes on for as
  long as its note, and a stutter effect repeats more often;
* it sounds: above -50 dBFS, and it moves from sample to sample;
* it does not begin 8 dB louder than it ends and than what was before it: a drum struck twice does;
* the seam between the copies is a jump, unless the block is a noise: the periods of a wave join smoothly;
* the blocks of a file keep to no grid: those that do are played.

Repeats of a beat and more are longer than what is searched.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.regular import keeps_time
from uptrack_analysis.measure.results import Repeat
from uptrack_analysis.measure.screening import CENTRE, Screening
from uptrack_analysis.signal import Block, FloatArray

MIN_S = 0.001
MAX_S = 0.200
_MOST_COPIES = 2
_PLACE_BITS = np.uint64(32)
_PLACE = np.uint64(2**32 - 1)
"""An anchor is one number, its bits before its place, so that one sort brings equal ones together in order of place."""
_CHANCE_FRAMES = 8
"""So many samples may go on being equal by chance, in quiet or coarsely quantised music."""
_PROBES = np.array([-20, -13, -7, 7, 13, 20])
_CONTEXT_S = 0.010
_LOUD = 10 ** (-50 / 20)
_GOES_ON = 10 ** (-20 / 20)
_FLAT_SHARE = 0.25
_STRUCK = 10 ** (8 / 20)
_SEAM_STEPS = 2.0
_NOISY = 0.7
_MOST_RUNS = 3
"""Compared per stretch and kind: music whose periods are whole samples proposes many, and is none of them."""
MAX_REPEATS = 1_000


class RepeatFinder:
    """Searches windows that overlap by ``history_frames``; each block counts once.

    Parameters
    ----------
    rate_hz : int
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._shortest = math.ceil(MIN_S * rate_hz)
        self._longest = math.floor(MAX_S * rate_hz)
        self.reach_frames = math.ceil(_CONTEXT_S * rate_hz)
        self.history_frames = 2 * self._longest + 2 * self.reach_frames
        self._anchors: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._unfinished: list[tuple[int, int]] = []
        self._found: set[Repeat] = set()

    def search(self, window: Block, screening: Screening, first: int) -> None:
        """Find the copies that end, with the 10 ms after them, in the window's stretch.

        Parameters
        ----------
        window : array, shape (channels, history + stretch)
        screening : Screening
            Of its stretch.
        first : int
            Position in the file of the stretch's first frame.
        """
        begin = first + screening.differences.size - window.shape[1]
        proposed = self._unfinished + _alike(window, self._met_again(screening, first), begin)
        self._unfinished = []
        if not proposed or len(self._found) >= MAX_REPEATS:
            return
        ends: dict[int, int] = {}
        compared = 0
        for anchor, period in proposed:
            if anchor < ends.get(period, anchor):
                continue  # of a run just looked at
            if compared == _MOST_RUNS:
                break
            compared += 1
            start, end = self._run(window, anchor - begin, period)
            ends[period] = end + begin
            if end + self.reach_frames > window.shape[1]:
                if end - start <= (_MOST_COPIES + 1) * period:
                    self._unfinished.append((anchor, period))
            elif self._is_fault(window, start, end, period):
                self._found.add(Repeat(start + begin, end + begin, period))

    def finish(self) -> list[Repeat]:
        """Repeated blocks in order of time."""
        repeats = sorted(self._found, key=lambda repeat: (repeat.start, repeat.period))
        times_s = np.array([repeat.start for repeat in repeats], dtype=np.float64) / self._rate_hz
        return [] if keeps_time(times_s) else repeats

    def _met_again(self, screening: Screening, first: int) -> list[tuple[int, int]]:
        """(place, distance) of the stretch's anchors that were there up to 200 ms before, in order of place."""
        hits, frames_seen = screening.anchors, screening.differences.size
        anchors = screening.differences.view(np.uint32)[hits].astype(np.uint64)
        anchors <<= _PLACE_BITS
        anchors |= (hits + self._longest + 2).astype(np.uint64)
        every = np.sort(np.concatenate([self._anchors, anchors]))
        keys = every >> _PLACE_BITS
        again = np.flatnonzero((keys[1:] == keys[:-1]) & (keys[1:] != 0))
        # Places count from one longest distance before the stretch, and are kept for the next one.
        recent = anchors[np.searchsorted(hits, frames_seen - self._longest - 2) :]
        self._anchors = recent - np.uint64(frames_seen)
        if again.size == 0:
            return []
        places = (every & _PLACE).astype(np.int64)
        here, distances = places[again + 1], places[again + 1] - places[again]
        possible = (distances >= self._shortest) & (distances <= self._longest) & (here >= self._longest + 2)
        frames = here[possible] + (first + CENTRE - self._longest - 2)
        return sorted(zip(frames.tolist(), distances[possible].tolist(), strict=True))

    def _run(self, window: Block, anchor: int, period: int) -> tuple[int, int]:
        """Start and end, in the window, of the samples around ``anchor`` that equal those ``period`` before them.

        What is longer than any fault is cut.
        """
        most = (_MOST_COPIES + 1) * period
        low, high = max(period, anchor - most), min(window.shape[1], anchor + most)
        differ = (window[:, low:high] != window[:, low - period : high - period]).any(axis=0)
        before = np.flatnonzero(differ[: anchor - low])
        after = np.flatnonzero(differ[anchor - low :])
        start = low + int(before[-1]) + 1 if before.size else low
        return start, anchor + int(after[0]) if after.size else high

    def _is_fault(self, window: Block, start: int, end: int, period: int) -> bool:
        extra = (end - start) % period
        copies = (end - start) // period
        if not (1 <= copies <= _MOST_COPIES and extra <= _CHANCE_FRAMES):
            return False
        # Equality that goes on by chance may lie at either side; the seam is where the wave jumps.
        context = self.reach_frames
        if start - period < context:
            return False
        block = window[:, start : start + period].astype(np.float64)
        level = _rms(block)
        before = _rms(window[:, start - period - context : start - period].astype(np.float64))
        after = _rms(window[:, end : end + context].astype(np.float64))
        if level < _LOUD or min(before, after) < _GOES_ON * level:
            return False
        steps = np.abs(np.diff(block))
        if np.mean((steps == 0).all(axis=0)) > _FLAT_SHARE:
            return False
        quarter = -(-period // 4)
        attack, decayed = _rms(block[:, :quarter]), _rms(block[:, -quarter:])
        if attack > _STRUCK * max(before, decayed):
            return False
        usual = np.median(steps, axis=1)
        seam = np.abs(window[:, start].astype(np.float64) - window[:, start - 1])
        return bool((seam > _SEAM_STEPS * usual).any() or (usual > _NOISY * level).all())


def _alike(window: Block, proposed: list[tuple[int, int]], begin: int) -> list[tuple[int, int]]:
    """The proposals that more than chance speaks for: equal samples further off on one side of the anchor."""
    if not proposed:
        return []
    anchors, periods = np.array(proposed).T[:, :, np.newaxis]
    places = np.clip(anchors - begin + _PROBES, 0, window.shape[1] - 1)
    equal = (window[:, places] == window[:, np.maximum(0, places - periods)]).all(axis=0)
    half = _PROBES.size // 2
    alike = equal[:, :half].all(axis=1) | equal[:, half:].all(axis=1)
    return [pair for pair, is_alike in zip(proposed, alike.tolist(), strict=True) if is_alike]


def _rms(wave: FloatArray) -> float:
    return math.sqrt(np.mean(wave**2))
