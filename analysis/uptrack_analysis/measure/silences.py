"""Stretches in which nothing moves, to the sample, and whether the wave was cut where they begin and end.

Electronic music is full of rests, so none is a fault by itself. What is shorter than those here, ``gaps.py`` judges.
Nothing moves where

* no sample is larger than the dither of a 16-bit file, or
* all samples have one other value, or dither alone may have told them apart: so rests a file with an offset.

Which of the second kind a stream that stalled has held, ``stalls.py`` decides.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from uptrack_analysis.measure.gaps import CONTEXT_S, DITHER, LOUD, MAX_S, edge_frames, is_cut, rms
from uptrack_analysis.measure.results import Silence
from uptrack_analysis.signal import Block, FloatArray

MOST = 100_000
"""Of one channel, which takes more than three hours; those after are not listed."""
_ROWS = 4
"""Of each silence at least: wherever it begins, two whole ones that follow each other lie in it."""
_DITHERED = 2 / 3 * DITHER
"""How far from their mean dither may take the samples of one value."""
_JUMP_STEPS = 8
_CREST_SHARE = 0.01
"""As in ``gaps.py``: nearer than that to the highest or the lowest sample around, what is flat is a clipped crest."""
_STEEP = 2.0
"""Times the steepest step around: no crest is reached by such a jump."""
_REST_SHARE = 0.05
"""Of the RMS of the wave around. A sample that stuck at random lies so near to the offset one time in 25."""


class Run(NamedTuple):
    """A stretch of one channel in which nothing moves."""

    start: int
    end: int
    cut_before: bool
    cut_after: bool
    value: float = 0.0
    rest_within: float = math.inf
    """So near to the channel's offset its value is that of a rest; infinite where the wave around it says so itself."""


class _Open(NamedTuple):
    """One that has not ended yet."""

    start: int
    value: float
    most: float
    """How far from the value its samples may lie."""
    before: Block
    """What lies right before it."""


