from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut, music, tone
from uptrack_analysis.measure.onsets import OnsetEnvelope, OnsetMeter
from uptrack_analysis.signal import Block


def measured(signal: Block, rate_hz: int) -> OnsetEnvelope:
    meter = OnsetMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return meter.finish()


def hits(rate_hz: int, at_s: list[float], seconds: float) -> Block:
    rng = np.random.default_rng(2)
    signal = 1e-4 * rng.standard_normal(round(seconds * rate_hz))
    for moment in at_s:
        start = round(moment * rate_hz)
        burst = rng.standard_normal(rate_hz // 10) * np.exp(-np.arange(rate_hz // 10) / rate_hz * 60)
        signal[start : start + burst.size] += 0.3 * burst
    return signal[None].astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_a_hit_rises_where_it_is_at_every_rate(rate_hz: int) -> None:
    at_s = [0.5, 1.1, 1.9]
    envelope = measured(hits(rate_hz, at_s, 2.5), rate_hz)
    strength = envelope.groups.sum(axis=0)
    assert envelope.rate_hz == pytest.approx(86.13, rel=0.01)
    for moment in at_s:
        around = slice(round((moment - 0.2) * envelope.rate_hz), round((moment + 0.2) * envelope.rate_hz))
        peak_s = (around.start + int(np.argmax(strength[around]))) / envelope.rate_hz
        assert peak_s == pytest.approx(moment, abs=0.025)


def test_level_does_not_matter() -> None:
    loud = music(22_050, 3)
    envelope, quiet = measured(loud, 22_050), measured(loud * np.float32(0.01), 22_050)
    np.testing.assert_allclose(quiet.groups, envelope.groups, atol=1e-3)


def test_a_kick_and_a_hat_speak_in_different_groups() -> None:
    rate_hz, seconds = 44_100, 2.0
    place_s = np.arange(round(rate_hz * seconds)) / rate_hz
    kick = np.sin(2 * np.pi * 55 * place_s) * np.exp(-(place_s % 0.5) * 20)
    noise = np.random.default_rng(1).standard_normal(place_s.size)
    hat = np.diff(np.diff(noise, prepend=0), prepend=0) * np.exp(-((place_s + 0.25) % 0.5) * 80)
    low, _, _, high = measured((0.5 * kick + 0.02 * hat)[None].astype(np.float32), rate_hz).groups
    frames_a_beat = 0.5 * 44_100 / 512
    assert round(float(np.argmax(low[50:120]) + 50) / frames_a_beat * 2) % 2 == 0
    assert round(float(np.argmax(high[50:120]) + 50) / frames_a_beat * 2) % 2 == 1


def test_silence_and_a_steady_tone_start_nothing() -> None:
    assert not measured(np.zeros((2, 44_100), dtype=np.float32), 44_100).groups.any()
    steady = measured(tone(44_100, 3, -12), 44_100).groups[:, 20:-20]
    assert steady.max() < 0.05 * measured(hits(44_100, [1.0], 2.0), 44_100).groups.max()


@pytest.mark.parametrize("frames", [0, 1, 300, 1_000])
def test_a_file_too_short_for_a_rise_has_a_flat_envelope(frames: int) -> None:
    envelope = measured(np.full((1, frames), 0.1, dtype=np.float32), 44_100)
    assert envelope.groups.shape == (4, math.ceil(math.ceil(frames / 2) / 256))


@settings(max_examples=10)
@given(st.lists(st.integers(1, 20_000), max_size=10))
def test_block_size_never_shows_in_the_result(sizes: list[int]) -> None:
    signal = music(44_100, 2)
    meter = OnsetMeter(44_100, 2)
    for block in cut(signal, sizes):
        meter.push(block)
    np.testing.assert_array_equal(meter.finish().groups, measured(signal, 44_100).groups)


def test_silence_behind_the_music_changes_nothing_in_it() -> None:
    sound = hits(22_050, [0.5, 1.1, 1.9], 2.5)
    sound *= np.clip((sound.shape[1] - np.arange(sound.shape[1])) / 11_025, 0.0, 1.0).astype(np.float32)
    envelope = measured(sound, 22_050)
    longer = measured(np.pad(sound, ((0, 0), (0, 3 * 22_050))), 22_050)
    np.testing.assert_array_equal(longer.groups, envelope.groups)
    np.testing.assert_array_equal(longer.attacks.low, envelope.attacks.low)
