"""Stretches in which nothing sounds, to the sample, and whether the wave was cut where they begin and end.

Electronic music is full of them, so none is a fault by itself. What is shorter than those here, ``gaps.py`` judges.
Nothing sounds where no sample is larger than the dither of a 16-bit file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from uptrack_analysis.measure.gaps import CONTEXT_S, DITHER, LOUD, MAX_S, edge_frames, is_cut, rms
from uptrack_analysis.measure.results import Silence
from uptrack_analysis.signal import Block

SHORTEST_S = MAX_S
MOST = 10_000
"""Of one channel; those after are not listed."""
_PROBES = 4
"""Of each silence at least; so many samples less one have to be quiet before all are looked at."""


Run = tuple[int, int, bool, bool]
"""Start, end, and whether the wave was cut before and after."""


class SilenceFinder:
    """Takes one channel's windows, which overlap: ``context`` samples that were there before, a chunk, as many after.

    Parameters
    ----------
    rate_hz : int
    """

    def __init__(self, rate_hz: int) -> None:
        self.context = math.ceil(CONTEXT_S * rate_hz)
        self._edge = edge_frames(rate_hz)
        self._shortest = math.ceil(SHORTEST_S * rate_hz)
        self._step = max(1, self._shortest // _PROBES)
        self._found: list[Run] = []
        self._start = 0
        """The first sample after the last one that sounds."""
        self._before: Block = np.zeros(self.context, dtype=np.float32)
        """What lies right before it."""
        self._may_last = True

    def look(self, window: Block, first: int) -> None:
        """``window`` has shape (context + frames + context,); ``first`` is the number of its chunk's first frame."""
        chunk = window[self.context : window.size - self.context]
        quiet = np.abs(chunk[:: self._step]) <= DITHER
        if not self._may_last and not (quiet[-1] or (quiet[1:] & quiet[:-1]).any()):
            last = (quiet.size - 1) * self._step
            self._begin(window, last + int(np.flatnonzero(np.abs(chunk[last:]) > DITHER)[-1]) + 1, first)
            return
        self._may_last = bool(quiet[-1])
        sounding = np.flatnonzero(np.abs(chunk) > DITHER)
        if sounding.size == 0:
            return
        ends = np.flatnonzero(np.diff(sounding) > self._shortest)
        runs = [(self._start, first + int(sounding[0]))]
        runs += [(first + int(sounding[at]) + 1, first + int(sounding[at + 1])) for at in ends]
        for start, end in runs:
            if end - start >= self._shortest and len(self._found) < MOST:
                if start != self._start:
                    self._begin(window, start - first, first)
                after = window[end - first + self.context :][: self.context]
                self._found.append((start, end, self._is_cut(self._before[::-1]), self._is_cut(after)))
        self._begin(window, int(sounding[-1]) + 1, first)

    def finish(self, frames: int) -> list[Run]:
        """Each in a stream of so many frames."""
        if frames - self._start >= self._shortest:
            self._found.append((self._start, frames, self._is_cut(self._before[::-1]), False))
        return self._found

    def _begin(self, window: Block, place: int, first: int) -> None:
        """Nothing sounds from ``place`` of the chunk on, as far as is known."""
        self._start = first + place
        self._before = window[place : place + self.context].copy()

    def _is_cut(self, outwards: Block) -> bool:
        wave = outwards.astype(np.float64)
        return rms(wave) >= LOUD and is_cut(wave, self._edge)


def silences(found: Sequence[Sequence[Run]], rate_hz: int) -> tuple[Silence, ...]:
    """Those of the whole file, and those of one channel while another plays, in order.

    Parameters
    ----------
    found : sequence of sequence of Run
        Of each channel, in order.
    """
    shortest = math.ceil(SHORTEST_S * rate_hz)
    whole = list(found[0])
    for others in found[1:]:
        whole = [both for both in _common(whole, others) if both[1] - both[0] >= shortest]
    listed = [Silence(*run) for run in whole]
    if len(found) > 1:
        listed += [
            Silence(*run, channel)
            for channel, runs in enumerate(found)
            for run in _without(runs, whole)
            if run[1] - run[0] >= shortest
        ]
    return tuple(sorted(listed, key=lambda silence: (silence.start, silence.channel is not None, silence.channel)))


def _common(ours: Sequence[Run], theirs: Sequence[Run]) -> Iterator[Run]:
    """Where both are silent. Whichever channel stops last, or begins first, says whether the wave was cut."""
    places = iter(theirs)
    their = next(places, None)
    for one in ours:
        while their is not None and their[0] < one[1]:
            if their[1] > one[0]:
                before, after = max(one, their, key=lambda run: run[0]), min(one, their, key=lambda run: run[1])
                yield before[0], after[1], before[2], after[3]
            if their[1] > one[1]:
                break
            their = next(places, None)


def _without(ours: Sequence[Run], whole: Sequence[Run]) -> Iterator[Run]:
    """What is left of the silences of a channel without those of the whole file."""
    places = iter(whole)
    gone = next(places, None)
    for one in ours:
        left = one
        while gone is not None and gone[0] < left[1]:  # each lies within one of ours
            yield left[0], gone[0], left[2], False
            left = (gone[1], left[1], False, left[3])
            gone = next(places, None)
        yield left
