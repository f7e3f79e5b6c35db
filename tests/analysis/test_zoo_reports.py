"""Every odd and broken file of the zoo, through the whole analysis: the right figures, or what is wrong in a sentence.

What each decodes to is checked in ``audio/test_zoo.py``; here is what a user is told of it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.format_zoo import ZOO, clip, encode, zoo_bytes
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.errors import BadInput, NothingToMeasure
from uptrack_analysis.report import Report, to_json
from uptrack_analysis.signal import Block

Reported = Callable[[str], Report]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """The report on a file of the zoo, made once."""
    folder = tmp_path_factory.mktemp("zoo")

    @cache
    def report(name: str) -> Report:
        path = folder / name
        path.write_bytes(zoo_bytes()[name])
        return analyze_file(path).report

    return report


def names(*verdicts: str) -> list[str]:
    return [name for name, odd in ZOO.items() if odd.verdict in verdicts]


@pytest.mark.parametrize("name", names("whole", "noted"))
def test_a_report_on_any_file_is_strict_json_of_the_length_that_is_there(reported: Reported, name: str) -> None:
    report, odd = reported(name), ZOO[name]
    json.loads(to_json(report), parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert report.source.duration_s == pytest.approx(odd.seconds, abs=odd.tolerance_s + 1e-3)
    assert (odd.says in " ".join(report.source.notes)) or odd.verdict == "whole"
    figures = report.measurements
    for group in ("loudness", "tempo", "stereo"):
        missing = {f"{group}.{key}" for key, value in figures_of(getattr(figures, group)).items() if value is None}
        assert missing <= set(figures.unmeasured)


def figures_of(group: Any) -> dict[str, Any]:
    return {field.name: getattr(group, field.name) for field in dataclasses.fields(group)}


@pytest.mark.parametrize("name", [name for name in names("whole") if ZOO[name].louder_lu is not None])
def test_the_same_music_is_as_loud_in_every_container(reported: Reported, name: str) -> None:
    odd = ZOO[name]
    assert odd.louder_lu is not None
    expected = lufs(reported("wav_s16.wav")) + odd.louder_lu
    assert lufs(reported(name)) == pytest.approx(expected, abs=odd.within_lu + 0.005)  # rounded to hundredths


@pytest.mark.parametrize("name", names("refused", "empty"))
def test_a_file_without_audio_ends_in_one_sentence_and_no_report(reported: Reported, name: str) -> None:
    with pytest.raises((BadInput, NothingToMeasure)) as ended:
        reported(name)
    assert ended.value.sentence.isprintable()
    assert ended.value.sentence.endswith(".")


@pytest.mark.parametrize("container", ["WAV", "RF64", "W64", "AIFF", "CAF", "FLAC"])
@pytest.mark.parametrize("bits", [16, 24])
def test_lossless_containers_give_back_the_very_samples(tmp_path: Path, container: str, bits: int) -> None:
    whole = np.round(clip() * (2 ** (bits - 1) - 1)).astype(np.int32)
    path = tmp_path / f"mix.{container}"
    path.write_bytes(encode(whole << (32 - bits), container, f"PCM_{bits}"))
    np.testing.assert_array_equal(samples(path), (whole.T / 2 ** (bits - 1)).astype(np.float32))


@pytest.mark.parametrize(
    "name", ["wav_bext.wav", "wav_odd_chunks.wav", "wav_acid_100.wav", "claims_4gb.wav", "align_wrong.wav"]
)
def test_what_a_header_holds_besides_changes_no_sample(tmp_path: Path, name: str) -> None:
    for each in (name, "wav_s16.wav"):
        (tmp_path / each).write_bytes(zoo_bytes()[each])
    np.testing.assert_array_equal(samples(tmp_path / name), samples(tmp_path / "wav_s16.wav"))


def samples(path: Path) -> Block:
    with open_audio(path) as source:
        return np.concatenate(list(source.blocks()), axis=1)


def test_silence_is_called_silent_first_and_nothing_is_made_up_of_it(reported: Reported) -> None:
    report = reported("silence.wav")
    (note,) = report.source.notes
    assert note == (
        "silence.wav is silent: every sample from 0:00.0 to 0:01.2 is zero, so there is nothing to measure; "
        "check what was rendered."
    )
    assert report.findings == ()
    assert report.score.overall is None
    figures = report.measurements
    assert set(figures_of(figures.loudness).values()) == {None}
    assert (figures.tempo.bpm, figures.key.name, figures.stereo.correlation) == (None, None, None)
    assert all(figures.unmeasured[f"loudness.{key}"] for key in figures_of(figures.loudness))


@pytest.mark.parametrize(("name", "seconds"), [("one_sample.wav", "0.000 s"), ("hundred_ms.wav", "0.100 s")])
def test_a_file_too_short_for_loudness_says_so_and_still_has_its_peak(
    reported: Reported, name: str, seconds: str
) -> None:
    report = reported(name)
    assert report.source.notes == (
        f"{name} is too short to be judged: {seconds}, and loudness alone takes 0.4 s; render a longer part.",
    )
    figures = report.measurements
    assert figures.loudness.sample_peak_dbfs is not None
    assert (figures.loudness.integrated_lufs, figures.tempo.bpm, figures.key.name) == (None, None, None)


def test_a_silent_channel_is_named_and_has_no_correlation(reported: Reported) -> None:
    report = reported("one_channel_silent.wav")
    assert report.measurements.defects.silent_channels == (1,)
    assert report.measurements.stereo.correlation is None
    assert "silent" in report.measurements.unmeasured["stereo.correlation"]
    (finding,) = (one for one in report.findings if one.rule == "int.channel")
    assert "right" in finding.advice


def test_a_channel_turned_over_is_told_as_what_it_is(reported: Reported) -> None:
    report = reported("polarity_flipped.wav")
    assert report.measurements.stereo.correlation == -1.0
    assert report.measurements.stereo.polarity == "inverted"
    assert ("ste.corr", "major") in {(finding.rule, finding.severity) for finding in report.findings}


def test_an_offset_is_told_and_changes_no_loudness(reported: Reported) -> None:
    report = reported("dc_offset.wav")
    assert report.measurements.defects.dc_offset == pytest.approx((0.2, 0.2), abs=0.01)
    assert report.findings[0].rule == "int.dc"


def test_clipping_is_counted_where_it_is_and_an_over_in_floats_is_none(reported: Reported) -> None:
    defects = reported("hard_clipped.wav").measurements.defects
    full = np.abs(clip() * 4) >= 1.0 - 2**-16
    assert 0 < defects.clipped_samples <= np.count_nonzero(full)
    assert defects.clipped_samples == sum(length for length in lengths_of_runs(full) if length >= 3)
    assert "int.clip" in {finding.rule for finding in reported("hard_clipped.wav").findings}
    over = reported("wav_f32_over.wav")
    assert (over.measurements.defects.clipped_runs, over.measurements.loudness.sample_peak_dbfs) == (0, 5.2)
    rules = {finding.rule for finding in over.findings}
    assert "int.truepeak" in rules
    assert "int.clip" not in rules


def lengths_of_runs(full: Any) -> list[int]:
    """Of true values down each column."""
    lengths: list[int] = []
    for column in full.T:
        borders = np.flatnonzero(np.diff(column, prepend=False, append=False)).reshape(-1, 2)
        lengths += np.diff(borders, axis=1)[:, 0].tolist()
    return lengths


def test_what_no_sound_can_be_is_told_and_leaves_the_figures_whole(reported: Reported) -> None:
    report = reported("nan_inf_1e30.wav")
    assert report.measurements.defects.non_finite_samples == 4
    assert (
        report.measurements.loudness.sample_peak_dbfs == reported("wav_s16.wav").measurements.loudness.sample_peak_dbfs
    )


def test_a_mono_file_has_no_stereo_figures_and_no_stereo_fault(reported: Reported) -> None:
    report = reported("wav_mono.wav")
    assert report.measurements.stereo.correlation is None
    assert "mono" in report.measurements.unmeasured["stereo.correlation"]
    assert not any(finding.rule.startswith("ste.") for finding in report.findings)


def test_eight_bits_bring_no_offset(reported: Reported) -> None:
    assert max(map(abs, reported("wav_u8.wav").measurements.defects.dc_offset)) < 0.02


@pytest.mark.parametrize(("name", "top_hz"), [("wav_22k.wav", 11_025), ("wav_ulaw_8k.wav", 4_000)])
def test_bands_that_the_rate_cannot_carry_have_no_level_and_no_finding(
    reported: Reported, name: str, top_hz: int
) -> None:
    report = reported(name)
    bands = [*report.measurements.spectrum.bands, *report.measurements.spectrum.third_octaves]
    over = [band for band in bands if band.high_hz > top_hz]
    assert over
    assert all(band.level_db is None for band in over)
    assert not any(finding.rule == "ton.air" for finding in report.findings)
    told = [f for f in report.findings if f.rule.startswith("ton.") and f.high_hz is not None and f.high_hz > top_hz]
    assert told == []


@pytest.mark.parametrize("name", ["mp3_cbr_tagged_90.mp3", "wav_acid_100.wav"])
def test_a_tempo_in_a_tag_is_not_taken_for_a_measured_one(reported: Reported, name: str) -> None:
    report = reported(name)
    assert report.measurements.tempo.bpm is None  # 1.2 s are too short for one
    assert report.measurements.tempo.alternatives == ()
    assert report.context.project.bpm is None


def test_a_loudness_in_a_broadcast_header_is_not_believed(reported: Reported) -> None:
    assert zoo_bytes()["wav_bext.wav"].index(b"\x04\xf7") > 0  # -23.00 LUFS, as the chunk claims
    assert reported("wav_bext.wav").measurements.loudness == reported("wav_s16.wav").measurements.loudness


def test_surround_is_weighed_by_where_its_channels_stand(reported: Reported) -> None:
    left, both = (10 ** (lufs(reported(name)) / 10) for name in ("one_channel_silent.wav", "wav_s16.wav"))
    # L R C LFE Ls Rs are left and right in turn, at 0.99: the pair in front, left again as the centre, no LFE.
    expected = 0.99**2 * (both + left + 10**0.15 * both)
    assert lufs(reported("wav_5_1.wav")) == pytest.approx(10 * np.log10(expected), abs=0.05)


def lufs(report: Report) -> float:
    integrated = report.measurements.loudness.integrated_lufs
    assert integrated is not None
    return integrated
