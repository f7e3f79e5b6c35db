"""``int.truepeak``: what each target can stand."""

import pytest

from support.mixes import clean, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.report import Target
from uptrack_daemon.feedback import marker_text


@pytest.mark.parametrize(
    ("target", "dbtp", "word"),
    [
        ("club", 2.0, "minor"),
        ("club", 2.6, "moderate"),
        ("club", 4.2, "major"),
        ("stream", -0.4, "minor"),
        ("stream", 0.1, "moderate"),
        ("premaster", 0.1, "major"),
    ],
)
def test_severity_by_target(target: Target, dbtp: float, word: str) -> None:
    assert ask_one("int.truepeak", clean(true_peak_dbtp=dbtp), target=target).severity == word


@pytest.mark.parametrize(("target", "dbtp"), [("club", 1.2), ("stream", -1.0), ("stream", -0.6), ("premaster", -1.1)])
def test_what_the_target_can_stand_is_no_finding(target: Target, dbtp: float) -> None:
    assert ask("int.truepeak", clean(true_peak_dbtp=dbtp), target=target) == ()


def test_the_advice_names_place_ceiling_and_price() -> None:
    finding = ask_one("int.truepeak", clean(true_peak_dbtp=0.5), target="stream")
    assert "+0.5 dBTP at 0:12.3 (left)" in finding.advice
    assert "ceiling at −1.0 dBTP costs 1.5 dB" in finding.advice
    assert finding.expected_delta == "true peak +0.5 → −1.0 dBTP"
    assert marker_text(finding).endswith("Limiter ceiling −1.0 dBTP, true-peak mode")
    assert [(span.start_s, span.channel) for span in finding.spans] == [(12.3, 0)]


def test_silence_has_no_peak() -> None:
    assert why_unmeasured("int.truepeak", silent()) == "The file is silent."
