"""A mix that leans and its octaves: one fact is told once, and no advice undoes another."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.mixes import Level, band_matrix, bell, clean, flat
from support.verdicts import ask, ask_one, case_of
from uptrack_analysis.findings.case import Unmeasured
from uptrack_analysis.findings.judge import finding_of
from uptrack_analysis.findings.lean import LIMITS, REACH
from uptrack_analysis.findings.rule import all_rules
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import Finding
from uptrack_analysis.signal import FloatArray

LOW_MIDS = (250.0, 502.0)
BRILLIANCE = (3990.0, 7930.0)
OCTAVES = ("ton.band", "ton.air")


def mix(level: Level) -> Measured:
    return replace(clean(20.0), bands=band_matrix(20.0, lambda f: level(f) + flat(f) * (f < 90.0)))


def falling(db_per_octave: float, from_hz: float = 0.0, to_hz: float = np.inf) -> Level:
    """Over the tonal average, through 0 at 1 kHz, and level outside of two frequencies."""

    def level(f: FloatArray) -> FloatArray:
        return db_per_octave * np.log2(np.clip(f, max(from_hz, 20.0), to_hz) / 1000.0)

    return level


def octaves(measured: Measured) -> list[Finding]:
    """What is told of single octaves, by the rules that can be asked."""
    case = case_of(measured)
    verdicts = [(rule, rule.verdict(case)) for rule in all_rules() if rule.id in OCTAVES]
    return [
        finding_of(rule, draft, case)
        for rule, verdict in verdicts
        if not isinstance(verdict, Unmeasured)
        for draft in verdict
    ]


def test_air_over_the_fall_of_a_dark_mix_and_under_the_average_is_not_too_much() -> None:
    dark = falling(-3.0, to_hz=7900.0)
    lifted = mix(lambda f: dark(f) + np.where(f > 7900.0, 8.5, 0.0))
    assert ask_one("ton.tilt", lifted).title == "Dark mix"
    assert octaves(lifted) == []
    upright = mix(lambda f: np.where(f > 7900.0, 8.5, 0.0))
    assert [finding.title for finding in octaves(upright)] == ["Too much air"]


@pytest.mark.parametrize(("lean", "gain_db"), [(-2.0, -6.0), (3.0, 6.0)])
def test_low_mids_out_against_the_lean_are_no_finding_where_the_lean_explains_them(lean: float, gain_db: float) -> None:
    """A shoulder: out of the line, not out of its neighbours."""
    leaning = falling(lean)
    shoulder = mix(lambda f: leaning(f) + np.where(f < 502.0, gain_db, 0.0))
    assert [finding for finding in octaves(shoulder) if finding.value and finding.value * gain_db > 0] == []


def test_what_comes_on_top_of_the_lean_is_told_as_ever() -> None:
    dark = falling(-1.5)
    told = octaves(mix(lambda f: dark(f) + bell(*BRILLIANCE, -7.0)(f)))
    assert "Too little brilliance" in {finding.title for finding in told}


@pytest.mark.parametrize(("lean", "gain_db", "move"), [(-1.5, 8.0, -1.0), (2.5, -8.0, 1.0)])
def test_where_an_octave_of_the_highs_is_out_against_the_lean_the_shelf_takes_from_the_other_end(
    lean: float, gain_db: float, move: float
) -> None:
    leaning = falling(lean)
    measured = mix(lambda f: leaning(f) + bell(*BRILLIANCE, gain_db)(f))
    (octave,) = [finding for finding in octaves(measured) if finding.high_hz and finding.high_hz > 5000.0]
    assert (octave.value or 0.0) * gain_db > 0
    tilt = ask_one("ton.tilt", measured)
    assert (tilt.actions[0].tool, np.sign(tilt.actions[0].gain_db or 0.0)) == ("low shelf", move)
    assert "hats" not in tilt.advice


def opposed(tilt: Finding, octave: Finding) -> bool:
    """Whether the octave's move undoes the shelf's, and lies under it."""
    shelf, moved = tilt.actions[0], octave.actions[0]
    if octave.low_hz is None or octave.high_hz is None or (shelf.gain_db or 0.0) * (moved.gain_db or 0.0) >= 0:
        return False
    if shelf.tool == "low shelf":
        return octave.low_hz < LIMITS.number("low_shelf_hz") / REACH
    return octave.high_hz > LIMITS.number("shelf_hz") * REACH


@settings(max_examples=40)
@example(-3.0, 1000.0, 0.0, 10.0)
@example(3.0, 1000.0, 0.0, -10.0)
@given(st.floats(-4, 4), st.floats(150, 12_000), st.floats(-12, 12), st.floats(-10, 10))
def test_no_octave_is_moved_against_the_shelf_of_the_whole(
    lean: float, centre_hz: float, gain_db: float, highs_db: float
) -> None:
    def level(f: FloatArray) -> Any:
        bent = gain_db * np.exp(-(np.log2(f / centre_hz) ** 2) / 0.8)
        return falling(lean)(f) + bent + np.where(f > 7900.0, highs_db, 0.0)

    measured = mix(level)
    for tilt in ask("ton.tilt", measured):
        assert not [octave.title for octave in octaves(measured) if opposed(tilt, octave)]
