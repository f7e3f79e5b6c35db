"""``low.mono_loss``: what a mono system loses of the bass, and when."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import Level, band_matrix, clean, flat, stereo_curve
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured


def bass(correlation: float, level: Level = flat, *, from_s: float = 0.0, to_s: float = 60.0) -> Measured:
    """The clean mix, its low end correlated like that for a while."""
    mix = clean()
    odd = band_matrix(60.0, level, correlation=lambda f: np.where(f < 160.0, correlation, 0.7))
    then = ((odd.times_s >= from_s) & (odd.times_s < to_s))[:, None]
    return replace(mix, bands=replace(odd, dd=np.where(then, odd.dd, mix.bands.dd)))


def loses(loss_db: float) -> float:
    """Correlation of equal channels that lose so much."""
    return 2 * 10 ** (-loss_db / 10) - 1


@pytest.mark.parametrize(("loss_db", "word"), [(1.6, "minor"), (2.6, "moderate"), (6.0, "major")])
def test_it_is_as_bad_as_what_is_lost(loss_db: float, word: str) -> None:
    finding = ask_one("low.mono_loss", bass(loses(loss_db)))
    assert finding.severity == word
    assert finding.value == pytest.approx(loss_db, abs=0.1)
    assert (finding.low_hz, finding.high_hz) == (30, 150)


def test_what_is_under_the_warning_is_nothing() -> None:
    assert ask("low.mono_loss", bass(loses(1.4))) == ()


def test_a_wide_and_coherent_pad_over_a_mono_bass_loses_nothing() -> None:
    mix = replace(clean(), bands=band_matrix(60.0, correlation=lambda f: np.where(f < 160.0, 1.0, 0.0)))
    assert ask("low.mono_loss", mix) == ()


def test_it_says_when_and_judges_that_passage_alone() -> None:
    finding = ask_one("low.mono_loss", bass(-0.2, from_s=20.0, to_s=32.0))
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 32.0), abs=1.0)
    assert finding.value == pytest.approx(4.0, abs=0.5)
    assert finding.exposure == pytest.approx(0.2, abs=0.03)


def test_two_seconds_of_it_are_a_fill() -> None:
    assert ask("low.mono_loss", bass(-0.2, from_s=20.0, to_s=21.5)) == ()


def test_a_bass_that_is_gone_altogether_has_a_number_too() -> None:
    assert ask_one("low.mono_loss", bass(-1.0)).value == 30


def test_a_bass_that_is_upside_down_on_one_side_is_flipped_and_one_that_is_wide_made_mono() -> None:
    assert ask_one("low.mono_loss", bass(-0.9)).actions[0].text.startswith("Flip the polarity of one side")
    assert ask_one("low.mono_loss", bass(0.0)).actions[0].text.startswith("Width 0 %")


def test_a_bass_that_partly_cancels_is_not_called_upside_down() -> None:
    finding = ask_one("low.mono_loss", bass(-0.2))
    assert "partly cancel, as a delay" in finding.advice
    assert "Flip" not in finding.actions[0].text


def test_an_inverted_mix_is_left_to_the_rule_that_names_the_cause() -> None:
    assert "no loud passage" in why_unmeasured("low.mono_loss", replace(bass(-0.9), stereo=stereo_curve(60.0, -0.9)))


def test_without_a_low_end_there_is_nothing_to_lose() -> None:
    assert "no loud passage with signal" in why_unmeasured(
        "low.mono_loss", bass(0.0, lambda f: np.where(f < 200.0, -60.0, 0.0))
    )


def test_a_mono_file_loses_nothing() -> None:
    assert ask("low.mono_loss", replace(clean(), channels=1)) == ()
