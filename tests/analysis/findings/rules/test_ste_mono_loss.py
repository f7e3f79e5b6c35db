"""``ste.mono_loss``: what the fold-down leaves out above the bass."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, clean, silent, stereo_curve
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured


def correlated(correlation: float, *, from_s: float = 0.0, to_s: float = 60.0, above_hz: float = 200.0) -> Measured:
    mix = clean()
    odd = band_matrix(60.0, correlation=lambda f: np.where(f < above_hz, 1.0, correlation))
    then = ((odd.times_s >= from_s) & (odd.times_s < to_s))[:, None]
    return replace(mix, bands=replace(odd, dd=np.where(then, odd.dd, mix.bands.dd)))


@pytest.mark.parametrize(("loss_db", "word"), [(3.5, "minor"), (4.4, "moderate"), (6.0, "major")])
def test_it_is_as_bad_as_what_is_lost(loss_db: float, word: str) -> None:
    finding = ask_one("ste.mono_loss", correlated(2 * 10 ** (-loss_db / 10) - 1))
    assert finding.severity == word
    assert finding.value == pytest.approx(loss_db, abs=0.1)


def test_a_widener_that_leaves_the_middle_alone_is_mono_compatible() -> None:
    assert ask("ste.mono_loss", correlated(0.3)) == ()


def test_sides_without_anything_in_common_are_wide_music() -> None:
    assert ask("ste.mono_loss", correlated(0.0)) == ()


def test_it_says_when_and_where_most_is_lost() -> None:
    finding = ask_one("ste.mono_loss", correlated(-0.95, from_s=16.0, to_s=40.0, above_hz=490.0))
    assert (finding.start_s, finding.end_s) == pytest.approx((16.0, 40.0), abs=1.8)  # windows of 3 s
    assert "around 707 Hz" in finding.advice


def test_an_inverted_stretch_is_left_to_the_rule_that_names_the_cause() -> None:
    mix = replace(correlated(-0.9), stereo=stereo_curve(60.0, -0.9))
    assert "no loud passage" in why_unmeasured("ste.mono_loss", mix)


def test_silence_and_mono_have_nothing_to_fold_down() -> None:
    assert "silent" in why_unmeasured("ste.mono_loss", silent())
    assert "one channel" in why_unmeasured("ste.mono_loss", replace(clean(), channels=1))
