"""Where an arrangement changes: the cheapest way to cut a row of features into pieces that keep still or move evenly.

A piece costs what a constant, or in part a straight line, leaves unexplained in it (a riser is one piece, not ten); a
cut costs a fixed price, less on phrase boundaries. The optimum is found exactly, by dynamic programming over the
stretches (after Jackson et al., IEEE Signal Processing Letters 12(2), 2005), for pieces of up to ``LONGEST`` of them;
longer ones are joined afterwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.signal import FloatArray

LONGEST = 256
"""Stretches; it keeps time linear in the file's length, and is longer than any part between two changes."""
# Of what a straight line explains, this share counts: all of it would let a step pass for a ramp.
_TREND_SHARE = 0.7
# A stretch's own jitter, in units of a plain change: at least this, for machines repeat a bar to the sample.
_LEAST_JITTER = 0.35


def standardised(features: FloatArray) -> FloatArray:
    """Features over their usual difference from one stretch to the next, shape as given, (n, n_features)."""
    if features.shape[0] < 2:
        return features / _LEAST_JITTER
    steps = np.abs(np.diff(features, axis=0))
    # The median of |x - y| of two normal values is 0.954 of their standard deviation.
    jitter = np.median(steps, axis=0) / 0.954
    answer: FloatArray = features / np.hypot(jitter, _LEAST_JITTER)
    return answer


def best_cuts(features: FloatArray, prices: FloatArray, length_prices: FloatArray) -> list[int]:
    """The cheapest segmentation.

    Parameters
    ----------
    features : shape (n, n_features)
        Standardised; at least one row.
    prices : shape (n + 1,)
        Of a cut before each stretch; the first and the last are the file's ends and free.
    length_prices : shape (m,)
        Added to a piece of ``k + 1`` stretches; longer ones cost nothing. The file's first and last piece may be cut
        off anywhere, and pay half.

    Returns
    -------
    cuts : list of int
        First stretch of every piece, and ``n``: ascending, from 0.
    """
    n = features.shape[0]
    costs_of = _PieceCosts(features)
    best = np.zeros(n + 1)
    origin = np.zeros(n + 1, dtype=np.int64)
    extra = np.zeros(LONGEST + 1)
    extra[1 : 1 + length_prices.size] = length_prices
    for end in range(1, n + 1):
        starts = np.arange(max(0, end - LONGEST), end)
        short = extra[end - starts] * np.where((starts == 0) | (end == n), 0.5, 1.0)
        costs = best[starts] + costs_of(starts, end) + short + prices[starts] * (starts > 0)
        choice = int(np.argmin(costs))
        best[end], origin[end] = costs[choice], starts[choice]
    cuts = [n]
    while cuts[-1] > 0:
        cuts.append(int(origin[cuts[-1]]))
    return _without_needless(cuts[::-1], costs_of, prices)


def _without_needless(cuts: list[int], costs_of: _PieceCosts, prices: FloatArray) -> list[int]:
    """Take out cuts that are there only because no piece may be longer than ``LONGEST``.

    From a true optimum of up to that length nothing is taken: a cut that saves less than its price is not in it.
    """
    kept = cuts[:2]
    for end in cuts[2:]:
        first, cut = kept[-2:]
        before, (joined, after) = costs_of(np.array([first]), cut), costs_of(np.array([first, cut]), end)
        if end - first > LONGEST and joined <= before[0] + after + prices[cut]:
            kept[-1] = end
        else:
            kept.append(end)
    return kept


class _PieceCosts:
    """What a constant, or in part a straight line, leaves unexplained in any piece, from running sums."""

    def __init__(self, features: FloatArray) -> None:
        centred = features - features.mean(axis=0)
        self._position = np.arange(features.shape[0]) - features.shape[0] / 2
        self._sums = _running(centred)
        self._moments = _running(centred * self._position[:, None])
        self._squares = _running((centred**2).sum(axis=1, keepdims=True))[:, 0]

    def __call__(self, starts: NDArray[np.int64], end: int) -> FloatArray:
        """shape of ``starts``: cost of the piece from each up to ``end``"""
        length = end - starts
        total = self._sums[end] - self._sums[starts]
        middle = (self._position[starts] + self._position[end - 1]) / 2
        spread = length * (length.astype(np.float64) ** 2 - 1) / 12
        tilt = (self._moments[end] - self._moments[starts] - middle[:, None] * total) ** 2
        trend = tilt.sum(axis=1) / np.maximum(spread, 1.0) * (length > 2)
        flat = self._squares[end] - self._squares[starts] - (total**2).sum(axis=1) / length
        costs: FloatArray = np.maximum(flat - _TREND_SHARE * trend, 0.0)
        return costs


def novelty(features: FloatArray, reach: int) -> FloatArray:
    """How far the ``reach`` stretches from each on lie from the ``reach`` before it: squared distance, shape (n,).

    Nearer the ends fewer count; the first stretch has no before, and zero.
    """
    n = features.shape[0]
    sums = _running(features)
    here = np.arange(n)
    first, last = np.maximum(here - reach, 0), np.minimum(here + reach, n)
    before = (sums[here] - sums[first]) / np.maximum(here - first, 1)[:, None]
    after = (sums[last] - sums[here]) / (last - here)[:, None]
    weight = np.minimum(here - first, last - here) / reach
    answer: FloatArray = ((after - before) ** 2).sum(axis=1) * weight
    return answer


def _running(values: FloatArray) -> FloatArray:
    until = np.zeros((values.shape[0] + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=until[1:])
    return until
