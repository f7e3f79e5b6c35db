"""Figures from several meters together, through the real decoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from support.noises import bell, shaped_noise
from support.signals import music, tone
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.measure.ltas import frames_between, mean_spectrum, spectrum_figures
from uptrack_analysis.measure.one_pass import measure
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.signal import Block

MAY_BE_MISSING: dict[str, Callable[[Measured], object]] = {
    "spectrum.resonances": lambda found: found.details.resonances,
    "spectrum.cutoff_hz": lambda found: found.details.cutoff_hz,
    "spectrum.cutoff_likely": lambda found: found.details.cutoff_likely,
    "stereo.false_stereo": lambda found: found.details.channels,
    "dynamics.transients": lambda found: found.details.transients,
    "dynamics.kick_transients": lambda found: found.details.kick_transients,
    "dynamics.pumping_db": lambda found: found.details.pumping,
}


def measured(path: Path, signal: Block, rate_hz: int) -> Measured:
    soundfile.write(path, signal.T, rate_hz, subtype="FLOAT")
    with open_audio(path) as source:
        return measure(source, lambda _fraction, _stage: None)


def missing(found: Measured) -> set[str]:
    return {name for name, figure in MAY_BE_MISSING.items() if figure(found) is None}


def test_a_groove_has_hits_kicks_and_pumping(tmp_path: Path) -> None:
    found = measured(tmp_path / "mix.wav", music(44_100, 15), 44_100)
    assert missing(found) == {"spectrum.cutoff_hz", "spectrum.cutoff_likely"}
    kicks = found.details.kick_transients
    assert kicks is not None
    assert kicks.hits == pytest.approx(15 / 0.48, abs=2)
    assert found.details.channels is not None
    assert (found.details.channels.kind, found.details.channels.inverted) == ("stereo", False)
    assert found.details.level_jumps == ()


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_rate_and_mono_have_answers_or_reasons(rate_hz: int, channels: int, tmp_path: Path) -> None:
    found = measured(tmp_path / "mix.wav", music(rate_hz, 9, channels=channels), rate_hz)
    assert missing(found) <= found.unmeasured.keys()
    assert found.details.kick_transients is not None
    assert ("stereo.false_stereo" in missing(found)) == (channels == 1)


@pytest.mark.parametrize("frames", [1, 2, 300, 5_000, 44_100])
def test_silence_and_short_files_have_reasons(frames: int, tmp_path: Path) -> None:
    for signal in (np.zeros((2, frames), np.float32), tone(44_100, 1, -6)[:, 20 : 20 + frames]):
        found = measured(tmp_path / "mix.wav", signal, 44_100)
        assert missing(found) <= found.unmeasured.keys()
        assert "spectrum.resonances" in missing(found)
        assert found.details.level_jumps == ()


def test_a_resonance_comes_through_a_whole_measurement(tmp_path: Path) -> None:
    found = measured(tmp_path / "mix.wav", shaped_noise(48_000, 12, bell(2_000, 10, 15)), 48_000)
    assert found.details.resonances is not None
    (peak,) = found.details.resonances
    assert peak.frequency_hz == pytest.approx(2_000, rel=0.005)


def test_the_spectrum_of_a_section_is_that_of_its_frames(tmp_path: Path) -> None:
    signal = np.concatenate([tone(44_100, 5, -10, frequency_hz=900), tone(44_100, 5, -10, frequency_hz=5_000)], axis=1)
    found = measured(tmp_path / "mix.wav", signal, 44_100)
    first, second = (
        spectrum_figures(mean_spectrum(found.bands, frames_between(found.bands, start_s, start_s + 4.5)))
        for start_s in (0.2, 5.2)
    )
    levels = {band.name: band.level_db for band in first.bands}
    assert levels["mids"] == pytest.approx(0, abs=0.1)
    assert levels["brilliance"] is not None
    assert levels["brilliance"] < -60
    assert {band.name: band.level_db for band in second.bands}["brilliance"] != levels["brilliance"]
