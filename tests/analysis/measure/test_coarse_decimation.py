from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut, music
from uptrack_analysis.measure.coarse_decimation import CoarseDecimator
from uptrack_analysis.signal import Block

EMPTY: Block = np.zeros((2, 0), dtype=np.float32)


def kept_of(signal: Block, factor: int) -> Block:
    decimator = CoarseDecimator(signal.shape[0], factor)
    return np.concatenate([decimator.push(signal), decimator.push(signal[:, :0], last=True)], axis=1)


def wave(cycles_a_kept_sample: float, factor: int, frames: int) -> Block:
    return np.sin(2 * np.pi * cycles_a_kept_sample * np.arange(frames) / factor)[None].astype(np.float32)


@pytest.mark.parametrize("factor", [2, 6, 7, 16, 32, 35, 140])
def test_what_is_kept_lies_where_it_lay(factor: int) -> None:
    frames = 2_000 * factor + 3
    signal = np.concatenate([wave(0.05, factor, frames), -wave(0.05, factor, frames)])
    kept = kept_of(signal, factor)
    assert abs(kept.shape[1] - frames / factor) <= 1
    inside = slice(100, 1_900)  # away from where the filters ring on the ends
    np.testing.assert_allclose(kept[:, inside], signal[:, ::factor][:, inside], atol=5e-5)


@pytest.mark.parametrize("place", [0.02, 0.1, 0.2, 0.25, 0.36])
def test_the_lower_three_quarters_of_the_band_keep_their_level(place: float) -> None:
    kept = kept_of(wave(place, 32, 400_000), 32)[0, 1_000:11_000]
    assert 10 * np.log10(2 * np.mean(kept.astype(np.float64) ** 2)) == pytest.approx(0.0, abs=0.002)


@pytest.mark.parametrize("over", [1, 2, 3, 7, 8, 15])
@pytest.mark.parametrize("beside", [-0.36, 0.0, 0.1, 0.36])
def test_nothing_folds_into_them(over: int, beside: float) -> None:
    kept = kept_of(wave(over + beside, 32, 400_000), 32)[0, 1_000:11_000].astype(np.float64)
    assert 10 * np.log10(2 * np.mean(kept**2) + 1e-20) < -94


@settings(max_examples=15)
@given(st.lists(st.integers(1, 70_000), max_size=12), st.sampled_from([6, 32, 35]))
def test_block_size_never_shows_in_the_result(sizes: list[int], factor: int) -> None:
    signal = music(44_100, 4)
    pieced = CoarseDecimator(2, factor)
    found = [pieced.push(block) for block in cut(signal, sizes)]
    found.append(pieced.push(EMPTY, last=True))
    np.testing.assert_array_equal(np.concatenate(found, axis=1), kept_of(signal, factor))


def test_a_signal_shorter_than_the_filter_is_not_lost() -> None:
    assert np.abs(kept_of(np.ones((1, 33), dtype=np.float32), 32)).max() > 0.1
