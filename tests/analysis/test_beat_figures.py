"""The beat's grid in the report: figures where there is a beat, one reason for all of them where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.mixes import clean, silent
from uptrack_analysis.assemble import assemble
from uptrack_analysis.findings.judge import judge
from uptrack_analysis.measure.results import BeatGrid, Measured, TempoEstimate
from uptrack_analysis.measurements import BEAT_GRID
from uptrack_analysis.report import Measurements, ProjectFacts, Source

GRID = BeatGrid(60 / 130, 0.01234, 0.47388, 4, 0.9, 1.26)
SOURCE = Source("mix.wav", "WAV", "PCM 16-bit", 44_100, 16, 2, 2_646_000, 60.0, (), "0" * 64)


def figures(measured: Measured) -> Measurements:
    judgement = judge(measured, None, "club", ProjectFacts())
    return assemble(SOURCE, measured, judgement, target="club", project=ProjectFacts()).measurements


def with_grid(grid: BeatGrid | None) -> Measured:
    return replace(clean(), tempo=TempoEstimate(130.0, 0.9, (), grid))


def test_a_grid_is_reported_in_milliseconds_of_the_file() -> None:
    found = figures(with_grid(GRID))
    tempo = found.tempo
    assert (tempo.first_beat_s, tempo.first_downbeat_s, tempo.beats_per_bar) == (0.012, 0.474, 4)
    assert (tempo.downbeat_confidence, tempo.drift_ms) == (0.9, 1.3)
    assert not [name for name in found.unmeasured if name.startswith("tempo.")]


def test_a_beat_without_a_bar_says_that_no_beat_stands_out() -> None:
    found = figures(with_grid(replace(GRID, first_downbeat_s=None, drift_ms=None)))
    assert found.tempo.downbeat_confidence is None
    assert "stands out" in found.unmeasured["tempo.first_downbeat_s"]
    assert found.unmeasured["tempo.downbeat_confidence"] == found.unmeasured["tempo.first_downbeat_s"]
    assert "bars" in found.unmeasured["tempo.drift_ms"]
    assert found.tempo.first_beat_s == 0.012


def test_a_tempo_without_a_phase_says_so_for_every_figure_of_the_grid() -> None:
    found = figures(with_grid(None))
    assert found.tempo.bpm == 130.0
    assert "tempo.bpm" not in found.unmeasured
    assert set(BEAT_GRID) <= set(found.unmeasured)


@pytest.mark.parametrize("reason", ["nothing starts anywhere"])
def test_without_a_tempo_the_grid_is_missing_for_its_reason(reason: str) -> None:
    found = figures(silent(unmeasured={"tempo.bpm": reason}))
    assert {found.unmeasured[name] for name in ("tempo.bpm", *BEAT_GRID)} == {reason}
