"""``int.headtail``: start and end of the file."""

import pytest

from support.mixes import clean, silent, with_defects
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.present.wording import measured_against
from uptrack_analysis.report import ProjectFacts


def test_a_cut_tail_is_major_at_its_loudest() -> None:
    finding = ask_one("int.headtail", with_defects(clean(), tail_rms_dbfs=-15.0))
    assert finding.severity == "major"
    assert finding.end_s == 60.0
    assert "ends at −15 dBFS" in finding.advice


def test_a_start_in_full_swing_stays_a_question() -> None:
    finding = ask_one("int.headtail", with_defects(clean(), head_peak_dbfs=-0.5))
    assert finding.severity == "info"
    assert "leave it" in finding.advice


@pytest.mark.parametrize(
    ("first_sample_dbfs", "severity"), [(-33.0, "moderate"), (-24.0, "moderate"), (-15.0, "moderate"), (-6.0, "major")]
)
def test_a_file_that_begins_with_a_step_was_cut_there(first_sample_dbfs: float, severity: str) -> None:
    mix = with_defects(clean(), head_peak_dbfs=-2.0, head_step_dbfs=first_sample_dbfs)
    finding = ask_one("int.headtail", mix)
    assert (finding.title, finding.severity) == ("Start cut off", severity)
    assert measured_against(finding) == f"−{abs(first_sample_dbfs):.0f} dBFS (told from −33)"


def test_a_kick_on_the_first_sample_begins_near_zero_and_stays_a_question() -> None:
    mix = with_defects(clean(), head_peak_dbfs=-0.5, head_step_dbfs=-40.0)
    assert ask_one("int.headtail", mix).severity == "info"


@pytest.mark.parametrize(("seconds", "severity"), [(9.0, None), (12.0, "minor"), (20.0, "moderate"), (40.0, "major")])
def test_a_long_silence_after_the_music_is_told_unless_mastering_follows(seconds: float, severity: str | None) -> None:
    mix = with_defects(clean(), tail_silence_s=seconds)
    told = [finding.severity for finding in ask("int.headtail", mix)]
    assert told == ([severity] if severity else [])
    assert ask("int.headtail", mix, target="premaster") == ()


def test_a_reverb_tail_that_has_died_away_is_fine() -> None:
    assert ask("int.headtail", with_defects(clean(), tail_rms_dbfs=-61.0, head_peak_dbfs=-39.0)) == ()


@pytest.mark.parametrize(("bpm", "count"), [(130.0, 1), (60.0, 0)])
def test_lead_silence_is_counted_in_beats_of_the_project(bpm: float, count: int) -> None:
    mix = with_defects(clean(), lead_silence_s=0.95)
    findings = ask("int.headtail", mix, project=ProjectFacts(bpm=bpm))
    assert len(findings) == count
    if findings:
        assert findings[0].value == pytest.approx(0.95 * 130 / 60)


@pytest.mark.parametrize("target", ["stream", "premaster"])
def test_lead_silence_bothers_only_djs(target: str) -> None:
    mix = with_defects(clean(), lead_silence_s=5.0)
    assert ask("int.headtail", mix, target="stream" if target == "stream" else "premaster") == ()
    assert ask_one("int.headtail", mix).severity == "major"


def test_silence_has_neither_start_nor_end() -> None:
    assert "silent" in why_unmeasured("int.headtail", silent())
