"""``ste.corr``: the weakest twentieth of the correlation."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, clean, stereo_curve, with_defects
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured


def falling_apart(correlation: float, seconds: float) -> Measured:
    curve = np.full(600, 0.6)
    curve[200 : 200 + round(10 * seconds)] = correlation
    return replace(clean(60.0), stereo=stereo_curve(60.0, curve))


def test_ten_seconds_of_negative_correlation_are_found_where_they_are() -> None:
    finding = ask_one("ste.corr", falling_apart(-0.3, 10.0))
    assert finding.severity == "major"
    assert finding.value == pytest.approx(-0.3, abs=0.01)
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 30.0), abs=1.1)
    assert finding.exposure == pytest.approx(10 / 60, abs=0.03)


def test_one_second_of_it_is_an_effect() -> None:
    assert ask("ste.corr", falling_apart(-0.3, 1.0)) == ()


def test_a_wide_mix_that_holds_together_is_fine() -> None:
    assert ask("ste.corr", replace(clean(), stereo=stereo_curve(60.0, 0.25))) == ()


def test_trance_may_be_wider_than_techno() -> None:
    mix = replace(clean(), stereo=stereo_curve(60.0, 0.05))
    assert ask_one("ste.corr", mix, "techno").severity == "minor"
    assert ask("ste.corr", mix, "trance") == ()


def test_an_inverted_stretch_is_left_to_the_rule_that_names_the_cause() -> None:
    assert ask("ste.corr", falling_apart(-0.9, 20.0)) == ()


def test_one_channel_or_a_dead_one_has_no_image() -> None:
    assert "one channel" in why_unmeasured("ste.corr", replace(clean(), channels=1))
    assert "silent" in why_unmeasured("ste.corr", with_defects(clean(), silent_channels=(0,)))


def opposed_between(low_hz: float, high_hz: float, correlation: float) -> Measured:
    own = band_matrix(60.0, correlation=lambda f: np.where((f > low_hz) & (f < high_hz), correlation, 0.7))
    return replace(falling_apart(-0.2, 10.0), bands=own)


@pytest.mark.parametrize("genre", ["techno", None])
def test_a_low_end_that_is_upside_down_on_one_side_is_flipped_and_not_made_narrower(genre: str | None) -> None:
    finding = ask_one("ste.corr", opposed_between(10.0, 126.0, -0.9), genre)
    assert "one side is upside down (correlation −0.90): flip the polarity" in finding.advice
    assert "Take up to" not in finding.advice
    assert "width" not in [action.tool for action in finding.actions]


@pytest.mark.parametrize("correlation", [-0.1, -0.45])
def test_a_low_end_that_partly_cancels_is_not_called_upside_down(correlation: float) -> None:
    finding = ask_one("ste.corr", opposed_between(10.0, 126.0, correlation))
    assert f"the sides partly cancel (correlation −{-correlation:.2f}), as a delay" in finding.advice
    assert "upside down" not in finding.advice
    assert finding.actions[0].text.startswith("Take delay, chorus and widening off")


def test_the_band_that_opposes_is_named() -> None:
    wide = ask_one("ste.corr", opposed_between(2000.0, 4000.0, -0.3))
    assert "Most of it lies from 2 kHz to 3.98 kHz (correlation −0.30)" in wide.advice
    assert wide.actions[0].tool == "width"
    upside_down = ask_one("ste.corr", opposed_between(2000.0, 4000.0, -0.95))
    assert "From 2 kHz to 3.98 kHz one side is upside down" in upside_down.advice


def test_less_width_promises_no_more_than_three_db_less_side() -> None:
    finding = ask_one("ste.corr", falling_apart(-0.3, 10.0))
    side_over_mid = 1.3 / 0.7 * 0.7**2
    after = (1 - side_over_mid) / (1 + side_over_mid)
    assert f"→ {after:+.2f} at most" in finding.expected_delta
