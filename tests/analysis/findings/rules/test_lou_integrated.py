"""``lou.integrated``: distance from the window of family and target."""

import pytest

from support.mixes import clean, silent
from support.verdicts import ask, ask_one, ask_unsure, why_unmeasured
from uptrack_analysis.report import Target


@pytest.mark.parametrize(("lufs", "word"), [(-5.5, "minor"), (-2.9, "major"), (-11.0, "minor"), (-14.0, "major")])
def test_it_grows_with_distance_on_both_sides(lufs: float, word: str) -> None:
    assert ask_one("lou.integrated", clean(integrated_lufs=lufs)).severity == word


@pytest.mark.parametrize("lufs", [-10.0, -8.3, -7.0])
def test_inside_the_window_there_is_nothing_to_say(lufs: float) -> None:
    assert ask("lou.integrated", clean(integrated_lufs=lufs)) == ()


def test_minus_nine_is_never_wrong_for_streaming() -> None:
    assert ask("lou.integrated", clean(integrated_lufs=-9.0), target="stream") == ()


def test_a_louder_one_is_told_what_spotify_does_and_not_that_it_is_wrong() -> None:
    advice = ask_one("lou.integrated", clean(integrated_lufs=-5.0), target="stream").advice
    assert "plays 9.0 dB lower on Spotify" in advice
    assert "wrong" not in advice.casefold()


def test_a_large_gap_is_not_advised_in_one_move() -> None:
    finding = ask_one("lou.integrated", clean(integrated_lufs=-16.0, true_peak_dbtp=-1.0))
    assert [action.gain_db for action in finding.actions if action.kind == "LM"] == [3.0]
    assert "6.0 dB short" in finding.advice


@pytest.mark.parametrize(("target", "lufs"), [("club", -17.0), ("stream", -17.0), ("premaster", -9.0)])
def test_each_target_has_its_own_window(target: Target, lufs: float) -> None:
    assert ask("lou.integrated", clean(integrated_lufs=lufs), target=target)
    assert ask("lou.integrated", clean(integrated_lufs=-18.0), target="premaster") == ()


def test_an_unsure_genre_makes_it_unsure() -> None:
    given, guessed = (ask_one("lou.integrated", clean(integrated_lufs=-2.0), genre) for genre in ("techno", None))
    assert guessed.confidence < given.confidence
    assert guessed.excess < given.excess


def test_an_unsure_guess_quotes_the_genre_s_own_window_and_says_what_passes() -> None:
    (finding,) = ask_unsure("lou.integrated", clean(integrated_lufs=-23.0), "hip hop")
    assert (
        "(Hip-hop and trap) usually lie at −11.0 to −7.5 LUFS (the genre is a guess that is not sure" in finding.advice
    )
    low = finding.ok_range[0] or 0.0
    assert f"so −{-low:.1f} to " in finding.advice
    assert low < -12
    sure = ask_one("lou.integrated", clean(integrated_lufs=-23.0), "hip hop")
    assert "guess" not in sure.advice


def test_silence_has_no_loudness() -> None:
    assert why_unmeasured("lou.integrated", silent()) == "The file is silent throughout."
