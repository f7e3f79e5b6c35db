"""One cheap look at every sample, shared by what searches for faults a sample wide; the rest reads where it hits.

All channels are folded into one row and differenced four times. That takes music's slopes away (a partial at 1 kHz
loses 67 dB at 44.1 kHz) and leaves a lone wrong sample six times its size. A linear predictor fitted to each 20 ms was
tried beside it: clicks stand out of its residual no further, and it costs a hundred times as much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.signal import Block

LEAD = 4
"""Samples before the stretch that a screening needs."""
CENTRE = -2
"""Where a difference belongs: two frames before the newest of the five it is made of."""
ROW_S = 0.00145
_FOLD = np.float32(0.618_034)
"""Weight of each channel beside the one before it. Not 1 or -1, at which some stereo image would cancel itself; no
fraction of small integers, so that integer samples fill the fold's mantissa and equal folds mean equal samples."""
_HASH = np.uint32(2_654_435_761)
"""2**32 over the golden ratio (Knuth, TAOCP 3, 6.4): spreads neighbouring bit patterns evenly."""
_ANCHOR = np.uint32(2**32 // 64)


@dataclass(frozen=True, slots=True)
class Screening:
    """What a look at one stretch found. The arrays are overwritten by the next look."""

    differences: Block
    """shape (frames,): fourth difference of the fold; element ``k`` belongs to frame ``k + CENTRE`` of the stretch"""
    recent: Block
    """shape (kept + frames,): those of the stretch after some of the ones before it"""
    energies: Block
    """shape (frames / row,): sum of squares of each row of differences"""
    anchors: NDArray[np.intp]
    """In order: the differences whose bits hash to one value in 64. Equal music has its anchors at equal places."""


class Screen:
    """Looks at stretches of one length.

    Parameters
    ----------
    rate_hz : int
    frames : int
        Length of a stretch: a power of two.
    kept_s : float
        For how long before the stretch the differences stay at hand.
    """

    def __init__(self, rate_hz: int, frames: int, kept_s: float) -> None:
        self.row = 2 ** max(3, round(math.log2(ROW_S * rate_hz)))
        """Length of a row, about 1.5 ms."""
        self._fold, *self._steps = (np.empty(frames + LEAD - order, dtype=np.float32) for order in range(LEAD))
        self._recent = np.zeros(math.ceil(kept_s * rate_hz) + frames, dtype=np.float32)
        self._is_anchor = np.empty(frames, dtype=np.bool_)
        self._hashes = np.empty(frames, dtype=np.uint32)
        self._energies = np.empty(frames // self.row, dtype=np.float32)

    def look(self, samples: Block) -> Screening:
        """Screen a stretch.

        Parameters
        ----------
        samples : array, shape (channels, LEAD + frames)
            The stretch after the ``LEAD`` frames before it.
        """
        self._fold_channels(samples)
        wider = self._fold
        kept = self._recent.size - self._hashes.size
        self._recent[:kept] = self._recent[self._hashes.size :].copy()
        for narrower in (*self._steps, self._recent[kept:]):
            np.subtract(wider[1:], wider[:-1], out=narrower)
            wider = narrower
        rows = wider.reshape(-1, self.row)
        np.einsum("ij,ij->i", rows, rows, out=self._energies)
        np.multiply(wider.view(np.uint32), _HASH, out=self._hashes)
        np.less(self._hashes, _ANCHOR, out=self._is_anchor)
        return Screening(wider, self._recent, self._energies, np.flatnonzero(self._is_anchor))

    def _fold_channels(self, samples: Block) -> None:
        last = samples.shape[0] - 1
        np.multiply(samples[last], _FOLD, out=self._fold)
        for channel in range(last - 1, -1, -1):
            np.add(self._fold, samples[channel], out=self._fold)
            if channel:
                np.multiply(self._fold, _FOLD, out=self._fold)
