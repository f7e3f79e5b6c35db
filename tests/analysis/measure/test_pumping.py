from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.noises import pink, shaped_noise
from support.signals import amplitude
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.pumping import pumping
from uptrack_analysis.measure.results import BeatGrid, Pumping
from uptrack_analysis.signal import Block, FloatArray

RATE_HZ = 22_050
SECONDS = 30.0
TIME_S: FloatArray = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
NOISE = shaped_noise(RATE_HZ, SECONDS, pink)


def grid(beat_s: float, first_beat_s: float = 0.0) -> BeatGrid:
    return BeatGrid(beat_s, first_beat_s, None, 4, 0.0, None)


def pumped(gain: FloatArray, bpm: float | None = 120.0, beats: BeatGrid | None = None, noise: Block = NOISE) -> Pumping:
    signal = np.asarray(noise * gain, dtype=np.float32)
    bands, loudness = BandMeter(RATE_HZ, 2), LoudnessMeter(RATE_HZ, ("L", "R"))
    bands.push(signal)
    loudness.push(signal)
    return pumping(bands.finish(), loudness.finish(), bpm, beats)


@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("bpm", [120.0, 126.3, 174.0])
def test_amplitude_modulation_at_the_beat_has_its_depth_and_phase(share: float, bpm: float) -> None:
    """1 + m cos: 20 log10((1 + m) / (1 - m)) dB deep, lowest half a period after its top."""
    beat_s = 60 / bpm
    found = pumped(1 + share * np.cos(2 * np.pi * (TIME_S / beat_s - 0.62)), bpm, grid(beat_s))
    depth_db = 20 * np.log10((1 + share) / (1 - share))
    # Frames of 93 ms fill the valley a little: the deeper and the shorter, the more.
    assert found.depth_db == pytest.approx(depth_db, rel=0.15)
    assert found.lowest_at == pytest.approx(0.12, abs=0.03)


def test_a_side_chained_duck_is_lowest_just_after_the_beat() -> None:
    phase = (TIME_S - 0.1) / 0.5 % 1
    found = pumped(amplitude(-9) + (1 - amplitude(-9)) * np.minimum(phase / 0.6, 1), 120, grid(0.5, 0.1))
    # Nine decibels at the very beat, which frames of 93 ms cannot see the bottom of.
    assert 5 < found.depth_db < 9
    assert found.lowest_at == pytest.approx(0.08, abs=0.07)


def test_what_dies_away_is_lowest_before_the_beat() -> None:
    found = pumped(np.exp(-2 * (TIME_S / 0.5 % 1)), 120, grid(0.5))
    assert found.lowest_at is not None
    assert found.lowest_at > 0.85


def test_without_a_grid_the_depth_is_known_and_the_phase_is_not() -> None:
    found = pumped(1 + 0.5 * np.cos(2 * np.pi * 2 * TIME_S))
    assert found.depth_db == pytest.approx(9.54, rel=0.15)
    assert found.lowest_at is None


@pytest.mark.parametrize("frequency_hz", [0.0, 0.25, 2.7])
def test_what_does_not_move_with_the_beat_is_no_pumping(frequency_hz: float) -> None:
    found = pumped(1 + 0.5 * np.sin(2 * np.pi * frequency_hz * TIME_S))
    assert found.depth_db < 1.0


def test_a_kick_alone_does_not_pump_what_lies_above_it() -> None:
    kick = 0.5 * np.sin(2 * np.pi * 55 * TIME_S) * np.exp(-(TIME_S % 0.5) * 12)
    swell = np.minimum(TIME_S % 0.5 / 0.005, 1)  # without a click
    assert pumped(np.ones(1), noise=NOISE + np.asarray(kick * swell, dtype=np.float32)).depth_db < 1.0


def test_a_snare_on_every_other_beat_is_not_on_every_beat() -> None:
    gain = np.where((TIME_S % 1.0 > 0.5) & (TIME_S % 1.0 < 0.6), 4.0, 1.0)
    assert pumped(gain).depth_db < 4.0 < 20 * np.log10(4.0)


def test_only_loud_passages_are_heard() -> None:
    quiet = TIME_S < 12
    gain = np.where(quiet, 0.05 * (1 + 0.9 * np.cos(2 * np.pi * 2 * TIME_S)), 1.0)
    assert pumped(gain).depth_db < 1.0


