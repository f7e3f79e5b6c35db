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
_TABLE_HZ = 48_000.0
_BILINEAR_FROM_HZ = 44_100.0
"""At lower rates the bilinear transform bends the upper end: by 0.03 dB at 32 kHz, by 0.5 dB at 8 kHz."""
_MATCHED_POINTS = 200


def k_weighting(rate_hz: float) -> tuple[Section, Section]:
    """Both stages for one sample rate; at 48 kHz they equal tables 1 and 2 of the recommendation.

    From 44.1 kHz on the analogue filter is mapped anew, as other meters do; at lower rates the response of the tables
    is matched, to 0.03 dB at 8 kHz and less above.
    """
    if rate_hz >= _BILINEAR_FROM_HZ:
        return _shelf(rate_hz), _high_pass(rate_hz)
    return _matched(_shelf(_TABLE_HZ), rate_hz), _matched(_high_pass(_TABLE_HZ), rate_hz)


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


def _matched(table: Section, rate_hz: float) -> Section:
    """A section for a lower rate with nearly the response of one for 48 kHz.

    Poles keep their place in time, as impulse invariance has it; the numerator is the one whose power fits best, by
    relative least squares, in its minimum-phase form (after M. Vicanek, "Matched second order digital filters", 2016).
    """
    poles = np.roots([1.0, table.a1, table.a2]).astype(np.complex128) ** (_TABLE_HZ / rate_hz)
    _one, a1, a2 = np.real(np.poly(poles)).tolist()
    frequency_hz = np.linspace(0.001, 0.49, _MATCHED_POINTS) * rate_hz
    angle = 2 * np.pi * frequency_hz / rate_hz
    poles_alone = _power(Section(b0=1.0, b1=0.0, b2=0.0, a1=a1, a2=a2), frequency_hz, rate_hz)
    wanted = _power(table, frequency_hz, _TABLE_HZ) / poles_alone
    if table.b0 + table.b1 + table.b2 == 0:  # a high-pass, whose zeros stay where they are
        squared = np.square(2 - 2 * np.cos(angle))
        gain = math.sqrt(float(np.exp(np.mean(np.log(wanted / squared)))))
        return Section(b0=gain, b1=-2 * gain, b2=gain, a1=a1, a2=a2)
    terms = np.stack([np.ones_like(angle), 2 * np.cos(angle), 2 * np.cos(2 * angle)], axis=1)
    c0, c1, c2 = np.linalg.lstsq(terms / wanted[:, np.newaxis], np.ones_like(angle), rcond=None)[0].tolist()
    zeros = np.roots([c2, c1, c0, c1, c2])
    numerator = np.real(np.poly(zeros[np.abs(zeros) < 1]))
    b0, b1, b2 = (numerator * math.sqrt(c0 + 2 * c1 + 2 * c2) / numerator.sum()).tolist()
    return Section(b0=b0, b1=b1, b2=b2, a1=a1, a2=a2)


def _power(one: Section, frequency_hz: FloatArray, rate_hz: float) -> FloatArray:
    z = np.exp(-2j * np.pi * frequency_hz / rate_hz)
    power: FloatArray = np.square(np.abs((one.b0 + one.b1 * z + one.b2 * z**2) / (1 + one.a1 * z + one.a2 * z**2)))
    return power


def k_weighting_power(frequency_hz: FloatArray, rate_hz: float = 48_000.0) -> FloatArray:
    """Power gain of both stages at frequencies below half the rate, shape as given: for spectra instead of samples."""
    shelf, high_pass = k_weighting(rate_hz)
    return _power(shelf, frequency_hz, rate_hz) * _power(high_pass, frequency_hz, rate_hz)
