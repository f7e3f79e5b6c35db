"""``low.mono``: a low end that differs between the sides."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import Level, band_matrix, clean, flat, stereo_curve
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured


def with_low_correlation(correlation: float, level: Level = flat) -> Measured:
    return replace(clean(), bands=band_matrix(60.0, level, correlation=lambda f: np.where(f < 130.0, correlation, 0.7)))


def test_an_unrelated_low_end_is_major() -> None:
    finding = ask_one("low.mono", with_low_correlation(0.0))
    assert finding.severity == "major"
    assert finding.value == pytest.approx(0.0, abs=0.2)
    assert (finding.low_hz, finding.high_hz) == (20, 120)
    assert "loses 3.0 dB" in finding.advice
    assert finding.exposure == pytest.approx(1.0, abs=0.01)


def test_it_is_told_from_side_fifteen_db_under_mid() -> None:
    warns = (1 - 10**-1.5) / (1 + 10**-1.5)  # correlation of equal channels whose side is 15 dB under mid
    assert ask("low.mono", with_low_correlation(warns + 0.002)) == ()
    assert ask_one("low.mono", with_low_correlation(warns - 0.002)).severity == "minor"


def test_a_wide_pad_over_a_mono_low_end_is_fine() -> None:
    mix = replace(clean(), bands=band_matrix(60.0, correlation=lambda f: np.where(f < 130.0, 1.0, -0.2)))
    assert ask("low.mono", mix) == ()


def test_a_low_end_in_one_channel_is_found_though_it_correlates() -> None:
    mix = clean()
    low = np.arange(mix.bands.ll.shape[1]) < 15
    # One source, 40 dB quieter on the right: a hundredth of its samples.
    rr, dd = mix.bands.ll * 1e-4, mix.bands.ll * 0.99**2
    lopsided = replace(mix.bands, rr=np.where(low, rr, mix.bands.rr), dd=np.where(low, dd, mix.bands.dd))
    assert ask_one("low.mono", replace(mix, bands=lopsided)).severity == "major"


def test_it_says_where() -> None:
    wide, narrow = with_low_correlation(0.0), clean()
    dd = np.where(
        (wide.bands.times_s > 20)[:, None] & (wide.bands.times_s < 40)[:, None], wide.bands.dd, narrow.bands.dd
    )
    finding = ask_one("low.mono", replace(wide, bands=replace(wide.bands, dd=dd)))
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 40.0), abs=1.2)
    assert finding.exposure == pytest.approx(1 / 3, abs=0.05)


def test_eight_wide_bars_are_judged_by_themselves_and_a_wide_second_is_a_fill() -> None:
    wide, narrow = with_low_correlation(0.0), clean()

    def for_seconds(seconds: float) -> Measured:
        then = ((wide.bands.times_s >= 20.0) & (wide.bands.times_s < 20.0 + seconds))[:, None]
        return replace(wide, bands=replace(wide.bands, dd=np.where(then, wide.bands.dd, narrow.bands.dd)))

    finding = ask_one("low.mono", for_seconds(8.0))
    assert finding.severity == "major"
    assert finding.value == pytest.approx(0.0, abs=2.0)  # windows at its ends hold mono too
    assert finding.exposure == pytest.approx(8 / 60, abs=0.03)
    assert ask("low.mono", for_seconds(1.5)) == ()


def test_an_inverted_mix_is_left_to_the_rule_that_names_the_cause() -> None:
    mix = replace(with_low_correlation(-0.9), stereo=stereo_curve(60.0, -0.9))
    assert "no loud passage" in why_unmeasured("low.mono", mix)


def test_without_a_low_end_there_is_nothing_to_ask() -> None:
    assert "next to nothing" in why_unmeasured(
        "low.mono", with_low_correlation(0.0, lambda f: np.where(f < 200.0, -60.0, 0.0))
    )


def test_a_mono_file_has_a_mono_low_end() -> None:
    assert ask("low.mono", replace(clean(), channels=1)) == ()


def test_a_low_end_that_is_upside_down_on_one_side_is_flipped_and_not_narrowed_away() -> None:
    upside_down = ask_one("low.mono", with_low_correlation(-0.9))
    assert "Flip the polarity" in upside_down.actions[0].text
    assert not any("Width" in action.text for action in upside_down.actions)
    assert "less width would take the bass away" in upside_down.advice
    assert upside_down.expected_delta == "side +12.8 → −12.8 dB"
    merely_wide = ask_one("low.mono", with_low_correlation(0.0))
    assert merely_wide.actions[0].text.startswith("Width 0 %")


def test_sides_that_partly_cancel_are_not_called_upside_down() -> None:
    finding = ask_one("low.mono", with_low_correlation(-0.2))
    assert "partly cancel there, as a delay" in finding.advice
    assert "upside down" not in finding.advice
    assert finding.actions[0].text == "No delay, chorus or widening below 120 Hz on the bass layer at fault"
