"""Stretches in which nothing sounds, to the sample: of the file, and of one channel while the other plays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.signals import cut, music
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Silence
from uptrack_analysis.signal import Block

RATE = 44_100
STEP = np.float32(2.0**-15)


def silences(*pieces: Block, rate_hz: int = RATE) -> tuple[Silence, ...]:
    meter = DefectMeter(rate_hz, pieces[0].shape[0])
    for piece in pieces:
        meter.push(piece)
    return meter.finish().silences


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
    (found,) = silences(signal)
    assert (found.end, found.cut_before, found.cut_after) == (110_000, False, True)


def test_dither_sounds_no_more_than_zeros_do() -> None:
    signal = noise(3.0)
    steps = np.random.default_rng(4).integers(-2, 3, (2, 40_000)).astype(np.float32)
    signal[:, 50_000:90_000] = steps * STEP
    assert silences(signal) == (Silence(50_000, 90_000, True, True),)
    signal[:, 70_000] = 4 * STEP
    assert [(found.start, found.end) for found in silences(signal)] == [(50_000, 70_000), (70_001, 90_000)]


def test_a_shorter_one_is_a_hole_and_a_whole_file_of_nothing_is_one() -> None:
    signal = noise(2.0)
    signal[:, 40_000 : 40_000 + round(0.119 * RATE)] = 0.0
    assert silences(signal) == ()
    assert silences(np.zeros((2, RATE), np.float32)) == (Silence(0, RATE, False, False),)
    assert silences(np.zeros((2, 100), np.float32)) == ()


def test_music_without_a_pause_has_none() -> None:
    assert silences(music(RATE, 8)) == ()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4 * RATE), st.integers(1, 2 * RATE)), max_size=5),
    st.lists(st.integers(0, 4 * RATE), max_size=5),
)
def test_silences_are_those_a_plain_search_finds_whatever_the_blocks(
    planted: list[tuple[int, int, int]], places: list[int]
) -> None:
    signal = noise(4.0)
    for row, start, length in planted:
        signal[row, start : start + length] = 0.0
    expected: list[tuple[int | None, int, int]] = []
    looked_at: list[tuple[int | None, NDArray[np.bool_]]] = [
        (None, (signal == 0).all(axis=0)),
        (0, signal[0] == 0),
        (1, signal[1] == 0),
    ]
    for channel, quiet in looked_at:
        alone = quiet if channel is None else quiet & ~_long((signal == 0).all(axis=0))
        expected += [(channel, start, end) for start, end in _stretches(alone) if end - start >= 0.12 * RATE]
    found = [(silence.channel, silence.start, silence.end) for silence in silences(*cut(signal, places))]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def _long(quiet: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the file is silent for as long as a silence is."""
    kept = np.zeros_like(quiet)
    for start, end in _stretches(quiet):
        kept[start:end] = end - start >= 0.12 * RATE
    return kept


def _stretches(quiet: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(quiet, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
