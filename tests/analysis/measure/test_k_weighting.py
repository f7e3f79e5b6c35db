"""K-weighting as gains over frequency; the filter itself is held against the standard in ``test_loudness.py``."""

import numpy as np
import pytest

from uptrack_analysis.measure.k_weighting import k_weighting_power


def test_k_weighting_of_spectra_is_that_of_the_filter() -> None:
    gains_db = 10 * np.log10(k_weighting_power(np.array([38.0, 997.0, 10_000.0])))
    # BS.1770: a sine of 997 Hz at 0 dBFS reads -3.01 LKFS, with the offset of -0.691 dB; the shelf adds 4 dB up there.
    assert gains_db == pytest.approx([-6.0, 0.69, 4.0], abs=0.1)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 96_000, 192_000])
def test_every_rate_has_the_response_of_the_tables_for_48_khz(rate_hz: int) -> None:
    frequency_hz = np.geomspace(20.0, min(0.48 * rate_hz, 20_000.0), 300)
    off_db = 10 * np.log10(k_weighting_power(frequency_hz, rate_hz) / k_weighting_power(frequency_hz))
    # Above 48 kHz the transform bends less than the tables', which shows at 20 kHz.
    assert np.abs(off_db).max() < (0.03 if rate_hz <= 96_000 else 0.05)
