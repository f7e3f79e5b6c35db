"""24-bit WAV is read past libsndfile: what comes out is what libsndfile makes of it, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from uptrack_analysis.audio.packed import PackedDecoder
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.signal import Block


def written(path: Path, channels: int, frames: int, form: str = "WAV") -> Path:
    rng = np.random.default_rng(channels * 1_000_003 + frames)
    steps = rng.integers(-(2**23), 2**23, (frames, channels))
    steps[:2] = [[2**23 - 1] * channels, [-(2**23)] * channels][: min(2, frames)]
    sf.write(path, (steps << 8).astype(np.int32), 44_100, subtype="PCM_24", format=form)
    return path


def read(path: Path, block: int = 65_536) -> tuple[Block, tuple[str, ...], bool]:
    with open_audio(path) as source:
        samples = np.concatenate(list(source.blocks(block)), axis=1)
        return samples, source.notes, isinstance(source._decoder, PackedDecoder)


@settings(max_examples=25, deadline=None)
@given(channels=st.integers(1, 8), frames=st.integers(2, 70_000), block=st.integers(1, 70_000).map(lambda n: 1 + n))
def test_every_sample_is_libsndfiles(
    tmp_path_factory: pytest.TempPathFactory, channels: int, frames: int, block: int
) -> None:
    path = written(tmp_path_factory.mktemp("packed") / "mix.wav", channels, frames)
    samples, notes, packed = read(path, max(block, frames // 50))
    assert packed
    assert notes == ()
    np.testing.assert_array_equal(samples.T, sf.read(path, dtype="float32", always_2d=True)[0])


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "W64", "AIFF"])
def test_every_container_comes_out_alike(tmp_path: Path, form: str) -> None:
    path = written(tmp_path / "mix", 2, 40_000, form)
    samples, _notes, packed = read(path)
    assert packed is (form != "AIFF")  # whose bytes lie the other way round
    np.testing.assert_array_equal(samples.T, sf.read(path, dtype="float32", always_2d=True)[0])


@pytest.mark.parametrize("missing", [1, 3, 6, 60_001])
def test_a_file_cut_short_is_read_to_its_last_whole_frame_and_says_so(tmp_path: Path, missing: int) -> None:
    path = written(tmp_path / "mix.wav", 2, 40_000)
    whole = sf.read(path, dtype="float32", always_2d=True)[0]
    path.write_bytes(path.read_bytes()[:-missing])
    samples, notes, _packed = read(path)
    frames = 40_000 - -(-missing // 6)
    assert samples.shape == (2, frames)
    np.testing.assert_array_equal(samples.T, whole[:frames])
    assert any("shorter than its header says" in note for note in notes)


def test_samples_of_other_widths_are_left_to_libsndfile(tmp_path: Path) -> None:
    for subtype in ("PCM_16", "PCM_32", "FLOAT"):
        path = tmp_path / f"{subtype}.wav"
        sf.write(path, np.zeros((100, 2)), 44_100, subtype=subtype)
        assert not read(path)[2]
