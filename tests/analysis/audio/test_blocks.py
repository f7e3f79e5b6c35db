"""What comes out of the decoder: exact samples, in the file's channel order, whatever the block size."""

from __future__ import annotations

import hashlib
import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.format_zoo import RATE_HZ, clip, zoo_bytes
from uptrack_analysis.audio.source import AudioSource, open_audio
from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.signal import Block

COMPRESSED_AND_PLAIN = [
    "wav_s24.wav", "flac_16.flac", "corrupt_middle.flac", "opus.opus", "mp3_vbr.mp3", "wav_ms_adpcm.wav",
    "nan_inf_1e30.wav", "size_zero.wav", "caf_alac.caf",
]  # fmt: skip


def whole(path: Path, frames: int = 65_536) -> tuple[Block, AudioSource]:
    with open_audio(path) as source:
        blocks = list(source.blocks(frames))
    assert all(block.shape[1] == frames for block in blocks[:-1])
    return np.concatenate(blocks, axis=1), source


@lru_cache
def in_one_block(path: Path) -> tuple[Block, AudioSource]:
    return whole(path, 1 << 20)


@pytest.mark.parametrize("name", COMPRESSED_AND_PLAIN)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.one_of(st.integers(200, 9_000), st.sampled_from([4096, 4608, 16_384, 52_919, 52_920, 52_921])))
def test_samples_notes_and_counts_do_not_depend_on_the_block_size(tmp_path: Path, name: str, frames: int) -> None:
    path = tmp_path / name
    if not path.exists():
        path.write_bytes(zoo_bytes()[name])
    samples, source = whole(path, frames)
    expected, reference = in_one_block(path)
    np.testing.assert_array_equal(samples, expected)
    assert source.notes == reference.notes
    assert source.non_finite_samples == reference.non_finite_samples
    assert source.frames_read == samples.shape[1]


@pytest.mark.parametrize(("subtype", "bits"), [("PCM_U8", 8), ("PCM_16", 16), ("PCM_24", 24), ("PCM_32", 32)])
@pytest.mark.parametrize("container", ["WAV", "AIFF", "CAF"])
def test_integers_come_as_their_value_over_full_scale(tmp_path: Path, container: str, subtype: str, bits: int) -> None:
    if bits == 8 and container != "WAV":
        subtype = "PCM_S8"
    numbers = np.random.default_rng(bits).integers(-(2**31), 2**31, (5000, 3)) >> (32 - bits) << (32 - bits)
    numbers[:2] = [[-(2**31)] * 3, [0] * 3]
    path = tmp_path / "numbers"
    soundfile.write(path, numbers.astype(np.int32), RATE_HZ, format=container, subtype=subtype)
    samples, source = whole(path)
    np.testing.assert_array_equal(samples, (numbers / 2**31).astype(np.float32).T)
    assert source.info.bit_depth == bits
    assert source.info.codec == "PCM"


def test_floats_come_bit_for_bit_even_over_full_scale_and_as_denormals(tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).standard_normal((5000, 2)).astype(np.float32) * 50
    numbers[7] = [1e-42, -1e-45]
    numbers[8] = [9_999.0, -9_999.0]
    soundfile.write(tmp_path / "f.wav", numbers, 96_000, subtype="FLOAT")
    samples, source = whole(tmp_path / "f.wav")
    assert samples.tobytes() == np.ascontiguousarray(numbers.T).tobytes()
    assert source.non_finite_samples == 0
    assert source.notes == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30, -10_001.0])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_what_is_no_sound_becomes_silence_and_is_counted(tmp_path: Path, bad: float, subtype: str) -> None:
    numbers = np.full((1000, 2), 0.25)
    numbers[10, 0] = numbers[500, 1] = numbers[501, 1] = bad
    soundfile.write(tmp_path / "f.wav", numbers, 48_000, subtype=subtype)
    samples, source = whole(tmp_path / "f.wav", 100)
    assert source.non_finite_samples == 3
    assert np.count_nonzero(samples == 0) == 3
    assert set(np.unique(samples)) == {0.0, 0.25}


@pytest.mark.parametrize("block_frames", [7, 100, 501, 5_000])
def test_what_is_no_sound_is_located_whole_however_the_file_was_cut(tmp_path: Path, block_frames: int) -> None:
    numbers = np.full((1000, 2), 0.25)
    numbers[90:211, 1] = np.nan
    numbers[500, :] = np.inf
    numbers[999, 0] = -np.inf
    soundfile.write(tmp_path / "f.wav", numbers, 48_000, subtype="FLOAT")
    _samples, source = whole(tmp_path / "f.wav", block_frames)
    places = [(stretch.start, stretch.end, stretch.channel) for stretch in source.broken_stretches]
    assert places == [(90, 211, 1), (500, 501, 0), (500, 501, 1), (999, 1000, 0)]


def test_a_file_full_of_broken_samples_lists_the_first_and_counts_all(tmp_path: Path) -> None:
    numbers = np.full((4_000, 1), 0.25)
    numbers[::2] = np.nan
    soundfile.write(tmp_path / "f.wav", numbers, 48_000, subtype="FLOAT")
    _samples, source = whole(tmp_path / "f.wav", 300)
    assert source.non_finite_samples == 2_000
    assert [stretch.start for stretch in source.broken_stretches] == list(range(0, 400, 2))


@pytest.mark.parametrize("early", [False, True])
def test_the_fingerprint_is_the_sha256_of_the_whole_file(tmp_path: Path, early: bool) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(zoo_bytes()["wav_id3v1_behind.wav"])
    with open_audio(path, fingerprint=early) as source:
        before_reading = source.sha256
        for _ in source.blocks():
            pass
        assert source.sha256 == before_reading == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_source_left_early_stops_its_threads_and_lets_go_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(zoo_bytes()["wav_s16.wav"])
    before = threading.active_count()
    with open_audio(path, fingerprint=True) as source:
        next(source.blocks(100))
    source.close()
    assert threading.active_count() == before
    with pytest.raises(ValueError, match="closed"):
        source._file.second_descriptor()


def test_a_second_pass_and_an_empty_block_are_programming_slips(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(zoo_bytes()["wav_s16.wav"])
    with open_audio(path) as source:
        with pytest.raises(InvalidSignal, match="at least 1 frame"):
            source.blocks(0)
        source.blocks()
        with pytest.raises(InvalidSignal, match="already read"):
            source.blocks()


def test_blocks_are_the_callers_to_keep_and_change(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(zoo_bytes()["wav_s16.wav"])
    with open_audio(path) as source:
        blocks = source.blocks(1000)
        first = next(blocks)
        kept = first.copy()
        second = next(blocks)
        second[...] = 9
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_allclose(first, clip()[:1000].T, atol=1e-4)
