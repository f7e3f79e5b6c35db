from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptrack_analysis.measure.bands import band_edges_hz
from uptrack_analysis.measure.results import BandMatrix, StereoCurve
from uptrack_analysis.measure.stereo import (
    LIMIT_DB,
    MONO_LOSS_LIMIT_DB,
    StereoPower,
    correlation_curve,
    power_between,
    stereo_bands,
    stereo_figures,
)
from uptrack_analysis.report import StereoFigures
from uptrack_analysis.signal import FloatArray


def curve(ll: FloatArray, rr: FloatArray, lr: FloatArray) -> StereoCurve:
    return StereoCurve(0.1, ll, rr, lr)


def matrix(rate_hz: int, ll: float, rr: float, lr: float, *, frames: int = 3) -> BandMatrix:
    edges = band_edges_hz(rate_hz)
    times = (np.arange(frames, dtype=np.float64) + 1) * 0.046
    shape = (frames, edges.size - 1)
    return BandMatrix(edges, times, np.full(shape, ll), np.full(shape, rr), np.full(shape, ll + rr - 2 * lr))


def no_stereo() -> StereoCurve:
    return curve(np.zeros(0), np.zeros(0), np.zeros(0))


@pytest.mark.parametrize(
    ("left_right_cross", "correlation", "width_db", "balance_db", "mono_loss_db"),
    [
        ((1.0, 1.0, 1.0), 1.0, -LIMIT_DB, 0.0, 0.0),  # mono
        ((1.0, 1.0, -1.0), -1.0, LIMIT_DB, 0.0, MONO_LOSS_LIMIT_DB),  # one channel inverted
        ((1.0, 1.0, 0.0), 0.0, 0.0, 0.0, 3.0103),  # two unrelated channels
        ((1.0, 0.0, 0.0), None, 0.0, LIMIT_DB, 3.0103),  # left alone
        ((0.0, 1.0, 0.0), None, 0.0, -LIMIT_DB, 3.0103),  # right alone
        ((4.0, 1.0, 2.0), 1.0, -9.5424, 6.0206, 0.4576),  # one source, panned
        ((1.0, 1.0, -0.5), -0.5, 4.7712, 0.0, 6.0206),
    ],
)
def test_textbook_stereo_images_have_their_textbook_figures(
    left_right_cross: tuple[float, float, float],
    correlation: float | None,
    width_db: float,
    balance_db: float,
    mono_loss_db: float,
) -> None:
    power = StereoPower(*left_right_cross)
    assert power.correlation == (None if correlation is None else pytest.approx(correlation))
    assert power.width_db == pytest.approx(width_db, abs=1e-3)
    assert power.balance_db == pytest.approx(balance_db, abs=1e-3)
    assert power.mono_loss_db == pytest.approx(mono_loss_db, abs=1e-3)


def test_silence_has_no_figures() -> None:
    power = StereoPower(0.0, 0.0, 0.0)
    assert power.correlation is power.width_db is power.balance_db is power.mono_loss_db is None


@settings(max_examples=200)
@given(st.floats(1e-9, 10), st.floats(1e-9, 10), st.floats(-1, 1))
def test_figures_keep_their_bounds_and_their_sign(ll: float, rr: float, rho: float) -> None:
    power = StereoPower(ll, rr, rho * (ll * rr) ** 0.5)
    swapped = StereoPower(rr, ll, power.lr)
    inverted = StereoPower(ll, rr, -power.lr)
    assert power.correlation is not None
    assert power.width_db is not None
    assert power.balance_db is not None
    assert power.mono_loss_db is not None
    assert 0 <= power.mono_loss_db <= MONO_LOSS_LIMIT_DB
    assert swapped.balance_db == pytest.approx(-power.balance_db, abs=1e-9)
    assert inverted.correlation == pytest.approx(-power.correlation, abs=1e-9)
    assert inverted.width_db == pytest.approx(-power.width_db, abs=1e-3)
    assert power.mid + power.side == pytest.approx((ll + rr) / 2)


