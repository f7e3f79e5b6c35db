"""The demo's voices, effects and master: what each promises, on signals short enough to reason about."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from uptrack_daemon.demo import effects, master, synth, timeline
from uptrack_daemon.demo.effects import RATE_HZ


def spectrum_db(sound: effects.Sound) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and level of a mono sound, dB under its strongest bin."""
    level = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    return np.fft.rfftfreq(sound.size, 1 / RATE_HZ), 20 * np.log10(np.maximum(level / level.max(), 1e-12))


@pytest.mark.parametrize("note", [36, 60, 84, 96])
def test_a_saw_holds_its_own_harmonics_and_no_alias(note: int) -> None:
    tone = synth.saw(note, 1.0)
    frequencies_hz, level_db = spectrum_db(tone)
    fundamental_hz = synth.hertz(note)
    assert frequencies_hz[np.argmax(level_db)] == pytest.approx(fundamental_hz, abs=1.0)
    off_harmonic_hz = (
        np.abs(frequencies_hz / fundamental_hz - np.round(frequencies_hz / fundamental_hz)) * fundamental_hz
    )
    assert level_db[off_harmonic_hz > 10].max() < -55


@pytest.mark.parametrize("seed", [1, 2])
def test_every_drum_starts_and_ends_in_silence(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for sound in (synth.kick(rng), synth.hat(rng), synth.hat(rng, open_s=0.16), synth.shaker(rng), synth.tom(rng, 50)):
        assert np.isfinite(sound).all()
        assert np.abs(sound[..., 0]).max() < 0.02
        assert np.abs(sound[..., -1]).max() < 0.02 * np.abs(sound).max()


def test_the_kick_falls_to_its_body() -> None:
    kick = synth.kick(np.random.default_rng(1), body_hz=60.0)
    frequencies_hz, level_db = spectrum_db(kick[round(0.1 * RATE_HZ) :])
    assert frequencies_hz[np.argmax(level_db)] == pytest.approx(60.0, abs=6.0)


def test_another_seed_is_another_performance() -> None:
    first, again, other = (synth.clap(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_chord_stays_whole_in_mono() -> None:
    chord = synth.chord(np.random.default_rng(1), (60, 63, 67), 2.0, detune=0.1, spread=0.9)
    left, right = chord
    assert not np.array_equal(left, right)
    assert np.corrcoef(left, right)[0, 1] > 0.3


@settings(max_examples=25)
@given(cutoff_hz=st.floats(100.0, 15_000.0), frequency_hz=st.floats(50.0, 15_000.0))
def test_a_sweep_that_stands_still_is_a_plain_two_pole_filter(cutoff_hz: float, frequency_hz: float) -> None:
    tone = np.sin(2 * np.pi * frequency_hz / RATE_HZ * np.arange(RATE_HZ // 2)).astype(np.float32)
    still = effects.swept_low_pass(tone, cutoff_hz)
    moving = effects.swept_low_pass(tone, np.geomspace(cutoff_hz * 0.98, cutoff_hz * 1.02, tone.size))
    settled = slice(RATE_HZ // 4 - 500, RATE_HZ // 4 + 500)
    assert np.abs(still[settled]).max() == pytest.approx(np.abs(moving[settled]).max(), abs=0.03)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("kind", ["low", "high"])
@given(cutoff_hz=st.floats(30.0, 15_000.0))
def test_low_and_high_pass_are_butterworths(kind: Literal["low", "high"], order: int, cutoff_hz: float) -> None:
    noise = synth.noise(np.random.default_rng(1), 0.2, channels=2)
    ours = (effects.low_pass if kind == "low" else effects.high_pass)(noise, cutoff_hz, order=order)
    design = signal.butter(order, cutoff_hz, kind, fs=RATE_HZ, output="sos")
    np.testing.assert_allclose(ours, signal.sosfilt(design, noise, axis=-1), rtol=0, atol=1e-5)


def test_a_reverb_is_the_sound_and_its_tail() -> None:
    click = np.zeros(100, dtype=np.float32)
    click[0] = 1.0
    room = effects.Reverb(np.random.default_rng(1), decay_s=0.2, low_hz=300.0, high_hz=6_000.0)
    answer = room.send(click, wet=0.5)
    assert answer.shape == (2, 100 + round(0.2 * RATE_HZ) - 1)
    later = room.send(np.roll(click, 50), wet=0.5)
    np.testing.assert_allclose(later[:, 50:], answer[:, :-50], atol=1e-6)
    assert np.sum(answer[:, 1:] ** 2) == pytest.approx(2 * 0.5**2, rel=0.01)  # energy one a side


def test_a_sweep_opens() -> None:
    noise = synth.noise(np.random.default_rng(1), 1.0)
    opened = effects.swept_low_pass(noise, np.geomspace(200.0, 12_000.0, noise.size))
    quarter = noise.size // 4
    assert np.std(opened[-quarter:]) > 4 * np.std(opened[:quarter])


def test_ducking_is_deepest_on_the_kick_and_back_before_the_next() -> None:
    gain = effects.ducking(44_100, np.array([0, 20_000]), depth_db=12.0, hold_s=0.05, release_s=0.2)
    assert gain[1_000] == pytest.approx(10 ** (-12 / 20), rel=1e-3)
    assert gain[21_000] == pytest.approx(10 ** (-12 / 20), rel=1e-3)
    assert gain[19_990] == gain[-1] == 1.0
    assert np.abs(np.diff(gain)).max() < 0.02  # no click


def test_echoes_answer_left_and_right_on_the_delay() -> None:
    click = np.zeros(100, dtype=np.float32)
    click[0] = 1.0
    echoes = effects.ping_pong(click, delay_s=0.1, feedback=0.5, wet=0.5, repeats=2)
    first, second = (echoes[:, at : at + 100] for at in (4_410, 8_820))
    assert np.abs(first[0]).sum() > 2 * np.abs(first[1]).sum()
    assert np.abs(second[1]).sum() > 2 * np.abs(second[0]).sum()
    assert np.abs(second).sum() < np.abs(first).sum()
    assert not echoes[:, 200:4_400].any()


@settings(max_examples=15)
@given(seed=st.integers(0, 1_000), level_db=st.floats(-30.0, 20.0))
def test_the_master_never_exceeds_its_ceiling(seed: int, level_db: float) -> None:
    rng = np.random.default_rng(seed)
    music = (rng.standard_normal((2, 8_820)) * 10 ** (level_db / 20) * 0.2).astype(np.float32)
    mastered = master.master(music)
    assert np.abs(mastered).max() <= 10 ** (master.Settings().ceiling_db / 20) * 1.0001


def test_the_master_leaves_quiet_music_alone_but_for_gain_and_air() -> None:
    tone = (0.05 * np.sin(2 * np.pi * 500 / RATE_HZ * np.arange(2 * RATE_HZ))).astype(np.float32)
    mastered = master.master(np.stack((tone, tone)))
    middle = slice(RATE_HZ // 2, RATE_HZ)
    gain_db = 20 * np.log10(np.std(mastered[0, middle]) / np.std(tone[middle]))
    assert gain_db == pytest.approx(master.Settings().drive_db, abs=0.05)


@pytest.mark.parametrize(
    ("seconds", "position"), [(0.0, "1.1"), (0.46875, "1.2"), (1.8749, "1.4"), (1.875, "2.1"), (45.0, "25.1")]
)
def test_positions_are_the_rulers(seconds: float, position: str) -> None:
    assert timeline.position(seconds) == position


def test_parts_follow_each_other_on_four_bar_phrases() -> None:
    for before, after in zip(timeline.PARTS, timeline.PARTS[1:], strict=False):
        assert before.end_bar == after.first_bar
        assert (after.first_bar - 1) % 4 == 0
    assert [timeline.part_at(bar).name for bar in (1, 8, 9, 17, 32, 36)] == [
        "Intro", "Build", "Drop 1", "Break", "Drop 2", "Outro",
    ]  # fmt: skip
