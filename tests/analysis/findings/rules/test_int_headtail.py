"""``int.headtail``: start and end of the file."""

import pytest

from support.mixes import clean, silent, with_defects
from support.verdicts import ask, ask_one, why_unmeasured
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
