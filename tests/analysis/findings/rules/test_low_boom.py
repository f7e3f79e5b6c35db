"""``low.boom``: a third octave of the bass that swells whatever is played."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, bass_line, bell, clean, flat, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import BassLine, Measured

BAND_HZ = (100.5, 125.5)  # the third octave at 112 Hz, which in the clean mix lies 2 dB over its neighbours


def booming(gain_db: float, *, from_s: float = 0.0, to_s: float = 60.0, bass: BassLine | None = None) -> Measured:
    plain, odd = band_matrix(60.0, flat), band_matrix(60.0, bell(*BAND_HZ, gain_db))
    then = ((odd.times_s >= from_s) & (odd.times_s < to_s))[:, None]
    ll, rr, dd = (
        np.where(then, one, other) for one, other in ((odd.ll, plain.ll), (odd.rr, plain.rr), (odd.dd, plain.dd))
    )
    # Notes that neither are nor have their octave at 112 Hz.
    bass = bass or bass_line(60.0, (49.0, 65.4, 73.4, 98.0))
    return replace(clean(), bands=replace(plain, ll=ll, rr=rr, dd=dd), bass=bass)


@pytest.mark.parametrize(("gain_db", "least"), [(2.0, 0.5), (4.5, 1.0), (8.0, 2.0)])
def test_it_is_told_as_far_as_it_swells_and_no_more_than_told(gain_db: float, least: float) -> None:
    finding = ask_one("low.boom", booming(gain_db))
    assert (finding.severity, finding.excess >= least) == ("info", True)
    assert finding.title == "Boom at 112 Hz"
    assert (finding.low_hz, finding.high_hz) == pytest.approx((100.0, 125.9), abs=0.1)


def test_two_db_over_the_neighbours_may_be() -> None:
    assert ask("low.boom", booming(0.0)) == ()


def test_the_note_that_the_bass_holds_may_stand_out() -> None:
    assert ask("low.boom", booming(12.0, bass=bass_line(60.0, (110.0,)))) == ()


def test_a_walking_bass_whose_notes_stand_out_while_they_are_played_does_not_boom() -> None:
    line = bass_line(60.0, (110.0, 73.4, 98.0, 65.4), note_s=4.0)
    mix = booming(12.0, bass=line)
    on = (np.floor(mix.bands.times_s / 4.0) % 4 == 0)[:, None]
    plain = band_matrix(60.0, flat)
    ll, rr = np.where(on, mix.bands.ll, plain.ll), np.where(on, mix.bands.rr, plain.rr)
    assert ask("low.boom", replace(mix, bands=replace(mix.bands, ll=ll, rr=rr))) == ()


def test_what_stays_when_the_bass_moves_on_booms() -> None:
    finding = ask_one("low.boom", booming(12.0, bass=bass_line(60.0, (110.0, 73.4, 98.0, 65.4), note_s=4.0)))
    assert finding.excess > 2.0


def test_it_says_when() -> None:
    finding = ask_one("low.boom", booming(12.0, from_s=20.0, to_s=44.0))
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 44.0), abs=1.0)
    assert finding.exposure == pytest.approx(0.4, abs=0.03)


def test_a_tenth_of_the_drop_is_a_fill() -> None:
    assert ask("low.boom", booming(12.0, from_s=20.0, to_s=25.0)) == ()


def test_music_that_begins_at_112_hz_does_not_boom_there() -> None:
    thin = band_matrix(60.0, lambda f: np.where(f < 100.5, -30.0, 0.0))
    assert ask("low.boom", replace(booming(0.0), bands=thin)) == ()


def test_the_kick_s_own_note_at_56_hz_is_no_boom() -> None:
    mix = replace(clean(), bands=band_matrix(60.0, bell(50.5, 62.5, 12.0)))
    assert ask("low.boom", mix) == ()


def test_silence_has_no_bass_to_judge() -> None:
    assert "silent" in why_unmeasured("low.boom", silent())
