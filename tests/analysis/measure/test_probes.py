"""Stretches of the samples: where they lie, and that nothing else changes them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.signals import cut, music
from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure import probes
from uptrack_analysis.measure.probes import LENGTH_S, SPACING_S, ProbeMeter, Probes
from uptrack_analysis.signal import Block


def probed(signal: Block, rate_hz: int = 8_000) -> Probes:
    meter = ProbeMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return meter.finish()


def test_a_stretch_is_the_signal_itself_at_even_spaces() -> None:
    signal = music(8_000, 3 * SPACING_S + 0.9, channels=1)
    found = probed(signal)
    assert found.starts_s == pytest.approx((0.0, SPACING_S, 2 * SPACING_S, 3 * SPACING_S))
    for place, start_s in enumerate(found.starts_s):
        first = round(start_s * 8_000)
        there = signal[0, first : first + round(LENGTH_S * 8_000)]
        error = np.abs(found.stretch(place)[: there.size] - there).max()
        assert error <= 0.51 * float(np.abs(there).max()) / 32_767


def test_an_inverted_channel_does_not_vanish_from_a_stretch() -> None:
    left = music(8_000, 1.0, channels=1)
    found = probed(np.concatenate([left, -left]))
    np.testing.assert_allclose(found.stretch(0), 0.1 * left[0, : found.steps.shape[1]], atol=1e-5)


def test_what_the_end_cuts_off_is_silent() -> None:
    found = probed(music(8_000, SPACING_S + 0.1))
    assert found.steps[-1, : 8_000 // 10].any()
    assert not found.steps[-1, 8_000 // 10 + 1 :].any()


@given(sizes=st.lists(st.integers(1, 50_000), min_size=1, max_size=8), most=st.sampled_from([2, 3, 4, 5, 96]))
def test_block_size_changes_nothing(sizes: list[int], most: int) -> None:
    signal = music(8_000, 12.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probes, "MOST_PROBES", most)
        meter = ProbeMeter(8_000, 2)
        for block in cut(signal, sizes):
            meter.push(block)
        found, at_once = meter.finish(), probed(signal)
    assert found.starts_s == at_once.starts_s
    assert np.array_equal(found.steps, at_once.steps)
    assert found.starts_s == pytest.approx([found.every * SPACING_S * n for n in range(len(found.starts_s))], abs=1e-3)


def test_long_files_are_looked_at_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "MOST_PROBES", 4)
    found = probed(music(8_000, 10.5 * SPACING_S))
    assert found.starts_s == pytest.approx([4 * SPACING_S * number for number in range(3)], abs=1e-3)


def test_another_number_of_channels_is_refused() -> None:
    with pytest.raises(InvalidSignal):
        ProbeMeter(8_000, 2).push(np.zeros((1, 100), dtype=np.float32))