def test_correlation_is_that_of_the_second_that_ends_there() -> None:
    lr = np.concatenate([np.ones(10), -np.ones(10)])
    found = correlation_curve(curve(np.ones(20), np.ones(20), lr))
    assert np.isnan(found[:9]).all()
    np.testing.assert_allclose(found[9:], np.linspace(1, -1, 11))


def test_silence_and_a_dead_channel_have_no_correlation() -> None:
    ll = np.concatenate([np.ones(20), np.full(20, 1e-6), np.ones(20)])
    rr = np.concatenate([np.ones(20), np.full(20, 1e-6), np.zeros(20)])
    found = correlation_curve(curve(ll, rr, np.sqrt(ll * rr)))
    assert found[15] == pytest.approx(1)
    assert np.isnan(found[29:40]).all()
    assert np.isnan(found[50:]).all()
    assert correlation_curve(curve(ll, rr, np.sqrt(ll * rr)), dead=0.0)[55] == 0
    assert np.isnan(correlation_curve(curve(np.zeros(15), np.zeros(15), np.zeros(15)))).all()


def test_a_file_under_a_second_has_one_window() -> None:
    found = correlation_curve(curve(np.ones(4), np.ones(4), np.full(4, 0.25)))
    assert np.isnan(found[:3]).all()
    assert found[3] == pytest.approx(0.25)


def test_low_correlation_is_the_fifth_percentile_while_the_music_plays() -> None:
    lr = np.concatenate([np.full(500, 0.9), np.full(100, -0.4), np.zeros(400)])
    power = np.concatenate([np.ones(600), np.zeros(400)])
    figures = stereo_figures(matrix(44_100, 1, 1, 0.5), curve(power, power, lr))
    assert figures.correlation_low == pytest.approx(-0.4)
    assert figures.correlation == pytest.approx((500 * 0.9 - 40) / 600)


def test_a_mono_file_has_no_stereo_figures_and_a_silent_stereo_file_none_either() -> None:
    assert stereo_figures(matrix(44_100, 1, 1, 1), no_stereo()) == StereoFigures(None, None, None, None)
    silent = stereo_figures(matrix(44_100, 0, 0, 0), curve(np.zeros(30), np.zeros(30), np.zeros(30)))
    assert silent.correlation is silent.correlation_low is silent.width_db is silent.balance_db is None
    assert {band.correlation for band in silent.bands} == {None}


def test_bands_are_measured_apart_and_those_beyond_nyquist_not_at_all() -> None:
    low_inverted = matrix(16_000, 1, 1, 0.5)
    columns = low_inverted.edges_hz[:-1] < 125
    low_inverted.dd[:, columns] = 4
    bands = {band.name: band for band in stereo_bands(low_inverted)}
    assert bands["sub"].correlation == bands["bass"].correlation == -1
    assert bands["sub"].mono_loss_db == MONO_LOSS_LIMIT_DB
    assert bands["mids"].correlation == pytest.approx(0.5)
    assert bands["mids"].width_db == pytest.approx(-4.7712, abs=1e-3)
    assert bands["brilliance"].correlation is not None
    assert bands["air"].correlation is bands["air"].width_db is bands["air"].mono_loss_db is None


def test_a_mask_chooses_the_frames_of_a_range() -> None:
    both = matrix(44_100, 1, 1, 1, frames=4)
    both.dd[2:] = 4
    mask = np.array([False, False, True, True])
    chosen = power_between(both, 30, 120, mask)
    assert chosen is not None
    assert chosen.correlation == -1
    assert chosen.ll == pytest.approx(12)  # twelve sixth octaves of power 1
    assert power_between(both, 30, 120, np.zeros(4, dtype=bool)) is None
    assert power_between(both, 15_000, 30_000) is None
