from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import amplitude, cut, music
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Hum
from uptrack_analysis.signal import Block, FloatArray

RATE = 8_000
"""All that hum needs; the low-pass in front of it makes other rates alike."""


def hum_of(signal: Block | FloatArray, rate_hz: int = RATE) -> tuple[Hum, ...] | None:
    meter = DefectMeter(rate_hz, signal.shape[0])
    meter.push(signal.astype(np.float32))
    return meter.finish().hum


def song(rate_hz: int, seconds: float, *, channels: int = 2) -> Block:
    """Twelve seconds of groove, then as long a break at -30 dB, and so on."""
    signal = music(rate_hz, seconds, channels=channels)
    time_s = np.arange(signal.shape[1]) / rate_hz
    signal *= np.where(time_s % 26 < 12, 1.0, amplitude(-30)).astype(np.float32)
    return signal


def hum(rate_hz: int, seconds: float, level_dbfs: float, mains_hz: float) -> FloatArray:
    """A fundamental of that RMS level and three harmonics, each 6 dB under the one before."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    lines = [0.5 ** (k - 1) * np.sin(2 * np.pi * k * mains_hz * time_s + k) for k in (1, 2, 3, 4)]
    return np.asarray(np.sqrt(2) * amplitude(level_dbfs) * np.sum(lines, axis=0))


@pytest.mark.parametrize("mains_hz", [49.95, 50.0, 60.0, 60.05])
@pytest.mark.parametrize(("level_dbfs", "within_db", "within_hz"), [(-35.0, 1.0, 0.01), (-50.0, 2.5, 0.03)])
def test_hum_is_found_with_frequency_level_and_harmonics(
    level_dbfs: float, within_db: float, within_hz: float, mains_hz: float
) -> None:
    # The faint one lies 20 dB under the break's own bass, whose skirts reach the lines.
    found = hum_of(song(RATE, 52) + hum(RATE, 52, level_dbfs, mains_hz))
    assert found is not None
    assert [line.channel for line in found] == [0, 1]
    for line in found:
        assert line.frequency_hz == pytest.approx(mains_hz, abs=within_hz)
        levels = dict(line.harmonics)
        assert len(levels) >= 2
        for multiple, level in levels.items():
            assert level == pytest.approx(level_dbfs - 6.02 * (multiple - 1), abs=within_db)
        total = 10 * np.log10(sum(10 ** (level / 10) for level in levels.values()))
        assert line.level_dbfs == pytest.approx(total, abs=0.01)
        assert (line.start_s, line.end_s) == (0.0, 52.0)


@pytest.mark.parametrize("rate_hz", [11_025, 44_100, 96_000])
def test_it_is_the_same_at_other_rates_and_in_mono(rate_hz: int) -> None:
    (found,) = hum_of(song(rate_hz, 26, channels=1) + hum(rate_hz, 26, -45, 50.0), rate_hz) or ()
    assert found.frequency_hz == pytest.approx(50.0, abs=0.02)
    assert dict(found.harmonics)[1] == pytest.approx(-45.0, abs=1.0)


def test_hum_in_one_channel_names_it() -> None:
    signal = song(RATE, 52).astype(np.float64)
    signal[1] += hum(RATE, 52, -40, 50.0)
    assert [line.channel for line in hum_of(signal) or ()] == [1]


@pytest.mark.parametrize(("begin_s", "end_s"), [(13.3, 40.0), (0.0, 31.7), (21.0, 52.0)])
def test_when_hum_begins_and_ends_is_found_to_half_a_second(begin_s: float, end_s: float) -> None:
    signal = amplitude(-35) * music(RATE, 52)
    there = slice(round(begin_s * RATE), round(end_s * RATE))
    signal[:, there] += hum(RATE, 52, -40, 50.0)[there].astype(np.float32)
    signal[:, RATE : 2 * RATE] += music(RATE, 1)  # something that hum is quiet beside
    found = hum_of(signal)
    assert found
    for line in found:
        assert line.start_s == pytest.approx(begin_s, abs=0.5)
        assert line.end_s == pytest.approx(end_s, abs=0.5)


@pytest.mark.parametrize("seed", range(4))
def test_music_without_hum_has_none(seed: int) -> None:
    assert hum_of(song(RATE, 52) + music(RATE, 52, seed=seed) * 0.01) == ()


@pytest.mark.parametrize("note_hz", [49.0, 51.91, 58.27, 61.74])
def test_a_bass_drone_on_a_note_beside_the_mains_is_no_hum(note_hz: float) -> None:
    assert hum_of(song(RATE, 52) + hum(RATE, 52, -40, note_hz)) == ()


@pytest.mark.parametrize("bpm", [120.0, 125.0, 150.0])
@pytest.mark.parametrize("pitch_hz", [50.0, 60.0, 100.0])
def test_notes_tuned_to_the_mains_that_keep_to_the_beat_are_no_hum(pitch_hz: float, bpm: float) -> None:
    beat_s = 60 / bpm
    time_s = np.arange(52 * RATE) / RATE
    played = np.exp(-(time_s % beat_s) * 8) * np.clip((time_s % beat_s) / 0.003, 0, 1)
    bass = sum(np.sin(2 * np.pi * k * pitch_hz * time_s) / k for k in (1, 2, 3, 4)) * played
    assert hum_of(0.05 * bass[np.newaxis] + song(RATE, 52, channels=1)) == ()


def test_a_test_tone_at_the_mains_frequency_is_the_music_and_no_hum() -> None:
    assert hum_of(np.tile(hum(RATE, 20, -12, 50.0), (2, 1))) == ()


def test_a_single_line_without_harmonics_is_no_hum() -> None:
    line = amplitude(-40) * np.sin(2 * np.pi * 50 * np.arange(52 * RATE) / RATE)
    assert hum_of(song(RATE, 52) + line) == ()


@pytest.mark.parametrize("seconds", [0.01, 4.0, 12.0])
def test_a_file_too_short_to_tell_has_no_answer(seconds: float) -> None:
    assert hum_of(song(RATE, seconds)) is None


def test_silence_has_no_hum() -> None:
    assert hum_of(np.zeros((2, 15 * RATE))) == ()


@settings(max_examples=10)
@given(st.lists(st.integers(1, 70_000), max_size=12))
def test_block_size_never_shows_in_the_result(sizes: list[int]) -> None:
    signal = (song(RATE, 30) + hum(RATE, 30, -40, 50.0)).astype(np.float32)
    meter = DefectMeter(RATE, 2)
    for block in cut(signal, sizes):
        meter.push(block)
    whole = hum_of(signal)
    assert meter.finish().hum == whole
    assert whole


def bassline(seconds: float, *, rest_s: float, seed: int = 5) -> FloatArray:
    """Loud notes around the mains and their multiples, one every half second, of which every eighth is left out."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE)) / RATE
    count = int(np.ceil(seconds / 0.5))
    pitch_hz = 43.65 * 2 ** (rng.integers(0, 24, count) / 12)
    note, since_s = (time_s / 0.5).astype(int), time_s % 0.5
    shape = np.clip(since_s / 0.005, 0, 1) * np.clip((0.5 - rest_s - since_s) / 0.01, 0, 1) * (note % 8 < 7)
    waves = [np.sin(2 * np.pi * k * pitch_hz[note] * since_s) / k for k in (1, 2, 3, 4)]
    return np.asarray(0.3 * shape * np.sum(waves, axis=0))[np.newaxis]


