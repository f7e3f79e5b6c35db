"""``low.sub_balance``: the weakest of the guides, and honest about it."""

from dataclasses import replace

import pytest

from support.mixes import band_matrix, bell, clean, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured


def with_sub(over_average_db: float) -> Measured:
    return replace(clean(), bands=band_matrix(60.0, bell(20.0, 70.0, over_average_db - 3.0)))


@pytest.mark.parametrize(("over_db", "word"), [(6.1, "minor"), (-6.1, "minor"), (10.1, "major"), (-10.1, "major")])
def test_it_warns_at_six_db_and_calls_ten_bad_on_either_side(over_db: float, word: str) -> None:
    finding = ask_one("low.sub_balance", with_sub(over_db))
    assert finding.severity == word
    assert finding.excess == pytest.approx(0.5 if abs(over_db) < 7 else 2.0, abs=0.1)


@pytest.mark.parametrize("over_db", [-4.5, 0.0, 4.5])
def test_closer_than_that_it_says_nothing(over_db: float) -> None:
    assert ask("low.sub_balance", with_sub(over_db)) == ()


def test_it_believes_itself_by_sixty_percent_and_says_so() -> None:
    for genre in ("techno", None):
        finding = ask_one("low.sub_balance", with_sub(11.0), genre)
        assert (finding.confidence, finding.grade) == (0.6, "D")
        assert "weak guide for club music (evidence D, confidence 60 %)" in finding.advice


def test_no_move_exceeds_three_db() -> None:
    finding = ask_one("low.sub_balance", with_sub(14.0))
    assert {action.gain_db for action in finding.actions} == {-3.0}


def test_silence_has_no_sub() -> None:
    assert "silent" in why_unmeasured("low.sub_balance", silent())
