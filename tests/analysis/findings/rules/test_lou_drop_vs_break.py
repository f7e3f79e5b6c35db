"""``lou.drop_vs_break``: the step into the drop."""

from dataclasses import replace

import pytest

from support.mixes import arranged, clean
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured, SectionKind, Structure


def stepping(*steps_lu: float, between: SectionKind | None = None, break_bars: int = 16) -> Measured:
    """Breaks ``step`` LU under the drop that follows each."""
    sketch: list[tuple[SectionKind | None, int, float]] = [("intro", 16, -11.0), ("drop", 32, -8.0)]
    for step_lu in steps_lu:
        sketch.append(("break", break_bars, -8.0 - step_lu))
        sketch += [(between, 8, -9.0)] if between else []
        sketch.append(("drop", 32, -8.0))
    return arranged([*sketch, ("outro", 16, -11.0)])


@pytest.mark.parametrize(("step_lu", "excess"), [(1.5, 0.75), (0.5, 1.25), (-1.5, 2.25)])
def test_a_small_step_is_told_with_both_places(step_lu: float, excess: float) -> None:
    finding = ask_one("lou.drop_vs_break", stepping(step_lu))
    assert finding.severity == "info"
    assert finding.excess == pytest.approx(excess)
    assert finding.value == pytest.approx(step_lu)
    assert "1:29" in finding.advice  # bar 49
    assert "1:58" in finding.advice  # bar 65
    assert finding.start_s == pytest.approx(48 * 240 / 130)


def test_the_smallest_step_speaks_and_every_small_one_is_a_span() -> None:
    finding = ask_one("lou.drop_vs_break", stepping(0.8, 6.0, 0.2))
    assert finding.value == pytest.approx(0.2)
    assert len(finding.spans) == 2


def test_a_build_between_them_is_no_break() -> None:
    assert ask_one("lou.drop_vs_break", stepping(0.5, between="build")).value == pytest.approx(0.5)


def test_a_step_of_three_is_fine_and_so_is_a_fill() -> None:
    assert ask("lou.drop_vs_break", stepping(3.0)) == ()
    assert ask("lou.drop_vs_break", stepping(2.2)) == ()
    assert ask("lou.drop_vs_break", stepping(0.0, break_bars=4)) == ()


def test_where_nothing_drops_the_break_may_be_as_loud() -> None:
    assert ask("lou.drop_vs_break", stepping(0.5), genre="ambient") == ()
    assert ask_one("lou.drop_vs_break", stepping(-2.0), genre="ambient").excess >= 1.0


def test_a_track_without_a_break_is_not_blamed() -> None:
    assert ask("lou.drop_vs_break", arranged([("intro", 16, -11.0), ("drop", 96, -8.0), ("outro", 16, -11.0)])) == ()


def test_names_nobody_is_sure_of_are_not_held_against_anyone() -> None:
    mix = stepping(0.0)
    unsure = Structure(tuple(replace(part, confidence=0.4) for part in mix.structure.sections))
    assert ask("lou.drop_vs_break", replace(mix, structure=unsure)) == ()
    assert why_unmeasured("lou.drop_vs_break", clean()).endswith(".")
