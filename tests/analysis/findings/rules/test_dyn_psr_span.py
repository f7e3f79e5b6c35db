"""``dyn.psr_span``: how long the loud passage is squashed, not how much at one moment."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import arranged, clean, silent, turned
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured

LOUDNESS_LUFS = -8.5


def with_psr(psr_db: float, share: float = 1.0) -> Measured:
    """The arranged mix, whose peaks stand ``psr_db`` over the loudness in the first part of each drop."""
    mix = arranged()
    curve = np.full_like(mix.peaks.curve_dbfs, LOUDNESS_LUFS + 9.0)
    for drop in (section for section in mix.structure.sections if section.kind == "drop"):
        until_s = drop.start_s + share * (drop.end_s - drop.start_s)
        curve[round(10 * drop.start_s) - 30 : round(10 * until_s)] = LOUDNESS_LUFS + psr_db
    return replace(mix, peaks=replace(mix.peaks, curve_dbfs=curve))


@pytest.mark.parametrize(("psr_db", "word"), [(5.9, "minor"), (5.2, "moderate"), (4.0, "major")])
def test_the_lower_the_peaks_the_worse(psr_db: float, word: str) -> None:
    finding = ask_one("dyn.psr_span", with_psr(psr_db))
    assert finding.severity == word
    assert finding.value == pytest.approx(psr_db)
    assert finding.exposure == pytest.approx(1.0, abs=0.05)


def test_a_squashed_fill_is_no_finding_and_half_a_drop_is() -> None:
    assert ask("dyn.psr_span", with_psr(4.0, share=0.15)) == ()
    half = ask_one("dyn.psr_span", with_psr(4.0, share=0.5))
    assert half.severity == "major"
    assert half.exposure == pytest.approx(0.5, abs=0.1)
    assert len(half.spans) == 2
    drops = [part for part in arranged().structure.sections if part.kind == "drop"]
    assert all(
        drop.start_s - 3.1 <= span.start_s <= drop.start_s + 0.1 for span, drop in zip(half.spans, drops, strict=True)
    )


def test_dubstep_may_be_denser_than_house() -> None:
    assert ask("dyn.psr_span", with_psr(5.4), genre="dubstep") == ()
    assert ask_one("dyn.psr_span", with_psr(5.4), genre="house").severity == "moderate"


def test_turning_the_file_down_changes_nothing() -> None:
    mix = with_psr(5.0)
    assert ask_one("dyn.psr_span", turned(mix, -6.0)).excess == pytest.approx(ask_one("dyn.psr_span", mix).excess)


def test_peaks_that_stand_out_are_no_finding() -> None:
    assert ask("dyn.psr_span", arranged()) == ()


def test_a_file_without_a_whole_window_or_without_sound_is_not_judged() -> None:
    short = clean(2.0)
    short = replace(short, peaks=replace(short.peaks, curve_dbfs=np.full(20, -0.5)))
    assert why_unmeasured("dyn.psr_span", short).endswith(".")
    assert why_unmeasured("dyn.psr_span", silent()) == "The file is silent throughout."
