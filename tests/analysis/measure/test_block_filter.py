from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.block_filter import BlockFilter
from uptrack_analysis.measure.k_weighting import k_weighting
from uptrack_analysis.signal import FloatArray

FRAMES = BlockFilter(k_weighting(48_000), 1, np.float64).frames


def by_recursion(rate_hz: int, signal: FloatArray) -> FloatArray:
    for section in k_weighting(rate_hz):
        signal = lfilter([section.b0, section.b1, section.b2], [1.0, section.a1, section.a2], signal)
    return signal


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 192_000])
def test_gives_what_a_sample_by_sample_recursion_gives(rate_hz: int) -> None:
    noise = np.random.default_rng(1).standard_normal((2, 3 * FRAMES))
    kernel = BlockFilter(k_weighting(rate_hz), 2, np.float64)
    filtered = np.concatenate([kernel.push(part).copy() for part in np.split(noise, 3, axis=1)], axis=1)
    np.testing.assert_allclose(filtered, by_recursion(rate_hz, noise), rtol=0, atol=5e-9)


@pytest.mark.parametrize(("step", "sets"), [(1, 40), (21, 1), (49, 40), (64, 5)])
def test_how_long_its_steps_and_blocks_are_never_shows(step: int, sets: int) -> None:
    kernel = BlockFilter(k_weighting(44_100), 1, np.float64, step=step, sets=sets)
    noise = np.random.default_rng(3).standard_normal((1, 2 * kernel.frames))
    filtered = np.concatenate([kernel.push(part).copy() for part in np.split(noise, 2, axis=1)], axis=1)
    np.testing.assert_allclose(filtered, by_recursion(44_100, noise), rtol=0, atol=5e-9)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 192_000])
def test_single_precision_errs_by_less_than_anybody_hears_even_beside_a_large_offset(rate_hz: int) -> None:
    noise = 0.5 + 1e-3 * np.random.default_rng(2).standard_normal((1, 4 * FRAMES))
    kernel = BlockFilter(k_weighting(rate_hz), 1, np.float32)
    parts = np.split(noise.astype(np.float32), 4, axis=1)
    filtered = np.concatenate([kernel.push(part).copy() for part in parts], axis=1)
    error = filtered - by_recursion(rate_hz, noise.astype(np.float32).astype(np.float64))
    assert np.sqrt(np.mean(error**2)) < 0.5 * 10 ** (-85 / 20)


def test_falls_silent_after_the_signal_instead_of_ringing_in_subnormal_numbers() -> None:
    kernel = BlockFilter(k_weighting(48_000), 1, np.float64)
    kernel.push(np.ones((1, FRAMES)))
    for _ in range(8):
        rest = kernel.push(np.zeros((1, FRAMES)))
    assert not rest.any()


@pytest.mark.parametrize("block", [np.zeros((1, FRAMES)), np.zeros((2, 1000)), np.zeros((2, FRAMES), np.float32)])
def test_refuses_another_shape_or_type(block: FloatArray) -> None:
    with pytest.raises(InvalidSignal, match="expected shape"):
        BlockFilter(k_weighting(48_000), 2, np.float64).push(block)


def test_at_48_khz_the_k_weighting_is_the_table_of_bs_1770() -> None:
    shelf, high_pass = k_weighting(48_000)
    assert [shelf.b0, shelf.b1, shelf.b2, shelf.a1, shelf.a2] == pytest.approx(
        [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585], abs=1e-10
    )
    assert [high_pass.b0, high_pass.b1, high_pass.b2, high_pass.a1, high_pass.a2] == pytest.approx(
        [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621], abs=1e-10
    )


def test_channels_that_are_alike_for_a_while_come_out_as_if_each_were_alone() -> None:
    kernel, alone = (BlockFilter(k_weighting(48_000), channels, np.float32) for channels in (2, 1))
    left = np.random.default_rng(4).standard_normal((1, 4 * FRAMES)).astype(np.float32)
    right = left.copy()
    right[0, FRAMES + 1_000] += 1.0  # in the second block, and ringing into the third
    found = [kernel.push(part).copy() for part in np.split(np.concatenate([left, right]), 4, axis=1)]
    expected = np.concatenate([alone.push(part).copy() for part in np.split(right, 4, axis=1)], axis=1)
    np.testing.assert_array_equal(np.concatenate(found, axis=1)[1:], expected)
