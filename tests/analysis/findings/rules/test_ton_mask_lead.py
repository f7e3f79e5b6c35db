"""``ton.mask_lead``: a stem over the lead where melody is heard."""

from __future__ import annotations

import numpy as np
import pytest

from support.mixes import clean
from support.small_band import small_band
from support.stem_cases import RATE_HZ, ask_stems, case_with_stems, why_not
from support.verdicts import why_unmeasured
from uptrack_analysis.signal import Block

RULE = "ton.mask_lead"
SECONDS = 16.0


def tones(level: float, hz: tuple[float, ...]) -> Block:
    time_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    line = level * np.sum([np.sin(2 * np.pi * one * time_s) for one in hz], axis=0)
    return np.stack([line, line]).astype(np.float32)


def stems(pad: Block) -> dict[str, Block]:
    return small_band(seconds=SECONDS) | {"Lead": tones(0.04, (1320.0, 2640.0)), "Pad": pad}


def test_a_pad_over_the_lead_is_named_with_where_to_dip_it() -> None:
    (finding,) = ask_stems(RULE, stems(tones(0.12, (1500.0, 2000.0))))
    assert finding.stem == "Pad"
    assert (finding.severity, finding.excess > 1.0) == ("info", True)
    assert "Lead loses" in finding.advice
    assert finding.actions[0].frequency_hz in (pytest.approx(1500, rel=0.1), pytest.approx(2000, rel=0.1))


def test_a_pad_under_the_lead_or_in_another_range_is_fine() -> None:
    assert ask_stems(RULE, stems(tones(0.02, (1500.0, 2000.0)))) == ()
    assert ask_stems(RULE, stems(tones(0.12, (300.0, 500.0)))) == ()


def test_it_says_when() -> None:
    pad = tones(0.14, (1500.0, 2000.0))
    pad[:, : 6 * RATE_HZ] *= np.float32(0.01)
    (finding,) = ask_stems(RULE, stems(pad))
    assert finding.start_s == pytest.approx(6.0, abs=0.5)


def test_without_a_lead_it_cannot_be_asked() -> None:
    assert "lead" in why_not(RULE, case_with_stems(small_band(seconds=SECONDS)))
    assert "without its stems" in why_unmeasured(RULE, clean())
