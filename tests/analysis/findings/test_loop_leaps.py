"""An equaliser between two passes of the same loop: heard by what comes again, wherever it was switched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from scipy import signal

from support.arrangements import Arrangement, play
from support.mixes import band_matrix, clean, flat
from support.verdicts import ask
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.findings.loop_leaps import loop_leap
from uptrack_analysis.measure.results import BandMatrix, BeatGrid, TempoEstimate
from uptrack_analysis.report import Finding, ProjectFacts
from uptrack_analysis.settings import Settings
from uptrack_analysis.signal import FloatArray

BEAT_S = 0.5
BAR_S = 4 * BEAT_S
GRID = BeatGrid(BEAT_S, 0.1, 0.1, 4, 0.9, None)
LOW_MIDS_HZ = (251.0, 501.0)

Moved = Callable[[FloatArray, FloatArray], FloatArray]
"""Decibels for every moment and band, of their times (n, 1) and centres (1, m)."""


def looped(moved: Moved, *, bars: float = 4.0, seconds: float = 60.0, gain_db: float = 0.0) -> BandMatrix:
    """A loop of some bars, each of its half beats another chord, with what ``moved`` makes of it."""
    plain = band_matrix(seconds, flat)
    chance = np.random.default_rng(11)
    chords_db = chance.uniform(-18.0, 0.0, (round(bars * 8), plain.edges_hz.size - 1))
    chord = ((plain.times_s - GRID.first_beat_s) // (BEAT_S / 2)).astype(int) % len(chords_db)
    centres_hz = np.sqrt(plain.edges_hz[:-1] * plain.edges_hz[1:])[np.newaxis]
    level_db = chords_db[chord] + gain_db + moved(plain.times_s[:, np.newaxis], centres_hz)
    power = (10 ** (level_db / 10)).astype(np.float32)
    return replace(plain, ll=power, rr=power, dd=np.zeros_like(power))


def bell_db(centres_hz: FloatArray, around_hz: float, gain_db: float) -> FloatArray:
    octaves: FloatArray = np.log2(centres_hz / around_hz)
    return gain_db / (1.0 + (octaves / 0.7) ** 4)


def equalised(gain_db: float, from_s: float, to_s: float, around_hz: float = 355.0) -> Moved:
    return lambda times_s, centres_hz: (
        ((times_s >= from_s) & (times_s < to_s)) * bell_db(centres_hz, around_hz, gain_db)
    )


@pytest.mark.parametrize("gain_db", [-12.0, -4.0, 4.0, 8.0])
@pytest.mark.parametrize(("from_s", "to_s"), [(21.3, 37.9), (0.0, 16.2), (44.4, 60.0)])
@pytest.mark.parametrize("around_hz", [355.0, 3550.0])
def test_the_passage_the_octave_and_the_amount_are_found(
    gain_db: float, from_s: float, to_s: float, around_hz: float
) -> None:
    found = loop_leap(looped(equalised(gain_db, from_s, to_s, around_hz)), GRID)
    assert found is not None
    assert found.span == pytest.approx((from_s, to_s), abs=2 * BEAT_S)
    assert found.apart_db == pytest.approx(gain_db, rel=0.2)
    assert abs(np.log2(np.sqrt(found.band.low_hz * found.band.high_hz) / around_hz)) <= 1 / 3


def test_whatever_enters_and_leaves_on_one_side_of_it_hides_nothing() -> None:
    def also_highs(times_s: FloatArray, centres_hz: FloatArray) -> FloatArray:
        gone_db: FloatArray = np.where((centres_hz > 1500.0) & (times_s // BAR_S % 3 == 0), 20.0, 0.0)
        return equalised(5.0, 20.0, 36.0)(times_s, centres_hz) - gone_db

    found = loop_leap(looped(also_highs), GRID)
    assert found is not None
    assert found.apart_db == pytest.approx(5.0, rel=0.2)
    assert found.span == pytest.approx((20.0, 36.0), abs=2 * BEAT_S)


@pytest.mark.parametrize(
    "moved",
    [
        lambda times_s, centres_hz: 0.0 * times_s * centres_hz,
        # An instrument that plays there on every other half beat.
        lambda times_s, centres_hz: (
            ((times_s > 20.0) & (times_s < 36.0) & (times_s // (BEAT_S / 2) % 2 == 0)) * bell_db(centres_hz, 355.0, 8.0)
        ),
        # One that plays some of its notes only.
        lambda times_s, centres_hz: (
            ((times_s > 20.0) & (times_s < 36.0))
            * bell_db(centres_hz, 355.0, 8.0)
            * (np.round(6 * np.log2(centres_hz / 251.0)) % 2 == 0)
        ),
        # A low-pass, a high-pass, a fader.
        lambda times_s, centres_hz: -8.0 * ((times_s > 20.0) & (times_s < 36.0)) * (centres_hz > 300.0),
        lambda times_s, centres_hz: -8.0 * ((times_s > 20.0) & (times_s < 36.0)) * (centres_hz < 300.0),
        lambda times_s, centres_hz: -8.0 * ((times_s > 20.0) & (times_s < 36.0)) * (centres_hz > 0.0),
        # What was not there before.
        equalised(24.0, 20.0, 36.0),
    ],
    ids=["nothing", "an instrument", "notes", "a low-pass", "a high-pass", "a fader", "a new part"],
)
def test_what_no_bell_does_is_no_equaliser(moved: Moved) -> None:
    assert loop_leap(looped(moved), GRID) is None


@pytest.mark.parametrize(
    ("seconds", "from_s", "to_s"), [(240.0, 0.0, 90.0), (240.0, 150.0, 240.0), (300.0, 60.0, 190.0)]
)
def test_a_passage_longer_than_any_bar_is_looked_for_is_told_whole(seconds: float, from_s: float, to_s: float) -> None:
    found = loop_leap(looped(equalised(5.0, from_s, to_s), seconds=seconds), GRID)
    assert found is not None
    assert found.span == pytest.approx((from_s, to_s), abs=2 * BEAT_S)


@pytest.mark.parametrize("bars", [4.0, 8.0])
@pytest.mark.parametrize(("gain_db", "from_s", "to_s"), [(3.5, 40.3, 44.7), (-5.0, 40.3, 52.4)])
def test_a_short_passage_keeps_its_borders_whatever_the_loop_does_there(
    bars: float, gain_db: float, from_s: float, to_s: float
) -> None:
    found = loop_leap(looped(equalised(gain_db, from_s, to_s), seconds=120.0, bars=bars), GRID)
    assert found is not None
    assert found.span == pytest.approx((from_s, to_s), abs=BEAT_S)


@pytest.mark.parametrize("level_db", [-6.0, 0.0, 6.0])
@pytest.mark.parametrize("fall_db", [12.0, 60.0])
def test_a_held_note_that_fills_the_octave_is_no_equaliser(level_db: float, fall_db: float) -> None:
    def held(times_s: FloatArray, centres_hz: FloatArray) -> FloatArray:
        away = np.maximum(0.0, np.abs(np.log2(centres_hz / 355.0)) - 0.5)
        return np.where((times_s >= 20.0) & (times_s < 36.0), level_db - fall_db * away, -np.inf)

    bed = looped(lambda times_s, centres_hz: 0.0 * times_s * centres_hz)
    centres_hz = np.sqrt(bed.edges_hz[:-1] * bed.edges_hz[1:])[np.newaxis]
    power = (bed.ll + 10 ** (held(bed.times_s[:, np.newaxis], centres_hz) / 10)).astype(np.float32)
    assert loop_leap(replace(bed, ll=power, rr=power), GRID) is None


@pytest.mark.parametrize(("passage_db", "titles"), [(3.0, 2), (12.0, 1)])
def test_a_passage_silences_what_it_explains_and_nothing_larger(passage_db: float, titles: int) -> None:
    """The whole is out by 7.5 dB more than usual; a passage of four seconds adds to that, one of a quarter makes it."""
    long = passage_db > 6.0
    shift_db = 0.0 if long else 7.5
    whole = looped(
        lambda times_s, centres_hz: (
            equalised(passage_db, 30.0, 52.0 if long else 34.0)(times_s, centres_hz)
            + shift_db * ((centres_hz > 250.0) & (centres_hz < 502.0))
        )
    )
    tempo = TempoEstimate(60 / BEAT_S, 0.9, (), GRID)
    told = ask("ton.band", replace(clean(), bands=whole, tempo=tempo))
    octaves = [one for one in told if one.title == "Too much low midrange"]
    assert len(octaves) == titles
    assert sum("same bars" in one.advice for one in octaves) == 1


def test_where_no_bar_comes_again_nothing_is_said() -> None:
    assert loop_leap(looped(equalised(8.0, 20.0, 36.0), bars=32.0), GRID) is None


@pytest.mark.parametrize("seconds", [0.05, 1.0, 3.0])
def test_a_file_without_two_bars_says_nothing(seconds: float) -> None:
    assert loop_leap(looped(equalised(8.0, 0.0, 0.5), seconds=seconds), GRID) is None


@tried(max_examples=20, deadline=None)
@given(gain_db=st.floats(-40.0, 40.0), first_beat_s=st.floats(0.0, 0.49))
def test_neither_the_files_level_nor_where_its_beat_begins_changes_what_is_heard(
    gain_db: float, first_beat_s: float
) -> None:
    found = loop_leap(looped(equalised(6.0, 20.0, 36.0), gain_db=gain_db), replace(GRID, first_beat_s=first_beat_s))
    assert found is not None
    assert found.apart_db == pytest.approx(6.0, rel=0.2)
    assert found.span == pytest.approx((20.0, 36.0), abs=2 * BEAT_S)


SONG = Arrangement(
    "techno 128",
    128.0,
    "four",
    """
