"""Every meter over real files of every shape, through the real decoder."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from support.same import assert_same
from support.signals import music, tone
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.one_pass import front_pair, measure
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.signal import Block

STAGES = {
    "decode",
    "loudness",
    "peaks",
    "defects",
    "spectrum",
    "stereo",
    "tempo",
    "key",
    "waveform",
    "structure",
}


def written(path: Path, signal: Block, rate_hz: int, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, signal.T, rate_hz, subtype=subtype)
    return path


def measured(path: Path, signal: Block, rate_hz: int, subtype: str = "FLOAT") -> Measured:
    with open_audio(written(path, signal, rate_hz, subtype)) as source:
        return measure(source, lambda _fraction, _stage: None)


def missing(measured: Measured) -> set[str]:
    figures = {
        "loudness.integrated_lufs": measured.loudness.integrated_lufs,
        "loudness.momentary_max_lufs": measured.loudness.momentary_max_lufs,
        "loudness.short_term_max_lufs": measured.loudness.short_term_max_lufs,
        "loudness.range_lu": measured.loudness.range_lu,
        "dynamics.rms_dbfs": measured.rms_dbfs,
        "tempo.bpm": measured.tempo.bpm,
        "key.name": measured.key.tonic,
    }
    return {name for name, value in figures.items() if value is None}


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return tmp_path / "mix.wav"


def test_one_decode_fills_every_figure_of_a_mix(wav: Path) -> None:
    found = measured(wav, music(44_100, 15), 44_100, "PCM_24")
    assert missing(found) <= {"key.name"}  # the groove has no key to speak of
    assert (found.sample_rate_hz, found.channels, found.frames) == (44_100, 2, 15 * 44_100)
    assert found.duration_s == 15.0
    assert found.loudness.integrated_lufs is not None
    assert -25 < found.loudness.integrated_lufs < -5
    assert found.peaks.sample_dbfs.max() == pytest.approx(-3.0, abs=0.01)
    assert found.rms_dbfs is not None
    assert found.rms_dbfs < -3.0
    assert found.stereo.ll.size == 150
    assert found.bands.ll.size > 0
    assert found.tempo.bpm == pytest.approx(125, abs=0.5)
    assert found.non_finite_samples == 0


@pytest.mark.parametrize(
    ("every_s", "told"), [(0.71, "gaps"), (1.7, "gaps"), (0.48, "timed_gaps"), (1.92, "timed_gaps")]
)
def test_holes_at_even_intervals_are_a_gate_only_in_the_musics_own_time(every_s: float, told: str, wav: Path) -> None:
    signal = music(44_100, 24).copy()
    places = [round(place * 44_100) for place in np.arange(0.9, 23.0, every_s)]
    for place in places:
        signal[:, place : place + 400] = 0.0
    defects = measured(wav, signal, 44_100).defects
    found = {"gaps": len(defects.gaps), "timed_gaps": sum(len(group.gaps) for group in defects.timed_gaps)}
    assert defects.regular_gaps == found["gaps"]
    assert found.pop(told) > 0.8 * len(places)
    assert list(found.values()) == [0]


def test_a_hole_off_the_grid_of_a_gate_is_a_dropout_and_the_gate_is_none(wav: Path) -> None:
    signal = music(44_100, 24).copy()
    for place in [*np.arange(0.9, 20.0, 0.48) * 44_100, 333_333]:
        signal[:, round(place) : round(place) + (900 if place == 333_333 else 400)] = 0.0
    defects = measured(wav, signal, 44_100).defects
    assert [(gap.start, gap.end) for gap in defects.gaps] == [(333_333, 334_233)]
    assert [round(group.step_s, 4) for group in defects.timed_gaps] == [0.48]
    assert defects.regular_gaps == 0


def test_a_hole_far_from_a_stutter_is_a_dropout_and_the_stutter_is_none(wav: Path) -> None:
    signal = music(44_100, 24).copy()
    for place in [*np.arange(4.0, 8.1, 0.24) * 44_100, 700_000]:
        signal[:, round(place) : round(place) + 400] = 0.0
    defects = measured(wav, signal, 44_100).defects
    assert [gap.start for gap in defects.gaps] == [700_000]
    assert [round(group.step_s, 4) for group in defects.timed_gaps] == [0.24]


def pad(seconds: float) -> Block:
    """Slow, with no beat of its own, shape (2, frames)."""
    time_s = np.arange(round(seconds * 44_100)) / 44_100
    swell = 1 + 0.3 * np.sin(2 * np.pi * 0.07 * time_s)
    notes = sum(0.1 * np.sin(2 * np.pi * hz * time_s + hz) for hz in (110.0, 164.8, 220.0, 277.2, 329.6, 440.3))
    return np.stack([notes * swell, notes * 0.9]).astype(np.float32)


@pytest.mark.parametrize("every_s", [0.5, 0.7, 1.0, 1.37])
def test_buffers_lost_at_even_intervals_from_music_without_a_beat_are_dropouts_and_make_no_beat(
    every_s: float, wav: Path
) -> None:
    signal = pad(24)
    places = [round(place * 44_100) for place in np.arange(0.9, 23.0, every_s)]
    for place in places:
        signal[:, place : place + 512] = 0.0
    found = measured(wav, signal, 44_100)
    assert found.defects.timed_gaps == ()
    assert len(found.defects.gaps) == found.defects.regular_gaps > 0.8 * len(places)
    assert found.tempo.bpm is None


def test_a_gate_makes_the_beat_of_music_that_has_none(wav: Path) -> None:
    signal = pad(24)
    gate = np.tile(np.repeat([1.0, 0.0, 1.0, 1.0, 0.0, 1.0], 2_646), 66)
    found = measured(wav, (signal[:, : gate.size] * gate).astype(np.float32), 44_100)
    assert found.defects.gaps == ()
    assert [round(group.step_s, 4) for group in found.defects.timed_gaps] == [0.18]
    assert found.tempo.bpm == pytest.approx(60 / 0.36, abs=0.1)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 48_000, 96_000, 192_000])
def test_loudness_and_level_do_not_depend_on_the_rate(rate_hz: int, wav: Path) -> None:
    found = measured(wav, tone(rate_hz, 4, -20), rate_hz)
    assert found.loudness.integrated_lufs == pytest.approx(-20.0, abs=0.1)
    assert found.rms_dbfs == pytest.approx(-23.01, abs=0.01)
    assert found.peaks.true_dbtp.max() == pytest.approx(-20.0, abs=0.1)


def test_mono_counts_once_and_has_no_stereo_figures(wav: Path) -> None:
    found = measured(wav, tone(48_000, 4, -20, channels=1), 48_000)
    assert found.loudness.integrated_lufs == pytest.approx(-23.0, abs=0.1)
    assert found.stereo.ll.size == 0
    assert {"stereo.correlation", "stereo.width_db", "stereo.balance_db"} <= found.unmeasured.keys()


def test_surround_leaves_the_lfe_out_and_reads_stereo_from_the_front(wav: Path) -> None:
    signal = np.concatenate([tone(48_000, 4, level, channels=1) for level in (-20, -26, -90, -1, -90, -90)])
    found = measured(wav, signal, 48_000)
    front = 10 * math.log10(10**-2.3 + 10**-2.9)
    assert found.loudness.integrated_lufs == pytest.approx(front, abs=0.1)
    assert found.channels == found.peaks.sample_dbfs.size == 6
    assert 10 * math.log10(found.stereo.ll.sum() / found.stereo.rr.sum()) == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize(
    ("layout", "pair"),
    [
        (("M",), (0,)),
        (("L", "R"), (0, 1)),
        (("L", "C", "R", "Ls", "Rs", "LFE"), (0, 2)),
        (("Ch1", "Ch2", "Ch3"), (0, 1)),
    ],
)
def test_the_front_pair_is_found_by_name(layout: tuple[str, ...], pair: tuple[int, ...]) -> None:
    assert front_pair(layout) == pair


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("frames", [1, 2, 441, 2205, 13_230])
def test_a_file_too_short_for_a_figure_says_so(frames: int, channels: int, wav: Path) -> None:
    found = measured(wav, music(44_100, 1, channels=channels)[:, 5_000 : 5_000 + frames], 44_100)
    assert found.frames == frames
    assert {name for name in missing(found) if name.startswith("loudness.")} == {
        "loudness.integrated_lufs",
        "loudness.momentary_max_lufs",
        "loudness.short_term_max_lufs",
        "loudness.range_lu",
    }
    assert all("0.4 s" in found.unmeasured[f"loudness.{name}_lufs"] for name in ("integrated", "momentary_max"))
    assert np.isfinite(found.peaks.true_dbtp).all()


def test_silence_is_measured_as_silence(wav: Path) -> None:
    found = measured(wav, np.zeros((2, 5 * 44_100), dtype=np.float32), 44_100)
    names = missing(found)
    assert "dynamics.rms_dbfs" in names
    assert {name for name in names if name.startswith(("loudness.", "dynamics."))} <= found.unmeasured.keys()
    assert found.tempo.bpm is None
    assert found.key.tonic is None
    assert np.isneginf(found.peaks.true_dbtp).all()
    assert found.defects.lead_silence_s == 5.0


def test_a_file_without_frames_holds_nothing_to_measure(wav: Path) -> None:
    with (
        open_audio(written(wav, np.zeros((2, 0), dtype=np.float32), 44_100)) as source,
        pytest.raises(NothingToMeasure, match="export"),
    ):
        measure(source, lambda _fraction, _stage: None)


def test_broken_samples_are_counted_and_reach_no_figure(wav: Path) -> None:
    signal = music(44_100, 4)
    signal[0, 1000:1010] = np.nan
    signal[1, 2000] = np.inf
    found = measured(wav, signal, 44_100)
    assert found.non_finite_samples == 11
    assert found.loudness.integrated_lufs is not None
    assert math.isfinite(found.loudness.integrated_lufs)


def test_progress_names_the_stages_and_never_goes_back(wav: Path) -> None:
    heard: list[tuple[float, str]] = []
    timings: dict[str, float] = {}
    with open_audio(written(wav, music(44_100, 30), 44_100)) as source:
        measure(source, lambda fraction, stage: heard.append((fraction, stage)), timings)
    fractions = [fraction for fraction, _stage in heard]
    assert fractions == sorted(fractions)
    assert 0.0 <= fractions[0] < 0.5
    assert fractions[-1] == pytest.approx(1.0)
    assert {stage for _fraction, stage in heard} == STAGES
    assert timings.keys() == STAGES
    assert all(seconds >= 0 for seconds in timings.values())


class Unwanted(Exception):
    """What a caller who no longer wants the answer raises."""


def test_a_caller_who_raises_from_progress_ends_the_measurement(wav: Path) -> None:
    def stop(fraction: float, _stage: str) -> None:
        if fraction > 0.1:
            raise Unwanted

    with open_audio(written(wav, music(22_050, 12), 22_050)) as source, pytest.raises(Unwanted):
        measure(source, stop)


def test_the_same_file_gives_the_same_figures_to_the_last_bit(wav: Path) -> None:
    signal = music(44_100, 6)
    assert_same(measured(wav, signal, 44_100), measured(wav, signal, 44_100))


def test_low_frequency_effects_have_no_silences_of_their_own(wav: Path) -> None:
    signal = music(44_100, 10, channels=6)
    signal[3] *= np.arange(signal.shape[1]) % 14_000 < 2_000
    signal[:, 200_000:250_000] = 0.0
    heard = measured(wav, signal, 44_100)
    assert [(silence.start, silence.end, silence.channel) for silence in heard.defects.silences] == [
        (200_000, 250_000, None)
    ]
