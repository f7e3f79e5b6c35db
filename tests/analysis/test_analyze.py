"""From a real file to a report: what the entrance promises, whatever the meters find."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from support.mixes import clean, with_defects
from support.signals import amplitude, music, tone
from uptrack_analysis import measurements, series
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.errors import BadInput, NothingToMeasure
from uptrack_analysis.measure import clicks as measured_clicks
from uptrack_analysis.measure.results import Silence
from uptrack_analysis.report import Analysis, ProjectFacts, Report, from_json, to_document, to_json
from uptrack_analysis.rounding import rounded
from uptrack_analysis.settings import Settings
from uptrack_analysis.signal import FloatArray

RATE_HZ = 44_100
SECONDS = 12.0


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mix") / "Warehouse 07.wav"
    sf.write(path, music(RATE_HZ, SECONDS).T, RATE_HZ, subtype="PCM_24")
    return path


@pytest.fixture(scope="module")
def analysis(mix: Path) -> Analysis:
    return analyze_file(mix, Settings())


@pytest.fixture(scope="module")
def report(analysis: Analysis) -> Report:
    return analysis.report


def written(path: Path, samples: np.ndarray[Any, Any], rate_hz: int = RATE_HZ) -> Path:
    sf.write(path, samples, rate_hz, subtype="PCM_16")
    return path


def missing_figures(report: Report) -> set[str]:
    """Dotted names of every figure that is ``None``, read from the document a reader gets."""
    measurements = to_document(report)["measurements"]
    groups = ("loudness", "tempo", "key", "spectrum", "stereo", "dynamics", "defects")
    return {f"{group}.{name}" for group in groups for name, value in measurements[group].items() if value is None}


def test_the_source_is_told_by_name_and_content_and_never_by_path(mix: Path, report: Report) -> None:
    assert report.source.name == "Warehouse 07.wav"
    assert report.source.sha256 == hashlib.sha256(mix.read_bytes()).hexdigest()
    assert report.source.frames == round(SECONDS * RATE_HZ)
    assert report.source.duration_s == SECONDS
    assert (report.source.channels, report.source.bit_depth, report.source.sample_rate_hz) == (2, 24, RATE_HZ)
    assert str(mix.parent) not in to_json(report)


def test_the_same_file_gives_the_same_bytes_wherever_it_lies(mix: Path, report: Report, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / mix.name
    copy.parent.mkdir()
    shutil.copy(mix, copy)
    assert to_json(analyze_file(copy, Settings()).report) == to_json(report)


def test_the_report_survives_being_written_and_read_back(report: Report) -> None:
    text = to_json(report)
    assert from_json(text) == report
    assert to_json(from_json(text)) == text


def test_dropouts_and_broken_samples_are_told_to_the_sample(mix: Path, tmp_path: Path) -> None:
    samples, rate_hz = sf.read(mix, dtype="float32")
    samples[220_623:221_523] = 0.0
    samples[330_001, 1] = np.nan
    sf.write(tmp_path / "broken.wav", samples, rate_hz, subtype="FLOAT")
    defects = analyze_file(tmp_path / "broken.wav", Settings()).report.measurements.defects
    assert [(gap.frame, gap.frames, gap.channel) for gap in defects.dropouts] == [(220_623, 900, None)]
    assert defects.dropout_count == 1
    assert [(one.frame, one.frames, one.channel) for one in defects.non_finite] == [(330_001, 1, 1)]


def test_what_a_stream_has_held_is_a_dropout_and_a_silence_with_its_value(mix: Path, tmp_path: Path) -> None:
    samples, rate_hz = sf.read(mix, dtype="float32")
    samples[220_000:240_000, 1] = 0.3125
    sf.write(tmp_path / "stalled.wav", samples, rate_hz, subtype="FLOAT")
    defects = analyze_file(tmp_path / "stalled.wav", Settings()).report.measurements.defects
    assert [(gap.frame, gap.frames, gap.channel) for gap in defects.dropouts] == [(220_000, 20_000, 1)]
    assert defects.dropout_count == 1
    (silence,) = [silence for silence in defects.silences if silence.sample_value]
    assert (silence.frame, silence.frames, silence.channel, silence.sample_value) == (220_000, 20_000, 1, 0.3125)


def test_of_too_many_silences_those_of_the_whole_file_and_the_longest_are_listed_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second = 44_100
    beats = [Silence(at * second, at * second + 9_000 + at, True, True, at % 2) for at in range(20)]
    breaks = [Silence(at * second, at * second + 8_000, True, True) for at in (25, 30)]
    monkeypatch.setattr(measurements, "MOST_SPANS", 5)
    mix = with_defects(clean(), silences=(*beats, *breaks))
    defects = measurements.measurements_of(mix).defects
    assert (defects.silence_count, defects.channel_silence_count) == (22, 20)
    assert [(round(one.start_s), one.channel) for one in defects.silences] == [
        (17, 1),
        (18, 0),
        (19, 1),
        (25, None),
        (30, None),
    ]


def test_every_number_is_rounded_already(report: Report) -> None:
    assert rounded(report) == report
    assert max(len(repr(value)) for value in numbers(to_document(report)) if abs(value) >= 0.001) <= len("-20000.123")


def numbers(document: Any) -> list[float]:
    match document:
        case float():
            return [document]
        case dict():
            return [number for value in document.values() for number in numbers(value)]
        case list() | tuple():
            return [number for value in document for number in numbers(value)]
        case _:
            return []


def test_figures_that_belong_together_agree(report: Report) -> None:
    loudness, dynamics = report.measurements.loudness, report.measurements.dynamics
    assert loudness.true_peak_dbtp is not None
    assert loudness.integrated_lufs is not None
    assert loudness.plr_db == pytest.approx(loudness.true_peak_dbtp - loudness.integrated_lufs, abs=0.011)
    assert loudness.sample_peak_dbfs is not None
    assert loudness.sample_peak_dbfs == pytest.approx(-3.0, abs=0.01)
    assert dynamics.crest_db is not None
    assert dynamics.rms_dbfs is not None
    assert dynamics.crest_db == pytest.approx(loudness.sample_peak_dbfs - dynamics.rms_dbfs, abs=0.011)


def test_curves_come_ten_times_a_second_and_hold_the_loudest_moment(report: Report) -> None:
    series, loudness = report.series, report.measurements.loudness
    assert (series.start_s, series.step_s) == (0.1, 0.1)
    curves = (series.momentary_lufs, series.short_term_lufs, series.psr_db, series.correlation)
    assert [len(curve) for curve in curves] == [120] * 4
    assert series.momentary_lufs[:3] == (None,) * 3  # 0.4 s must pass before the first whole window
    assert series.momentary_lufs[3] is not None
    assert series.short_term_lufs[28] is None
    assert series.short_term_lufs[29] is not None
    assert max(value for value in series.momentary_lufs if value is not None) == loudness.momentary_max_lufs
    assert max(value for value in series.short_term_lufs if value is not None) == loudness.short_term_max_lufs


def test_bands_and_waveform_cover_the_file(report: Report) -> None:
    series = report.series
    assert series.bands_step_s == 0.5
    assert [len(band.level_dbfs) for band in series.bands] == [24] * 8
    assert all(round(value, 1) == value for band in series.bands for value in band.level_dbfs if value is not None)
    wave = series.waveform
    assert len(wave.low) == len(wave.high) == len(wave.rms) == 2_000
    assert max(*wave.high, -min(wave.low)) == pytest.approx(10 ** (-3 / 20), abs=0.001)


def test_every_hit_is_listed_with_its_time_and_strength(report: Report) -> None:
    transients, hits = report.measurements.dynamics.transients, report.series.hits
    assert transients is not None
    assert transients.hits == len(hits.time_s) == len(hits.rise_db)
    assert list(hits.time_s) == sorted(hits.time_s)
    assert np.median(hits.rise_db) == pytest.approx(transients.rise_median_db, abs=0.051)
    strong = np.array(hits.time_s)[np.array(hits.rise_db) > transients.rise_median_db]
    off_beat_s = np.abs((strong + 0.06) % 0.12 - 0.06)  # hats on every sixteenth of 125 bpm, kicks on every fourth
    assert np.median(off_beat_s) < 0.015


def test_of_more_hits_than_a_report_holds_the_strongest_are_listed(
    mix: Path, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MOST_HITS", 5)
    short = analyze_file(mix, Settings()).report
    assert len(short.series.hits.time_s) == 5
    assert sorted(short.series.hits.rise_db) == sorted(report.series.hits.rise_db)[-5:]
    assert set(short.series.hits.time_s) <= set(report.series.hits.time_s)
    assert short.measurements.dynamics == report.measurements.dynamics


def test_dropouts_beyond_those_listed_are_counted(mix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples, rate_hz = sf.read(mix, dtype="float32")
    samples[220_623:221_523] = samples[300_100:301_000, :1] = 0
    sf.write(tmp_path / "holes.wav", samples, rate_hz, subtype="FLOAT")
    whole = analyze_file(tmp_path / "holes.wav", Settings()).report.measurements.defects
    assert [gap.channel for gap in whole.dropouts] == [None, 0]
    monkeypatch.setattr(measurements, "MOST_SPANS", 1)
    short = analyze_file(tmp_path / "holes.wav", Settings()).report.measurements.defects
    assert (short.dropout_count, short.dropouts) == (whole.dropout_count, whole.dropouts[:1]) == (2, whole.dropouts[:1])


def test_clicks_beyond_those_kept_are_counted(mix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples, rate_hz = sf.read(mix, dtype="float32")
    samples[[260_123, 400_777]] += 0.6
    sf.write(tmp_path / "clicks.wav", samples, rate_hz, subtype="FLOAT")
    whole = analyze_file(tmp_path / "clicks.wav", Settings()).report.measurements.defects
    assert whole.click_count == len(whole.clicks) == 2
    monkeypatch.setattr(measured_clicks, "MAX_CLICKS", 1)
    kept = analyze_file(tmp_path / "clicks.wav", Settings()).report.measurements.defects
    assert (kept.click_count, kept.clicks) == (2, whole.clicks[:1])


def test_a_file_too_short_for_an_arrangement_says_so(report: Report) -> None:
    assert report.sections == ()
    assert "30 s" in report.measurements.unmeasured["sections"]


def test_every_missing_figure_says_why(report: Report) -> None:
    assert missing_figures(report) <= set(report.measurements.unmeasured)
    assert all(reason.strip() for reason in report.measurements.unmeasured.values())
    assert report.measurements.loudness.integrated_lufs is not None


@pytest.mark.parametrize(
    ("what", "samples"),
    [
        ("silence", np.zeros((RATE_HZ * 4, 2))),
        ("one sample", np.full((1, 2), 0.5)),
        ("50 ms", tone(RATE_HZ, 0.05, -6.0).T),
        ("one second", tone(RATE_HZ, 1.0, -6.0).T),
        ("mono", tone(RATE_HZ, 5.0, -6.0, channels=1).T),
        ("one silent channel", np.stack([tone(RATE_HZ, 5.0, -6.0)[0], np.zeros(RATE_HZ * 5)], axis=1)),
    ],
)
def test_odd_audio_has_a_report_in_which_nothing_is_missing_without_a_reason(
    what: str, samples: np.ndarray[Any, Any], tmp_path: Path
) -> None:
    report = analyze_file(written(tmp_path / f"{what}.wav", samples), Settings()).report
    assert missing_figures(report) <= set(report.measurements.unmeasured), what
    assert json.loads(to_json(report))["source"]["frames"] == len(samples)


def test_faults_are_in_the_report_to_the_frame_and_in_order(tmp_path: Path) -> None:
    signal = np.concatenate([music(RATE_HZ, 8), 0.03 * music(RATE_HZ, 10)], axis=1)
    time_s = np.arange(signal.shape[1]) / RATE_HZ
    hum = np.sum([np.sin(2 * np.pi * f * time_s) for f in (50, 100, 150)], axis=0)
    signal += (amplitude(-45) * hum).astype(np.float32)
    signal[1, 400_000] += 0.2
    signal[:, 500_000] -= 0.3
    signal[:, 30_512:31_024] = signal[:, 30_000:30_512]
    signal = np.clip(1.6 * signal, -1, 1) * np.float32(0.5)
    signal[0, 200_000:200_003] = np.nan
    path = tmp_path / "faults.wav"
    sf.write(path, signal.T, RATE_HZ, subtype="FLOAT")
    defects = analyze_file(path, Settings()).report.measurements.defects
    assert [(click.frame, click.channel, click.time_s) for click in defects.clicks] == [
        (400_000, 1, 9.07),
        (500_000, None, 11.338),
    ]
    assert defects.click_count == 2
    assert [(copy.frame, copy.frames, copy.period_frames) for copy in defects.repeats] == [(30_512, 512, 512)]
    assert defects.repeat_count == 1
    assert {clip.ceiling_dbfs for clip in defects.clips} == {-6.02}
    assert all(clip.frames >= 3 and clip.start_s == round(clip.frame / RATE_HZ, 3) for clip in defects.clips)
    assert defects.hum is not None
    assert {(hum.channel, hum.frequency_hz, hum.start_s, hum.end_s) for hum in defects.hum} == {
        (0, 50.0, 0.0, 18.0),
        (1, 50.0, 0.0, 18.0),
    }
    assert all(line.frequency_hz == 50.0 * line.multiple for hum in defects.hum for line in hum.lines)
    assert [(span.start_s, span.channel) for span in defects.non_finite] == [(4.535, 0)]


def test_a_mono_file_has_no_stereo_figures_and_says_mono(tmp_path: Path) -> None:
    report = analyze_file(written(tmp_path / "m.wav", tone(RATE_HZ, 5.0, -6.0, channels=1).T), Settings()).report
    figures = dataclasses.astuple(report.measurements.stereo)
    assert set(figures) == {None, ()}
    stereo = {name: why for name, why in report.measurements.unmeasured.items() if name.startswith("stereo.")}
    assert len(stereo) == len(figures)
    assert all("mono" in why for why in stereo.values())
    assert set(report.series.correlation) == {None}
    assert report.series.stereo_bands == ()


def test_silence_has_no_level_no_tempo_and_no_score(tmp_path: Path) -> None:
    report = analyze_file(written(tmp_path / "s.wav", np.zeros((RATE_HZ * 4, 2))), Settings()).report
    loudness = report.measurements.loudness
    assert (loudness.integrated_lufs, loudness.true_peak_dbtp, loudness.sample_peak_dbfs) == (None, None, None)
    assert report.measurements.tempo.bpm is None
    assert report.score.overall is None
    assert set(report.series.momentary_lufs) == {None}
    assert report.playback is None
    assert report.measurements.unmeasured["playback"] == report.measurements.unmeasured["loudness.integrated_lufs"]


def test_a_file_that_is_silent_in_places_says_from_where_to_where(tmp_path: Path) -> None:
    samples = tone(RATE_HZ, 40.0, -20.0).T.copy()
    samples[5 * RATE_HZ : 12 * RATE_HZ] = 0.0
    samples[20 * RATE_HZ : 26 * RATE_HZ, 0] = 0.0  # one channel goes on
    samples[27 * RATE_HZ : 31 * RATE_HZ] = 0.0  # a pause that may be meant
    samples[33 * RATE_HZ :] = 0.0
    (note,) = analyze_file(written(tmp_path / "s.wav", samples), Settings()).report.source.notes
    assert note == (
        "s.wav is silent from 0:05.0 to 0:12.0 and from 0:33.0 to 0:40.0: every sample there is zero; look for a mute "
        "or a gap if that is not meant."
    )


def test_samples_that_are_no_sound_are_not_called_zero(tmp_path: Path) -> None:
    def notes(samples: FloatArray) -> tuple[str, ...]:
        sf.write(tmp_path / "s.wav", samples, RATE_HZ, subtype="FLOAT")
        return analyze_file(tmp_path / "s.wav", Settings()).report.source.notes

    broken = np.full((4 * RATE_HZ, 2), np.nan)
    first, second = notes(broken)
    assert "samples that are no sound" in first
    assert second.startswith("s.wav is silent: no sample from 0:00.0 to 0:04.0 is a sound, so there is nothing to")
    broken[1:] = 0.0
    assert notes(broken)[1].startswith("s.wav is silent: every other sample from 0:00.0 to 0:04.0 is zero, so")
    for value, told in ((0.0, "zero"), (np.nan, "zero or no sound")):
        samples = tone(RATE_HZ, 20.0, -20.0).T.astype(np.float64)
        samples[5 * RATE_HZ : 12 * RATE_HZ] = value
        assert notes(samples)[-1] == (
            f"s.wav is silent from 0:05.0 to 0:12.0: every sample there is {told}; look for a mute or a gap if that "
            "is not meant."
        )


def test_a_file_under_the_gate_is_called_all_but_silent(tmp_path: Path) -> None:
    report = analyze_file(written(tmp_path / "s.wav", tone(RATE_HZ, 4.0, -80.0).T), Settings()).report
    (note,) = report.source.notes
    # four steps of sixteen bits
    assert note.startswith("s.wav is all but silent: its highest sample lies at −78.3 dBFS, and nothing reaches")
    assert report.measurements.loudness.integrated_lufs is None


def test_a_file_of_seven_minutes_has_slower_curves_that_still_hold_the_peak(tmp_path: Path) -> None:
    rate_hz = 8_000
    samples = np.full((rate_hz * 420, 1), 0.0, dtype=np.float32)
    samples[:, 0] = np.resize(tone(rate_hz, 1.0, -30.0, channels=1)[0], len(samples))
    burst = slice(rate_hz * 300 + 400, rate_hz * 301 + 400)
    samples[burst] *= amplitude(20.0)
    report = analyze_file(written(tmp_path / "long.wav", samples, rate_hz), Settings()).report
    assert report.series.step_s == 0.2
    assert len(report.series.momentary_lufs) == 2_100
    heard = [value for value in report.series.momentary_lufs if value is not None]
    assert max(heard) == report.measurements.loudness.momentary_max_lufs
    assert max(heard) - min(heard) == pytest.approx(20.0, abs=0.2)


def test_a_file_without_frames_has_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(NothingToMeasure):
        analyze_file(written(tmp_path / "empty.wav", np.zeros((0, 2))), Settings())


def test_what_the_user_says_is_in_the_report_and_judges_it(mix: Path) -> None:
    settings = Settings(genre="dark techno", target="stream", project=ProjectFacts(bpm=125.0, key="A minor"))
    report = analyze_file(mix, settings).report
    context = report.context
    assert (context.genre.family, context.genre.how, context.target) == ("techno", "given", "stream")
    assert context.project == ProjectFacts(125.0, "A minor")


def test_what_services_make_of_the_level_is_in_the_report_in_the_report_s_own_figures(report: Report) -> None:
    loudness, playback = report.measurements.loudness, report.playback
    assert playback is not None
    assert loudness.integrated_lufs is not None
    youtube = next(row for row in playback if row.platform == "youtube")
    assert youtube.low_db == youtube.high_db == round(min(0.0, -14.0 - loudness.integrated_lufs), 2)


def test_a_genre_nobody_knows_is_refused_before_the_file_is_opened(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="polka"):
        analyze_file(tmp_path / "is not there.wav", Settings(genre="polka"))


def test_progress_runs_from_nothing_to_all_and_never_back(mix: Path) -> None:
    told: list[tuple[float, str]] = []
    analyze_file(mix, Settings(), lambda fraction, stage: told.append((fraction, stage)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert len({stage for _, stage in told}) >= 3


def test_stage_times_are_told_beside_the_report_and_not_in_it(analysis: Analysis) -> None:
    assert {"judging", "report", "total"} <= set(analysis.timings_s)
    assert all(math.isfinite(seconds) and seconds >= 0 for seconds in analysis.timings_s.values())
    assert "timings" not in to_json(analysis.report)


def test_a_name_that_is_no_utf8_still_makes_a_document(mix: Path, tmp_path: Path) -> None:
    path = tmp_path / "b\udcffd.wav"
    shutil.copy(mix, path)
    report = analyze_file(path, Settings()).report
    assert report.source.name == "b\ufffdd.wav"
    assert to_json(report).encode("utf-8")
