from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut, music
from uptrack_analysis.measure.decimation import Decimator, fold, nearest_smooth
from uptrack_analysis.signal import Block

EMPTY: Block = np.zeros((2, 0), dtype=np.float32)


def test_what_is_kept_lies_where_it_lay() -> None:
    place = np.arange(64_000)
    wave = np.sin(2 * np.pi * place / 640).astype(np.float32)
    decimator = Decimator(2, 32)
    kept = np.concatenate([decimator.push(np.stack([wave, -wave])), decimator.push(EMPTY, last=True)], axis=1)
    assert kept.shape == (2, 2_000)
    inside = slice(100, -100)  # away from where the filter rings on the ends
    np.testing.assert_allclose(kept[0, inside], wave[::32][inside], atol=1e-5)
    np.testing.assert_allclose(kept[1], -kept[0], atol=1e-7)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 7_000), max_size=12))
def test_block_size_never_shows_in_the_result(sizes: list[int]) -> None:
    signal = music(22_050, 1)
    whole, pieced = Decimator(2, 8), Decimator(2, 8)
    expected = np.concatenate([whole.push(signal), whole.push(EMPTY, last=True)], axis=1)
    found = [pieced.push(block) for block in cut(signal, sizes)]
    found.append(pieced.push(EMPTY, last=True))
    np.testing.assert_array_equal(np.concatenate(found, axis=1), expected)


def test_folding_keeps_a_file_whose_channel_is_inverted_audible() -> None:
    left = music(8_000, 1, channels=1)
    folded = fold(np.concatenate([left, -left]))
    np.testing.assert_allclose(folded, 0.1 * left, atol=1e-6)
    np.testing.assert_array_equal(fold(left), left)


@pytest.mark.parametrize(("value", "smooth"), [(32.0, 32), (139.3, 140), (0.2, 1), (2048.0, 2048), (1981.4, 2000)])
def test_transform_lengths_have_no_large_prime_factor(value: float, smooth: int) -> None:
    assert nearest_smooth(value) == smooth
