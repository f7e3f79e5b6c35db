from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut, music
from uptrack_analysis.measure.attacks import EARLY_S, AttackMeter, Attacks, rises
from uptrack_analysis.signal import Block


def measured(signal: Block, rate_hz: float) -> Attacks:
    meter = AttackMeter(rate_hz)
    meter.push(signal)
    return meter.finish()


def hit(rate_hz: int, at_s: float, sound: str) -> Block:
    length = rate_hz // 4
    time_s = np.arange(length) / rate_hz
    noise = np.random.default_rng(3).standard_normal(length)
    body = {
        "kick": np.sin(2 * np.pi * (50 * time_s + 6 * (1 - np.exp(-time_s * 35)))) * np.exp(-time_s * 14),
        "hat": np.diff(noise, prepend=0.0) * np.exp(-time_s * 70),
    }[sound]
    signal = 1e-4 * np.random.default_rng(4).standard_normal(2 * rate_hz)
    start = round(at_s * rate_hz)
    signal[start : start + length] += 0.5 * body
    return signal[None].astype(np.float32)


@pytest.mark.parametrize("sound", ["kick", "hat"])
@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 24_000])
@pytest.mark.parametrize("at_s", [0.5, 0.5713, 0.8137])
def test_a_hit_is_timed_to_a_few_milliseconds(sound: str, rate_hz: int, at_s: float) -> None:
    found = measured(hit(rate_hz, at_s, sound), rate_hz)
    strength = found.low if sound == "kick" else found.high
    assert found.rate_hz == pytest.approx(690, rel=0.06)
    # The windows are 6 and 12 ms; what matters for a grid is that the mean over sounds is EARLY_S.
    assert float(np.argmax(strength)) / found.rate_hz + EARLY_S == pytest.approx(at_s, abs=0.004)


def test_a_hat_is_heard_in_the_highs_and_a_kick_in_the_lows() -> None:
    both = hit(22_050, 0.5, "kick") + np.float32(0.1) * hit(22_050, 1.0, "hat")
    found = measured(both, 22_050)
    assert float(np.argmax(found.low)) / found.rate_hz == pytest.approx(0.5, abs=0.01)
    assert float(np.argmax(found.high)) / found.rate_hz == pytest.approx(1.0, abs=0.01)


def test_level_does_not_matter() -> None:
    loud, quiet = (measured(gain * hit(22_050, 0.5, "kick"), 22_050) for gain in (np.float32(1), np.float32(0.01)))
    np.testing.assert_allclose(quiet.low, loud.low, atol=1e-3)


@pytest.mark.parametrize("samples", [0, 1, 31, 32, 100])
def test_a_handful_of_samples_has_one_value_for_each_whole_step(samples: int) -> None:
    found = measured(np.full((1, samples), 0.1, dtype=np.float32), 22_050)
    assert found.low.shape == found.high.shape == (samples // 32,)
    assert np.isfinite(found.low).all()


def test_silence_has_no_attack() -> None:
    found = measured(np.zeros((1, 22_050), dtype=np.float32), 22_050)
    assert not found.low.any()
    assert not found.high.any()


def test_long_files_are_taken_in_parts_that_do_not_show() -> None:
    power = np.random.default_rng(5).random(150_000).astype(np.float32)
    whole, tail = rises(power.copy(), 8), rises(power[60_000:].copy(), 8)
    # Both know other "loud moments", the 95th percentile of a uniform distribution either way.
    np.testing.assert_allclose(tail[100:], whole[60_100:], atol=0.01)


@settings(max_examples=10)
@given(st.lists(st.integers(1, 40_000), max_size=10))
def test_block_size_never_shows_in_the_result(sizes: list[int]) -> None:
    signal = music(22_050, 4, channels=1)
    meter = AttackMeter(22_050)
    for block in cut(signal, sizes):
        meter.push(block)
    found, whole = meter.finish(), measured(signal, 22_050)
    np.testing.assert_array_equal(found.low, whole.low)
    np.testing.assert_array_equal(found.high, whole.high)
