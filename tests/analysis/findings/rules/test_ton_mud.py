"""``ton.mud``: two stems that hold on in the low midrange."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import clean
from support.noises import pink, shaped_noise
from support.small_band import small_band
from support.stem_cases import RATE_HZ, ask_stems, case_with_stems
from support.verdicts import why_unmeasured
from uptrack_analysis.findings.case import Draft, Unmeasured
from uptrack_analysis.findings.rules import ton_band, ton_mud
from uptrack_analysis.signal import Block

RULE = "ton.mud"
SECONDS = 16.0


def tones(level: float, hz: tuple[float, ...]) -> Block:
    time_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    line = level * np.sum([np.sin(2 * np.pi * one * time_s) for one in hz], axis=0)
    return np.stack([line, line]).astype(np.float32)


def stems(low_mids: float) -> dict[str, Block]:
    band = small_band(seconds=SECONDS)
    # Something everywhere, so that the mix has a shape to stand out of.
    bed = shaped_noise(RATE_HZ, SECONDS, pink, rms=0.04)
    return {
        "Kick": band["Kick"],
        "Loop": bed,
        "Pad": tones(low_mids, (260.0, 330.0)),
        "Strings": tones(0.8 * low_mids, (294.0, 392.0)),
    }


def test_two_held_stems_and_too_much_there_are_both_named() -> None:
    (finding,) = ask_stems(RULE, stems(0.15))
    assert finding.stem == "Pad"
    assert "Pad" in finding.advice
    assert "Strings" in finding.advice
    assert (finding.low_hz, finding.high_hz) == (200, 500)
    assert "the rest is a matter of sounds" in finding.expected_delta  # 2.5 dB of one stem, of thirty


def test_two_held_stems_at_a_fair_level_are_a_chord() -> None:
    assert ask_stems(RULE, stems(0.004)) == ()


def test_one_stem_alone_is_no_crowd() -> None:
    band = stems(0.15)
    band["Pad"] = band["Pad"] + band.pop("Strings")
    assert ask_stems(RULE, band) == ()


def test_without_stems_it_cannot_be_asked() -> None:
    assert "without its stems" in why_unmeasured(RULE, clean())


def test_the_stem_that_is_named_is_the_one_that_is_cut() -> None:
    (finding,) = ask_stems(RULE, stems(0.15))
    assert {action.on for action in finding.actions} == {finding.stem}
    assert "on Pad, or a high-pass at 180 Hz" in finding.advice


def test_nothing_that_carries_the_low_end_gets_a_high_pass() -> None:
    band = stems(0.15)
    band["Pad"] = band["Pad"] + tones(0.3, (55.0,))
    (finding,) = ask_stems(RULE, band)
    assert "high-pass" not in finding.advice
    assert [action.kind for action in finding.actions] == ["EQ"]


def test_a_bass_keeps_its_body_and_the_other_part_makes_room() -> None:
    band = stems(0.15)
    band["Bass"] = band.pop("Pad") + tones(0.3, (55.0,))
    (finding,) = ask_stems(RULE, band)
    assert finding.stem == "Strings"


def missing(low_hz: float, high_hz: float) -> Draft:
    """What ``ton.band`` says of an octave of which there is too little."""
    verdict = ton_band.check(case_with_stems(stems(0.15)))
    assert not isinstance(verdict, Unmeasured)
    told = verdict[0]
    return replace(told, value=-abs(told.value), low_hz=low_hz, high_hz=high_hz)


@pytest.mark.parametrize(
    ("octave_hz", "told", "high_pass"),
    [
        ((200.0, 400.0), False, False),
        ((158.0, 316.0), False, False),
        ((126.0, 251.0), True, False),
        ((2000.0, 4000.0), True, True),
    ],
)
def test_nothing_is_taken_from_an_octave_of_which_there_is_too_little(
    octave_hz: tuple[float, float], told: bool, high_pass: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, octave = case_with_stems(stems(0.15)), missing(*octave_hz)
    monkeypatch.setattr(ton_band, "check", lambda _case: (octave,))
    found = ton_mud.check(case)
    assert not isinstance(found, Unmeasured)
    assert [("high-pass" in draft.advice) for draft in found] == [high_pass] * told
