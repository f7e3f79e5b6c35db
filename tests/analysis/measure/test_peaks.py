"""EBU Tech 3341 (2023) cases 15 to 23, agreement with ffmpeg, and the promise that skipping blocks loses nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from scipy.optimize import linprog

from support.ffmpeg import ebur128
from support.libebur128 import libebur128
from support.signals import cut, music
from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.interpolation import (
    BEFORE,
    CURVE,
    KERNELS,
    L1,
    PHASES,
    TAPS,
    highest_possible,
    interpolated,
)
from uptrack_analysis.measure.peaks import SCAN_EVERY, SCAN_SHARE, PeakMeter
from uptrack_analysis.measure.results import Peaks
from uptrack_analysis.signal import Block, FloatArray


def measured(signal: Block, rate_hz: int = 48_000) -> Peaks:
    meter = PeakMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return meter.finish()


def mono(samples: FloatArray) -> Block:
    return samples[np.newaxis].astype(np.float32)


def assert_within_tech_3341(dbtp: float, expected: float) -> None:
    assert expected - 0.4 <= dbtp <= expected + 0.2


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize(
    ("divisor", "phase_degrees", "amplitude", "expected_dbtp"),
    [
        pytest.param(4, 0.0, 0.5, -6.0, id="case 15"),
        pytest.param(4, 45.0, 0.5, -6.0, id="case 16"),
        pytest.param(6, 60.0, 0.5, -6.0, id="case 17"),
        pytest.param(8, 67.5, 0.5, -6.0, id="case 18"),
        pytest.param(4, 45.0, 1.41, 3.0, id="case 19"),
    ],
)
def test_tech_3341_cases_15_to_19_a_sine_peaks_between_its_samples(
    divisor: int, phase_degrees: float, amplitude: float, expected_dbtp: float, rate_hz: int
) -> None:
    frames = rate_hz // 5
    wave = amplitude * np.sin(2 * np.pi * np.arange(frames) / divisor + np.radians(phase_degrees))
    fade = np.clip(np.arange(frames) / (0.01 * rate_hz), 0, 1)
    assert_within_tech_3341(measured(mono(wave * fade * fade[::-1]), rate_hz).true_dbtp[0], expected_dbtp)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("offset", range(4))
def test_tech_3341_cases_20_to_23_one_loud_period_is_found_wherever_it_falls(offset: int, rate_hz: int) -> None:
    slow = np.sin(2 * np.pi * np.arange(24 * 200) / 24)  # fs/6, drawn at four times the rate
    wave = 0.5 * slow
    fast = np.sin(2 * np.pi * np.arange(16) / 16)  # one period of fs/4 between two of its zero crossings
    wave = np.concatenate([wave[: 24 * 100], fast, wave[24 * 100 :]])
    taps = np.sinc(np.arange(-400, 401) / 4 * 0.98) * np.kaiser(801, 9)
    sampled = np.convolve(wave, taps / taps.sum(), mode="same")[offset::4]
    assert_within_tech_3341(measured(mono(sampled), rate_hz).true_dbtp[0], 0.0)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_agrees_with_ffmpeg_on_clipped_music(rate_hz: int, tmp_path: Path) -> None:
    clipped = np.clip(music(rate_hz, 10) * 2, -1, 1 - 2**-15)
    path = tmp_path / "clipped.wav"
    soundfile.write(path, clipped.T, rate_hz, subtype="FLOAT")
    assert measured(clipped, rate_hz).true_dbtp.max() == pytest.approx(ebur128(path).true_peak_dbtp, abs=0.3)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("drive_db", [3, 6, 12])
def test_agrees_with_libebur128_on_clipped_music(drive_db: float, rate_hz: int) -> None:
    clipped = np.clip(music(rate_hz, 10) * np.float32(10 ** (drive_db / 20)), -1, 1 - 2**-15)
    np.testing.assert_allclose(
        measured(clipped, rate_hz).true_dbtp, libebur128(clipped, rate_hz).true_peak_dbtp, atol=0.2
    )


def everything_interpolated(samples: Block) -> float:
    padded = np.concatenate([np.zeros(2 * TAPS), samples, np.zeros(2 * TAPS)])
    between = interpolated(sliding_window_view(padded, TAPS))
    return float(max(np.abs(between).max(), np.abs(samples).max()))


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    tilt=st.floats(0, 0.98),
    frames=st.integers(1, 20_000),
    ceiling=st.floats(0.2, 1.5),
)
def test_skipping_blocks_never_loses_the_peak(seed: int, tilt: float, frames: int, ceiling: float) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(frames) * np.repeat(rng.uniform(0, 1, frames // 500 + 1), 500)[:frames]
    # Up to fifty samples of memory: from white noise, where no bound helps, to bass, where the bound skips most.
    coloured = np.convolve(noise, tilt ** np.arange(50))[:frames]
    samples = np.clip(coloured, -ceiling, ceiling).astype(np.float32)
    expected = everything_interpolated(samples)
    assert measured(samples[np.newaxis]).true_dbtp[0] == pytest.approx(20 * math.log10(expected), abs=1e-9)


@settings(max_examples=50)
@given(st.lists(st.floats(-1, 1, width=32), min_size=TAPS, max_size=TAPS))
def test_no_value_between_samples_exceeds_its_bound(samples: list[float]) -> None:
    window = np.array(samples)
    curve = np.abs(np.diff(window, 2)).max()
    bound = highest_possible(np.array([np.abs(window).max()], dtype=np.float32), np.array([curve], dtype=np.float32))
    assert np.abs(interpolated(window[np.newaxis])).max() <= bound[0] * (1 + 1e-6) + 1e-9


def test_the_bounds_are_the_kernels_own_and_are_reached() -> None:
    worst = np.sign(KERNELS[np.abs(KERNELS).sum(axis=1).argmax()])
    assert np.abs(interpolated(worst[np.newaxis])).max() == pytest.approx(L1)
    assert 0.2 < CURVE < 0.6


@pytest.mark.parametrize("phase", range(1, PHASES))
def test_no_samples_hide_a_peak_from_the_first_look(phase: int) -> None:
    """The least that the look at every fourth phase can see of a peak of 1, nothing within eight samples being higher.

    A linear programme over all samples that the values near it are made of finds the worst there are.
    """
    reach = 8
    samples = TAPS + 2 * reach

    def value(frame: int, at: int) -> FloatArray:
        weights = np.zeros(samples)
        if at:
            weights[frame + reach : frame + reach + TAPS] = KERNELS[at - 1]
        else:
            weights[frame + reach + BEFORE] = 1.0
        return weights

    everywhere = np.array([value(frame, at) for frame in range(-reach, reach + 1) for at in range(PHASES)])
    looked_at = np.array([*(value(0, at) for at in range(0, PHASES, SCAN_EVERY)), value(1, 0)])
    seen = np.ones((2 * len(looked_at), 1))
    least = linprog(
        [0.0] * samples + [1.0],
        A_ub=np.block(
            [
                [np.concatenate([everywhere, -everywhere]), np.zeros((2 * len(everywhere), 1))],
                [np.concatenate([looked_at, -looked_at]), -seen],
            ]
        ),
        b_ub=[1.0] * (2 * len(everywhere)) + [0.0] * seen.size,
        A_eq=[[*value(0, phase), 0.0]],
        b_eq=[1.0],
        bounds=[(None, None)] * samples + [(0, None)],
    )
    assert least.fun is not None
    assert least.fun > SCAN_SHARE + 0.03


def test_the_kernel_passes_constants_and_ramps_unchanged() -> None:
    place = np.arange(TAPS) - BEFORE
    np.testing.assert_allclose(interpolated(np.ones((1, TAPS)))[0], 1.0, atol=1e-12)
    np.testing.assert_allclose(interpolated(place[np.newaxis].astype(float))[0], np.arange(1, 16) / 16, atol=1e-12)


@settings(max_examples=25)
@given(st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=400))
def test_true_peak_is_never_below_the_sample_peak(samples: list[float]) -> None:
    signal = mono(np.array(samples))
    peaks = measured(signal, 8_000)
    assert peaks.true_dbtp[0] >= peaks.sample_dbfs[0]
    largest = float(np.abs(signal).max())
    assert peaks.sample_dbfs[0] == pytest.approx(20 * math.log10(largest) if largest else -math.inf)


def test_each_channel_has_its_own_peak_and_place() -> None:
    signal = music(44_100, 3) * np.float32(0.5)
    signal[0, 50_000] = -0.9
    signal[1, 77_777] = 0.8
    peaks = measured(signal, 44_100)
    np.testing.assert_allclose(peaks.sample_dbfs, 20 * np.log10([0.9, 0.8]), atol=1e-5)
    np.testing.assert_array_equal(peaks.sample_s, np.array([50_000, 77_777]) / 44_100)
    np.testing.assert_allclose(peaks.true_s, peaks.sample_s, atol=1 / 44_100)


@pytest.mark.parametrize("frame", [0, 1, 63, 64, 16_383, 16_384, 19_999])
def test_a_click_is_found_at_block_edges_and_at_both_ends_of_the_file(frame: int) -> None:
    samples = np.zeros(20_000)
    samples[frame] = 0.7
    peaks = measured(mono(samples))
    assert peaks.sample_s[0] == frame / 48_000
    assert peaks.true_dbtp[0] == pytest.approx(20 * math.log10(0.7), abs=1e-5)
    assert 0 <= peaks.true_s[0] <= 19_999 / 48_000


def test_silence_peaks_at_minus_infinity() -> None:
    peaks = measured(np.zeros((2, 1000), dtype=np.float32))
    assert np.isneginf(peaks.sample_dbfs).all()
    assert np.isneginf(peaks.true_dbtp).all()


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 192_000])
def test_the_curve_holds_the_largest_sample_of_every_tenth_of_a_second(rate_hz: int) -> None:
    signal = music(rate_hz, 1.23)
    steps = measured(signal, rate_hz).curve_dbfs
    step_of = np.arange(signal.shape[1]) * 10 // rate_hz
    expected = [np.abs(signal[:, step_of == step]).max() for step in range(13)]
    np.testing.assert_allclose(steps, 20 * np.log10(expected), atol=1e-5)


CLIPPED = np.clip(music(22_050, 3) * 3, -0.9, 0.9)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 30_000), max_size=20))
def test_block_size_never_shows_in_the_result(sizes: list[int]) -> None:
    signal = CLIPPED
    whole = measured(signal, 22_050)
    meter = PeakMeter(22_050, 2)
    for block in cut(signal, sizes):
        meter.push(block)
    pieced = meter.finish()
    for name in ("sample_dbfs", "sample_s", "true_dbtp", "true_s", "curve_dbfs"):
        np.testing.assert_array_equal(getattr(pieced, name), getattr(whole, name))


def test_refuses_a_block_with_other_channels() -> None:
    with pytest.raises(InvalidSignal, match="shape"):
        PeakMeter(48_000, 2).push(np.zeros((1, 10), dtype=np.float32))
