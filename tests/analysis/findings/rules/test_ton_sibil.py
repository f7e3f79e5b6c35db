"""``ton.sibil``: moments that are nearly all 5 to 10 kHz. Only a hint."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, bell, clean, flat, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.findings.rule import all_rules
from uptrack_analysis.measure.results import Measured

RANGE = (5010.0, 10_030.0)


def hissing(gain_db: float, share: float) -> Measured:
    """The range up by so much in the first part of every two seconds of the second half."""
    plain, odd = band_matrix(60.0, flat), band_matrix(60.0, bell(*RANGE, gain_db))
    then = ((odd.times_s % 2.0 < 2.0 * 2 * share) & (odd.times_s >= 30.0))[:, None]
    ll, rr = np.where(then, odd.ll, plain.ll), np.where(then, odd.rr, plain.rr)
    return replace(clean(), bands=replace(plain, ll=ll, rr=rr))


def test_hiss_in_a_tenth_of_the_time_is_pointed_out_where_it_is() -> None:
    finding = ask_one("ton.sibil", hissing(20.0, 0.1))
    assert finding.severity == "info"
    assert finding.value == pytest.approx(10.0, abs=1.5)
    assert (finding.start_s, finding.end_s) == pytest.approx((30.0, 60.0), abs=2.0)
    assert (finding.low_hz, finding.high_hz) == (5000, 10_000)
    assert RANGE[0] < (finding.actions[0].frequency_hz or 0) < RANGE[1]


def test_a_bright_hi_hat_with_the_music_beside_it_is_a_style() -> None:
    assert ask("ton.sibil", hissing(10.0, 0.25)) == ()


def test_a_few_moments_are_accents() -> None:
    assert ask("ton.sibil", hissing(20.0, 0.03)) == ()


def test_it_never_says_more_than_a_hint() -> None:
    (rule,) = (rule for rule in all_rules() if rule.id == "ton.sibil")
    assert rule.at_most == "info"


def test_silence_and_a_telephone_have_none_to_ask_about() -> None:
    assert "silent" in why_unmeasured("ton.sibil", silent())
    slow = replace(clean(), bands=band_matrix(60.0, flat, rate_hz=8_000))
    assert "does not reach" in why_unmeasured("ton.sibil", slow)
