"""Every odd and broken file of the zoo ends as it should: whole, measured with a note, or refused in one sentence."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from support.format_zoo import ZOO, Odd, zoo_bytes
from uptrack_analysis.audio import decoder
from uptrack_analysis.audio.source import open_audio, probe
from uptrack_analysis.errors import BadInput


def write(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(zoo_bytes()[name])
    return path


def of(*verdicts: str) -> list[tuple[str, Odd]]:
    return [(name, odd) for name, odd in ZOO.items() if odd.verdict in verdicts]


def check(path: Path, odd: Odd) -> None:
    with open_audio(path) as source:
        blocks = list(source.blocks(10_000))
    assert source.frames_read == sum(block.shape[1] for block in blocks)
    assert source.frames_read / source.info.sample_rate_hz == pytest.approx(odd.seconds, abs=odd.tolerance_s + 1e-3)
    assert all(np.isfinite(block).all() and block.flags.c_contiguous and block.dtype == np.float32 for block in blocks)
    peak = max(np.abs(block).max() for block in blocks)
    assert odd.peak[0] <= peak <= odd.peak[1]
    if odd.verdict == "whole":
        assert source.notes == ()
    else:
        assert len(source.notes) == 1
        assert odd.says in source.notes[0]
        assert path.name in source.notes[0]


@pytest.mark.parametrize(("name", "odd"), of("whole", "noted"))
def test_a_file_with_audio_in_it_is_measured_and_what_is_wrong_with_it_said(
    tmp_path: Path, name: str, odd: Odd
) -> None:
    check(write(tmp_path, name), odd)


@pytest.mark.parametrize(("name", "odd"), of("whole", "noted"))
def test_decodes_alike_where_the_system_has_neither_pread_nor_a_common_descriptor_table(
    tmp_path: Path, name: str, odd: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "_BY_DESCRIPTOR", False)
    monkeypatch.delattr("os.pread")
    path = write(tmp_path, name)
    check(path, odd)
    with open_audio(path, fingerprint=True) as source:
        for _ in source.blocks():
            pass
        assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("name", "odd"), of("refused"))
def test_a_file_without_audio_is_refused_in_one_sentence_that_names_it(tmp_path: Path, name: str, odd: Odd) -> None:
    path = write(tmp_path, name)
    for entrance in (open_audio, probe):
        with pytest.raises(BadInput) as refused:
            entrance(path)
        sentence = refused.value.sentence
        assert odd.says in sentence
        assert sentence.startswith(name)
        assert sentence.endswith(".")
        assert "\n" not in sentence


def test_a_file_with_a_header_and_no_audio_opens_and_yields_nothing(tmp_path: Path) -> None:
    with open_audio(write(tmp_path, "no_data.wav")) as source:
        assert list(source.blocks()) == []
        assert source.info.frames_claimed == 0
        assert source.frames_read == 0


@pytest.mark.parametrize(("name", "_odd"), of("whole", "noted", "empty"))
def test_the_quick_look_says_of_a_file_what_opening_it_says(tmp_path: Path, name: str, _odd: Odd) -> None:
    path = write(tmp_path, name)
    with open_audio(path) as source:
        assert probe(path) == source.info


def test_damage_in_a_flac_ends_the_measurement_before_any_wrong_sample(tmp_path: Path) -> None:
    with open_audio(write(tmp_path, "flac_16.flac")) as source:
        right = np.concatenate(list(source.blocks()), axis=1)
    with open_audio(write(tmp_path, "corrupt_middle.flac")) as source:
        damaged = np.concatenate(list(source.blocks()), axis=1)
    assert 0 < damaged.shape[1] < right.shape[1]
    np.testing.assert_array_equal(damaged, right[:, : damaged.shape[1]])


def test_nothing_but_our_own_sentences_reaches_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("truncated.mp3", "junk_in_middle.mp3", "mp3_vbr_no_xing.mp3", "mp3_id3.mp3", "truncated.ogg"):
        path = write(tmp_path, name)
        probe(path)
        with open_audio(path) as source:
            for _ in source.blocks():
                pass
    assert capfd.readouterr() == ("", "")
