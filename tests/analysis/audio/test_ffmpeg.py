"""AAC and ALAC in MPEG-4, and raw AAC, through the ffmpeg program; and what is said where there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from support.format_zoo import clip, wav
from support.needs import need_program
from uptrack_analysis.audio.source import AudioSource, open_audio, probe
from uptrack_analysis.errors import BadInput
from uptrack_analysis.signal import Block

SECONDS = 1.2


def encoded(folder: Path, name: str, *options: str) -> Path:
    need_program("ffmpeg")
    source, path = folder / "source.wav", folder / name
    source.write_bytes(wav())
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-i", str(source), *options, str(path)]
    subprocess.run(command, check=True)
    return path


def decoded(path: Path, frames: int = 10_000) -> tuple[Block, AudioSource]:
    with open_audio(path) as source:
        return np.concatenate(list(source.blocks(frames)), axis=1), source


@pytest.fixture
def alac(tmp_path: Path) -> Path:
    return encoded(tmp_path, "mix.m4a", "-c:a", "alac")


def test_alac_decodes_to_the_very_samples_that_went_in(alac: Path) -> None:
    samples, source = decoded(alac)
    assert (source.info.format, source.info.codec) == ("MPEG-4", "ALAC")
    assert source.notes == ()
    np.testing.assert_array_equal(samples, decoded(alac.with_name("source.wav"))[0])


@pytest.mark.parametrize(
    ("name", "container"), [("mix.m4a", "MPEG-4"), ("mix.aac", "ADTS"), ("mix.mp4", "MPEG-4"), ("mix.mov", "MPEG-4")]
)
def test_aac_decodes_to_music_of_the_same_length_and_level(tmp_path: Path, name: str, container: str) -> None:
    samples, source = decoded(encoded(tmp_path, name, "-c:a", "aac", "-b:a", "256k"))
    assert (source.info.format, source.info.codec, source.info.bit_depth) == (container, "AAC", None)
    assert samples.shape[1] / source.info.sample_rate_hz == pytest.approx(SECONDS, abs=0.06)  # whole packets
    assert np.std(samples) == pytest.approx(np.std(clip()), rel=0.06)


def test_the_name_of_the_file_decides_nothing(alac: Path) -> None:
    samples, _ = decoded(alac.rename(alac.with_name("mix.wav")))
    np.testing.assert_array_equal(samples, decoded(alac.with_name("source.wav"))[0])


def test_how_the_stream_is_cut_changes_no_sample(tmp_path: Path) -> None:
    path = encoded(tmp_path, "mix.m4a", "-c:a", "aac")
    np.testing.assert_array_equal(decoded(path, 1_000)[0], decoded(path, 100_000)[0])


def test_a_surround_file_keeps_its_channels(tmp_path: Path) -> None:
    samples, source = decoded(encoded(tmp_path, "mix.m4a", "-ac", "6", "-c:a", "alac"))
    assert samples.shape[0] == source.info.channels == 6
    assert source.info.layout == ("L", "R", "C", "LFE", "Ls", "Rs")


def test_a_file_cut_short_is_measured_as_far_as_it_goes_and_said(tmp_path: Path) -> None:
    whole = encoded(tmp_path, "mix.m4a", "-c:a", "alac", "-movflags", "+faststart").read_bytes()
    cut = tmp_path / "cut.m4a"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    samples, source = decoded(cut)
    assert 0.3 * SECONDS < samples.shape[1] / 44_100 < 0.9 * SECONDS
    assert len(source.notes) == 1
    assert "cut.m4a is damaged or cut short at" in source.notes[0]


def test_a_film_without_sound_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = encoded(tmp_path, "film.mp4", "-f", "lavfi", "-i", "color=s=32x32:d=0.2", "-map", "1:v", "-c:v", "mpeg4")
    with pytest.raises(BadInput, match=r"^film\.mp4 is MPEG-4 .* cannot be decoded .*WAV, AIFF or FLAC\.$"):
        open_audio(path)


def test_a_copy_protected_file_is_refused_by_name(alac: Path) -> None:
    alac.write_bytes(alac.read_bytes().replace(b"alac", b"drms"))
    with pytest.raises(BadInput, match="copy-protected"):
        open_audio(alac)


def test_where_ffmpeg_is_missing_one_sentence_says_what_to_install(
    alac: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for entrance in (open_audio, probe):
        with pytest.raises(BadInput) as refused:
            entrance(alac)
        assert refused.value.sentence == (
            "mix.m4a is MPEG-4 with ALAC audio, which takes ffmpeg to decode, and ffmpeg is not installed: "
            "install it, or export it as WAV, AIFF or FLAC."
        )


def test_leaving_early_leaves_no_process_behind(tmp_path: Path) -> None:
    need_program("ffmpeg")
    path = tmp_path / "long.m4a"
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "sine=d=600", "-c:a", "alac", str(path)]
    subprocess.run(command, check=True)
    with open_audio(path) as source:
        next(source.blocks(100))
        process = source._decoder._process  # type: ignore[union-attr]
        assert process.poll() is None
    assert process.poll() is not None
