"""``passages``: an arrangement as the rules see it."""

from dataclasses import replace

import pytest

from support.mixes import arranged, clean, parts_of
from support.verdicts import case_of
from uptrack_analysis.findings.arrangement import TOO_SHORT, passages
from uptrack_analysis.findings.case import Unmeasured
from uptrack_analysis.measure.results import Structure


def test_neighbours_of_one_kind_are_one_passage() -> None:
    found = passages(case_of(arranged([("intro", 16, -11.0), ("drop", 16, -9.0), ("drop", 16, -6.0)])))
    assert not isinstance(found, Unmeasured)
    intro, drop = found
    assert (intro.kind, drop.kind, drop.bars) == ("intro", "drop", 32)
    assert drop.start_s == intro.end_s
    # The mean of the powers: 10 log ((10^-0.9 + 10^-0.6) / 2)
    assert drop.loudness_lufs == pytest.approx(-7.246, abs=1e-3)


def test_a_passage_is_as_sure_as_its_least_sure_part() -> None:
    mix = arranged([("drop", 16, -9.0), ("drop", 16, -9.0)])
    sure, unsure = mix.structure.sections
    mixed = replace(mix, structure=Structure((sure, replace(unsure, confidence=0.4))))
    found = passages(case_of(mixed))
    assert not isinstance(found, Unmeasured)
    assert found[0].confidence == 0.4
    assert not found[0].believed


def test_an_arrangement_without_names_says_why() -> None:
    assert passages(case_of(clean())) == Unmeasured(TOO_SHORT)
    unnamed = Structure(parts_of([(None, 16, -9.0)]).sections, "no part has more low end than the others")
    assert passages(case_of(replace(clean(), structure=unnamed))) == Unmeasured(
        "No part has more low end than the others."
    )
