from __future__ import annotations

import numpy as np
import pytest

from support.noises import pink, shaped_noise
from support.signals import amplitude, music
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.level_jumps import MOST, level_jumps
from uptrack_analysis.measure.results import LevelJump
from uptrack_analysis.signal import Block, FloatArray

RATE_HZ = 22_050
SECONDS = 30.0
TIME_S: FloatArray = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
GROOVE = music(RATE_HZ, SECONDS)
NOISE = shaped_noise(RATE_HZ, SECONDS, pink)


def jumps(signal: Block, bpm: float | None = None, rate_hz: int = RATE_HZ) -> tuple[LevelJump, ...]:
    meter = BandMeter(rate_hz, signal.shape[0])
    meter.push(np.asarray(signal, dtype=np.float32))
    return level_jumps(meter.finish(), bpm)


@pytest.mark.parametrize("step_db", [3.0, -4.5, 8.0])
@pytest.mark.parametrize(("signal", "bpm"), [(NOISE, None), (GROOVE, 125.0)])
def test_a_fader_that_jumps_is_located_with_its_step(step_db: float, signal: Block, bpm: float | None) -> None:
    (found,) = jumps(signal * np.where(TIME_S < 13.37, 1, amplitude(step_db)), bpm)
    assert found.time_s == pytest.approx(13.37, abs=0.15)
    assert found.step_db == pytest.approx(step_db, abs=0.8)


def test_there_and_back_are_two() -> None:
    first, second = jumps(NOISE * np.where((TIME_S > 10) & (TIME_S < 20), amplitude(-6), 1))
    assert [first.step_db, second.step_db] == pytest.approx([-6, 6], abs=0.5)
    assert [first.time_s, second.time_s] == pytest.approx([10, 20], abs=0.15)


@pytest.mark.parametrize(
    ("what", "signal"),
    [
        ("a steady groove", GROOVE),
        ("noise", NOISE),
        ("a fade", NOISE * 10 ** (-2 * TIME_S / 20)),
        ("a swell of eight seconds", NOISE * amplitude(6) ** np.clip((TIME_S - 10) / 8, 0, 1)),
        ("a kick that enters", NOISE + GROOVE * (TIME_S > 15)),
        ("one decibel", NOISE * np.where(TIME_S < 15, 1, amplitude(1))),
        ("a short burst", NOISE * np.where((TIME_S > 15) & (TIME_S < 15.4), amplitude(8), 1)),
        ("silence after the end", NOISE * (TIME_S < 20)),
        ("silence", NOISE * 0),
    ],
)
def test_what_music_does_is_no_jump(what: str, signal: Block) -> None:
    assert jumps(signal) == (), what


def test_highs_that_open_are_no_jump() -> None:
    spectrum = np.fft.rfft(NOISE)
    spectrum[:, np.fft.rfftfreq(NOISE.shape[1], 1 / RATE_HZ) > 800] *= 0.3
    dull = np.fft.irfft(spectrum, NOISE.shape[1])
    assert jumps(np.where(TIME_S < 15, dull, NOISE)) == ()


def test_the_list_is_cut() -> None:
    signal = np.tile(shaped_noise(8_000, 10, pink), (1, 64))
    steps = np.arange(signal.shape[1]) // (8_000 * 10) % 2
    found = jumps(signal * np.where(steps == 0, 1, 0.3), rate_hz=8_000)
    assert len(found) == MOST
    assert [jump.time_s for jump in found] == sorted(jump.time_s for jump in found)


@pytest.mark.parametrize("frames", [0, 1, 2_000, 100_000])
def test_short_files_have_none(frames: int) -> None:
    assert jumps(GROOVE[:, :frames]) == ()
    assert jumps(GROOVE[:1, :frames]) == ()
