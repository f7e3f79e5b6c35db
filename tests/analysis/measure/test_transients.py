from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.noises import Response, pink, shaped_noise
from support.signals import amplitude, cut, music
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.results import Envelope
from uptrack_analysis.measure.transients import ANY_HIT, KICK, MOST_RISE_DB, hit_rises_db, transients
from uptrack_analysis.signal import Block

RATE_HZ = 44_100


def full_band(signal: Block, rate_hz: int = RATE_HZ) -> Envelope:
    meter = LoudnessMeter(rate_hz, ("L", "R") if signal.shape[0] == 2 else ("M",))
    meter.push(signal)
    found = meter.finish()
    return Envelope(found.hop_s, found.power)


def low(signal: Block, rate_hz: int = RATE_HZ, sizes: tuple[int, ...] = ()) -> Envelope:
    meter = BandMeter(rate_hz, signal.shape[0])
    for block in cut(signal, sizes):
        meter.push(block)
    meter.finish()
    return meter.low_envelope


def bursts(rate_hz: int, seconds: float, every_s: float, length_s: float, offset_s: float = 0.2) -> np.ndarray:
    time_s = np.arange(round(rate_hz * seconds)) / rate_hz
    return ((time_s - offset_s) % every_s < length_s) & (time_s >= offset_s)


@pytest.mark.parametrize("rise_db", [4.0, 10.0, 25.0])
@pytest.mark.parametrize("offset_s", [0.2, 0.2037])
def test_bursts_over_noise_rise_by_what_they_add(rise_db: float, offset_s: float) -> None:
    """Noise that is ``rise_db`` louder for 60 ms, twice a second."""
    signal = shaped_noise(RATE_HZ, 10, pink, channels=1, rms=0.02)
    signal[:, bursts(RATE_HZ, 10, 0.5, 0.06, offset_s)] *= amplitude(rise_db)
    found = transients(full_band(signal), ANY_HIT)
    assert found.hits == 20
    # 20 ms of pink noise, K-weighted, hold a few hundred independent values.
    assert found.rise_median_db == pytest.approx(rise_db, abs=0.7)
    assert found.rise_low_db <= found.rise_median_db <= found.rise_high_db


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_kicks_over_a_low_rumble_rise_by_what_they_add(rate_hz: int) -> None:
    """A 60 Hz tone on and off over noise: power N, then N + K, with K 26 dB over N below 150 Hz."""
    seconds = 12
    noise = shaped_noise(rate_hz, seconds, lambda f: np.where(f < 120, 1.0, 0.0), channels=1, rms=0.02)
    kick = np.sin(2 * np.pi * 60 * np.arange(noise.shape[1]) / rate_hz) * 0.4 * np.sqrt(2)
    kick *= bursts(rate_hz, seconds, 0.5, 0.12)
    found = transients(low(np.asarray(noise + kick, dtype=np.float32), rate_hz), KICK)
    assert found.hits == 24
    # The noise before a hit is 15 independent values (1.1 dB), and the attack is 7 ms through the filter.
    assert found.rise_median_db == pytest.approx(10 * np.log10(401), abs=1.5)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050])
@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize("response", [pink, np.ones_like])
def test_two_minutes_of_steady_mono_noise_have_no_hits_to_speak_of(rate_hz: int, seed: int, response: Response) -> None:
    """One channel, because two unrelated ones are steadier."""
    noise = shaped_noise(rate_hz, 120, response, seed=seed, channels=1)
    with pytest.raises(NothingToMeasure, match="at least 12 hits"):
        transients(full_band(noise, rate_hz), ANY_HIT)
    with pytest.raises(NothingToMeasure, match="at least 12 hits"):
        transients(low(noise, rate_hz), KICK)


def test_a_hat_is_no_kick() -> None:
    signal = shaped_noise(RATE_HZ, 10, lambda f: np.where(f > 5_000, 1.0, 0.0), rms=0.02)
    signal[:, bursts(RATE_HZ, 10, 0.5, 0.06)] *= 10
    signal += shaped_noise(RATE_HZ, 10, lambda f: np.where(f < 150, 1.0, 0.0), seed=2, rms=0.02)
    assert transients(full_band(signal), ANY_HIT).hits == 20
    with pytest.raises(NothingToMeasure):
        transients(low(signal), KICK)


def test_hits_are_where_they_begin() -> None:
    signal = shaped_noise(RATE_HZ, 4, pink, channels=1, rms=0.02)
    signal[:, bursts(RATE_HZ, 4, 0.5, 0.06)] *= 10
    times_s, rises_db = hit_rises_db(full_band(signal), ANY_HIT)
    np.testing.assert_allclose(times_s, 0.2 + 0.5 * np.arange(8), atol=0.011)
    found = transients(full_band(signal), ANY_HIT)
    np.testing.assert_array_equal(found.times_s, times_s)
    np.testing.assert_array_equal(found.rises_db, rises_db)


def test_where_hits_are_few_only_those_that_stand_alone_are_listed() -> None:
    power = np.full(6_000, 1e-3)  # a minute
    for step in range(4):
        power[100 + step : 4_100 : 100] = 5e-3  # 7 dB, forty times
        power[150 + step : 1_150 : 100] = 1e-2  # 10 dB, ten times
    found = transients(Envelope(0.01, power), KICK)
    assert found.hits == found.times_s.size == found.rises_db.size == 10
    np.testing.assert_allclose(found.times_s, 1.5 + np.arange(10), atol=0.02)
    assert found.rises_db.min() >= KICK.lone_rise_db


def test_ghost_notes_do_not_count() -> None:
    power = np.full(1_000, 1e-9)
    power[50::50] = power[51::50] = 0.1
    power[75::50] = power[76::50] = 1e-4  # 30 dB under the hits, 50 over what lies between
    assert transients(Envelope(0.01, power), ANY_HIT).hits == 19


def test_a_hit_out_of_silence_has_the_largest_rise_there_is() -> None:
    power = np.zeros(1_000)
    for step in range(5):
        power[50 + step :: 50] = 0.1
    found = transients(Envelope(0.01, power), ANY_HIT)
    assert found.rise_low_db == found.rise_high_db == MOST_RISE_DB


@pytest.mark.parametrize("frames", [0, 1, 100, 2_000])
def test_silence_and_the_shortest_files_have_no_hits(frames: int) -> None:
    for signal in (np.zeros((2, frames), np.float32), np.full((2, frames), 0.5, np.float32)):
        for envelope, hit in ((full_band(signal), ANY_HIT), (low(signal), KICK)):
            with pytest.raises(NothingToMeasure):
                transients(envelope, hit)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 30_000), max_size=12))
def test_block_size_never_changes_the_low_envelope(sizes: list[int]) -> None:
    signal = music(RATE_HZ, 3)
    np.testing.assert_array_equal(low(signal).power, low(signal, sizes=tuple(sizes)).power)


@pytest.mark.parametrize(("frequency_hz", "gain_db"), [(40.0, 0.0), (80.0, 0.0), (400.0, -50.0)])
def test_the_low_envelope_hears_kicks_and_nothing_else(frequency_hz: float, gain_db: float) -> None:
    wave = 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(2 * RATE_HZ) / RATE_HZ)
    power_db = 10 * np.log10(low(np.asarray([wave], dtype=np.float32)).power[20:-20].mean() / 0.125)
    assert power_db == pytest.approx(gain_db, abs=1.5) if gain_db == 0 else power_db < gain_db
