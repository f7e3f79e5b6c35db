from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.block_filter import BlockFilter
from uptrack_analysis.measure.k_weighting import k_weighting


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 192_000])
def test_gives_what_a_sample_by_sample_recursion_gives(rate_hz: int) -> None:
    sections = k_weighting(rate_hz)
    noise = np.random.default_rng(1).standard_normal((2, 3 * BlockFilter.MULTIPLE))
    expected = noise
    for section in sections:
        expected = lfilter([section.b0, section.b1, section.b2], [1.0, section.a1, section.a2], expected)
    filtered = BlockFilter(sections, 2).push(noise)
    np.testing.assert_allclose(filtered, expected, rtol=0, atol=1e-9)


def test_carries_its_state_from_block_to_block() -> None:
    noise = np.random.default_rng(2).standard_normal((1, 4 * BlockFilter.MULTIPLE))
    whole = BlockFilter(k_weighting(44_100), 1).push(noise)
    kernel = BlockFilter(k_weighting(44_100), 1)
    parts = [kernel.push(part) for part in np.split(noise, 4, axis=1)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=0, atol=1e-12)


def test_falls_silent_after_the_signal_instead_of_ringing_in_subnormal_numbers() -> None:
    kernel = BlockFilter(k_weighting(48_000), 1)
    kernel.push(np.ones((1, BlockFilter.MULTIPLE)))
    for _ in range(8):
        rest = kernel.push(np.zeros((1, BlockFilter.MULTIPLE)))
    assert not rest.any()


@pytest.mark.parametrize("shape", [(1, 2 * BlockFilter.MULTIPLE), (2, 1000), (BlockFilter.MULTIPLE,)])
def test_refuses_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidSignal, match="expected shape"):
        BlockFilter(k_weighting(48_000), 2).push(np.zeros(shape))


def test_at_48_khz_the_k_weighting_is_the_table_of_bs_1770() -> None:
    shelf, high_pass = k_weighting(48_000)
    assert [shelf.b0, shelf.b1, shelf.b2, shelf.a1, shelf.a2] == pytest.approx(
        [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585], abs=1e-10
    )
    assert [high_pass.b0, high_pass.b1, high_pass.b2, high_pass.a1, high_pass.a2] == pytest.approx(
        [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621], abs=1e-10
    )
