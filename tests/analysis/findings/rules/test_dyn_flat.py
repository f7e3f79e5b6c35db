"""``dyn.flat``: little range and no contrast, both at once."""

from dataclasses import replace

import pytest

from support.mixes import arranged, silent
from support.verdicts import ask, ask_one, ask_unsure, why_unmeasured
from uptrack_analysis.findings.families import load_families
from uptrack_analysis.measure.results import Measured, SectionKind

LEVEL: tuple[tuple[SectionKind | None, int, float], ...] = (("drop", 48, -8.2), ("drop", 48, -8.6))


def ranging(range_lu: float | None, sketch: tuple[tuple[SectionKind | None, int, float], ...] = LEVEL) -> Measured:
    mix = arranged(sketch)
    return replace(mix, loudness=replace(mix.loudness, range_lu=range_lu))


@pytest.mark.parametrize("range_lu", [1.9, 1.2, 0.6])
def test_a_track_at_one_level_is_minor_however_flat(range_lu: float) -> None:
    finding = ask_one("dyn.flat", ranging(range_lu))
    assert (finding.severity, finding.value) == ("info", range_lu)
    assert "more than 0.4 LU from another" in finding.advice


def test_a_family_that_breathes_more_asks_for_more() -> None:
    assert ask("dyn.flat", ranging(3.0)) == ()
    assert ask_one("dyn.flat", ranging(3.0), genre="trance").excess > 0.5


def test_a_break_is_contrast_even_where_the_level_stays() -> None:
    assert ask("dyn.flat", ranging(1.0, (("drop", 48, -8.2), ("break", 16, -8.5), ("drop", 48, -8.2)))) == ()
    assert ask("dyn.flat", ranging(1.0, (("intro", 48, -12.0), ("drop", 48, -8.2)))) == ()


def test_a_loop_may_be_flat_and_silence_is_not_judged() -> None:
    assert "two minutes" in why_unmeasured("dyn.flat", ranging(0.3, (("drop", 16, -8.2),)))
    assert why_unmeasured("dyn.flat", silent()).endswith(".")
    assert ask("dyn.flat", arranged()) == ()


def test_an_unsure_guess_quotes_the_genre_s_own_range_and_says_what_passes() -> None:
    (finding,) = ask_unsure("dyn.flat", ranging(0.6), "trance")
    own = load_families()["trance"].loudness_range_lu[0]
    assert f"Trance usually has {own:.1f} LU or more (the genre is a guess that is not sure, so " in finding.advice
    assert "guess" not in ask_one("dyn.flat", ranging(0.6), "trance").advice
