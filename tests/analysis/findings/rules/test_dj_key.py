"""``dj.key``: the project's key is truth until the file contradicts it, and 440 Hz is where DJs mix."""

from dataclasses import replace

import pytest

from support.mixes import arranged, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.findings.rules.dj_key import relatives
from uptrack_analysis.measure.key import key_name
from uptrack_analysis.measure.results import KeyEstimate, Measured
from uptrack_analysis.report import ProjectFacts

F_MINOR = (5, True)


def heard(
    key: tuple[int, bool] | None, confidence: float = 0.85, tuning_cents: float | None = 0.5, rest: float = 0.1
) -> Measured:
    others = ((8, False, rest), (0, True, 0.02)) if key else ()
    tonic, minor = key or (None, None)
    return replace(arranged(), key=KeyEstimate(tonic, minor, confidence if key else 0.0, others, tuning_cents))


def test_a_key_the_file_contradicts_is_told_with_what_is_heard() -> None:
    finding = ask_one("dj.key", heard((6, False), rest=0.0), project=ProjectFacts(key="F minor"))
    assert finding.severity == "info"
    assert "says F minor, but the file sounds like" in finding.advice
    assert key_name(6, False) in finding.advice


@pytest.mark.parametrize("name", ["F minor", "Ab major", "F major", "C minor", "Bb minor", "Db major", "Eb major"])
def test_relatives_of_the_project_s_key_are_the_project_s_key(name: str) -> None:
    assert name in {key_name(*key) for key in relatives(F_MINOR)}
    assert ask("dj.key", heard(F_MINOR), project=ProjectFacts(key=name)) == ()


def test_an_unsure_key_contradicts_nobody() -> None:
    assert ask("dj.key", heard((6, False), 0.5, rest=0.0), project=ProjectFacts(key="F minor")) == ()


def test_without_a_project_key_or_with_an_unknown_one_only_the_tuning_is_asked() -> None:
    assert ask("dj.key", heard((6, False))) == ()
    assert ask("dj.key", heard((6, False)), project=ProjectFacts(key="Phrygian")) == ()


@pytest.mark.parametrize("cents", [-45.0, 22.0])
def test_a_track_between_two_keys_is_told_to_a_dj_and_nothing_for_a_stream(cents: float) -> None:
    finding = ask_one("dj.key", heard(F_MINOR, tuning_cents=cents))
    assert (finding.severity, finding.value) == ("info", cents)
    assert ask("dj.key", heard(F_MINOR, tuning_cents=cents), target="stream") == ()


@pytest.mark.parametrize("cents", [0.0, 9.0, -12.0])
def test_a_few_cents_are_no_finding(cents: float) -> None:
    assert ask("dj.key", heard(F_MINOR, tuning_cents=cents)) == ()


def test_drums_and_silence_have_neither_key_nor_tuning() -> None:
    drums = replace(heard(None, tuning_cents=None), unmeasured={"key.name": "Too few steady tones."})
    assert why_unmeasured("dj.key", drums) == "Too few steady tones."
    assert why_unmeasured("dj.key", silent()).endswith(".")
