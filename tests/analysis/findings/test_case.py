"""The case: the loud passage, the bar, the figures rules share."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import clean, loudness, silent, with_silence
from support.verdicts import case_of
from uptrack_analysis.findings.case import Case, Unmeasured
from uptrack_analysis.findings.moments import moments
from uptrack_analysis.measure.results import Measured, Peaks, SectionEstimate, SectionKind, Structure, TempoEstimate
from uptrack_analysis.report import ProjectFacts


def test_the_loud_passage_is_the_union_of_windows_that_reach_the_integrated_loudness() -> None:
    mix = clean(60.0)
    curve = np.full(6000, -14.0)
    curve[:299] = np.nan
    curve[2000:3000] = -8.0  # windows that end between 20 and 30 s, so music from 17 s on
    case = case_of(replace(mix, loudness=replace(mix.loudness, short_term_lufs=curve, integrated_lufs=-9.0)))
    ((start, end),) = case.loud_spans
    assert (start, end) == pytest.approx((17.0, 30.0), abs=0.02)
    assert case.loud_mask.sum() == pytest.approx(13.0 * 44_100 / 2048, abs=2)


def part(
    kind: SectionKind | None, start_s: float, end_s: float, lufs: float, confidence: float = 0.9
) -> SectionEstimate:
    return SectionEstimate(kind, start_s, end_s, 8.0, 1, confidence, lufs, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0)


def arranged(*parts: SectionEstimate) -> Measured:
    return replace(clean(60.0, integrated_lufs=-9.0), structure=Structure(parts))


def test_where_the_arrangement_has_drops_they_are_the_loud_passage() -> None:
    case = case_of(
        arranged(
            part("intro", 0, 15, -12.0),
            part("drop", 15, 30, -8.5),
            part("break", 30, 45, -14.0),
            part("drop", 45, 60, -9.5),
        )
    )
    assert case.loud_spans == ((15.0, 30.0), (45.0, case.sounds_until_s))
    assert case.sounds_until_s == pytest.approx(60.0 - clean().defects.tail_silence_s)


def test_a_drop_that_is_quiet_or_hardly_believed_is_no_place_to_judge_at() -> None:
    steady = case_of(clean(60.0, integrated_lufs=-9.0)).loud_spans
    assert case_of(arranged(part("drop", 0, 15, -10.5), part(None, 15, 60, -9.0))).loud_spans == steady
    assert case_of(arranged(part("drop", 0, 15, -8.0, 0.4), part("outro", 15, 60, -9.0))).loud_spans == steady


def test_steady_music_is_loud_throughout() -> None:
    case = case_of(clean())
    assert case.loud_spans == ((0.0, 60.0),)
    assert case.loud_mask.all()


def test_a_file_too_short_for_a_window_is_loud_throughout() -> None:
    mix = clean(2.0)
    case = case_of(replace(mix, loudness=loudness(2.0)))
    assert case.loud_spans == ((0.0, 2.0),)


def test_silence_has_no_loud_passage_and_no_peak() -> None:
    case = case_of(silent())
    assert case.loud_spans == ()
    assert not case.loud_mask.any()
    assert (case.true_peak_dbtp, case.plr_db) == (None, None)
    assert isinstance(case.stereo, Unmeasured)


@pytest.mark.parametrize(
    ("project", "tempo", "bar_s"),
    [
        (ProjectFacts(bpm=120.0), TempoEstimate(100.0, 0.9, ()), 2.0),
        (ProjectFacts(bpm=120.0, beats_per_bar=3), TempoEstimate(None, 0.0, ()), 1.5),
        (ProjectFacts(), TempoEstimate(96.0, 0.9, ()), 2.5),
        (ProjectFacts(), TempoEstimate(96.0, 0.3, ()), 2.0),
        (ProjectFacts(), TempoEstimate(None, 0.0, ()), 2.0),
    ],
)
def test_a_bar_is_the_project_s_then_the_detected_one_then_two_seconds(
    project: ProjectFacts, tempo: TempoEstimate, bar_s: float
) -> None:
    assert case_of(replace(clean(), tempo=tempo), project=project).bar_s == pytest.approx(bar_s)


def test_psr_in_the_drop_is_peak_over_short_term_loudness() -> None:
    mix = clean(60.0, integrated_lufs=-8.0)
    peaks = Peaks(
        mix.peaks.sample_dbfs, mix.peaks.sample_s, mix.peaks.true_dbtp, mix.peaks.true_s, 0.1, np.full(600, -0.5)
    )
    assert case_of(replace(mix, peaks=peaks)).psr_in_drop_db == pytest.approx(7.5)
    assert case_of(mix).psr_in_drop_db is None


def test_under_a_second_there_is_no_correlation() -> None:
    mix = clean(0.5)
    unmeasured = case_of(mix).stereo
    assert isinstance(unmeasured, Unmeasured)
    assert "shorter" in unmeasured.reason


def test_no_place_reaches_past_the_end_of_the_file() -> None:
    case = case_of(replace(clean(60.0), frames=round(59.95 * 44_100)))
    assert case.joined([(58.0, 60.0), (59.97, 60.0)]) == ((58.0, 59.95),)
    assert case.joined([(59.96, 60.0)]) == ()


def test_silence_behind_the_music_is_no_loud_passage() -> None:
    mix = arranged(part("break", 0, 30, -14.0), part("drop", 30, 60, -8.5))
    for silence_s in (0.0, 3.0):
        ending = replace(mix, defects=replace(mix.defects, tail_silence_s=silence_s))
        assert case_of(ending).loud_spans == ((30.0, 60.0 - silence_s),)


def test_windows_of_a_mix_are_the_same_with_silence_behind_it() -> None:
    alone, followed = (moments(case_of(mix), 4.0) for mix in (clean(60.0), with_silence(clean(60.0), 2.0)))
    assert alone is not None
    assert followed is not None
    assert followed.end_s == pytest.approx(alone.end_s)
    for name in ("centres_s", "ll", "rr", "lr"):
        np.testing.assert_array_equal(getattr(followed, name), getattr(alone, name))


def test_each_check_is_asked_once_however_many_rules_want_to_hear_it() -> None:
    asked: list[Case] = []

    def check(case: Case) -> Unmeasured:
        asked.append(case)
        return Unmeasured(f"asked {len(asked)} times")

    case = case_of(clean(12.0))
    assert case.verdict_of(check) is case.verdict_of(check)
    assert asked == [case]
    assert replace(case, project=ProjectFacts()).verdict_of(check) == Unmeasured("asked 2 times")
