"""Peak, offset and the silences at both ends of a stem, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.same import assert_same
from support.signals import cut, music
from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure import stem_levels
from uptrack_analysis.measure.defects import SILENCE
from uptrack_analysis.measure.stem_levels import StemLevelMeter
from uptrack_analysis.signal import Block

CHUNK = stem_levels._CHUNK_FRAMES
RATE = 8_000


def measured(signal: Block, sizes: list[int] | None = None) -> StemLevelMeter:
    meter = StemLevelMeter(RATE, signal.shape[0])
    for block in cut(signal, sizes or []):
        meter.push(block)
    meter.finish()
    return meter


@pytest.mark.parametrize(("first", "last", "frames"), [(0, 0, 1), (100, 200, 5_000), (CHUNK - 1, CHUNK, 2 * CHUNK + 7)])
def test_silence_at_both_ends_is_counted_to_the_sample(first: int, last: int, frames: int) -> None:
    signal = np.full((2, frames), 0.5 * SILENCE, dtype=np.float32)
    signal[1, first] = signal[0, last] = -0.5
    found = measured(signal)
    assert (found.lead_frames, found.tail_frames) == (first, frames - 1 - last)
    assert found.peak == 0.5


def test_a_stem_that_never_sounds_is_silence_from_end_to_end() -> None:
    found = measured(np.zeros((2, CHUNK + 10), dtype=np.float32))
    assert (found.peak, found.lead_frames, found.tail_frames) == (0.0, CHUNK + 10, CHUNK + 10)
    assert not found.dc_offset.any()


def test_the_offset_is_the_mean_sample_of_each_channel() -> None:
    signal = music(8_000, 4) + np.array([[0.02], [-0.01]], dtype=np.float32)
    np.testing.assert_allclose(measured(signal).dc_offset, signal.mean(axis=1, dtype=np.float64), atol=1e-9)


LONG = np.concatenate([np.zeros((2, 900)), music(8_000, 80), np.zeros((2, 3_000))], axis=1).astype(np.float32)


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(1, CHUNK + 40_000), max_size=12), frames=st.integers(1, LONG.shape[1]))
def test_block_size_never_shows_in_the_result(sizes: list[int], frames: int) -> None:
    signal = LONG[:, :frames]
    whole, pieced = measured(signal), measured(signal, sizes)
    for name in ("frames", "peak", "dc_offset", "lead_frames", "tail_frames"):
        assert_same(getattr(pieced, name), getattr(whole, name), name)
    assert_same(pieced.steps.dbfs, whole.steps.dbfs, "steps")


def test_the_peak_of_every_tenth_of_a_second_is_kept() -> None:
    signal = np.zeros((2, 2_050), dtype=np.float32)
    signal[0, 799], signal[1, 800], signal[0, 2_049] = 0.5, -0.25, 1.0
    np.testing.assert_allclose(measured(signal).steps.dbfs, 20 * np.log10([0.5, 0.25, 1.0]))


def test_a_block_with_another_number_of_channels_is_refused() -> None:
    with pytest.raises(InvalidSignal):
        StemLevelMeter(RATE, 2).push(np.zeros((1, 10), dtype=np.float32))