intro 8: kick hats%2 shaker
drop 24: kick hats clap%4 bass arp%8*0.5 pad%4*0.5
outro 4: kick hats%4
""",
    seed=5,
)


def told_of(path: Path, sound: FloatArray, rate_hz: int) -> list[Finding]:
    soundfile.write(path, sound.T, rate_hz, subtype="PCM_24")
    report = analyze_file(path, Settings("techno", "club", ProjectFacts(bpm=SONG.bpm))).report
    return [finding for finding in report.findings if finding.rule == "ton.band" and "same bars" in finding.advice]


def test_in_real_audio_a_bell_of_six_decibels_for_a_passage_weighs_and_stands_where_it_was(tmp_path: Path) -> None:
    rate_hz = 44_100
    clean = 0.8 * play(SONG, rate_hz).astype(np.float64)
    assert told_of(tmp_path / "clean.wav", clean, rate_hz) == []
    from_s, to_s = 24.3, 42.1
    there = (np.arange(clean.shape[1]) >= from_s * rate_hz) & (np.arange(clean.shape[1]) < to_s * rate_hz)
    (finding,) = told_of(tmp_path / "mix.wav", np.where(there, peaking(clean, 300.0, -6.0, rate_hz), clean), rate_hz)
    assert finding.severity in {"moderate", "major"}
    assert finding.title == "Too little low midrange"
    assert (finding.start_s, finding.end_s) == pytest.approx((from_s, to_s), abs=4 * 60 / SONG.bpm)


def peaking(sound: FloatArray, centre_hz: float, gain_db: float, rate_hz: int) -> FloatArray:
    """A bell of Q 1 (Bristow-Johnson's cookbook)."""
    amount, turn = 10 ** (gain_db / 40), 2 * np.pi * centre_hz / rate_hz
    wide = np.sin(turn) / 2
    over = [1 + wide * amount, -2 * np.cos(turn), 1 - wide * amount]
    under = [1 + wide / amount, -2 * np.cos(turn), 1 - wide / amount]
    filtered: FloatArray = signal.lfilter(np.array(over) / under[0], np.array(under) / under[0], sound)
    return filtered