class SilenceFinder:
    """Takes one channel's windows, which overlap: ``lead`` samples that were there before, a chunk, ``context`` more.

    A chunk is looked at in rows of a quarter of the shortest silence. Three samples settle it for nearly every row of
    music; what passes is read whole, and only where nothing moves in two rows that follow each other, or in the last
    one, the two ends are sought.

    Parameters
    ----------
    rate_hz : int
    resolution : float
        One quantisation step of the file, full scale 1.0.
    """

    def __init__(self, rate_hz: int, resolution: float) -> None:
        self.context = math.ceil(CONTEXT_S * rate_hz)
        self._edge = edge_frames(rate_hz)
        self._shortest = shortest_frames(rate_hz)
        self._row = self._shortest // _ROWS
        # What begins within the last row of a chunk is found in the next one.
        self.lead = self._row + self.context
        self._jump = _JUMP_STEPS * resolution
        self._found: list[Run] = []
        self._open: _Open | None = None
        self._until = 0
        """Where the last one ended."""

    def look(self, window: Block, first: int) -> None:
        """``window`` has shape (lead + frames + context,); ``first`` is the number of its chunk's first frame."""
        begin, end = self.lead, window.size - self.context
        offset = first - begin
        if self._open is not None and not self._ends(self._open, window, begin, offset):
            return
        # The rows end with the chunk, so that the last of them tells whether something may go on behind it.
        top = begin + (end - begin) % self._row
        for row, value, most in self._still(window[top:end].reshape(-1, self._row)):
            place, earliest = top + row * self._row, max(self._until - offset, begin - self._row)
            if place + self._row <= earliest:
                continue
            place = max(place, earliest)
            moved = np.flatnonzero(np.abs(window[earliest:place] - np.float32(value)) > most)
            start = earliest + (int(moved[-1]) + 1 if moved.size else 0)
            self._open = _Open(start + offset, value, most, window[start - self.context : start].copy())
            if not self._ends(self._open, window, place, offset):
                return

    def finish(self, frames: int) -> list[Run]:
        """Each in a stream of so many frames."""
        if self._open is not None:
            self._close(self._open, frames, np.zeros(self.context, dtype=np.float32))
        return self._found

    def _still(self, rows: Block) -> Iterator[tuple[int, float, float]]:
        """Number, value and how far samples may lie from it, of rows that may belong to a silence."""
        first, inner, last = rows[:, 0], rows[:, self._row // 2], rows[:, -1]
        likely = np.flatnonzero((np.abs(first - inner) <= 2 * DITHER) & (np.abs(first - last) <= 2 * DITHER))
        if likely.size == 0:
            return
        held = rows[likely]
        lowest, highest = held.min(axis=1), held.max(axis=1)
        zero = np.maximum(highest, -lowest) <= DITHER
        still = zero | (highest - lowest <= DITHER)
        numbers = set(likely[still].tolist())
        for at in np.flatnonzero(still).tolist():
            row = int(likely[at])
            if row + 1 not in numbers and row + 1 < rows.shape[0]:
                continue
            if zero[at]:
                yield row, 0.0, DITHER
            elif lowest[at] == highest[at]:
                yield row, float(lowest[at]), 0.0
            else:
                value = float(held[at].mean(dtype=np.float64))
                if abs(value) > DITHER + _DITHERED:  # so that no sample belongs to a stretch of zeros as well
                    yield row, value, _DITHERED

    def _ends(self, run: _Open, window: Block, place: int, offset: int) -> bool:
        """Whether it ends in this chunk, where it lasts till ``place`` at least; then it is closed."""
        end = window.size - self.context
        for begin in range(place, end, self._shortest):
            part = window[begin : min(end, begin + self._shortest)]
            moved = np.flatnonzero(np.abs(part - np.float32(run.value)) > run.most)
            if moved.size:
                stop = begin + int(moved[0])
                self._close(run, stop + offset, window[stop : stop + self.context])
                return True
        return False

    def _close(self, run: _Open, end: int, after: Block) -> None:
        self._open, self._until = None, end
        if end - run.start < self._shortest or len(self._found) >= MOST:
            return
        outwards = run.before[::-1].astype(np.float64) - run.value, after.astype(np.float64) - run.value
        cut_before, cut_after = (rms(wave) >= LOUD and is_cut(wave, self._edge) for wave in outwards)
        rest_within = math.inf
        if run.value and cut_before and cut_after and self._is_left_abruptly(*outwards):
            rest_within = max(self._jump, _REST_SHARE * min(map(rms, outwards)))
        self._found.append(Run(run.start, end, cut_before, cut_after, run.value, rest_within))

    def _is_left_abruptly(self, *outwards: FloatArray) -> bool:
        """Whether the waves around it, less its value, go on otherwise than they do around a flat crest."""
        over = max(float(wave.max()) for wave in outwards)
        under = -min(float(wave.min()) for wave in outwards)
        if min(over, under) > _CREST_SHARE * (over + under):
            return max(abs(float(wave[1])) for wave in outwards) > self._jump
        return any(abs(float(wave[0])) > _STEEP * float(np.abs(np.diff(wave)).max()) for wave in outwards)


def shortest_frames(rate_hz: int) -> int:
    """One more than the longest hole."""
    return math.floor(MAX_S * rate_hz) + 1


def silences(found: Sequence[Sequence[Run]], rate_hz: int, unheard: Collection[int] = ()) -> tuple[Silence, ...]:
    """Those of the whole file, and those of one channel while another plays, in order.

    Parameters
    ----------
    found : sequence of sequence of Run
        Of each channel, in order.
    unheard : collection of int
        Channels, as of low-frequency effects, whose own silences mean nothing. Where they play, the file is not silent.
    """
    shortest = shortest_frames(rate_hz)
    whole = list(found[0])
    for others in found[1:]:
        whole = [both for both in _common(whole, others) if both.end - both.start >= shortest]
    listed = [_silence(run, None) for run in whole]
    if len(found) > 1:
        listed += [
            _silence(run, channel)
            for channel, runs in enumerate(found)
            if channel not in unheard
            for run in _without(runs, whole)
            if run.end - run.start >= shortest
        ]
    return tuple(sorted(listed, key=lambda silence: (silence.start, silence.channel is not None, silence.channel)))


def _silence(run: Run, channel: int | None) -> Silence:
    return Silence(run.start, run.end, run.cut_before, run.cut_after, channel, run.value)


def _common(ours: Sequence[Run], theirs: Sequence[Run]) -> Iterator[Run]:
    """Where nothing moves in both. Whichever stops last, or begins first, says whether the wave was cut."""
    places = iter(theirs)
    their = next(places, None)
    for one in ours:
        while their is not None and their.start < one.end:
            if their.end > one.start:
                before, after = max(one, their, key=lambda run: run.start), min(one, their, key=lambda run: run.end)
                value = max(one.value, their.value, key=abs)
                yield Run(before.start, after.end, before.cut_before, after.cut_after, value)
            if their.end > one.end:
                break
            their = next(places, None)


def _without(ours: Sequence[Run], whole: Sequence[Run]) -> Iterator[Run]:
    """What is left of the silences of a channel without those of the whole file."""
    places = iter(whole)
    gone = next(places, None)
    for one in ours:
        left = one
        while gone is not None and gone.start < left.end:  # each lies within one of ours
            yield left._replace(end=gone.start, cut_after=False)
            left = left._replace(start=gone.end, cut_before=False)
            gone = next(places, None)
        yield left
