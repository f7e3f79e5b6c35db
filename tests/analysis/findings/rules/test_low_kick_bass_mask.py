"""``low.kick_bass_mask``: a bass over the kick's first moments."""

from __future__ import annotations

import numpy as np
import pytest

from support.mixes import clean
from support.small_band import BEAT_S, small_band
from support.stem_cases import RATE_HZ, ask_stems, case_with_stems, why_not
from support.verdicts import why_unmeasured
from uptrack_analysis.signal import Block

RULE = "low.kick_bass_mask"
SECONDS = 16.0


def held_bass(level: float, *, ducked: bool = False) -> Block:
    """A bass that holds its note through the kick, or makes room for 150 ms at every beat."""
    time_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    since_s = (time_s / BEAT_S % 1.0) * BEAT_S
    note = np.sin(2 * np.pi * 55.0 * time_s) + 0.3 * np.sin(2 * np.pi * 110.0 * time_s)
    if ducked:
        note *= np.clip(since_s / 0.15, 0.02, 1.0) ** 2
    return np.stack([level * note, level * note]).astype(np.float32)


def with_bass(bass: Block) -> dict[str, Block]:
    return small_band(seconds=SECONDS) | {"Bass": bass}


def test_a_bass_that_holds_through_the_kick_is_named_with_what_to_duck() -> None:
    (finding,) = ask_stems(RULE, with_bass(held_bass(0.6)))
    assert finding.stem == "Bass"
    assert finding.severity in {"moderate", "major"}
    assert (finding.low_hz, finding.high_hz) == (40, 120)
    assert "Duck Bass" in finding.advice
    assert finding.actions[0].kind == "SC"
    assert finding.actions[1].frequency_hz == pytest.approx(55.0, rel=0.1)


def test_a_louder_bass_hides_more() -> None:
    quieter, louder = (ask_stems(RULE, with_bass(held_bass(level)))[0].excess for level in (0.5, 0.9))
    assert louder > quieter + 0.5


def test_a_bass_that_ducks_is_as_loud_and_hides_nothing() -> None:
    assert ask_stems(RULE, with_bass(held_bass(0.6, ducked=True))) == ()


def test_a_bass_that_answers_between_the_kicks_is_fine() -> None:
    assert ask_stems(RULE, small_band(seconds=SECONDS)) == ()


def test_where_it_hides_the_kick_is_where_it_plays() -> None:
    bass = held_bass(0.7)
    bass[:, : 8 * RATE_HZ] = 0
    (finding,) = ask_stems(RULE, with_bass(bass))
    assert finding.start_s == pytest.approx(8.0, abs=0.6)
    assert finding.exposure == pytest.approx(0.5, abs=0.1)


def test_a_bass_turned_down_in_the_mix_counts_as_it_sounds_there() -> None:
    stems = with_bass(held_bass(0.6))
    mix = np.sum([samples * np.float32(0.1 if name == "Bass" else 1.0) for name, samples in stems.items()], axis=0)
    assert ask_stems(RULE, stems, mix.astype(np.float32)) == ()


def test_without_a_kick_or_without_stems_it_cannot_be_asked() -> None:
    stems = {name: samples for name, samples in small_band(seconds=SECONDS).items() if name != "Kick"}
    assert "kick" in why_not(RULE, case_with_stems(stems))
    assert "without its stems" in why_unmeasured(RULE, clean())
