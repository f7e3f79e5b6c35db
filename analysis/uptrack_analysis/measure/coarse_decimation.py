"""A much lower sample rate for meters that use only three quarters of the band it carries.

soxr spends nearly all its time at the full rate, on a filter sharp enough for the whole band. Where the uppermost
quarter is thrown away afterwards, a first step to four times the rate asked for may alias into what is thrown away:
eight taps for each sample that it drops are enough, as one matrix product over many samples. soxr then takes the rest,
at an eighth of the rate. It takes half of the time.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.decimation import Decimator
from uptrack_analysis.measure.framing import Framer
from uptrack_analysis.signal import Block

_LARGEST_FIRST = 8
_LEFT_TO_SOXR = 4
_REACH = 4
"""Samples of the first step's rate that its filter looks to either side."""
# Kaiser's window for 100 dB, which so many taps reach between 3/32 and 29/32 of the first step's rate.
_KAISER_BETA = 10.06
_ROW = 2 * _REACH
# Products of so many rows keep OpenBLAS on one thread (``block_filter.py``).
_ROWS, _BATCHES = 256, 16


class CoarseDecimator:
    """Keeps one sample in ``factor``, at the same instants as ``Decimator``; every channel on its own.

    Below 3/8 of the rate kept levels are within 0.002 dB, and aliases 94 dB down; above, neither is promised.

    Parameters
    ----------
    channels : int
        Rows of each block.
    factor : int
    """

    def __init__(self, channels: int, factor: int) -> None:
        self._first = max(
            first for first in range(1, _LARGEST_FIRST + 1) if factor % first == 0 and factor >= 2 * first
        )
        self._second = Decimator(channels, factor // self._first)
        self._weights = _first_step(self._first)
        chunk = self._first * _ROW * _ROWS * _BATCHES
        # Fixed chunks: a matrix product may round differently in another shape, and block size must not show.
        self._framer = Framer(channels, chunk, chunk, batch=1)
        self._shape = (channels, _BATCHES, _ROWS, self._first * _ROW)
        self._frames_in = 0
        self._kept = 0
        # What came before already adds to the next samples kept; the first of them lie before the stream.
        self._begun: Block = np.zeros((channels, _ROW), dtype=np.float32)
        self._before = _REACH

    def push(self, block: Block, *, last: bool = False) -> Block:
        """What has become ready, shape (channels, frames); ``last`` flushes the filters."""
        self._frames_in += block.shape[1]
        halfway = [self._step(chunk[:, 0]) for chunk in self._framer.push(block)]
        if last:
            reached = self._frames_in + _REACH * self._first
            halfway += [self._step(chunk[:, 0]) for chunk in self._framer.finish(-(-reached // self._framer.length))]
        if not halfway:
            return self._second.push(np.zeros((block.shape[0], 0), dtype=np.float32), last=last)
        kept = np.concatenate(halfway, axis=1)
        if last:
            kept = kept[:, : max(0, -(-self._frames_in // self._first) - self._kept)]
        self._kept += kept.shape[1]
        return self._second.push(kept, last=last)

    def _step(self, chunk: Block) -> Block:
        """Samples at the first step's rate that are whole once ``chunk`` is known, shape (channels, frames)."""
        channels = chunk.shape[0]
        parts = np.matmul(chunk.reshape(self._shape), self._weights).reshape(channels, -1, 2 * _ROW)
        # Each row of samples adds to its own span of those kept and, by the filter's reach, to the next row's.
        sums = np.concatenate([parts[:, :, :_ROW], parts[:, -1:, _ROW:]], axis=1)
        sums[:, 1:-1] += parts[:, :-1, _ROW:]
        sums[:, 0] += self._begun
        self._begun = sums[:, -1].copy()
        whole = sums[:, :-1].reshape(channels, -1)[:, self._before :]
        self._before = 0
        return whole


def _first_step(first: int) -> Block:
    """What each sample of a row adds to which of those kept, shape (first * _ROW, 2 * _ROW)."""
    taps = np.arange(-_REACH * first, _REACH * first + 1)
    low_pass = np.sinc(taps / first) * np.kaiser(taps.size, _KAISER_BETA)
    low_pass /= low_pass.sum()
    # Columns are samples kept, beginning ``_REACH`` before the row.
    away = np.arange(2 * _ROW)[None, :] * first - _REACH * first - np.arange(first * _ROW)[:, None]
    inside = np.abs(away) <= _REACH * first
    return np.where(inside, low_pass[np.where(inside, away + _REACH * first, 0)], 0.0).astype(np.float32)
