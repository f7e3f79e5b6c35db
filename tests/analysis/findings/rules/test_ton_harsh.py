"""``ton.harsh``: moments in which 2 to 5 kHz jumps out. Only a hint."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, bell, clean, flat, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.findings.rule import all_rules
from uptrack_analysis.measure.results import Measured

RANGE = (1990.0, 5020.0)


def jumping(gain_db: float, share: float) -> Measured:
    """The range up by so much in the first part of every two seconds of the second half."""
    plain, odd = band_matrix(60.0, flat), band_matrix(60.0, bell(*RANGE, gain_db))
    then = ((odd.times_s % 2.0 < 2.0 * 2 * share) & (odd.times_s >= 30.0))[:, None]
    ll, rr = np.where(then, odd.ll, plain.ll), np.where(then, odd.rr, plain.rr)
    return replace(clean(), bands=replace(plain, ll=ll, rr=rr))


def test_peaks_in_a_fifth_of_the_time_are_pointed_out_where_they_are() -> None:
    finding = ask_one("ton.harsh", jumping(9.0, 0.2))
    assert finding.severity == "info"
    assert finding.value == pytest.approx(20.0, abs=1.5)
    assert (finding.start_s, finding.end_s) == pytest.approx((30.0, 60.0), abs=1.5)
    assert (finding.low_hz, finding.high_hz) == (2000, 5000)
    assert RANGE[0] < (finding.actions[0].frequency_hz or 0) < RANGE[1]


def test_five_percent_of_the_time_are_accents() -> None:
    assert ask("ton.harsh", jumping(9.0, 0.05)) == ()


def test_peaks_of_two_db_do_not_jump_out() -> None:
    assert ask("ton.harsh", jumping(2.0, 0.2)) == ()


def test_a_distorted_lead_that_is_always_there_is_balance_and_not_harsh() -> None:
    assert ask("ton.harsh", replace(clean(), bands=band_matrix(60.0, bell(*RANGE, 9.0)))) == ()


def test_it_never_says_more_than_a_hint() -> None:
    (rule,) = (rule for rule in all_rules() if rule.id == "ton.harsh")
    assert rule.at_most == "info"


def test_silence_and_a_telephone_have_none_to_ask_about() -> None:
    assert "silent" in why_unmeasured("ton.harsh", silent())
    slow = replace(clean(), bands=band_matrix(60.0, flat, rate_hz=8_000))
    assert "Too little signal" in why_unmeasured("ton.harsh", slow)
