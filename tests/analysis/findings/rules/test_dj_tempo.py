"""``dj.tempo``: the project's tempo is truth, detection the cross-check; and the beat keeps to its grid."""

from dataclasses import replace

import pytest

from support.grooves import RATE_HZ, groove
from support.mixes import clean
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import BeatGrid, Measured, TempoEstimate
from uptrack_analysis.measure.tempo import TempoMeter
from uptrack_analysis.report import ProjectFacts


def running_at(bpm: float | None, confidence: float = 0.9, *alternatives: tuple[float, float]) -> Measured:
    return replace(clean(), tempo=TempoEstimate(bpm, confidence, alternatives))


def wandering(drift_ms: float | None, seconds: float, confidence: float = 0.9) -> Measured:
    grid = BeatGrid(0.5, 0.0, 0.0, 4, 0.9, drift_ms)
    return replace(clean(seconds), tempo=TempoEstimate(120.0, confidence, (), grid))


def played(drift: float, seconds: float = 120.0) -> Measured:
    """A house groove whose last sixteenth is longer than its first by this share."""
    meter = TempoMeter(RATE_HZ, 1)
    meter.push(groove("house", 120.0, seconds=seconds, drift=drift))
    return replace(clean(seconds), tempo=meter.finish())


AT_120 = ProjectFacts(bpm=120)


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


def test_a_beat_that_slows_down_under_a_steady_project_is_told_and_only_informs() -> None:
    finding = ask_one("dj.tempo", played(0.0015), project=AT_120)
    assert (finding.severity, finding.title) == ("info", "Beat wanders off the project's grid")
    assert "keeps 120.00 bpm" in finding.advice
    assert finding.told_from == 5.0
    assert finding.expected_delta.endswith("→ under 5 ms in 32 bars")


def test_a_machine_keeps_to_its_grid() -> None:
    assert ask("dj.tempo", played(0.0), project=AT_120) == ()


def test_the_wander_of_a_long_file_is_shared_out_among_its_stretches_of_32_bars() -> None:
    # 32 bars take 64 s here: one stretch, and two and a bit, of which one has a third at least.
    assert ask_one("dj.tempo", wandering(12.0, 60.0), project=AT_120).value == pytest.approx(12.0)
    assert ask_one("dj.tempo", wandering(18.0, 130.0), project=AT_120).value == pytest.approx(6.0)
    assert ask("dj.tempo", wandering(14.0, 130.0), project=AT_120) == ()


def test_where_the_wander_is_not_known_or_the_beat_is_doubtful_nothing_is_said_of_it() -> None:
    assert ask("dj.tempo", wandering(None, 60.0), project=AT_120) == ()
    assert ask("dj.tempo", wandering(30.0, 60.0, confidence=0.4), project=AT_120) == ()
