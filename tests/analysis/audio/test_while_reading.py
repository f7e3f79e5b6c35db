"""What happens to a file while it is read is said in the notes, and never harms the reader."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from support.format_zoo import clip, encode, wav
from uptrack_analysis.audio.source import AudioSource, open_audio

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted or cut on Windows")


def finish(source: AudioSource) -> int:
    with source:
        return sum(block.shape[1] for block in source.blocks(4096))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "mix.wav"
    target.write_bytes(wav())
    return target


def test_an_untouched_file_has_no_notes(path: Path) -> None:
    source = open_audio(path)
    assert finish(source) == 52_920
    assert source.notes == ()


def test_a_file_deleted_while_read_is_measured_whole(path: Path) -> None:
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    with open_audio(path, fingerprint=True) as source:
        path.unlink()
        assert sum(block.shape[1] for block in source.blocks()) == 52_920
        assert source.sha256 == right
    assert source.notes == ("mix.wav was deleted while it was read; the measurement is whole.",)


def test_a_file_that_grows_while_read_is_measured_as_it_was_and_said_to_be_unfinished(path: Path) -> None:
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    with open_audio(path, fingerprint=True) as source:
        with path.open("ab") as more:
            more.write(b"\0" * 400_000)
        assert sum(block.shape[1] for block in source.blocks()) == 52_920
        assert source.sha256 == right
    assert len(source.notes) == 1
    assert "still growing" in source.notes[0]


def test_a_file_cut_short_while_read_ends_early_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mix.wav"
    path.write_bytes(wav(np.tile(clip(), (10, 1))))
    source = open_audio(path)
    os.truncate(path, 44 + 4 * 100_000)
    assert finish(source) == 100_000
    assert "shorter than its header says, 2.27 s instead of 12.00 s" in source.notes[0]
    assert "changed by another program" in source.notes[1]


def test_a_file_rewritten_in_place_is_said_to_have_changed(path: Path) -> None:
    source = open_audio(path)
    with path.open("r+b") as again:
        again.seek(1000)
        again.write(b"\1\2\3\4")
    os.utime(path, ns=(1, 1))  # a write within one tick of the file system's clock would not show
    finish(source)
    assert source.notes == ("mix.wav was changed by another program while it was read: analyse it again to be sure.",)


def test_a_disk_that_stops_answering_ends_the_audio_instead_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mix.mp3"
    path.write_bytes(b"ID3\4\0\0\0\0\0\0" + encode(np.tile(clip(), (6, 1)), "MP3", "MPEG_LAYER_III"))

    def broken(_descriptor: int, _count: int, _offset: int) -> bytes:
        raise OSError(5, "Input/output error")

    with open_audio(path) as source:  # ID3 makes it a view, so every byte goes through our own reading
        blocks = source.blocks(4096)
        next(blocks)
        monkeypatch.setattr("os.pread", broken)
        for _ in blocks:
            pass
    assert 0 < source.frames_read < 6 * 52_920
    assert "shorter than its header says" in source.notes[0]
