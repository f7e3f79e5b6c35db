"""``dj.tempo``: the project's tempo is truth, detection the cross-check."""

from dataclasses import replace

import pytest

from support.mixes import clean
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured, TempoEstimate
from uptrack_analysis.report import ProjectFacts


def running_at(bpm: float | None, confidence: float = 0.9, *alternatives: tuple[float, float]) -> Measured:
    return replace(clean(), tempo=TempoEstimate(bpm, confidence, alternatives))


@pytest.mark.parametrize(
    ("project", "detected"),
    [(174, 87), (174, 174.05), (140, 93.33), (140, 105), (128, 64), (128, 256), (170, 113.3), (150, 112.5)],
)
def test_relatives_of_the_project_tempo_are_the_project_tempo(project: float, detected: float) -> None:
    assert ask("dj.tempo", running_at(detected), project=ProjectFacts(bpm=project)) == ()


def test_an_export_two_percent_off_is_major_and_says_how_fast_it_runs() -> None:
    finding = ask_one("dj.tempo", running_at(125.3), project=ProjectFacts(bpm=128))
    assert finding.severity == "major"
    assert "128.00 bpm, but the file seems to run at 125.30 (−2.1 %)" in finding.advice


def test_a_half_time_reading_of_a_wrong_export_is_told_at_the_project_s_own_level() -> None:
    finding = ask_one("dj.tempo", running_at(62.65), project=ProjectFacts(bpm=128))
    assert "run at 125.30" in finding.advice


def test_a_mixed_up_sample_rate_is_recognised() -> None:
    finding = ask_one("dj.tempo", running_at(128 * 48 / 44.1), project=ProjectFacts(bpm=128))
    assert "ratio of 48 to 44.1 kHz" in finding.advice


def test_an_alternative_that_agrees_settles_it() -> None:
    mix = running_at(118.0, 0.5, (128.0, 0.3))
    assert ask("dj.tempo", mix, project=ProjectFacts(bpm=128)) == ()
    assert ask("dj.tempo", running_at(118.0, 0.5, (128.0, 0.1)), project=ProjectFacts(bpm=128))


def test_a_doubtful_detector_accuses_nobody() -> None:
    assert ask_one("dj.tempo", running_at(120.0, 0.3), project=ProjectFacts(bpm=128)).severity == "info"


def test_without_a_project_tempo_there_is_nothing_to_compare() -> None:
    assert "no project tempo" in why_unmeasured("dj.tempo", clean())


def test_without_a_steady_tempo_neither() -> None:
    assert why_unmeasured("dj.tempo", running_at(None, 0.0), project=ProjectFacts(bpm=128))
