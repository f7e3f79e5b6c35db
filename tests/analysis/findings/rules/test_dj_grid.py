"""``dj.grid``: the file's start against its own beat."""

from dataclasses import replace

import pytest

from support.mixes import arranged, clean
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured

BEAT_S = 60.0 / 130.0


def starting(
    first_beat_s: float, *, drift_ms: float | None = 0.5, confidence: float = 0.9, downbeat: float = 0.9
) -> Measured:
    made = arranged()
    assert made.tempo.grid is not None
    grid = replace(made.tempo.grid, first_beat_s=first_beat_s, first_downbeat_s=first_beat_s, drift_ms=drift_ms)
    grid = replace(grid, downbeat_confidence=downbeat)
    return replace(made, tempo=replace(made.tempo, grid=grid, confidence=confidence))


def test_a_late_first_beat_is_told_and_what_to_trim() -> None:
    finding = ask_one("dj.grid", starting(0.023))
    assert finding.severity == "info"
    assert finding.value == pytest.approx(23.0)
    assert "trim 23 ms" in finding.advice
    assert finding.end_s == pytest.approx(0.023)


def test_a_cut_first_beat_says_how_much_earlier_to_start() -> None:
    assert "start the render 40 ms earlier" in ask_one("dj.grid", starting(BEAT_S - 0.040)).advice


@pytest.mark.parametrize("first_beat_s", [0.0, 0.006, 0.012, BEAT_S - 0.008])
def test_what_the_grid_itself_may_be_off_is_no_finding(first_beat_s: float) -> None:
    assert ask("dj.grid", starting(first_beat_s)) == ()


def test_a_pickup_of_whole_beats_is_no_fault() -> None:
    made = starting(0.0)
    assert made.tempo.grid is not None
    pickup = replace(made.tempo.grid, first_downbeat_s=BEAT_S)
    assert ask("dj.grid", replace(made, tempo=replace(made.tempo, grid=pickup))) == ()


def test_an_encoder_s_delay_is_not_the_mix_s() -> None:
    assert "encoder" in why_unmeasured("dj.grid", replace(starting(0.025), codec="MP3"))


def test_only_a_dj_minds() -> None:
    assert ask("dj.grid", starting(0.2), target="stream") == ()


def test_without_a_beat_there_is_no_grid() -> None:
    assert why_unmeasured("dj.grid", clean()).endswith(".")
    assert why_unmeasured("dj.grid", starting(0.2, confidence=0.3)).endswith(".")
    assert "wanders by 60 ms" in why_unmeasured("dj.grid", starting(0.2, drift_ms=60.0))


def test_an_off_beat_that_may_have_been_taken_for_the_beat_is_not_judged() -> None:
    assert "stands out" in why_unmeasured("dj.grid", starting(0.2, downbeat=0.45))
