"""What counts as hidden by the music, and need not be found."""

from __future__ import annotations

import numpy as np
import pytest
from fault_masking import sound_is_masked, tones_are_masked
from fault_mixes import RATE_HZ, Sound


def noise(seconds: float, rms_db: float, seed: int = 1) -> Sound:
    samples = np.random.default_rng(seed).standard_normal((2, round(seconds * RATE_HZ)))
    return (10 ** (rms_db / 20) * samples).astype(np.float32)


def power(level_db: float) -> float:
    return float(10 ** (level_db / 10))


@pytest.mark.parametrize("hz", [49.98, 50.02, 99.98, 100.02, 250.0])
def test_a_tone_is_masked_by_what_sounds_around_it(hz: float) -> None:
    # White noise of -20 dB has -43.4 dB in 100 Hz; a tone is heard from 4 dB under that.
    music = noise(30.0, -20.0)
    under_hz = min(100.0, hz + 50.0 - 20.0)
    band_db = -20.0 + 10 * np.log10(under_hz / (RATE_HZ / 2))
    assert tones_are_masked(music, [(hz, power(band_db - 7.0))])
    assert not tones_are_masked(music, [(hz, power(band_db - 1.0))])


def test_three_seconds_of_pause_in_a_minute_show_a_tone_and_a_gap_between_hits_does_not() -> None:
    music = noise(60.0, -10.0)
    tone = [(100.0, power(-45.0))]
    assert tones_are_masked(music, tone)
    gaps = music.copy()
    for start in range(0, gaps.shape[1], RATE_HZ // 2):
        gaps[:, start : start + RATE_HZ // 8] = 0.0
    assert tones_are_masked(gaps, tone)
    music[:, : 4 * RATE_HZ] = 0.0
    assert not tones_are_masked(music, tone)


@pytest.mark.parametrize("frames", [1, 44, 220])
def test_a_short_sound_is_masked_by_a_stronger_one_within_a_dozen_milliseconds(frames: int) -> None:
    rng = np.random.default_rng(2)
    added = np.zeros((2, frames), dtype=np.float32)
    added[:] = rng.choice([-1.0, 1.0], frames)
    at = 5 * RATE_HZ
    assert sound_is_masked(noise(10.0, -10.0), added * np.float32(0.01), at)
    assert not sound_is_masked(noise(10.0, -60.0), added, at)


def test_a_thud_without_highs_is_heard_too() -> None:
    thud = 0.03 * np.hanning(200).astype(np.float32)
    assert not sound_is_masked(noise(10.0, -80.0), np.stack([thud, thud]), 5 * RATE_HZ)


def test_a_longer_sound_is_none_of_its_business() -> None:
    with pytest.raises(ValueError, match="at most 5 ms"):
        sound_is_masked(noise(1.0, -20.0), np.zeros((2, 1000), dtype=np.float32), 1000)
