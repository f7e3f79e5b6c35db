from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut
from uptrack_analysis.measure.results import TempoEstimate
from uptrack_analysis.measure.tempo import TempoMeter
from uptrack_analysis.signal import Block

RATE_HZ = 11_025

# Sixteen steps a bar. The tresillo of the last two (3 + 3 + 2) is what makes a sum of autocorrelations say two thirds.
PATTERNS = {
    "house": {"kick": "x...x...x...x...", "snare": "....x.......x...", "hat": "..x...x...x...x."},
    "techno": {"kick": "x...x...x...x...", "hat": "..x...x...x...x.", "bass": ".xxx.xxx.xxx.xxx"},
    "garage": {"kick": "x......x..x.....", "snare": "....x.......x...", "hat": "x.xxx.x.x.xxx.x."},
    "breaks": {"kick": "x.x.......xx....", "snare": "....x..x.x..x...", "hat": "x.x.x.x.x.x.x.x."},
    "dembow": {"kick": "x...x...x...x...", "snare": "...x..x....x..x.", "hat": "x.x.x.x.x.x.x.x."},
    "trance": {"kick": "x...x...x...x...", "hat": "..x...x...x...x.", "bass": "x..x..x..x..x.x."},
}


def measured(signal: Block, rate_hz: int = RATE_HZ) -> tuple[TempoEstimate, str | None]:
    meter = TempoMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return meter.finish(), meter.reason


def groove(name: str, bpm: float, *, seconds: float = 24.0, rate_hz: int = RATE_HZ, drift: float = 0.0) -> Block:
    """A drum pattern with ghost notes left out at random; ``drift`` is the share by which the last bar is slower."""
    rng = np.random.default_rng(sum(map(ord, name)))
    length = rate_hz // 5
    time_s = np.arange(length) / rate_hz
    noise = rng.standard_normal((3, length))
    sounds = {
        "kick": 0.9 * np.sin(2 * np.pi * (50 * time_s + 6 * (1 - np.exp(-time_s * 35)))) * np.exp(-time_s * 14),
        "snare": 0.4 * (noise[0] + np.sin(2 * np.pi * 190 * time_s)) * np.exp(-time_s * 25),
        "hat": 0.1 * np.diff(noise[1], prepend=0) * np.exp(-time_s * 70),
        "bass": 0.3 * np.sign(np.sin(2 * np.pi * 65 * time_s)) * np.exp(-time_s * 12),
    }
    signal = np.zeros(round(seconds * rate_hz) + length)
    step, moment_s = 0, 0.1
    while moment_s < seconds:
        for sound, steps in PATTERNS[name].items():
            if steps[step % 16] == "x" and rng.random() > 0.03:
                start = round(moment_s * rate_hz)
                signal[start : start + length] += sounds[sound][: signal.size - start] * rng.uniform(0.8, 1.0)
        moment_s += 15 / bpm * (1 + drift * moment_s / seconds)
        step += 1
    return (0.5 * signal[None]).astype(np.float32)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("bpm", [98.5, 124.0, 131.7, 152.0])
def test_machine_time_is_found_to_a_twentieth_of_a_bpm(name: str, bpm: float) -> None:
    found, reason = measured(groove(name, bpm))
    assert found.bpm == pytest.approx(bpm, abs=0.05)
    assert found.confidence > 0.4
    assert reason is None


@pytest.mark.parametrize("name", ["breaks", "garage", "dembow"])
def test_fast_breaks_are_read_as_written_or_at_half_time_and_the_other_is_offered(name: str) -> None:
    found, _ = measured(groove(name, 174.0))
    readings = sorted([found.bpm or 0.0, *(bpm for bpm, _ in found.alternatives[:1])])
    assert readings == pytest.approx([87.0, 174.0], abs=0.05)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_the_rate_of_the_file_does_not_matter(rate_hz: int) -> None:
    found, _ = measured(groove("house", 126.0, seconds=12, rate_hz=rate_hz), rate_hz)
    assert found.bpm == pytest.approx(126.0, abs=0.05)


def test_a_player_who_slows_down_has_a_mean_tempo() -> None:
    found, _ = measured(groove("house", 120.0, seconds=30, drift=0.03))
    assert found.bpm == pytest.approx(118.2, abs=1.5)


def test_what_else_it_might_be_comes_with_its_odds_and_without_the_winner() -> None:
    found, _ = measured(groove("trance", 140.0))
    others = [bpm for bpm, _ in found.alternatives]
    odds = [confidence for _, confidence in found.alternatives]
    assert others
    assert all(abs(bpm / 140.0 - 1) > 0.04 for bpm in others)
    assert odds == sorted(odds, reverse=True)
    assert found.confidence > odds[0]
    assert found.confidence + sum(odds) <= 1 + 1e-9


def test_an_inverted_channel_does_not_hide_the_beat() -> None:
    left = groove("house", 128.0, seconds=12)
    found, _ = measured(np.concatenate([left, -left]))
    assert found.bpm == pytest.approx(128.0, abs=0.05)


def test_silence_has_no_tempo() -> None:
    found, reason = measured(np.zeros((2, 10 * RATE_HZ), dtype=np.float32))
    assert found == TempoEstimate(None, 0.0, ())
    assert reason is not None
    assert "silence" in reason


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("seconds", [7, 20])
def test_noise_has_no_tempo(seed: int, seconds: int) -> None:
    noise = 0.1 * np.random.default_rng(seed).standard_normal((1, seconds * RATE_HZ))
    found, reason = measured(noise.astype(np.float32))
    assert found.bpm is None
    assert reason is not None
    assert "beat" in reason


@pytest.mark.parametrize("seed", range(4))
def test_hits_at_random_moments_have_no_tempo(seed: int) -> None:
    rng = np.random.default_rng(seed)
    signal = 1e-4 * rng.standard_normal(30 * RATE_HZ)
    for start in rng.integers(0, signal.size - 1_000, 120):
        signal[start : start + 1_000] += 0.3 * rng.standard_normal(1_000) * np.exp(-np.arange(1_000) / 150)
    assert measured(signal[None].astype(np.float32))[0].bpm is None


def test_a_drone_has_no_tempo() -> None:
    time_s = np.arange(20 * RATE_HZ) / RATE_HZ
    drone = sum(0.1 * np.sin(2 * np.pi * hz * time_s + hz) for hz in (55.0, 110.0, 110.7, 165.0, 220.4))
    assert measured(np.asarray(drone, dtype=np.float32)[None])[0].bpm is None


def test_five_seconds_are_too_few_and_six_and_a_half_enough() -> None:
    found, reason = measured(groove("house", 128.0, seconds=5.0)[:, : 5 * RATE_HZ])
    assert found.bpm is None
    assert reason is not None
    assert "6 s" in reason
    assert measured(groove("house", 128.0, seconds=6.5))[0].bpm == pytest.approx(128.0, abs=1.0)


@settings(max_examples=5)
@given(st.lists(st.integers(1, 40_000), max_size=10))
def test_block_size_never_shows_in_the_result(sizes: list[int]) -> None:
    signal = groove("garage", 132.0, seconds=8)
    meter = TempoMeter(RATE_HZ, 1)
    for block in cut(signal, sizes):
        meter.push(block)
    assert meter.finish() == measured(signal)[0]