@pytest.mark.parametrize("mains_hz", [49.98, 60.03])
@pytest.mark.parametrize("seed", range(3))
def test_hum_that_shows_in_the_rests_between_notes_only_is_found(seed: int, mains_hz: float) -> None:
    signal = bassline(60, rest_s=0.2, seed=seed) + hum(RATE, 60, -40, mains_hz)
    (found,) = hum_of(signal) or ()
    assert found.frequency_hz == pytest.approx(mains_hz, abs=0.02)
    # Lines that the notes cover are left out of its level, which is -38.8 dBFS with all of them.
    assert -46.0 < found.level_dbfs < -38.0
    assert (found.start_s, found.end_s) == (0.0, 60.0)


def test_hum_that_shows_in_the_fade_of_a_short_song_only_is_found() -> None:
    length_s = 15.2
    fade = np.clip((14.4 - np.arange(round(length_s * RATE)) / RATE) / 1.5, 0, 1)
    signal = bassline(length_s, rest_s=0.0) * fade + hum(RATE, length_s, -35, 50.0)
    assert [line.frequency_hz for line in hum_of(signal) or ()] == [pytest.approx(50.0, abs=0.1)]


@pytest.mark.parametrize("rest_ms", [0, 1, 127, 128, 129, 4095])
def test_a_file_may_end_anywhere_in_a_window(rest_ms: int) -> None:
    assert hum_of(bassline(16.384 + rest_ms / 1000, rest_s=0.0)) == ()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rest_s", [0.0, 0.1, 0.3])
def test_a_bassline_with_rests_has_no_hum_of_its_own(rest_s: float, seed: int) -> None:
    assert hum_of(bassline(60, rest_s=rest_s, seed=seed)) == ()


@pytest.mark.parametrize("note_hz", [48.8, 49.3, 49.6, 50.2, 50.4, 51.0, 59.5, 60.3])
def test_a_drone_between_the_mains_and_the_notes_beside_them_is_no_hum(note_hz: float) -> None:
    assert hum_of(song(RATE, 52) + hum(RATE, 52, -40, note_hz)) == ()


@pytest.mark.parametrize("seed", [1, 3, 8, 9, 11])
def test_a_bass_note_that_plays_alone_for_some_seconds_is_no_hum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    signal = 0.15 * rng.normal(size=40 * RATE)
    alone = slice(3 * RATE, 6 * RATE)
    time_s = np.arange(signal.size)[alone] / RATE
    note = sum(0.1 / k * np.sin(2 * np.pi * 49.0 * k * time_s) for k in (1, 2, 3, 4))
    signal[alone] = note + 0.0003 * rng.normal(size=time_s.size)
    assert hum_of(signal[np.newaxis]) == ()
