"""``ste.balance``: a mix that leans."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, clean, stereo_curve, swapped
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured


def leaning(balance_db: float) -> Measured:
    return replace(
        clean(), bands=band_matrix(60.0, balance_db=balance_db), stereo=stereo_curve(60.0, balance_db=balance_db)
    )


@pytest.mark.parametrize(("balance_db", "word"), [(1.6, "minor"), (-1.6, "minor"), (2.5, "moderate"), (2.9, "major")])
def test_it_warns_from_one_and_a_half_db_on_either_side(balance_db: float, word: str) -> None:
    finding = ask_one("ste.balance", leaning(balance_db))
    assert finding.severity == word
    assert finding.value == pytest.approx(balance_db, abs=0.01)
    assert finding.title == ("Leans left" if balance_db > 0 else "Leans right")


def test_a_db_is_nothing() -> None:
    assert ask("ste.balance", leaning(1.0)) == ()


def test_a_mono_bass_does_not_hide_a_top_that_leans() -> None:
    bands = band_matrix(60.0)
    top = bands.edges_hz[:-1] > 300.0
    lean = np.where(top, 10 ** (3.0 / 20), 1.0)
    mix = replace(clean(), bands=replace(bands, ll=bands.ll * lean, rr=bands.rr / lean))
    assert (ask_one("ste.balance", mix).value or 0) > 2.0


def test_more_than_three_db_all_along_is_a_channel_fault_and_left_to_that_rule() -> None:
    assert ask("ste.balance", leaning(4.0)) == ()
    assert ask("int.channel", leaning(4.0))


def thrown(*stretches: tuple[float, float, float]) -> Measured:
    """Balances in dB, each from one moment until another; between them the mix stands in the middle."""
    mix = clean()
    decibels = np.zeros(mix.bands.times_s.shape)
    for balance_db, start_s, end_s in stretches:
        decibels[(mix.bands.times_s >= start_s) & (mix.bands.times_s < end_s)] = balance_db
    lean = 10 ** (decibels / 20)[:, None]
    return replace(mix, bands=replace(mix.bands, ll=mix.bands.ll * lean, rr=mix.bands.rr / lean))


def test_a_third_of_the_song_is_judged_by_itself_and_found_where_it_is() -> None:
    finding = ask_one("ste.balance", thrown((2.9, 20.0, 40.0)))
    assert finding.severity == "major"
    assert finding.value == pytest.approx(2.8, abs=0.15)
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 40.0), abs=1.0)
    assert finding.exposure == pytest.approx(1 / 3, abs=0.05)


def test_a_sound_thrown_to_one_side_or_from_side_to_side_leans_nowhere() -> None:
    assert ask("ste.balance", thrown((4.0, 20.0, 23.0))) == ()
    swings = ((4.0 * (-1) ** place, 2.0 * place, 2.0 * place + 2.0) for place in range(30))
    assert ask("ste.balance", thrown(*swings)) == ()


def test_left_and_right_are_judged_alike() -> None:
    left, right = ask_one("ste.balance", leaning(2.0)), ask_one("ste.balance", swapped(leaning(2.0)))
    assert left.excess == pytest.approx(right.excess)
    assert "to the left" in left.advice
    assert "to the right" in right.advice


def test_one_channel_cannot_lean() -> None:
    assert why_unmeasured("ste.balance", replace(clean(), channels=1))


def test_no_more_is_promised_than_three_db_of_one_part_can_do() -> None:
    assert ask_one("ste.balance", leaning(2.0)).expected_delta == "lead of the left 2.0 → under 1.1 dB"
