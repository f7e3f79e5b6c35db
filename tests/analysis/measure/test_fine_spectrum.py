from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.noises import shaped_noise
from support.signals import cut, music, tone
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.fine_spectrum import SWITCH_HZ, FineSpectrum
from uptrack_analysis.signal import Block

RATE_HZ = 44_100
SIGNAL = music(RATE_HZ, 3)


def fine(signal: Block, rate_hz: int = RATE_HZ, sizes: tuple[int, ...] = ()) -> FineSpectrum:
    meter = BandMeter(rate_hz, signal.shape[0])
    for block in cut(signal, sizes):
        meter.push(block)
    meter.finish()
    return meter.fine


@settings(max_examples=15)
@given(st.lists(st.integers(1, 40_000), max_size=12))
def test_block_size_never_changes_a_slot_or_a_bin(sizes: list[int]) -> None:
    whole, parts = fine(SIGNAL), fine(SIGNAL, sizes=tuple(sizes))
    for one, other in ((whole.slots, parts.slots), (whole.low.density, parts.low.density)):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(whole.upper.density, parts.upper.density)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_white_noise_has_the_density_of_its_power_in_every_band(rate_hz: int) -> None:
    found = fine(shaped_noise(rate_hz, 20, np.ones_like), rate_hz)
    density_db = 10 * np.log10(found.slots.mean(axis=0) / np.diff(found.edges_hz) / (0.01 / (rate_hz / 2)))
    # Some bands hold 55 independent values; three of four hundred lie outside three of their sigmas.
    assert np.abs(np.median(density_db)) < 0.1
    assert np.abs(density_db).max() < 4 * 4.34 / np.sqrt(55)


@pytest.mark.parametrize("frequency_hz", [70.0, 185.0, 561.0, 563.0, 5_000.0])
def test_a_tone_has_its_power_in_the_bands_around_it(frequency_hz: float) -> None:
    found = fine(tone(RATE_HZ, 4, -20, frequency_hz=frequency_hz))
    switching = abs(frequency_hz - SWITCH_HZ) < 2  # next to the switch each spectrum counts its half
    wide = 4 * (found.upper if switching else found.bins_at(frequency_hz)).width_hz
    near = (found.edges_hz[1:] > frequency_hz - wide) & (found.edges_hz[:-1] < frequency_hz + wide)
    power = found.slots[2:-2].mean(axis=0)
    if not switching:
        assert 10 * np.log10(power[near].sum()) == pytest.approx(-23.01, abs=0.1)
    assert power[~near].sum() < 1e-3 * power.sum()


def test_mono_is_a_stereo_file_of_equal_channels() -> None:
    np.testing.assert_allclose(fine(SIGNAL[:1]).slots, fine(np.repeat(SIGNAL[:1], 2, axis=0)).slots, rtol=1e-6)


def test_less_than_a_slot_has_none() -> None:
    for frames in (1, 500, 10_000):
        found = fine(SIGNAL[:, :frames])
        assert found.slots.shape == (0, found.edges_hz.size - 1)
        assert np.isfinite(found.upper.density).all()


def test_slots_are_where_the_sound_is() -> None:
    signal = tone(RATE_HZ, 12, -20, frequency_hz=2_000)
    signal[:, : 6 * RATE_HZ] = 0
    power = fine(signal).slots.sum(axis=1)
    first = int(np.argmax(power > power.max() / 2))
    assert first * fine(signal).slot_s == pytest.approx(6.0, abs=0.4)
