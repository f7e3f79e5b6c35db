from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.bands import band_edges_hz
from uptrack_analysis.measure.ltas import (
    LEVEL_FLOOR_DB,
    NAMED_BANDS,
    THIRD_OCTAVES,
    bands_between,
    mean_spectrum,
    named_band_levels,
    spectral_tilt,
    spectrum_figures,
    third_octave_levels,
)
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.report import BandLevel
from uptrack_analysis.signal import FloatArray

PINK_DB_PER_OCTAVE = -10 * np.log10(2)


def sloped(db_per_octave: float, *, rate_hz: int = 44_100, level_db: float = -40.0, frames: int = 3) -> BandMatrix:
    """Noise whose power density falls by ``db_per_octave``, integrated over each band exactly."""
    edges = band_edges_hz(rate_hz)
    exponent = db_per_octave / (10 * np.log10(2))
    if abs(exponent + 1) < 1e-9:
        power = np.diff(np.log(edges))
    else:
        power = np.diff((edges / 1000) ** (exponent + 1)) / (exponent + 1)
    return from_power(edges, np.tile(10 ** (level_db / 10) * power, (frames, 1)))


def from_power(edges: FloatArray, power: FloatArray) -> BandMatrix:
    times = (np.arange(power.shape[0]) + 1) * 2048 / 44_100
    return BandMatrix(edges, times, power, power, np.zeros_like(power))


def levels(bands: tuple[BandLevel, ...]) -> dict[str, float | None]:
    return {band.name: band.level_db for band in bands}


def test_pink_noise_has_flat_third_octaves_and_a_tilt_of_minus_three() -> None:
    pink = sloped(PINK_DB_PER_OCTAVE)
    assert list(levels(third_octave_levels(mean_spectrum(pink))).values()) == pytest.approx([0] * 29, abs=1e-9)
    assert spectral_tilt(mean_spectrum(pink)) == pytest.approx(-3.01, abs=0.001)


@settings(max_examples=50)
@given(st.floats(-12, 6), st.floats(-90, 0))
def test_tilt_is_the_slope_of_density_whatever_the_level(db_per_octave: float, level_db: float) -> None:
    assert spectral_tilt(mean_spectrum(sloped(db_per_octave, level_db=level_db))) == pytest.approx(
        db_per_octave, abs=0.01
    )


def test_third_octaves_are_three_db_an_octave_flatter_than_density() -> None:
    at = levels(third_octave_levels(mean_spectrum(sloped(-4.5))))
    falling = (at["4000"] or 0) - (at["1000"] or 0)
    assert falling == pytest.approx(2 * (-4.5 + 3.01), abs=0.05)
    assert at["1000"] == 0


def test_named_bands_of_pink_noise_are_their_octaves_against_the_two_of_the_mids() -> None:
    at = levels(named_band_levels(mean_spectrum(sloped(PINK_DB_PER_OCTAVE))))
    assert at.pop("mids") == pytest.approx(0, abs=1e-9)
    assert list(at.values()) == pytest.approx([-3.01] * 7, abs=0.01)


def test_the_eight_bands_meet_without_gap_near_the_figures_producers_say() -> None:
    said = [30, 60, 120, 250, 500, 2_000, 4_000, 8_000, 16_000]
    edges = [NAMED_BANDS[0].low_hz, *(band.high_hz for band in NAMED_BANDS)]
    assert [band.low_hz for band in NAMED_BANDS[1:]] == edges[1:-1]
    np.testing.assert_allclose(np.log2(np.array(edges) / said), 0, atol=0.08)


def test_third_octaves_are_those_of_iec_61260() -> None:
    assert len(THIRD_OCTAVES) == 29
    for band in THIRD_OCTAVES:
        assert (band.low_hz * band.high_hz) ** 0.5 == pytest.approx(float(band.name), rel=0.016)


def test_a_band_beyond_nyquist_is_no_data_while_an_empty_one_reads_the_floor() -> None:
    narrow = sloped(0, rate_hz=8_000)
    named, thirds = levels(named_band_levels(mean_spectrum(narrow))), levels(third_octave_levels(mean_spectrum(narrow)))
    assert named["brilliance"] is named["air"] is thirds["4000"] is None
    assert named["presence"] is not None
    assert thirds["3150"] is not None
    wide = sloped(0)
    cut = np.where(wide.edges_hz[:-1] < 7_900, wide.ll, 0.0)
    assert levels(named_band_levels(mean_spectrum(from_power(wide.edges_hz, cut))))["air"] == LEVEL_FLOOR_DB


def test_a_steep_low_pass_is_left_out_of_the_tilt() -> None:
    pink = sloped(PINK_DB_PER_OCTAVE)
    cut = np.where(pink.edges_hz[:-1] < 5_000, pink.ll, pink.ll * 1e-13)
    assert spectral_tilt(mean_spectrum(from_power(pink.edges_hz, cut))) == pytest.approx(-3.01, abs=0.001)


def test_silence_has_no_levels_and_no_tilt() -> None:
    edges = band_edges_hz(44_100)
    silent = spectrum_figures(mean_spectrum(from_power(edges, np.zeros((4, 60)))))
    assert {band.level_db for band in silent.bands + silent.third_octaves} == {None}
    assert silent.tilt_db_per_octave is None
    none = spectrum_figures(mean_spectrum(from_power(edges, np.zeros((0, 60)))))
    assert none == silent


def test_a_tone_has_no_tilt() -> None:
    edges = band_edges_hz(44_100)
    power = np.zeros((2, 60))
    power[:, 30:34] = 0.1
    assert spectral_tilt(mean_spectrum(from_power(edges, power))) is None


def test_power_is_that_of_both_channels_whatever_their_phase() -> None:
    pink = sloped(PINK_DB_PER_OCTAVE)
    inverted = dataclasses.replace(pink, dd=4 * pink.ll)
    assert spectrum_figures(mean_spectrum(inverted)) == spectrum_figures(mean_spectrum(pink))


def test_a_mask_measures_only_its_frames() -> None:
    quiet, loud = sloped(0, level_db=-60, frames=2), sloped(-6, level_db=-20, frames=2)
    both = from_power(quiet.edges_hz, np.concatenate([quiet.ll, loud.ll]))
    mask = np.array([False, False, True, True])
    np.testing.assert_allclose(mean_spectrum(both, mask).power, loud.ll[0])
    assert spectral_tilt(mean_spectrum(both, mask)) == pytest.approx(-6, abs=0.01)
    assert spectral_tilt(mean_spectrum(both, ~mask)) == pytest.approx(0, abs=0.01)
    with pytest.raises(InvalidSignal, match=r"shape \(4,\)"):
        mean_spectrum(both, mask[:3])


@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
def test_a_range_is_the_bands_nearest_to_it(rate_hz: int) -> None:
    white = sloped(0, rate_hz=rate_hz, level_db=0)
    assert mean_spectrum(white).between(200, 2_000) == pytest.approx((1995.26 - 199.53) / 1000, rel=1e-4)
    assert bands_between(white.edges_hz, 30, 60) == slice(4, 10)
    assert mean_spectrum(white).between(5_000, 10_000) == (None if rate_hz == 8_000 else pytest.approx(5.0, rel=0.01))
