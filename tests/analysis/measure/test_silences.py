"""Stretches in which nothing moves, to the sample: of the file, of one channel while the other plays, or held."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.signals import cut, music
from uptrack_analysis.measure.breaks import CHUNK_FRAMES
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Defects, Gap, Silence
from uptrack_analysis.signal import Block

RATE = 44_100
STEP = np.float32(2.0**-15)


def found(*pieces: Block, rate_hz: int = RATE, bit_depth: int | None = None) -> Defects:
    meter = DefectMeter(rate_hz, pieces[0].shape[0], bit_depth)
    for piece in pieces:
        meter.push(piece)
    return meter.finish()


def silences(*pieces: Block, rate_hz: int = RATE) -> tuple[Silence, ...]:
    return found(*pieces, rate_hz=rate_hz).silences


def noise(seconds: float, rate_hz: int = RATE, channels: int = 2) -> Block:
    shape = (channels, round(seconds * rate_hz))
    return np.random.default_rng(3).uniform(0.1, 0.3, shape).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_a_silence_of_the_file_is_placed_to_the_sample_and_known_to_be_cut(rate_hz: int) -> None:
    signal = noise(3.0, rate_hz)
    start, end = round(1.1 * rate_hz), round(1.9 * rate_hz)
    signal[:, start:end] = 0.0
    assert silences(signal, rate_hz=rate_hz) == (Silence(start, end, True, True),)


def test_a_channel_that_is_silent_for_longer_has_the_rest_to_itself() -> None:
    signal = noise(4.0)
    signal[0, 60_000:120_000] = 0.0
    signal[1, 80_000:100_000] = 0.0
    assert silences(signal) == (
        Silence(60_000, 80_000, True, False, 0),
        Silence(80_000, 100_000, True, True),
        Silence(100_000, 120_000, False, True, 0),
    )


def test_what_dies_away_is_not_cut() -> None:
    signal = noise(3.0)
    signal[:, 44_100:88_200] *= np.linspace(1, 0, 44_100, dtype=np.float32) ** 4
    signal[:, 88_200:110_000] = 0.0
    (rest,) = silences(signal)
    assert (rest.end, rest.cut_before, rest.cut_after) == (110_000, False, True)


def test_dither_sounds_no_more_than_zeros_do() -> None:
    signal = noise(3.0)
    steps = np.random.default_rng(4).integers(-2, 3, (2, 40_000)).astype(np.float32)
    signal[:, 50_000:90_000] = steps * STEP
    assert silences(signal) == (Silence(50_000, 90_000, True, True),)
    signal[:, 70_000] = 4 * STEP
    assert [(rest.start, rest.end) for rest in silences(signal)] == [(50_000, 70_000), (70_001, 90_000)]


def test_a_shorter_one_is_a_hole_and_a_whole_file_of_nothing_is_one() -> None:
    signal = noise(2.0)
    signal[:, 40_000 : 40_000 + round(0.119 * RATE)] = 0.0
    assert silences(signal) == ()
    assert silences(np.zeros((2, RATE), np.float32)) == (Silence(0, RATE, False, False),)
    assert silences(np.zeros((2, 100), np.float32)) == ()


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 192_000])
def test_the_longest_hole_is_one_frame_shorter_than_the_shortest_silence(rate_hz: int) -> None:
    longest = math.floor(0.12 * rate_hz)
    for length, listed in ((longest, (1, 0)), (longest + 1, (0, 1))):
        signal = noise(3.0, rate_hz)
        signal[:, rate_hz : rate_hz + length] = 0.0
        defects = found(signal, rate_hz=rate_hz)
        assert (len(defects.gaps), len(defects.silences)) == listed


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_a_silence_is_found_wherever_the_meters_own_seams_cut_it(value: float) -> None:
    shortest = math.floor(0.12 * RATE) + 1
    seams = [number * CHUNK_FRAMES - math.ceil(0.01 * RATE) for number in range(1, 46)]
    signal = noise(46 * CHUNK_FRAMES / RATE, channels=1)
    planted = [(seam - ahead, seam - ahead + shortest) for seam, ahead in zip(seams, range(0, 5_400, 120), strict=True)]
    for start, end in planted:
        signal[:, start:end] = value
    assert [(rest.start, rest.end) for rest in silences(signal)] == planted


def test_music_without_a_pause_has_none() -> None:
    assert silences(music(RATE, 8)) == ()


def test_low_frequency_effects_have_no_silences_of_their_own_and_break_those_of_the_file() -> None:
    signal = noise(8.0, channels=3)
    signal[2] *= np.arange(signal.shape[1]) % 14_000 < 2_000
    signal[:, 200_000:250_000] = 0.0
    signal[2, 220_000:221_000] = 0.1
    meter = DefectMeter(RATE, 3, unheard=(2,))
    meter.push(signal)
    assert [(rest.start, rest.end, rest.channel) for rest in meter.finish().silences] == [
        (200_000, 220_000, None),
        (221_000, 250_000, None),
    ]


# --- what stands still away from zero -------------------------------------------------------------------------------


def dithered(signal: Block, seed: int = 5) -> Block:
    """As 16 bits hold it, with TPDF dither."""
    rng = np.random.default_rng(seed)
    noise = rng.uniform(-0.5, 0.5, signal.shape) + rng.uniform(-0.5, 0.5, signal.shape)
    rounded: Block = (np.round(signal / STEP + noise) * STEP).astype(np.float32)
    return rounded


def test_samples_frozen_in_the_middle_of_music_are_held_and_listed_with_their_value() -> None:
    signal = music(RATE, 8)
    signal[:, 200_000:208_820] = 0.31
    defects = found(signal)
    assert defects.held == (Gap(200_000, 208_820, (0, 1)),)
    assert defects.silences == (Silence(200_000, 208_820, True, True, None, float(np.float32(0.31))),)


@pytest.mark.parametrize("dither", [False, True])
def test_the_last_sample_held_is_told_in_all_channels_that_it_reaches(dither: bool) -> None:
    whole = music(RATE, 8)
    before, after = whole[:, :200_000], whole[:, 200_000:]
    stalled = np.concatenate([before, np.repeat(before[:, -1:], 22_050, axis=1), after], axis=1)
    (held,) = found(dithered(stalled), bit_depth=16).held if dither else found(stalled).held
    # Dither hides which of the last samples the stream stopped at.
    assert (held.start, held.end) == pytest.approx((199_999, 222_050), abs=2 * dither)
    assert held.channels == (0, 1)
    one = whole.copy()
    one[1, 200_000:222_050] = one[1, 199_999]
    assert [gap.channels for gap in found(one).held] == [(1,)]


@pytest.mark.parametrize("dither", [False, True])
def test_a_rest_of_a_file_with_an_offset_is_a_silence_and_nothing_held(dither: bool) -> None:
    signal = music(RATE, 8)
    signal[:, 200_000:222_050] = 0.0
    signal += np.float32(0.02)
    defects = found(dithered(signal) if dither else signal)
    (rest,) = defects.silences
    assert (rest.start, rest.end, rest.cut_before, rest.cut_after) == (200_000, 222_050, True, True)
    assert rest.value == pytest.approx(0.02, abs=1e-5)
    assert defects.held == ()


def test_a_rest_of_a_part_with_an_offset_is_not_held_either() -> None:
    signal = music(RATE, 20)
    signal[:, 600_000:622_050] = 0.0
    signal[:, 400_000:] += np.float32(0.02)
    defects = found(signal)
    assert [round(rest.value, 4) for rest in defects.silences] == [0.02]
    assert defects.held == ()


def test_what_is_held_near_the_offset_for_most_of_a_file_is_held_nevertheless() -> None:
    signal = music(RATE, 40)
    signal[:, 3 * RATE : 37 * RATE] = 0.04
    assert found(signal).held == (Gap(3 * RATE, 37 * RATE, (0, 1)),)


def test_crests_that_were_clipped_for_long_are_not_held() -> None:
    time_s = np.arange(10 * RATE) / RATE
    swell = np.tile(np.sin(2 * np.pi * 0.7 * time_s), (2, 1)).astype(np.float32)
    for signal in (3 * swell, swell + music(RATE, 10) / 4, 2 * swell + music(RATE, 10) / 10):
        for low, high in ((-0.8, 0.8), (-2.0, 0.6)):
            defects = found(np.clip(signal, low, high))
            assert (bool(defects.silences), defects.held) == (True, ())
    bump = np.tile(3 * np.exp(-(((time_s - 5) / 0.3) ** 2)), (2, 1)).astype(np.float32)
    (crest,) = found(np.clip(bump + music(RATE, 10) / 10, -0.8, 0.8)).silences
    assert (crest.cut_before, crest.cut_after) == (True, True)
    assert found(np.clip(bump + music(RATE, 10) / 10, -0.8, 0.8)).held == ()


def test_waves_that_move_in_jumps_are_not_held() -> None:
    time_s = np.arange(12 * RATE) / RATE
    pulse = 0.5 * np.sign(np.sin(2 * np.pi * 1.3 * time_s) + 0.3)
    random = np.repeat(np.random.default_rng(2).uniform(-0.8, 0.8, 60), 9_000)[: 12 * RATE]
    for wave in (pulse, random):
        assert found(np.tile(wave, (2, 1)).astype(np.float32)).held == ()


def test_values_held_again_and_again_or_in_time_are_played() -> None:
    def holding(*places: tuple[float, float]) -> Defects:
        signal = music(RATE, 16)
        for at_s, value in places:
            signal[:, round(at_s * RATE) : round((at_s + 0.2) * RATE)] = value
        return found(signal)

    values = (0.31, -0.2, 0.17, 0.44, -0.33, 0.25)
    odd_s = (1.1, 3.37, 5.02, 8.9, 11.41, 14.23)
    assert len(holding(*zip(odd_s, values, strict=True)).held) == 6
    assert holding(*zip((1.0, 3.0, 5.0, 7.0, 9.0, 11.0), values, strict=True)).held == ()
    assert len(holding((1.1, 0.31), (3.37, 0.31)).held) == 2
    assert holding((1.1, 0.31), (3.37, 0.31), (5.02, 0.31)).held == ()


def test_a_constant_is_no_music_that_stopped() -> None:
    constant = np.full((2, 3 * RATE), 0.5, np.float32)
    defects = found(constant)
    assert (defects.silences, defects.held) == ((Silence(0, 3 * RATE, False, False, None, 0.5),), ())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4 * RATE), st.integers(1, 2 * RATE)), max_size=5),
    st.lists(st.integers(0, 4 * RATE), max_size=5),
    st.sampled_from([0.0, 0.0, -0.02, 0.7]),
    st.booleans(),
)
def test_silences_are_those_a_plain_search_finds_whatever_the_blocks(
    planted: list[tuple[int, int, int]], places: list[int], value: float, dither: bool
) -> None:
    signal = noise(4.0)
    for row, start, length in planted:
        signal[row, start : start + length] = value
    still = signal == np.float32(value)
    if dither:
        moved = np.random.default_rng(6).integers(-1, 2, signal.shape).astype(np.float32) * STEP
        signal[still] += moved[still]
    expected: list[tuple[int | None, int, int]] = []
    looked_at: list[tuple[int | None, NDArray[np.bool_]]] = [
        (None, still.all(axis=0)),
        (0, still[0]),
        (1, still[1]),
    ]
    for channel, quiet in looked_at:
        alone = quiet if channel is None else quiet & ~_long(still.all(axis=0))
        expected += [(channel, start, end) for start, end in _stretches(alone) if end - start > 0.12 * RATE]
    listed = [(silence.channel, silence.start, silence.end) for silence in silences(*cut(signal, places))]
    assert sorted(listed, key=repr) == sorted(expected, key=repr)


def _long(quiet: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the file is silent for as long as a silence is."""
    kept = np.zeros_like(quiet)
    for start, end in _stretches(quiet):
        kept[start:end] = end - start > 0.12 * RATE
    return kept


def _stretches(quiet: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(quiet, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
