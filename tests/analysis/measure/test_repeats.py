from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut, music
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Repeat
from uptrack_analysis.signal import Block, FloatArray

RATE = 44_100


def repeats(signal: Block | FloatArray, rate_hz: int = RATE) -> tuple[Repeat, ...]:
    meter = DefectMeter(rate_hz, signal.shape[0])
    meter.push(signal.astype(np.float32))
    return meter.finish().repeats


def delivered_twice(signal: Block, start: int, period: int, *, inserted: bool = False) -> Block:
    """The block before ``start`` once more: instead of the next one, or before it."""
    block = signal[:, start - period : start]
    rest = signal[:, start if inserted else start + period :]
    return np.concatenate([signal[:, :start], block, rest], axis=1)


@pytest.mark.parametrize("inserted", [False, True])
@pytest.mark.parametrize("period", [128, 256, 441, 512, 1_000, 2_048, 4_410, 8_192])
def test_a_buffer_delivered_twice_is_found_to_the_sample(period: int, inserted: bool) -> None:
    found = 0
    for number in range(6):
        start = 30_000 + 9_173 * number
        copies = repeats(delivered_twice(music(RATE, 3), start, period, inserted=inserted))
        assert len(copies) <= 1
        found += copies == (Repeat(start, start + period, period),)
    assert found >= (4 if period < 500 else 5)  # a short block may have no anchor, or a seam that happens to fit


def test_a_buffer_delivered_three_times_is_one_repeat() -> None:
    signal = music(RATE, 3)
    twice = delivered_twice(delivered_twice(signal, 50_000, 1_024), 51_024, 1_024)
    assert repeats(twice) == (Repeat(50_000, 52_048, 1_024),)


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 96_000, 192_000])
def test_it_is_found_at_any_rate_and_in_mono(rate_hz: int) -> None:
    period, start = round(0.04 * rate_hz), rate_hz + 777
    signal = delivered_twice(music(rate_hz, 2, channels=1), start, period)
    assert repeats(signal, rate_hz) == (Repeat(start, start + period, period),)


def test_a_16_bit_file_in_mono_has_no_repeats_by_chance() -> None:
    quiet = np.round(0.02 * music(RATE, 6, channels=1) * 2**15) / 2**15
    assert repeats(quiet) == ()


def test_a_bar_played_again_exactly_is_music() -> None:
    bar = music(RATE, 0.48)
    assert repeats(np.tile(bar, (1, 8))) == ()


@pytest.mark.parametrize("frequency_hz", [49.0, 100.0, 220.5, 441.0, 900.0])
@pytest.mark.parametrize("shape", ["sine", "saw", "square"])
def test_waves_whose_period_is_a_whole_number_of_samples_are_music(shape: str, frequency_hz: float) -> None:
    place = np.arange(3 * RATE) % round(RATE / frequency_hz) / round(RATE / frequency_hz)
    wave = {"sine": np.sin(2 * np.pi * place), "saw": 2 * place - 1, "square": np.where(place < 0.5, 1.0, -1.0)}[shape]
    assert repeats(0.4 * wave[np.newaxis]) == ()


@pytest.mark.parametrize("copies", [4, 8])
def test_a_stutter_effect_is_music(copies: int) -> None:
    slice_ = music(RATE, 2)[:, 20_000:22_344]
    signal = np.concatenate([music(RATE, 1), np.tile(slice_, (1, copies)), music(RATE, 1, seed=2)], axis=1)
    assert repeats(signal) == ()


@pytest.mark.parametrize("roll_s", [0.027, 0.0535])
def test_a_drum_struck_twice_is_music(roll_s: float) -> None:
    time_s = np.arange(RATE // 4) / RATE
    hit = np.random.default_rng(1).standard_normal(time_s.size) * np.exp(-time_s * 60) * 0.3
    period = round(roll_s * RATE)
    signal = 1e-4 * np.random.default_rng(2).standard_normal((1, 3 * RATE))
    for start in (30_000, 70_123, 101_300):
        signal[0, start : start + period] = hit[:period]
        signal[0, start + period : start + period + hit.size] = hit
    assert repeats(signal) == ()


def test_a_drum_struck_twice_in_a_solo_is_music() -> None:
    """Each stroke chokes the one before, so that the two are alike in every sample."""
    time_s = np.arange(RATE) / RATE
    rng = np.random.default_rng(4)
    signal = np.zeros((1, 3 * RATE))
    place = 3_000
    for stroke in range(24):
        hit = rng.standard_normal(RATE // 8) * np.exp(-time_s[: RATE // 8] * 60) * 0.3
        for _ in range(1 + (stroke % 3 == 2)):
            signal[0, place : place + hit.size] = hit
            place += 1_190 + int(rng.integers(0, 60)) * (stroke % 3 != 2)
    assert repeats(signal) == ()


def test_a_note_of_exactly_three_periods_is_music() -> None:
    """In a chip tune whose notes change every 20 ms, and at odd times."""
    rng = np.random.default_rng(6)
    notes = [np.sin(2 * np.pi * np.arange(870) / period) for period in rng.uniform(60, 400, 130)]
    for place in (9, 24, 61, 100):
        notes[place] = np.tile(np.sin(2 * np.pi * np.arange(294) / 294), 3)
    assert repeats(0.4 * np.concatenate(notes)[np.newaxis]) == ()


def test_a_sound_given_twice_out_of_silence_is_a_signal_and_no_fault() -> None:
    rng = np.random.default_rng(7)
    signal = 1e-3 * rng.standard_normal((1, 3 * RATE))
    for place in (30_000, 61_234, 100_001):
        signal[0, place : place + 1_800] = np.tile(0.2 * rng.standard_normal(900), 2)
    assert repeats(signal) == ()


@pytest.mark.parametrize("start", [65_536, 65_536 + 40, 131_072 - 1, 131_072 + 300])
def test_a_copy_is_found_across_the_meters_own_seams(start: int) -> None:
    assert repeats(delivered_twice(music(RATE, 4), start, 700)) == (Repeat(start, start + 700, 700),)


def test_silence_and_constants_are_no_repeats() -> None:
    assert repeats(np.zeros((2, RATE))) == ()
    assert repeats(np.full((2, RATE), 0.25)) == ()


@settings(max_examples=12)
@given(st.lists(st.integers(1, 70_000), max_size=12), st.integers(0, 100))
def test_block_size_never_shows_in_the_result(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    signal = music(RATE, 5)
    # Over the meter's own seams, too.
    for start in (int(rng.integers(12_000, 50_000)), 65_536 - 300, 131_072 + 5, 196_608 - 1_500):
        signal = delivered_twice(signal, start, int(rng.integers(300, 4_000)))
    meter = DefectMeter(RATE, 2)
    for block in cut(signal, sizes):
        meter.push(block)
    whole = repeats(signal)
    assert meter.finish().repeats == whole
    assert len(whole) >= 2
