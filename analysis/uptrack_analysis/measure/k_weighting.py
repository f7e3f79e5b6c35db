"""The K-weighting filter of ITU-R BS.1770-5, at any sample rate: a high shelf for the head, a high-pass for the ear."""

from __future__ import annotations

import math

import numpy as np

from uptrack_analysis.measure.block_filter import Section
from uptrack_analysis.signal import FloatArray

# The recommendation tabulates 48 kHz only. These are the analogue parameters behind that table, as B. De Man found
# them ("Evaluation of implementations of the EBU R128 loudness measurement", 2018); libebur128 uses the same.
_SHELF_HZ = 1681.974450955533
_SHELF_GAIN_DB = 3.999843853973347
_SHELF_Q = 0.7071752369554196
_SHELF_MIDDLE_EXPONENT = 0.4996667741545416
_HIGH_PASS_HZ = 38.13547087602444
_HIGH_PASS_Q = 0.5003270373238773


def k_weighting(rate_hz: float) -> tuple[Section, Section]:
    """Both stages for one sample rate; at 48 kHz they equal tables 1 and 2 of the recommendation."""
    return _shelf(rate_hz), _high_pass(rate_hz)


def _shelf(rate_hz: float) -> Section:
    k = math.tan(math.pi * _SHELF_HZ / rate_hz)
    high = 10 ** (_SHELF_GAIN_DB / 20)
    middle = high**_SHELF_MIDDLE_EXPONENT
    a0 = 1 + k / _SHELF_Q + k * k
    return Section(
        b0=(high + middle * k / _SHELF_Q + k * k) / a0,
        b1=2 * (k * k - high) / a0,
        b2=(high - middle * k / _SHELF_Q + k * k) / a0,
        a1=2 * (k * k - 1) / a0,
        a2=(1 - k / _SHELF_Q + k * k) / a0,
    )


def _high_pass(rate_hz: float) -> Section:
    k = math.tan(math.pi * _HIGH_PASS_HZ / rate_hz)
    a0 = 1 + k / _HIGH_PASS_Q + k * k
    # The numerator is left at 1, -2, 1, as the table has it: the stage's gain is part of the calibration.
    return Section(b0=1.0, b1=-2.0, b2=1.0, a1=2 * (k * k - 1) / a0, a2=(1 - k / _HIGH_PASS_Q + k * k) / a0)


def k_weighting_power(frequency_hz: FloatArray, rate_hz: float = 48_000.0) -> FloatArray:
    """Power gain of both stages at frequencies below half the rate, shape as given: for spectra instead of samples."""
    z = np.exp(-2j * np.pi * frequency_hz / rate_hz)
    power: FloatArray = np.ones_like(frequency_hz)
    for one in k_weighting(rate_hz):
        gain = (one.b0 + one.b1 * z + one.b2 * z**2) / (1 + one.a1 * z + one.a2 * z**2)
        power = power * np.square(np.abs(gain))
    return power
