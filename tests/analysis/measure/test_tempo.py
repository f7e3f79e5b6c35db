from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.grooves import PATTERNS, RATE_HZ, groove
from support.signals import cut
from uptrack_analysis.measure.results import TempoEstimate
from uptrack_analysis.measure.tempo import TempoMeter
from uptrack_analysis.signal import Block

STRAIGHT = [name for name in PATTERNS if name not in ("half-time", "waltz")]


def measured(signal: Block, rate_hz: int = RATE_HZ) -> tuple[TempoEstimate, str | None]:
    meter = TempoMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return meter.finish(), meter.reason


@pytest.mark.parametrize("name", STRAIGHT)
@pytest.mark.parametrize("bpm", [98.5, 124.0, 131.7, 152.0])
def test_machine_time_is_found_to_a_twentieth_of_a_bpm(name: str, bpm: float) -> None:
    found, reason = measured(groove(name, bpm))
    assert found.bpm == pytest.approx(bpm, abs=0.05)
    assert found.confidence > 0.4
    assert reason is None


@pytest.mark.parametrize("bpm", [170.0, 177.0])
@pytest.mark.parametrize("name", ["dotted", "trance"])
def test_notes_in_threes_do_not_take_a_beat_to_two_thirds(name: str, bpm: float) -> None:
    found, _ = measured(groove(name, bpm))
    assert found.bpm == pytest.approx(bpm, abs=0.05)


def test_half_time_dubstep_runs_at_the_tempo_it_is_written_in() -> None:
    found, _ = measured(groove("half-time", 140.0))
    assert found.bpm == pytest.approx(140.0, abs=0.05)


def test_the_level_a_dj_counts_in_is_preferred_to_its_half_and_double() -> None:
    eighths, _ = measured(groove({"hat": "x.x.x.x.x.x.x.x."}, 124.0, misses=0.0))
    assert eighths.bpm == pytest.approx(124.0, abs=0.05)


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


@pytest.mark.parametrize("seed", range(6))
def test_partials_that_beat_against_each_other_have_no_tempo(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time_s = np.arange(30 * 22_050) / 22_050
    swell = np.interp(time_s, np.sort(rng.uniform(0, 30, 12)), rng.uniform(0.1, 1.0, 12))
    drone = 0.05 * swell * sum(np.sin(2 * np.pi * hz * time_s + hz) for hz in rng.uniform(50, 400, 5))
    assert measured(np.asarray(drone, dtype=np.float32)[None], 22_050)[0].bpm is None


@pytest.mark.parametrize("gain", [0.01, -0.5, -1.0])
def test_neither_level_nor_polarity_changes_tempo_or_grid(gain: float) -> None:
    signal = groove("house", 126.0, seconds=16)
    (first, _), (second, _) = measured(signal), measured(signal * np.float32(gain))
    assert first.grid is not None
    assert second.grid is not None
    assert second.bpm == pytest.approx(first.bpm, abs=1e-3)
    assert second.grid.first_beat_s == pytest.approx(first.grid.first_beat_s, abs=1e-3)
    assert second.grid.first_downbeat_s == pytest.approx(first.grid.first_downbeat_s, abs=1e-3)


def test_a_loop_of_two_bars_has_its_tempo_and_three_seconds_are_too_few() -> None:
    two_bars_s = 8 * 60 / 128.0
    loop = groove("house", 128.0, seconds=two_bars_s)[:, : round(two_bars_s * RATE_HZ)]
    assert measured(loop)[0].bpm == pytest.approx(128.0, abs=1.0)
    found, reason = measured(loop[:, : 3 * RATE_HZ])
    assert found.bpm is None
    assert reason is not None
    assert "at least 3.5 s" in reason


@pytest.mark.parametrize("seed", range(8))
def test_a_few_hits_that_happen_to_fit_a_beat_are_not_believed_to_be_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    clicks = 1e-4 * rng.standard_normal((1, 5 * RATE_HZ))
    clicks[0, rng.integers(0, 5 * RATE_HZ, 30)] = rng.uniform(-0.5, 0.5, 30)
    found, reason = measured(clicks.astype(np.float32))
    assert found.bpm is None
    assert reason is not None
    assert "beat" in reason


@settings(max_examples=5)
@given(st.lists(st.integers(1, 40_000), max_size=10))
def test_block_size_never_shows_in_the_result(sizes: list[int]) -> None:
    signal = groove("garage", 132.0, seconds=8)
    meter = TempoMeter(RATE_HZ, 1)
    for block in cut(signal, sizes):
        meter.push(block)
    assert meter.finish() == measured(signal)[0]
