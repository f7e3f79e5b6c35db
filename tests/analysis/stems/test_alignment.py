"""Where a stem lies in its mix: found to the sample, to hundredths of a decibel, and not claimed where it is not."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from support.measured_stems import measured_stem
from support.small_band import mixed, small_band
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.probes import ProbeMeter, Probes
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.signal import Block
from uptrack_analysis.stems.alignment import DelayFinder, align
from uptrack_analysis.stems.results import Alignment, StemMeasured

RATE_HZ = 44_100
NAMES = ("Kick", "Bass", "Hats", "Pad")


def mix_of(signal: Block, rate_hz: int = RATE_HZ) -> tuple[Probes, BandMatrix]:
    probes, bands = ProbeMeter(rate_hz, signal.shape[0]), BandMeter(rate_hz, signal.shape[0])
    probes.push(signal)
    bands.push(signal)
    return probes.finish(), bands.finish()


@cache
def band() -> dict[str, Block]:
    return small_band()


@cache
def stems() -> tuple[StemMeasured, ...]:
    return tuple(measured_stem(band()[name]) for name in NAMES)


def placed(in_the_mix: dict[str, Block], files: tuple[StemMeasured, ...] | None = None) -> dict[str, Alignment]:
    probes, bands = mix_of(mixed(in_the_mix))
    measured, finder = files or stems(), DelayFinder(probes)
    delays = [finder.find(stem.probes) for stem in measured]
    return dict(zip(NAMES, align(probes, bands, measured, delays), strict=True))


def test_stems_of_an_untouched_sum_lie_where_they_are() -> None:
    for found in placed(band()).values():
        assert found.by == "waveform"
        assert found.delay_s == 0.0
        assert found.gain_db == pytest.approx(0.0, abs=0.05)
        assert not found.inverted
    assert sum(found.share or 0.0 for found in placed(band()).values()) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_a_stem_turned_down_in_the_mix_is_told_by_how_much(name: str) -> None:
    found = placed(band() | {name: band()[name] * np.float32(0.5)})
    assert found[name].gain_db == pytest.approx(-6.02, abs=0.1)
    assert all(found[other].gain_db == pytest.approx(0.0, abs=0.1) for other in NAMES if other != name)


@pytest.mark.parametrize("name", ["Kick", "Hats", "Pad"])
@pytest.mark.parametrize("frames", [-300, 12, 529])
def test_a_stem_shifted_in_the_mix_is_told_to_the_sample(name: str, frames: int) -> None:
    found = placed(band() | {name: np.roll(band()[name], frames, axis=1)})
    assert found[name].delay_s * RATE_HZ == pytest.approx(frames, abs=1e-6)
    assert all(found[other].delay_s == 0.0 for other in NAMES if other != name)


def test_a_layer_that_is_like_another_a_moment_later_is_not_late() -> None:
    """Its file meets the louder layer before it meets itself."""
    layer = (0.3 * np.roll(band()["Hats"], 46, axis=1)).astype(np.float32)
    found = placed({**band(), "Pad": layer}, (*stems()[:3], measured_stem(layer)))
    assert all(place.delay_s == 0.0 for place in found.values())
    assert found["Pad"].gain_db == pytest.approx(0.0, abs=0.5)


def turns(samples: Block, count: int) -> list[Block]:
    """The samples a second at a time, in turn to so many tracks."""
    second = np.arange(samples.shape[1]) // RATE_HZ
    return [samples * (second % count == number).astype(np.float32) for number in range(count)]


def test_however_many_layers_look_late_none_of_them_is() -> None:
    """Nine tracks of a layer that is like the hats a moment later, among twelve that are like nobody else."""
    layer = (0.3 * np.roll(band()["Hats"], 46, axis=1)).astype(np.float32)
    tracks = [track for name in ("Kick", "Bass", "Hats") for track in turns(band()[name], 4)] + turns(layer, 9)
    probes, bands = mix_of(np.sum(tracks, axis=0, dtype=np.float32))
    files = tuple(measured_stem(track) for track in tracks)
    finder = DelayFinder(probes)
    delays = [finder.find(file.probes) for file in files]
    assert sum(delay is not None and delay.samples != 0 for delay in delays) > 8
    found = align(probes, bands, files, delays)
    assert [place.delay_s for place in found] == [0.0] * len(tracks)
    assert [place.gain_db for place in found] == pytest.approx([0.0] * len(tracks), abs=0.5)


@pytest.mark.parametrize("name", ["Kick", "Hats", "Pad"])
def test_a_stem_upside_down_in_the_mix_is_found(name: str) -> None:
    found = placed(band() | {name: -band()[name]})
    assert {other for other in NAMES if found[other].inverted} == {name}


@pytest.mark.parametrize("name", NAMES)
def test_a_stem_that_is_not_in_the_mix_is_said_to_be_missing(name: str) -> None:
    found = placed({other: samples for other, samples in band().items() if other != name})
    assert found[name].gain_db == -math.inf
    assert all(found[other].level_db == pytest.approx(0.0, abs=0.1) for other in NAMES if other != name)


def phrases(rate_hz: int = RATE_HZ) -> Block:
    """A voice of sorts: tones of changing pitch at uneven times, from 8 s on."""
    rng = np.random.default_rng(3)
    time_s = np.arange(band()["Pad"].shape[1]) / rate_hz
    line = np.zeros_like(time_s)
    for start_s, pitch_hz in zip(8 + np.cumsum(rng.uniform(0.3, 1.4, 16)), rng.uniform(220, 1500, 16), strict=True):
        since_s = np.clip(time_s - start_s, 0, None)
        line += np.exp(-since_s / 0.2) * (since_s > 0) * np.sin(2 * np.pi * pitch_hz * since_s)
    line = (0.2 * line).astype(np.float32)
    return np.stack([line, line])


def test_a_stem_exported_from_its_first_clip_is_moved_to_where_its_level_fits() -> None:
    voice = phrases()
    found = placed(band() | {"Pad": voice}, (*stems()[:3], measured_stem(voice[:, 8 * RATE_HZ :])))
    assert found["Pad"].by == "level"
    assert found["Pad"].delay_s == pytest.approx(8.0, abs=0.1)


def test_a_stem_at_another_rate_is_compared_all_the_same() -> None:
    other = measured_stem(small_band(48_000)["Kick"], 48_000)
    found = placed(band(), (other, *stems()[1:]))
    assert found["Kick"].by == "waveform"
    assert found["Kick"].gain_db == pytest.approx(0.0, abs=0.3)


def test_a_silent_stem_is_claimed_to_be_nowhere() -> None:
    silent = measured_stem(np.zeros_like(band()["Kick"]))
    found = placed(band(), (silent, *stems()[1:]))
    assert (found["Kick"].by, found["Kick"].gain_db) == ("nothing", None)


def test_a_mono_stem_and_a_shorter_one_are_placed_too() -> None:
    mono, end = measured_stem(band()["Kick"][:1]), 10 * RATE_HZ
    short = band()["Hats"].copy()
    short[:, end:] = 0
    files = (mono, stems()[1], measured_stem(short[:, :end]), stems()[3])
    found = placed(band() | {"Hats": short}, files)
    assert found["Kick"].gain_db == pytest.approx(0.0, abs=0.05)
    assert found["Hats"].gain_db == pytest.approx(0.0, abs=0.05)
