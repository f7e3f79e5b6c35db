"""The named bands over time."""

from __future__ import annotations

import numpy as np
import pytest

from support.signals import tone, tones
from uptrack_analysis.measure.band_curves import band_curves
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.ltas import NAMED_BANDS
from uptrack_analysis.signal import Block, FloatArray

NAMES = [band.name for band in NAMED_BANDS]


def curves(signal: Block, rate_hz: int = 44_100, step_s: float = 0.5) -> FloatArray:
    meter = BandMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return band_curves(meter.finish(), step_s, signal.shape[1] / rate_hz)


def test_a_tone_stands_in_its_band_at_its_rms() -> None:
    found = curves(tone(44_100, 10.2, -12.0, frequency_hz=90.0))
    assert found.shape == (8, 20)
    # -12 dBFS peak is -15.01 dB re a full-scale square wave.
    assert found[NAMES.index("bass")] == pytest.approx(np.full(20, -15.01), abs=0.1)
    assert (np.nan_to_num(found[NAMES.index("presence")], nan=-120.0) < -80).all()


def test_levels_follow_the_file_step_by_step() -> None:
    mids = curves(tones(44_100, [(5.0, -10.0), (5.0, -30.0), (5.0, float("-inf"))]), step_s=1.0)[NAMES.index("mids")]
    # A step that a change falls into, and the ones its window reaches, belong to neither level.
    assert mids[:4] == pytest.approx(np.full(4, -13.01), abs=0.1)
    assert mids[6:9] == pytest.approx(np.full(3, -33.01), abs=0.1)
    assert np.isnan(mids[11:]).all()


def test_a_band_the_rate_cannot_carry_has_no_level() -> None:
    found = curves(tone(8_000, 3.0, -12.0, channels=1), 8_000)
    assert np.isnan(found[NAMES.index("brilliance")]).all()
    assert found[NAMES.index("mids")] == pytest.approx(np.full(6, -15.01), abs=0.1)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.4])
def test_a_file_shorter_than_a_step_has_no_curve(seconds: float) -> None:
    assert curves(tone(44_100, seconds, -12.0)).shape == (8, 0)
