"""``dj.system``: the loud passage in mono, through a club's and a phone's high-pass."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import arranged, band_matrix, bell, clean, flat, silent, turned
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.signal import FloatArray


def shaped(level_db: object = flat, low_correlation: float = 1.0) -> Measured:
    return replace(
        clean(60.0),
        bands=band_matrix(
            60.0,
            level_db,  # type: ignore[arg-type]
            correlation=lambda f: np.where(f < 100.0, low_correlation, 0.7),
        ),
    )


def deep(frequency_hz: FloatArray) -> FloatArray:
    """A sub an octave too low: nearly all of it under 30 Hz."""
    return np.where(frequency_hz < 30.0, 24.0, np.where(frequency_hz < 100.0, -9.0, 0.0))


def test_a_sub_under_the_club_s_high_pass_is_told() -> None:
    finding = ask_one("dj.system", shaped(deep))
    assert finding.title == "Low end lost on a club system"
    assert finding.severity == "minor"
    assert "under 30 Hz" in finding.advice
    assert finding.high_hz == 100.0


def test_a_low_end_that_cancels_in_mono_is_told_apart_from_one_that_is_too_low() -> None:
    finding = ask_one("dj.system", shaped(low_correlation=-0.5))
    assert finding.value == pytest.approx(10 * np.log10(4), abs=0.5)
    assert "cancel in mono" in finding.advice


def test_what_is_upside_down_on_one_side_is_flipped_and_what_is_only_wide_made_mono() -> None:
    upside_down = ask_one("dj.system", shaped(low_correlation=-0.9))
    assert "flip the polarity" in upside_down.advice
    assert "width 0 %" not in upside_down.advice
    assert upside_down.actions[0].text.startswith("Flip the polarity")
    partly = ask_one("dj.system", shaped(low_correlation=-0.2)).advice
    assert "partly cancel in mono, as a delay" in partly
    assert "upside down" not in partly
    assert "width 0 %" in ask_one("dj.system", shaped(low_correlation=0.0)).advice


def bass_only(frequency_hz: FloatArray) -> FloatArray:
    return np.where(frequency_hz < 120.0, 12.0, -4.0)


def test_a_low_end_that_cancels_altogether_is_lost_to_the_cancelling() -> None:
    finding = ask_one("dj.system", shaped(low_correlation=-1.0))
    assert finding.title == "Low end lost on a club system"
    assert "cancel in mono" in finding.advice


def test_a_mix_that_lives_below_120_hz_is_hardly_there_on_a_phone() -> None:
    finding = ask_one("dj.system", shaped(bass_only))
    assert finding.title == "Hardly there on a phone"
    assert finding.low_hz == 200.0


def test_a_usual_mix_a_heavy_one_and_one_without_a_low_end_are_fine() -> None:
    assert ask("dj.system", arranged()) == ()
    assert ask("dj.system", shaped(bell(30.0, 60.0, 6.0))) == ()
    assert ask("dj.system", shaped(lambda f: np.where(f < 130.0, -40.0, 0.0), low_correlation=-0.9)) == ()
    assert ask("dj.system", shaped(low_correlation=0.6)) == ()


def test_where_it_happens_is_the_drop_it_happens_in() -> None:
    mix = arranged()
    first, second = (part for part in mix.structure.sections if part.kind == "drop")
    bands = mix.bands
    wrong = (bands.times_s >= second.start_s) & (bands.times_s < second.end_s)
    lr = bands.cross()
    lr[np.ix_(wrong, bands.edges_hz[1:] < 100.0)] *= -0.9
    dd = bands.ll + bands.rr - 2 * lr
    finding = ask_one("dj.system", replace(mix, bands=replace(bands, dd=dd)))
    assert finding.start_s >= first.end_s
    assert finding.start_s == pytest.approx(second.start_s)
    assert finding.exposure == pytest.approx(0.6, abs=0.02)


def test_turning_the_file_down_changes_nothing_and_a_premaster_is_not_played_there() -> None:
    mix = shaped(deep)
    assert ask_one("dj.system", turned(mix, -6.0)).excess == pytest.approx(ask_one("dj.system", mix).excess)
    assert ask("dj.system", mix, target="premaster") == ()


def test_silence_and_a_telephone_s_rate_are_not_judged() -> None:
    assert why_unmeasured("dj.system", silent()) == "The file is silent throughout."
    low = replace(clean(60.0), bands=band_matrix(60.0, rate_hz=700))
    assert "ends at" in why_unmeasured("dj.system", low)
