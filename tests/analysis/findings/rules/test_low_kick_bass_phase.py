"""``low.kick_bass_phase``: kick and bass that take level from each other."""

from __future__ import annotations

import re

import numpy as np
import pytest

from support.mixes import clean
from support.small_band import BEAT_S, small_band
from support.stem_cases import RATE_HZ, ask_stems, case_with_stems, why_not
from support.verdicts import why_unmeasured
from uptrack_analysis.signal import Block

RULE = "low.kick_bass_phase"
SECONDS = 16.0


def struck(phase: float = 0.0, *, drift: float = 0.0, decay_s: float = 0.12, overtone: float = 0.0) -> Block:
    """60 Hz that start anew at every beat, at the same phase or at a drifting one."""
    time_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    beats = np.floor(time_s / BEAT_S)
    since_s = time_s - beats * BEAT_S
    tone = np.sin(2 * np.pi * 60.0 * since_s + phase + drift * beats) + overtone * np.sin(2 * np.pi * 240.0 * since_s)
    tone *= 0.3 * np.exp(-since_s / decay_s)
    return np.stack([tone, tone]).astype(np.float32)


def bass(phase: float, *, drift: float = 0.0) -> Block:
    """Told from the kick by a longer note and an overtone."""
    return struck(phase, drift=drift, decay_s=0.2, overtone=0.4) * np.float32(0.8)


def stems(line: Block) -> dict[str, Block]:
    return small_band(seconds=SECONDS) | {"Kick": struck(), "Bass": line}


def test_opposed_at_every_hit_is_a_flip_away_from_level() -> None:
    (finding,) = ask_stems(RULE, stems(bass(np.pi)))
    assert finding.stem == "Bass"
    assert finding.severity == "major"
    assert "flip" in finding.advice
    assert finding.actions[0].kind == "UT"


def test_a_few_milliseconds_off_is_a_nudge() -> None:
    (finding,) = ask_stems(RULE, stems(bass(-0.62 * np.pi)))
    assert finding.excess >= 0.5
    assert re.search(r"nudge it \d+\.\d ms (later|earlier)", finding.advice)


def test_in_phase_is_fine() -> None:
    assert ask_stems(RULE, stems(bass(0.1))) == ()


def test_a_phase_that_drifts_from_hit_to_hit_has_no_cure_and_gets_none() -> None:
    assert ask_stems(RULE, stems(bass(np.pi, drift=1.3))) == ()


def test_parts_that_never_meet_cannot_be_asked() -> None:
    apart = np.roll(bass(0.0), round(BEAT_S / 2 * RATE_HZ), axis=1)
    apart[:, (np.arange(apart.shape[1]) / RATE_HZ) % BEAT_S < BEAT_S / 2] = 0
    assert "hardly ever sound together" in why_not(RULE, case_with_stems(stems(apart)))
    assert "without its stems" in why_unmeasured(RULE, clean())


def test_what_it_promises_is_what_the_sum_gains() -> None:
    kick, line = struck(), bass(np.pi)
    (finding,) = ask_stems(RULE, stems(line))
    head = (np.arange(kick.shape[1]) / RATE_HZ) % BEAT_S < 0.12
    # The overtone lies over 120 Hz, where nothing is gained.
    line = struck(np.pi, decay_s=0.2) * np.float32(0.8)
    before, after = (float(np.square(kick + sign * line)[:, head].mean()) for sign in (1, -1))
    assert finding.value == pytest.approx(10 * np.log10(after / before), abs=1.5)


def test_a_flip_and_a_nudge_are_two_moves_and_it_says_what_the_flip_alone_gives() -> None:
    (finding,) = ask_stems(RULE, stems(bass(0.75 * np.pi)))
    assert "flip its polarity and nudge it" in finding.advice
    assert [action.tool for action in finding.actions] == ["polarity", "delay"]
    assert {action.on for action in finding.actions} == {"Bass"}
    both_db, flip_db = (float(figure) for figure in re.findall(r"[+]\d+\.\d", finding.expected_delta))
    assert 0 < flip_db < both_db == pytest.approx(finding.value, abs=0.06)