@pytest.mark.parametrize("bpm", [120.0, 126.3, 174.0])
@pytest.mark.parametrize("depth_db", [4.0, 10.0])
def test_a_bus_that_a_kick_ducks_is_ducked_by_about_its_depth_at_the_kick(depth_db: float, bpm: float) -> None:
    beat_s = 60 / bpm
    since = (TIME_S - 0.1) / beat_s % 1
    duck_db = -depth_db * (0.5 + 0.5 * np.cos(np.pi * np.minimum(since / 0.75, 1)))
    found = pumped(10 ** (duck_db / 20), bpm, grid(beat_s, 0.1))
    # Frames of 93 ms fill what lasts a fraction of a beat.
    assert 0.6 * depth_db < found.ducking_db < 1.05 * depth_db
    assert found.ducked_beats == 1
    assert found.ducked_at is not None
    assert (found.ducked_at + 0.1) % 1 < 0.25


@pytest.mark.parametrize("which", [0, 1])
def test_a_bus_that_a_kick_on_every_other_beat_ducks_is_ducked_at_every_other(which: int) -> None:
    """As where 87 beats are played and 174 are counted."""
    beat_s = 60 / 174
    since = (TIME_S / beat_s - which) / 2 % 1
    duck_db = -8 * (0.5 + 0.5 * np.cos(np.pi * np.minimum(since / 0.75, 1)))
    found = pumped(10 ** (duck_db / 20), 174, grid(beat_s))
    assert 5 < found.ducking_db < 8.4
    assert found.ducked_beats == 2
    assert found.ducked_at is not None
    assert (found.ducked_at + 0.2) % 1 < 0.5


@pytest.mark.parametrize("which", [0, 1])
def test_a_snare_on_every_other_beat_that_dies_away_is_no_kick_that_ducks(which: int) -> None:
    since_s = (TIME_S / 0.5 - which) / 2 % 1
    found = pumped(np.sqrt(1 + (4 * np.exp(-since_s / 0.2)) ** 2), 120, grid(0.5))
    assert found.ducked_beats == 1


def test_a_part_that_plays_off_the_beat_alone_is_no_ducking() -> None:
    """A bright one over a steady bed: it moves the mean of all bands, and hardly a third of them."""
    off_beat = ((TIME_S + 0.25) % 0.5 < 0.12) * 1.0
    tone = sum(np.sin(2 * np.pi * hz * TIME_S) for hz in range(3000, 7000, 130))
    found = pumped(np.ones(1), 120, grid(0.5), NOISE + np.asarray(0.05 * off_beat * tone, dtype=np.float32))
    assert found.depth_db > 3.0
    assert found.ducking_db < 1.0


def test_steady_noise_is_not_ducked() -> None:
    assert pumped(np.ones(1), 120, grid(0.5)).ducking_db < 0.5


def test_bands_that_hold_nothing_do_not_hide_a_ducked_rest() -> None:
    """A file whose upper half is empty but for steady dither, as old samplers leave it."""
    low = shaped_noise(RATE_HZ, SECONDS, lambda hz: np.where(hz < 900, pink(hz), 0.0))
    dither = shaped_noise(RATE_HZ, SECONDS, np.ones_like, seed=2, rms=2e-5)
    gain = 10 ** (-5 * (1 + np.cos(2 * np.pi * TIME_S / 0.5)) / 20)
    ducked = np.asarray(low * gain + dither, dtype=np.float32)
    assert pumped(np.ones(1), 120, grid(0.5), ducked).ducking_db > 5.0


def test_a_file_with_nothing_there_has_nothing_that_is_ducked() -> None:
    """Bands that are exactly empty, as a matrix can be."""
    bands, loudness = BandMeter(RATE_HZ, 2), LoudnessMeter(RATE_HZ, ("L", "R"))
    bands.push(NOISE)
    loudness.push(NOISE)
    matrix = bands.finish()
    silent = replace(matrix, ll=np.zeros_like(matrix.ll), rr=np.zeros_like(matrix.rr))
    assert pumping(silent, loudness.finish(), 120.0, grid(0.5)).ducking_db == 0.0


def test_no_tempo_silence_and_too_few_beats_have_no_answer() -> None:
    with pytest.raises(NothingToMeasure, match="no steady one"):
        pumped(np.ones(1), None)
    for noise in (NOISE * 0, NOISE[:, : 5 * RATE_HZ], NOISE[:, :1]):
        with pytest.raises(NothingToMeasure, match="16 beats"):
            pumped(np.ones(1), noise=noise)
    with pytest.raises(NothingToMeasure, match="too short"):
        pumped(np.ones(1), 400.0)
