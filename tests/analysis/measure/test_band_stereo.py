from __future__ import annotations

import numpy as np
import pytest

from support.mixes import band_matrix
from support.noises import pink, shaped_noise
from support.signals import amplitude
from uptrack_analysis.measure.band_crest import band_crests
from uptrack_analysis.measure.band_stereo import BandStereoCurves, band_stereo_curves
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.ltas import NAMED_BANDS
from uptrack_analysis.signal import Block

RATE_HZ = 44_100
NAMES = [*(band.name for band in NAMED_BANDS), "all"]


def curves(signal: Block, rate_hz: int = RATE_HZ, step_s: float = 1.0) -> BandStereoCurves:
    meter = BandMeter(rate_hz, signal.shape[0])
    meter.push(np.ascontiguousarray(signal, dtype=np.float32))
    return band_stereo_curves(meter.finish(), step_s, int(signal.shape[1] / rate_hz / step_s))


def mix(mid: Block, side: Block) -> Block:
    return np.stack([mid + side, mid - side])


def test_each_second_has_the_width_its_side_had() -> None:
    mid, side = shaped_noise(RATE_HZ, 8, pink)
    side[: 4 * RATE_HZ] *= amplitude(-30)
    found = curves(mix(mid, side))
    mids = NAMES.index("mids")
    np.testing.assert_allclose(found.width_db[[0, 1, 2], mids], -30, atol=1.5)
    np.testing.assert_allclose(found.width_db[[5, 6, 7], mids], 0, atol=1.5)
    # (M - S) / (M + S) of the powers, for channels of equal power.
    np.testing.assert_allclose(found.correlation[[0, 1, 2], mids], 0.998, atol=0.002)
    np.testing.assert_allclose(found.correlation[[5, 6, 7], mids], 0, atol=0.15)


def test_a_band_turned_over_is_minus_one_there_and_one_elsewhere() -> None:
    row = shaped_noise(RATE_HZ, 4, pink, channels=1)[0]
    spectrum = np.fft.rfft(row)
    frequency_hz = np.fft.rfftfreq(row.size, 1 / RATE_HZ)
    spectrum[(frequency_hz > 10**2.4) & (frequency_hz < 10**2.7)] *= -1
    found = curves(np.stack([row, np.fft.irfft(spectrum, row.size)]))
    low_mids, whole = NAMES.index("low mids"), NAMES.index("all")
    # Bins that lie across the band's edges hold a little of both.
    np.testing.assert_allclose(found.correlation[1:-1, low_mids], -1, atol=0.06)
    np.testing.assert_allclose(np.delete(found.correlation[1:-1], [low_mids, whole], axis=1), 1, atol=0.06)
    # Of ten octaves of pink noise, one is lost to mono and takes twice its power from the correlation.
    np.testing.assert_allclose(found.correlation[1:-1, whole], 0.8, atol=0.05)
    np.testing.assert_allclose(found.mono_loss_db[1:-1, whole], -10 * np.log10(0.9), atol=0.15)
    assert (found.mono_loss_db[1:-1, low_mids] > 10).all()


def test_balance_is_the_gain_between_the_channels() -> None:
    row = shaped_noise(RATE_HZ, 3, pink, channels=1)[0]
    found = curves(np.stack([row * amplitude(2), row * amplitude(-2)]))
    np.testing.assert_allclose(found.balance_db, 4, atol=0.01)


def test_silence_and_bands_beyond_the_rate_have_no_value() -> None:
    signal = shaped_noise(8_000, 4, pink)
    signal[:, 7_000:17_000] = 0
    found = curves(signal, 8_000)
    assert np.isnan(found.correlation[:, NAMES.index("air")]).all()
    assert np.isnan(found.width_db[1, NAMES.index("mids")])
    assert np.isfinite(found.width_db[[0, 3], NAMES.index("mids")]).all()
    assert np.isnan(curves(np.zeros((2, 8_000), np.float32), 8_000).balance_db).all()


def test_a_file_without_a_frame_has_curves_without_a_value() -> None:
    assert np.isnan(curves(np.zeros((2, 0), np.float32)).width_db).all()
    empty = band_matrix(2)
    assert band_stereo_curves(empty, 1.0, 0).width_db.shape == (0, len(NAMES))


@pytest.mark.parametrize("duty", [1.0, 0.5, 0.25])
def test_the_crest_of_a_gated_band_is_the_inverse_of_its_duty(duty: float) -> None:
    matrix = band_matrix(20)
    playing = np.arange(matrix.times_s.size) % 40 < 40 * duty
    for part in (matrix.ll, matrix.rr, matrix.dd):
        part[~playing] = 0
    for crest in band_crests(matrix):
        assert crest.crest_db == pytest.approx(-10 * np.log10(duty), abs=0.15)


def test_a_silent_band_has_no_crest() -> None:
    matrix = band_matrix(5)
    for part in (matrix.ll, matrix.rr, matrix.dd):
        part[:] = 0
    assert {crest.crest_db for crest in band_crests(matrix)} == {None}
