"""``dyn.plr``: flattened peaks."""

from dataclasses import replace

import pytest

from support.mixes import clean, silent
from support.verdicts import ask, ask_one, ask_unsure, why_unmeasured
from uptrack_analysis.measure.results import Measured


def with_plr(plr_db: float) -> Measured:
    return clean(integrated_lufs=-plr_db, true_peak_dbtp=0.0)


@pytest.mark.parametrize(("plr_db", "word"), [(6.9, "minor"), (6.0, "moderate"), (5.4, "major")])
def test_it_is_judged_by_the_family(plr_db: float, word: str) -> None:
    assert ask_one("dyn.plr", with_plr(plr_db)).severity == word


def test_released_club_masters_are_fine() -> None:
    # Bangarang 8.8, Skin 9.1, Music Sounds Better With You 9.9, Cold Heart 10.0
    for plr_db in (8.8, 9.1, 9.9, 10.0):
        assert ask("dyn.plr", with_plr(plr_db)) == ()


def test_more_range_is_never_worse() -> None:
    assert ask("dyn.plr", with_plr(25.0)) == ()


def test_the_same_master_is_flat_for_ambient_and_fine_for_dubstep() -> None:
    assert ask_one("dyn.plr", with_plr(7.8), "ambient").severity == "major"
    assert ask("dyn.plr", with_plr(7.8), "dubstep") == ()


def test_the_advice_says_what_to_expect() -> None:
    finding = ask_one("dyn.plr", with_plr(6.5))
    assert "by 1.5 dB: expect PLR 6.5 → 7.7 dB" in finding.advice
    assert finding.actions[0].gain_db == -1.5


def test_a_file_too_short_for_loudness_is_not_called_silent() -> None:
    mix = clean(1.0)
    short = replace(
        mix,
        loudness=replace(mix.loudness, integrated_lufs=None),
        unmeasured={"loudness.integrated_lufs": "expected at least 0.4 s of audio, got 0.1 s"},
    )
    assert why_unmeasured("dyn.plr", short) == "expected at least 0.4 s of audio, got 0.1 s"


def test_silence_has_no_plr() -> None:
    assert why_unmeasured("dyn.plr", silent()) == "The file is silent throughout."


def test_an_unsure_guess_quotes_the_genre_s_own_limit_and_says_what_passes() -> None:
    (finding,) = ask_unsure("dyn.plr", with_plr(4.0), "hip hop")
    own, passes = ask_one("dyn.plr", with_plr(4.0), "hip hop").ok_range[0] or 0.0, finding.ok_range[0] or 0.0
    assert f"Hip-hop and trap keeps {own:.1f} dB or more (the genre is a guess" in finding.advice
    assert f"so {passes:.1f} dB still passes)" in finding.advice
    assert own > passes
