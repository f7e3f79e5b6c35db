"""``dyn.transient_loss``: hits that the master takes the attack from."""

from __future__ import annotations

import numpy as np
import pytest

from support.mixes import clean
from support.small_band import mixed, small_band
from support.stem_cases import RATE_HZ, ask_stems, case_with_stems, why_not
from support.verdicts import why_unmeasured
from uptrack_analysis.signal import Block, FloatArray

RULE = "dyn.transient_loss"


def squashed(mix: Block, ratio: float) -> Block:
    """A master compressor that follows 2 ms peaks and is back after 150 ms."""
    peak = np.abs(mix).max(axis=0).astype(np.float64)
    step = RATE_HZ // 500
    held: FloatArray = peak[: peak.size // step * step].reshape(-1, step).max(axis=1)
    envelope = np.zeros_like(held)
    for place, value in enumerate(held):
        envelope[place] = max(value, envelope[place - 1] * np.exp(-0.002 / 0.15) if place else 0.0)
    gain = np.minimum(1.0, (0.1 / np.maximum(envelope, 1e-9)) ** (1 - 1 / ratio))
    full = np.interp(np.arange(peak.size), np.arange(held.size) * step, gain)
    squeezed: Block = (mix * full).astype(np.float32)
    return squeezed


def band() -> dict[str, Block]:
    stems = small_band()
    return {name: stems[name] for name in ("Kick", "Hats", "Pad")} | {"Pad": stems["Pad"] * np.float32(2)}


def test_a_hard_master_takes_the_attack_and_is_told_by_how_much() -> None:
    findings = ask_stems(RULE, band(), squashed(mixed(band()), 20.0))
    (finding,) = (one for one in findings if one.stem == "Kick")
    assert finding.value is not None
    assert finding.value > 4
    assert "slower attack" in finding.advice


def test_the_sum_itself_and_a_gentle_master_are_fine() -> None:
    assert ask_stems(RULE, band()) == ()
    assert ask_stems(RULE, band(), squashed(mixed(band()), 1.3)) == ()


def test_a_fader_is_no_compressor() -> None:
    assert ask_stems(RULE, band(), mixed(band()) * np.float32(0.3)) == ()


@pytest.mark.parametrize("name", ["Hats", "Pad"])
def test_without_drums_or_stems_it_cannot_be_asked(name: str) -> None:
    assert "kick or a snare" in why_not(RULE, case_with_stems({name: small_band()[name]}))
    assert "without its stems" in why_unmeasured(RULE, clean())
