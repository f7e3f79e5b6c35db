"""``low.tail_overlap``: a kick that still rings when the bass comes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import clean
from support.small_band import BEAT_S, small_band
from support.stem_cases import RATE_HZ, ask_stems, case_with_stems, why_not
from support.verdicts import why_unmeasured
from uptrack_analysis.measure.results import TempoEstimate
from uptrack_analysis.report import ProjectFacts
from uptrack_analysis.signal import Block

RULE = "low.tail_overlap"
SECONDS = 16.0


def kick(decay_s: float) -> Block:
    time_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    since_s = (time_s / BEAT_S % 1.0) * BEAT_S
    tone = 0.4 * np.exp(-since_s / decay_s) * np.sin(2 * np.pi * 52 * since_s)
    return np.stack([tone, tone]).astype(np.float32)


def test_a_long_tail_under_an_answering_bass_is_a_hint_with_milliseconds() -> None:
    stems = small_band(seconds=SECONDS) | {"Kick": kick(0.16)}
    (finding,) = ask_stems(RULE, stems)
    assert (finding.stem, finding.severity) == ("Kick", "info")
    # 20 dB are ln(10) decay times of the amplitude.
    assert finding.value == pytest.approx(0.16 * np.log(10) / BEAT_S, abs=0.12)
    assert "Shorten its decay" in finding.advice


def test_a_short_kick_is_fine() -> None:
    assert ask_stems(RULE, small_band(seconds=SECONDS)) == ()


def test_a_long_kick_with_no_bass_in_its_tail_is_a_sound() -> None:
    stems = small_band(seconds=SECONDS)
    assert ask_stems(RULE, stems | {"Kick": kick(0.16), "Bass": stems["Bass"] * np.float32(0.01)}) == ()


def test_without_tempo_or_stems_it_cannot_be_asked() -> None:
    case = case_with_stems({"Kick": kick(0.16), "Bass": np.roll(kick(0.1), 9000, axis=1)}, project=ProjectFacts())
    no_beat = replace(case, measured=replace(case.measured, tempo=TempoEstimate(None, 0.0, ())))
    assert "tempo" in why_not(RULE, no_beat)
    assert "without its stems" in why_unmeasured(RULE, clean())
