"""Beats followed through a file, on strengths written down by hand: no audio, so that only the following is tested."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from uptrack_analysis.measure.pulse import MIN_TRUST, follow
from uptrack_analysis.signal import Block

RATE_HZ = 689.0625


def strikes(times_s: NDArray[np.float64], seconds: float) -> Block:
    """One step at each moment, over a little noise."""
    strength = 0.05 * np.random.default_rng(1).random(round(seconds * RATE_HZ))
    strength[np.round(times_s[times_s < seconds - 0.01] * RATE_HZ).astype(int)] += 4.0
    return strength.astype(np.float32)


@pytest.mark.parametrize("seconds", [9.0, 30.0, 270.0])
@pytest.mark.parametrize("slip", [-3e-4, 0.0, 2e-4])
def test_the_beat_is_corrected_to_a_millisecond_over_the_file(seconds: float, slip: float) -> None:
    beat_s = 60 / 127.3
    found = follow(strikes(0.2 + beat_s * np.arange(1_000, dtype=np.float64), seconds), RATE_HZ, beat_s * (1 + slip))
    beats = seconds / beat_s
    assert abs(found.beat_s - beat_s) * beats < 0.001 + 0.001 * (seconds < 10)
    assert found.steady
    assert float(np.abs(found.deviations_s).max()) < 0.0015


def test_the_profile_shows_where_within_the_beat_things_happen() -> None:
    beat_s = 0.5
    times_s = np.concatenate([0.13 + beat_s * np.arange(200), 0.41 + beat_s * np.arange(0, 200, 2)])
    found = follow(strikes(np.sort(times_s), 60.0), RATE_HZ, beat_s)
    order = np.argsort(-found.profile)
    first_s = (order[0] + 0.5) / found.profile.size * beat_s
    assert first_s == pytest.approx(0.13, abs=0.002)
    second = next(place for place in order if abs((place + 0.5) / found.profile.size * beat_s - first_s) > 0.02)
    assert (second + 0.5) / found.profile.size * beat_s == pytest.approx(0.41, abs=0.002)
    assert found.contrast > 20


def test_a_player_who_wanders_by_more_than_a_sixteenth_is_followed() -> None:
    beat_s = 0.5
    even_s = 0.1 + beat_s * np.arange(480, dtype=np.float64)
    wander_s = 0.1 * np.sin(2 * np.pi * even_s / 120)
    found = follow(strikes(even_s + wander_s, 240.0), RATE_HZ, beat_s)
    assert (found.trust >= MIN_TRUST).all()
    middles_s = (np.arange(found.deviations_s.size) + 0.5) * found.row_s
    expected_s = 0.1 * np.sin(2 * np.pi * middles_s / 120)
    line = np.polyfit(middles_s, expected_s - found.deviations_s, 1)
    np.testing.assert_allclose(found.deviations_s + np.polyval(line, middles_s), expected_s, atol=0.01)


def test_a_passage_without_beats_is_not_trusted_and_does_no_harm() -> None:
    beat_s = 0.47
    times_s = beat_s * np.arange(300, dtype=np.float64)
    found = follow(strikes(times_s[(times_s < 50) | (times_s > 80)], 140.0), RATE_HZ, beat_s * 1.0001)
    assert found.beat_s == pytest.approx(beat_s, rel=1e-5)
    middles_s = (np.arange(found.trust.size) + 0.5) * found.row_s
    quiet = (middles_s > 55) & (middles_s < 75)
    assert (found.trust[quiet] < MIN_TRUST).all()
    assert (found.trust[(middles_s < 45) | (middles_s > 85)] > 0.9).all()


def test_strikes_at_random_are_not_steady() -> None:
    times_s = np.sort(np.random.default_rng(2).uniform(0, 100, 200))
    assert not follow(strikes(times_s, 100.0), RATE_HZ, 0.5).steady


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.6, 3.0])
def test_nothing_and_very_little_are_followed_without_a_fuss(seconds: float) -> None:
    found = follow(np.zeros(round(seconds * RATE_HZ), dtype=np.float32), RATE_HZ, 0.5)
    assert found.beat_s == 0.5
    assert not found.steady
    assert np.isfinite(found.profile).all()
