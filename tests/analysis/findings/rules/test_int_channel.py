"""``int.channel``: dead, lopsided or inverted."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import RATE_HZ, clean, stereo_curve, swapped, with_defects
from support.verdicts import ask, ask_one
from uptrack_analysis.measure.results import Measured, Silence


def inverted(seconds: float, correlation: float = -0.9) -> Measured:
    curve = np.full(600, 0.6)
    curve[100 : 100 + round(10 * seconds)] = correlation
    return replace(clean(60.0), stereo=stereo_curve(60.0, curve))


def leaning(balance_db: float, seconds: float = 60.0) -> Measured:
    mix, curve = clean(60.0), stereo_curve(60.0)
    lean = np.where(np.arange(600) < 10 * seconds, 10 ** (balance_db / 20), 1.0)
    return replace(mix, stereo=replace(curve, ll=curve.ll * lean, rr=curve.rr / lean))


def test_a_dead_channel_is_a_blocker_that_names_the_side() -> None:
    finding = ask_one("int.channel", with_defects(clean(), silent_channels=(1,)))
    assert (finding.severity, finding.spans[0].channel) == ("blocker", 1)
    assert "right channel is silent" in finding.advice


def test_a_side_upside_down_for_a_quarter_minute_is_found_where_it_is() -> None:
    finding = ask_one("int.channel", inverted(15.0))
    assert finding.severity == "blocker"
    assert finding.value == pytest.approx(-0.9, abs=0.1)
    assert (finding.start_s, finding.end_s) == pytest.approx((10.0, 25.0), abs=1.0)


def test_eight_seconds_upside_down_may_be_an_effect() -> None:
    assert ask("int.channel", inverted(8.0)) == ()


def test_a_very_wide_mix_is_not_inverted() -> None:
    assert ask("int.channel", inverted(50.0, -0.3)) == ()


@pytest.mark.parametrize("mirror", [False, True])
def test_four_db_between_the_sides_all_along_is_found_and_its_side_named(mirror: bool) -> None:
    mix = swapped(leaning(4.0)) if mirror else leaning(4.0)
    finding = ask_one("int.channel", mix)
    assert finding.severity == "major"
    assert abs(finding.value or 0) == pytest.approx(4.0, abs=0.05)
    assert ("The right channel" if mirror else "The left channel") in finding.advice


@pytest.mark.parametrize("mix", [leaning(2.5), leaning(5.0, seconds=20.0)], ids=["2.5 dB", "20 s"])
def test_a_smaller_or_shorter_lean_is_left_to_taste(mix: Measured) -> None:
    assert ask("int.channel", mix) == ()


def fallen(start_s: float, end_s: float, channel: int = 1, *, cut: bool = True, both_fall: bool = False) -> Measured:
    """One channel silent for a while in a mix whose sides are alike."""
    mix, steps = clean(60.0), np.arange(600)
    curve = stereo_curve(60.0)
    gone = np.where((steps >= 10 * start_s) & (steps < 10 * end_s), 0.0, 1.0)
    other = np.where(gone == 0.0, 1e-5, 1.0) if both_fall else np.ones(600)
    sides = (other, gone) if channel else (gone, other)
    silence = Silence(round(start_s * RATE_HZ), round(end_s * RATE_HZ), cut, False, channel)
    mix = replace(mix, stereo=replace(curve, ll=curve.ll * sides[0], rr=curve.rr * sides[1], lr=curve.lr * gone))
    bands = mix.bands
    there = np.interp(bands.times_s, steps / 10, gone)[:, np.newaxis] ** 8
    powers = {"rr" if channel else "ll": (bands.rr if channel else bands.ll) * there}
    return with_defects(replace(mix, bands=replace(bands, **powers)), silences=(silence,))


@pytest.mark.parametrize(("length_s", "word"), [(0.2, "moderate"), (1.0, "major"), (8.0, "blocker")])
@pytest.mark.parametrize(("channel", "side"), [(0, "left"), (1, "right")])
def test_a_channel_that_breaks_off_while_the_other_plays_on_is_told_with_its_side(
    channel: int, side: str, length_s: float, word: str
) -> None:
    finding = ask_one("int.channel", fallen(20.0, 20.0 + length_s, channel))
    assert finding.severity == word
    assert finding.value == pytest.approx(length_s)
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 20.0 + length_s))
    assert finding.spans[0].channel == channel
    assert f"The {side} channel breaks off at 0:20.000" in finding.advice


def test_several_such_silences_are_one_finding_that_counts_them() -> None:
    once, again = fallen(20.0, 21.0), fallen(30.0, 32.0)
    gone = np.minimum(once.stereo.rr, again.stereo.rr)
    both = replace(once, stereo=replace(once.stereo, rr=gone))
    finding = ask_one("int.channel", with_defects(both, silences=(*once.defects.silences, *again.defects.silences)))
    assert "breaks off 2 times, first at 0:20.000, and for 2.00 s at most there is nothing in it" in finding.advice
    assert [(span.start_s, span.end_s) for span in finding.spans] == [(20.0, 21.0), (30.0, 32.0)]


def test_a_channel_that_dies_away_or_stops_with_the_other_has_no_fault() -> None:
    assert ask("int.channel", fallen(20.0, 25.0, cut=False)) == ()
    assert ask("int.channel", fallen(20.0, 25.0, both_fall=True)) == ()


def test_a_channel_that_breaks_off_for_long_is_no_mix_that_leans() -> None:
    mix = fallen(10.0, 45.0)
    assert [finding.title for finding in ask("int.channel", mix)] == ["One channel falls silent"]
    assert ask("ste.balance", mix) == ()
    assert [finding.title for finding in ask("int.channel", fallen(10.0, 45.0, cut=False))] == [
        "One channel much louder"
    ]


def test_a_mono_file_has_no_channel_fault() -> None:
    assert ask("int.channel", replace(clean(), channels=1)) == ()
