"""``low.needless``: what a stem adds to the low end that is no part of its sound."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from support.mixes import clean
from support.noises import pink, shaped_noise
from support.small_band import small_band
from support.stem_cases import RATE_HZ, ask_stems
from support.verdicts import why_unmeasured
from uptrack_analysis.signal import Block

RULE = "low.needless"
SECONDS = 20.0


@cache
def band() -> dict[str, Block]:
    return small_band(seconds=SECONDS)


def rumble(rms: float, from_s: float = 0.0, to_s: float = SECONDS) -> Block:
    """Noise under 60 Hz."""
    noise = shaped_noise(RATE_HZ, SECONDS, lambda hz: pink(hz) * (hz < 60), seed=9, rms=rms)
    time_s = np.arange(noise.shape[1]) / RATE_HZ
    sounding: Block = noise * ((time_s >= from_s) & (time_s < to_s)).astype(np.float32)
    return sounding


def with_rumble(name: str, added: Block) -> dict[str, Block]:
    return band() | {name: band()[name] + added}


def test_a_band_whose_stems_keep_to_their_own_raises_nothing() -> None:
    assert ask_stems(RULE, band()) == ()


@pytest.mark.parametrize("name", ["Pad", "Hats"])
def test_rumble_under_a_sound_that_plays_high_is_told_with_a_filter_for_it(name: str) -> None:
    (finding,) = ask_stems(RULE, with_rumble(name, rumble(0.04)))
    (move,) = finding.actions
    assert (finding.stem, finding.severity) == (name, "info")
    assert (move.kind, move.tool, move.on) == ("HP", "high-pass", name)
    assert move.frequency_hz is not None
    assert 60 <= move.frequency_hz <= 120
    assert f"{move.frequency_hz:.0f} Hz" in finding.advice
    assert "12 dB an octave" in finding.advice


def test_the_value_is_its_part_of_the_low_end_and_the_filter_takes_most_of_it() -> None:
    loud, soft = (ask_stems(RULE, with_rumble("Hats", rumble(rms)))[0] for rms in (0.06, 0.03))
    assert loud.value is not None
    assert soft.value is not None
    # The mix it is held against holds the rumble, too.
    assert loud.value - soft.value == pytest.approx(6.0, abs=1.5)
    assert loud.excess > soft.excess
    before, after = (
        float(part.split(" dB")[0].replace("−", "-")) for part in loud.expected_delta.split(" Hz ")[1].split(" → ")
    )
    assert after < before - 6


def test_it_is_told_where_it_is() -> None:
    (finding,) = ask_stems(RULE, with_rumble("Pad", rumble(0.06, 8.0, 13.0)))
    assert finding.start_s == pytest.approx(8.0, abs=1.0)
    assert finding.end_s == pytest.approx(13.0, abs=1.0)


def test_next_to_nothing_is_no_matter() -> None:
    assert ask_stems(RULE, with_rumble("Pad", rumble(0.002))) == ()


def test_a_pad_that_plays_down_there_needs_it() -> None:
    time_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    deep = sum(np.sin(2 * np.pi * 55 * octave * time_s) / octave for octave in (1, 2, 3, 4, 6, 8))
    chord = np.tile((0.05 * np.asarray(deep)).astype(np.float32), (2, 1))
    assert ask_stems(RULE, with_rumble("Pad", chord)) == ()


@pytest.mark.parametrize("name", ["Kick", "Bass"])
def test_a_kick_and_a_bass_may_go_as_low_as_they_like(name: str) -> None:
    assert ask_stems(RULE, with_rumble(name, rumble(0.06))) == ()


def test_without_stems_there_is_nobody_to_ask() -> None:
    assert "without its stems" in why_unmeasured(RULE, clean())
