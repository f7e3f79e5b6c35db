"""``lou.drop2_smaller``: later drops against the first."""

from dataclasses import replace

import pytest

from support.mixes import arranged, clean
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured, SectionKind, Structure


def dropping(*levels_lufs: float, bars: int = 32) -> Measured:
    sketch: list[tuple[SectionKind | None, int, float]] = [("intro", 16, -11.0)]
    for level in levels_lufs:
        sketch += [("break", 16, -15.0), ("drop", bars, level)]
    return arranged([*sketch, ("outro", 16, -11.0)])


@pytest.mark.parametrize(("under_lu", "least"), [(1.2, 0.5), (2.0, 1.0), (3.5, 2.0)])
def test_a_second_drop_that_falls_off_is_told_where_it_is(under_lu: float, least: float) -> None:
    finding = ask_one("lou.drop2_smaller", dropping(-8.0, -8.0 - under_lu))
    assert (finding.severity, finding.excess >= least) == ("info", True)
    assert finding.value == pytest.approx(under_lu)
    assert finding.start_s == pytest.approx(80 * 240 / 130)
    assert finding.exposure == pytest.approx(0.5)


def test_a_third_drop_that_reaches_the_first_again_makes_the_second_a_rest() -> None:
    assert ask("lou.drop2_smaller", dropping(-8.0, -11.0, -8.2)) == ()


def test_drops_alike_or_growing_are_fine() -> None:
    assert ask("lou.drop2_smaller", dropping(-8.0, -8.9)) == ()
    assert ask("lou.drop2_smaller", dropping(-9.0, -8.0)) == ()


def test_one_drop_or_a_drop_of_four_bars_is_nothing_to_compare() -> None:
    assert ask("lou.drop2_smaller", dropping(-8.0)) == ()
    assert ask("lou.drop2_smaller", dropping(-8.0, -12.0, bars=4)) == ()


def test_names_nobody_is_sure_of_are_not_held_against_anyone() -> None:
    mix = dropping(-8.0, -12.0)
    unsure = Structure(tuple(replace(part, confidence=0.4) for part in mix.structure.sections))
    assert ask("lou.drop2_smaller", replace(mix, structure=unsure)) == ()
    assert why_unmeasured("lou.drop2_smaller", clean()).endswith(".")
