"""Cutting a row of features into parts: the cheapest way, exactly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptrack_analysis.measure.segmentation import LONGEST, best_cuts, novelty, standardised
from uptrack_analysis.signal import FloatArray

TREND_SHARE = 0.7


def cost_of(features: FloatArray, cuts: tuple[int, ...], prices: FloatArray, length_prices: FloatArray) -> float:
    """The cost as its definition reads, one piece after the other."""
    total = 0.0
    n = features.shape[0]
    for start, end in itertools.pairwise(cuts):
        piece = features[start:end]
        flat = float(((piece - piece.mean(axis=0)) ** 2).sum())
        trend = 0.0
        if end - start > 2:
            x = np.arange(end - start) - (end - start - 1) / 2
            trend = float(((x @ piece) ** 2).sum() / (x @ x))
        short = float(length_prices[end - start - 1]) if end - start <= length_prices.size else 0.0
        total += flat - TREND_SHARE * trend + short * (0.5 if start == 0 or end == n else 1.0)
        total += float(prices[start]) if start else 0.0
    return total


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_no_other_segmentation_is_cheaper(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    features = np.cumsum(rng.standard_normal((n, 2)), axis=0)
    prices, length_prices = rng.uniform(0, 4, n + 1), np.array([2.0, 1.0])
    inner = range(1, n)
    every = [(0, *some, n) for count in range(n) for some in itertools.combinations(inner, count)]
    found = tuple(best_cuts(features, prices, length_prices))
    cheapest = min(cost_of(features, cuts, prices, length_prices) for cuts in every)
    assert cost_of(features, found, prices, length_prices) == pytest.approx(cheapest, abs=1e-9)


def test_a_step_is_cut_and_a_ramp_is_not() -> None:
    step = np.repeat([[0.0], [10.0]], 16, axis=0)
    ramp = np.linspace(0.0, 10.0, 32)[:, None]
    prices, lengths = np.full(33, 150.0), np.zeros(0)
    assert best_cuts(step, prices, lengths) == [0, 16, 32]
    assert best_cuts(ramp, prices, lengths) == [0, 32]


def test_a_piece_may_be_longer_than_what_is_looked_at_together() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(0, 1.0, (4 * LONGEST, 2))
    rows[3 * LONGEST + 7 :] += 6.0
    prices = np.full(rows.shape[0] + 1, 20.0)
    assert best_cuts(rows, prices, np.zeros(0)) == [0, 3 * LONGEST + 7, 4 * LONGEST]


def test_where_the_change_is_unclear_the_cheaper_place_wins() -> None:
    rows = np.array([0.0] * 15 + [2.0] + [4.0] * 16)[:, None]  # bar 15 belongs to neither side
    prices = np.full(33, 20.0)
    prices[::8] = 15.0
    assert best_cuts(rows, prices, np.zeros(0)) == [0, 16, 32]
    prices[15], prices[16] = 15.0, 20.0
    assert best_cuts(rows, prices, np.zeros(0)) == [0, 15, 32]


def test_standardised_features_are_in_units_of_their_own_jitter() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(0, [5.0, 20.0], (4_000, 2))
    np.testing.assert_allclose(standardised(noise).std(axis=0), [1.0, 1.0], rtol=0.1)


def test_novelty_is_largest_where_one_side_differs_most_from_the_other() -> None:
    rows = np.repeat([[0.0], [3.0], [2.0]], 20, axis=0)
    change = novelty(rows, 8)
    assert change.shape == (60,)
    assert change.argmax() == 20
    assert change[20] == pytest.approx(9.0)
    assert change[40] == pytest.approx(1.0)
    assert change[0] == 0.0
