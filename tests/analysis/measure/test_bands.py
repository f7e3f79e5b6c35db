from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.same import assert_same
from support.signals import cut, music, tone
from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.bands import BandMeter, band_edges_hz
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.signal import Block, FloatArray

RATES_HZ = [8_000, 11_025, 12_345, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]


def measured(signal: Block, rate_hz: int) -> BandMatrix:
    meter = BandMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return meter.finish()


def noise(rate_hz: int, seconds: float, *, pink: bool = False, channels: int = 1) -> Block:
    """White or pink Gaussian noise; the pink one is shaped exactly, bin by bin, over the whole length."""
    rng = np.random.default_rng(7)
    white = rng.standard_normal((channels, round(seconds * rate_hz)))
    if pink:
        spectrum = np.fft.rfft(white)
        spectrum[:, 1:] /= np.sqrt(np.arange(1, spectrum.shape[1]))
        spectrum[:, 0] = 0
        white = np.fft.irfft(spectrum, white.shape[1])
        white /= white.std()
    return np.asarray(0.1 * white, dtype=np.float32)


def third_octaves(power: FloatArray) -> FloatArray:
    """Sums of pairs of bands: noise in one sixth octave at 30 Hz is too few bins to be even."""
    pairs: FloatArray = power[: power.size // 2 * 2].reshape(-1, 2)
    return np.asarray(pairs.sum(axis=1), dtype=np.float64)


def test_edges_are_the_base_ten_grid_on_which_octaves_and_third_octaves_lie() -> None:
    edges = band_edges_hz(44_100)
    assert edges.size == 61
    assert edges[0] == pytest.approx(19.953, abs=1e-3)
    assert edges[-1] == pytest.approx(19_952.6, abs=0.1)
    for edge_hz in (1000 * 10**-0.05, 1000 * 10**0.05, 10**1.5, 10**1.8, 10**2.7):  # 1 kHz third octave; 32, 63, 501 Hz
        assert np.abs(edges / edge_hz - 1).min() < 1e-9


@pytest.mark.parametrize(("rate_hz", "top_hz"), [(8_000, 3_981), (22_050, 10_000), (32_000, 15_849), (96_000, 19_953)])
def test_bands_a_rate_cannot_carry_are_absent_rather_than_silent(rate_hz: int, top_hz: float) -> None:
    matrix = measured(noise(rate_hz, 0.5), rate_hz)
    assert matrix.edges_hz[-1] == pytest.approx(top_hz, abs=1)
    assert matrix.ll.shape == (matrix.times_s.size, matrix.edges_hz.size - 1)
    assert matrix.ll[:, 12:].min() > 0


@settings(max_examples=25)
@given(
    frequency_hz=st.floats(45, 3_500),
    level_dbfs=st.floats(-60, 0),
    rate_hz=st.sampled_from([8_000, 22_050, 44_100]),
)
def test_a_sine_counts_once_wherever_it_lies(frequency_hz: float, level_dbfs: float, rate_hz: int) -> None:
    matrix = measured(tone(rate_hz, 1.5, level_dbfs, frequency_hz=frequency_hz, channels=1), rate_hz)
    inside = (matrix.times_s > 0.25) & (matrix.times_s < 1.25)
    total_db = 10 * np.log10(matrix.ll[inside].sum(axis=1) / 0.5)
    np.testing.assert_allclose(total_db, level_dbfs, atol=0.1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_white_noise_has_flat_density_at_every_rate(rate_hz: int) -> None:
    matrix = measured(noise(rate_hz, 20 if rate_hz < 90_000 else 12), rate_hz)
    width_hz = third_octaves(np.diff(matrix.edges_hz))
    density_db = 10 * np.log10(third_octaves(matrix.ll.mean(axis=0)) / width_hz * rate_hz / 2 / 0.01)
    # The spread of the noise itself in (bandwidth x time) independent values: three sigma.
    seconds = 20 if rate_hz < 90_000 else 12
    np.testing.assert_array_less(np.abs(density_db), 0.1 + 3 * 4.34 / np.sqrt(width_hz * seconds))


def test_pink_noise_has_flat_bands_above_40_hz() -> None:
    matrix = measured(noise(44_100, 40, pink=True), 44_100)
    edges = matrix.edges_hz[::2]
    level_db = 10 * np.log10(third_octaves(matrix.ll.mean(axis=0)))
    level_db -= np.median(level_db)
    from_40_hz = edges[:-1] >= 39
    np.testing.assert_allclose(level_db[from_40_hz], 0, atol=0.5)


def test_a_kick_at_55_hz_and_a_bass_at_70_are_told_apart() -> None:
    low = measured(tone(44_100, 2, -6, frequency_hz=55, channels=1), 44_100).ll.mean(axis=0)
    high = measured(tone(44_100, 2, -6, frequency_hz=70, channels=1), 44_100).ll.mean(axis=0)
    border = int(np.argmin(np.abs(band_edges_hz(44_100) - 63.1)))
    assert low[:border].sum() / low.sum() > 0.95
    assert high[border:].sum() / high.sum() > 0.95


def test_powers_are_those_of_the_samples_and_of_their_difference() -> None:
    rng = np.random.default_rng(3)
    common, left, right = rng.standard_normal((3, 44_100 * 20)) * 0.1
    signal = np.stack([common + left, 0.5 * common - right]).astype(np.float32)
    matrix = measured(signal, 44_100)
    carried = 19_952.6 / 22_050  # the share of white noise's power under the last edge
    for part, expected in ((matrix.ll, 0.02), (matrix.rr, 0.0125), (matrix.dd, 0.0225)):
        assert part.sum(axis=1).mean() == pytest.approx(expected * carried, rel=0.02)


def test_equal_channels_have_no_side_at_all_and_mono_is_equal_channels() -> None:
    mono = measured(music(44_100, 1, channels=1), 44_100)
    left = music(44_100, 1, channels=1)
    both = measured(np.concatenate([left, left]), 44_100)
    assert not both.dd.any()
    for name in ("ll", "rr", "dd"):
        np.testing.assert_array_equal(getattr(both, name), getattr(mono, name))


def test_a_stem_whose_channels_differ_for_one_moment_is_measured_like_any_other() -> None:
    left = music(44_100, 8, channels=1)
    right = left.copy()
    # The first batch of frames, of 6 s, is alike, the second is not; the moment is in the middle of its frame.
    right[0, 73 * 4096 + 2000] += np.float32(0.5)
    meters = [BandMeter(44_100, channels, stem=True) for channels in (2, 1, 1)]
    for meter, signal in zip(meters, (np.concatenate([left, right]), left, right), strict=True):
        meter.push(signal)
    both, one, other = (meter.finish() for meter in meters)
    np.testing.assert_array_equal(both.ll, one.ll)
    np.testing.assert_array_equal(both.rr, other.ll)
    assert np.flatnonzero(both.dd[:, -1]).tolist() == [73]


def test_a_side_signal_90_db_under_the_mid_is_still_measured() -> None:
    mid, side = noise(44_100, 2, channels=2)
    side *= np.float32(10 ** (-90 / 20))
    matrix = measured(np.stack([mid + side, mid - side]), 44_100)
    width_db = 10 * np.log10(matrix.dd.sum() / (2 * matrix.ll + 2 * matrix.rr - matrix.dd).sum())
    assert width_db == pytest.approx(-90, abs=1.0)


def test_an_inverted_channel_differs_by_twice_its_samples() -> None:
    left = noise(44_100, 1)
    matrix = measured(np.concatenate([left, -left]), 44_100)
    np.testing.assert_array_equal(matrix.dd, 4 * matrix.ll)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_frames_lie_on_the_same_time_grid_at_every_rate(rate_hz: int) -> None:
    click = np.zeros((1, rate_hz), dtype=np.float32)
    click[0, rate_hz // 2] = 1
    matrix = measured(click, rate_hz)
    steps = np.diff(matrix.times_s)
    np.testing.assert_allclose(steps, steps[0])
    assert steps[0] == pytest.approx(2048 / 44_100, rel=0.08)
    low, high = matrix.ll[:, :20].sum(axis=1), matrix.ll[:, -6:].sum(axis=1)
    for power in (low, high):
        centre_s = float((power * matrix.times_s).sum() / power.sum())
        assert centre_s == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("late", [0, 500, 1_024, 1_500, 2_047])
def test_a_hit_counts_the_same_wherever_it_falls_between_the_frames(late: int) -> None:
    click = np.zeros((1, 44_100), dtype=np.float32)
    click[0, 20_480 + late] = 1
    # Of a sample of 1, from 501 Hz to 19.95 kHz, heard in frames of 2,048 samples each.
    assert 2_048 * measured(click, 44_100).ll[:, 28:].sum() == pytest.approx(19_452.4 / 22_050, rel=1e-3)


def test_the_ends_of_a_file_do_not_read_as_a_fade() -> None:
    rng = np.random.default_rng(5)
    ends, middle = [], []
    for _ in range(40):
        power = measured((0.1 * rng.standard_normal((1, 22_050))).astype(np.float32), 22_050).ll[:, 10:40].sum(axis=1)
        ends += [power[0], power[-1]]
        middle.append(power[1:-1].mean())
    assert 10 * np.log10(np.mean(ends) / np.mean(middle)) == pytest.approx(0, abs=0.4)


@pytest.mark.parametrize("frames", [0, 1, 50, 2_048, 2_049, 4_096, 5_000])
def test_a_file_of_any_length_has_its_frames(frames: int) -> None:
    matrix = measured(np.full((2, frames), 0.5, dtype=np.float32), 44_100)
    assert matrix.times_s.size == (0 if frames == 0 else max(1, -(-frames // 2048) - 1))
    assert matrix.ll.shape == matrix.dd.shape == (matrix.times_s.size, 60)
    assert np.isfinite(matrix.ll).all()
    assert (matrix.ll >= 0).all()


def test_one_sample_keeps_its_power() -> None:
    matrix = measured(np.ones((1, 1), dtype=np.float32), 44_100)
    assert matrix.ll.sum() == pytest.approx(19_952.6 / 22_050, rel=0.03)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_rumble_is_what_lies_from_10_to_28_hz(rate_hz: int) -> None:
    def level_db(frequency_hz: float) -> float:
        matrix = measured(tone(rate_hz, 4, 0, frequency_hz=frequency_hz), rate_hz)
        # The mean-square power of a full-scale sine is a half.
        return 10 * float(np.log10(2 * np.median(matrix.rumble) + 1e-12))

    assert level_db(18.0) == pytest.approx(0, abs=0.3)
    assert level_db(36.0) < -30
    assert level_db(100.0) < -60


def test_a_constant_offset_is_no_rumble() -> None:
    matrix = measured(np.full((2, 44_100), 0.5, dtype=np.float32), 44_100)
    assert float(np.median(matrix.rumble)) < 1e-9


def test_silence_is_zero_power() -> None:
    matrix = measured(np.zeros((2, 30_000), dtype=np.float32), 44_100)
    assert not matrix.ll.any()
    assert not matrix.dd.any()
    assert not matrix.rumble.any()


@pytest.mark.parametrize("stem", [False, True])
@settings(max_examples=8)
@given(sizes=st.lists(st.integers(1, 30_000), max_size=12))
def test_block_size_never_shows_in_the_result(sizes: list[int], stem: bool) -> None:
    signal = music(11_025, 7)
    signal[:, 20_000:50_000] = 0.0  # where a stem is silent, and where its channels are alike, less is reckoned
    signal[1, 60_000:] = signal[0, 60_000:]
    at_once, meter = BandMeter(11_025, 2, stem=stem), BandMeter(11_025, 2, stem=stem)
    at_once.push(signal)
    for block in cut(signal, sizes):
        meter.push(block)
    assert_same(meter.finish(), at_once.finish())
    if stem:
        np.testing.assert_array_equal(meter.low_signal, at_once.low_signal)
    else:
        assert_same((meter.fine, meter.low_envelope), (at_once.fine, at_once.low_envelope))


def test_only_the_front_pair_counts() -> None:
    signal = np.concatenate([music(22_050, 1), noise(22_050, 1, channels=4)])
    np.testing.assert_array_equal(measured(signal, 22_050).dd, measured(signal[:2], 22_050).dd)


def test_a_block_with_another_number_of_channels_is_refused() -> None:
    with pytest.raises(InvalidSignal, match=r"\(2, frames\)"):
        BandMeter(44_100, 2).push(np.zeros((1, 10), dtype=np.float32))
