"""``ste.reverb_low``: a return that reaches below 250 Hz."""

from __future__ import annotations

import numpy as np
import pytest

from support.mixes import clean
from support.small_band import small_band
from support.stem_cases import RATE_HZ, ask_stems, case_with_stems, why_not
from support.verdicts import why_unmeasured
from uptrack_analysis.signal import Block

RULE = "ste.reverb_low"
SECONDS = 12.0


def tail(low_level: float, *, wide: bool = True) -> Block:
    """Noise from 60 to 200 Hz, different on both sides, with a little of everything above."""
    rng = np.random.default_rng(9)
    frames = round(SECONDS * RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal((2, frames)), axis=1)
    hz = np.fft.rfftfreq(frames, 1 / RATE_HZ)
    spectrum[:, (hz < 60) | (hz > 6000)] = 0
    spectrum[:, hz < 200] *= low_level
    noise = np.fft.irfft(spectrum, frames, axis=1)
    if not wide:
        noise[1] = noise[0]
    return np.asarray(0.02 * noise / noise.std(), dtype=np.float32)


def test_a_return_that_is_wide_and_low_gets_a_high_pass() -> None:
    (finding,) = ask_stems(RULE, small_band(seconds=SECONDS) | {"Return A": tail(6.0) * np.float32(2)})
    assert finding.stem == "Return A"
    assert finding.actions[0].kind == "HP"
    assert finding.actions[0].frequency_hz == pytest.approx(250.0)


def test_a_return_without_lows_or_without_width_is_fine() -> None:
    assert ask_stems(RULE, small_band(seconds=SECONDS) | {"Reverb": tail(0.0)}) == ()
    assert ask_stems(RULE, small_band(seconds=SECONDS) | {"Reverb": tail(6.0, wide=False)}) == ()


def test_without_a_return_it_cannot_be_asked() -> None:
    assert "return" in why_not(RULE, case_with_stems(small_band(seconds=SECONDS)))
    assert "without its stems" in why_unmeasured(RULE, clean())
