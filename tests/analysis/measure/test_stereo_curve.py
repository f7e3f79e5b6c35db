from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.same import assert_same
from support.signals import cut, music
from uptrack_analysis.measure.levels import RmsMeter
from uptrack_analysis.measure.results import StereoCurve
from uptrack_analysis.measure.stereo_curve import StereoCurveMeter
from uptrack_analysis.signal import Block


def measured(signal: Block, rate_hz: int) -> StereoCurve:
    meter = StereoCurveMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return meter.finish()


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 192_000])
def test_sums_are_those_of_every_tenth_of_a_second(rate_hz: int) -> None:
    signal = music(rate_hz, 1.05)
    curve = measured(signal, rate_hz)
    left, right = signal.astype(float)
    edges = [*(step * rate_hz // 10 for step in range(11)), signal.shape[1]]
    spans = [slice(start, end) for start, end in pairwise(edges)]
    assert curve.step_s == 0.1
    np.testing.assert_allclose(curve.ll, [np.sum(left[span] ** 2) for span in spans])
    np.testing.assert_allclose(curve.rr, [np.sum(right[span] ** 2) for span in spans])
    np.testing.assert_allclose(curve.lr, [np.sum(left[span] * right[span]) for span in spans])


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100])
def test_sums_that_need_not_be_exact_are_within_a_millionth(rate_hz: int) -> None:
    signal = music(rate_hz, 1.05)
    meter = StereoCurveMeter(rate_hz, 2, exact=False)
    meter.push(signal)
    curve, exact = meter.finish(), measured(signal, rate_hz)
    scale = exact.ll + exact.rr
    for name in ("ll", "rr", "lr"):
        np.testing.assert_allclose(getattr(curve, name) / scale, getattr(exact, name) / scale, atol=1e-6)


def test_a_side_signal_80_db_under_the_mid_is_not_lost_in_sums_that_need_not_be_exact() -> None:
    mid = music(44_100, 2, channels=1)[0]
    side = 1e-4 * np.random.default_rng(1).permutation(mid)
    meter = StereoCurveMeter(44_100, 2, exact=False)
    meter.push(np.stack([mid + side, mid - side]).astype(np.float32))
    curve = meter.finish()
    found = (curve.ll + curve.rr - 2 * curve.lr).sum() / 4
    assert found == pytest.approx(float(np.sum(side**2)), rel=0.01)


def test_equal_channels_differ_by_nothing_in_sums_that_need_not_be_exact() -> None:
    left = music(44_100, 1, channels=1)[0]
    meter = StereoCurveMeter(44_100, 2, exact=False)
    meter.push(np.stack([left, left]))
    curve = meter.finish()
    assert curve.ll.all()
    np.testing.assert_array_equal(curve.rr, curve.ll)
    np.testing.assert_array_equal(curve.lr, curve.ll)


def test_an_inverted_channel_keeps_its_sign() -> None:
    left = music(8_000, 1, channels=1)[0]
    curve = measured(np.stack([left, -left]), 8_000)
    np.testing.assert_array_equal(curve.lr, -curve.ll)


def test_mono_has_no_curve() -> None:
    curve = measured(music(8_000, 1, channels=1), 8_000)
    assert curve.ll.size == curve.rr.size == curve.lr.size == 0


@settings(max_examples=20)
@given(
    sizes=st.lists(st.integers(1, 9_000), max_size=20),
    rate_hz=st.sampled_from([11_025, 12_000, 88_200, 96_000, 192_000]),
    exact=st.booleans(),
)
def test_block_size_never_shows_in_the_result(sizes: list[int], rate_hz: int, exact: bool) -> None:
    signal = music(rate_hz, 2)
    at_once, meter = (StereoCurveMeter(rate_hz, 2, exact=exact) for _ in range(2))
    whole_level, level = RmsMeter(2), RmsMeter(2)
    at_once.push(signal)
    whole_level.push(signal)
    for block in cut(signal, sizes):
        meter.push(block)
        level.push(block)
    assert_same(meter.finish(), at_once.finish())
    assert_same(meter.excerpts, at_once.excerpts)
    assert whole_level.finish() == (rms_dbfs := level.finish())
    assert rms_dbfs == pytest.approx(10 * np.log10(np.mean(signal.astype(float) ** 2)), abs=1e-9)


def test_rms_of_silence_and_of_nothing_is_none() -> None:
    meter = RmsMeter(2)
    assert meter.finish() is None
    meter.push(np.zeros((2, 100), dtype=np.float32))
    assert meter.finish() is None
