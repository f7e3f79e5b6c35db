"""``ton.air``: the top octave, off against the average and against the highs under it."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import Level, band_matrix, bell, clean, flat, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Details, Measured

AIR = (7_900.0, 20_500.0)


def shaped(level: Level) -> Measured:
    return replace(clean(), bands=band_matrix(60.0, level))


# Air lies 2.5 dB over the line through the highs as a matter of course, which the clean mix does not.
@pytest.mark.parametrize(
    ("gain_db", "least", "most"),
    [(7.6, 0.5, 1.0), (9.2, 1.0, 2.0), (11.0, 2.0, 3.0), (-5.5, 0.5, 1.0), (-9.0, 2.0, 3.0)],
)
def test_it_is_as_bad_as_it_is_off(gain_db: float, least: float, most: float) -> None:
    finding = ask_one("ton.air", shaped(bell(*AIR, gain_db)))
    assert least <= finding.excess < most
    assert finding.title == ("Too much air" if gain_db > 0 else "Too little air")
    assert (finding.low_hz, finding.high_hz) == pytest.approx((7943, 15849), abs=1)
    assert abs(finding.actions[0].gain_db or 0) <= 4


def test_air_that_is_nearly_all_gone_was_perhaps_never_there_and_weighs_nothing() -> None:
    finding = ask_one("ton.air", shaped(bell(*AIR, -13.0)))
    assert (finding.title, finding.severity) == ("Too little air", "info")


def test_five_db_are_within_tolerance() -> None:
    assert ask("ton.air", shaped(bell(*AIR, 5.0))) == ()


def test_a_bright_mix_with_bright_hats_is_not_airy() -> None:
    assert ask("ton.air", shaped(lambda f: flat(f) + 2.0 * np.log2(np.maximum(f, 1000.0) / 1000.0))) == ()


def test_hats_that_lift_brilliance_as_well_are_a_style() -> None:
    assert ask("ton.air", shaped(bell(3_980.0, 20_500.0, 9.0))) == ()


def test_it_says_when() -> None:
    plain, odd = band_matrix(60.0, flat), band_matrix(60.0, bell(*AIR, 14.0))
    then = ((odd.times_s >= 12.0) & (odd.times_s < 48.0))[:, None]
    ll, rr = np.where(then, odd.ll, plain.ll), np.where(then, odd.rr, plain.rr)
    finding = ask_one("ton.air", replace(clean(), bands=replace(plain, ll=ll, rr=rr)))
    assert (finding.start_s, finding.end_s) == pytest.approx((12.0, 48.0), abs=1.6)


def test_an_encoder_s_cliff_or_a_low_rate_leaves_nothing_to_judge() -> None:
    cliff = replace(shaped(bell(*AIR, -9.0)), details=Details(resonances=(), cutoff_hz=14_200.0))
    assert "ends at 14.2 kHz" in why_unmeasured("ton.air", cliff)
    for cut_db in (-18.0, -60.0):  # cut off, not dull
        assert "Too little signal" in why_unmeasured("ton.air", shaped(bell(*AIR, cut_db)))
    slow = replace(clean(), bands=band_matrix(60.0, flat, rate_hz=22_050))
    assert "Too little signal" in why_unmeasured("ton.air", slow)
    assert "silent" in why_unmeasured("ton.air", silent())
