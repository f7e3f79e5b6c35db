"""Any bytes at all end in blocks of finite samples or in one sentence: never in another exception, never in a crash."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest

from support.seeds import FFMPEG_NAMES, NAMES, ffmpeg_seeds, header_bytes, seeds, with_page_checksums
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import open_audio, probe
from uptrack_analysis.errors import BadInput

SOAK = os.environ.get("UPTRACK_SOAK") == "1"
CASES = 5_000 if SOAK else 300
FFMPEG_CASES = 5_000 if SOAK else 80
LIMITS = Limits(max_samples=2_000_000)
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """``data`` with some bytes changed, mostly of its header, sometimes cut short; half of Ogg with right checksums."""
    changed = bytearray(data)
    mended = data.startswith(b"OggS") and rng.random() < 0.5
    # Every page of Ogg has a checksum: damage in the first always ends in a refusal, so spread it where none is mended.
    header = len(data) if data.startswith(b"OggS") and not mended else header_bytes(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(header if rng.random() < 0.8 else len(changed))
        at = min(at, len(changed) - 1)
        kind = rng.randrange(5)
        if kind == 0:
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[at] = rng.choice(EDGES)
        elif kind == 2:
            changed[at : at + 4] = rng.choice((b"\xff" * 4, b"\0" * 4, b"\x80\0\0\0", b"\x7f\xff\xff\xff"))
        elif kind == 3:
            changed[at:at] = changed[at : at + rng.randrange(1, 40)]
        else:
            del changed[at : at + rng.randrange(1, 40)]
        if len(changed) < 2:
            return bytes(changed)
    whole = bytes(changed[: rng.randrange(len(changed))]) if rng.random() < 0.1 else bytes(changed)
    return with_page_checksums(whole) if mended else whole


def outcomes(path: Path, data: bytes, cases: int) -> tuple[int, int]:
    """How many of ``cases`` changed files decode and how many are refused; each ends as it should."""
    decoded = refused = 0
    for case in range(cases):
        path.write_bytes(mutate(data, random.Random(f"{path.name}-{case}")))
        refusal = None
        try:
            probe(path, LIMITS)
            with open_audio(path, LIMITS, fingerprint=True) as source:
                for block in source.blocks(1000):
                    assert block.shape[0] == source.info.channels == len(source.info.layout)
                    assert np.isfinite(block).all()
                assert len(source.sha256) == 64
            assert all(path.name in note and note.endswith(".") for note in source.notes)
            decoded += 1
        except BadInput as error:
            refusal = error.sentence
        if refusal is not None:
            assert refusal.startswith(path.name)
            assert refusal.isprintable()
            refused += 1
    return decoded, refused


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_a_header_with_changed_bytes_ends_in_blocks_or_one_sentence(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    decoded, refused = outcomes(tmp_path / f"hostile.{name}", seeds(600)[name], -(-CASES // len(NAMES)))
    assert decoded
    assert refused
    if name != "mp3":  # libmpg123 writes about frames it cannot decode, and takes no order not to
        assert capfd.readouterr().err == ""


@pytest.mark.soak
@pytest.mark.parametrize("name", FFMPEG_NAMES)
def test_what_ffmpeg_reads_ends_in_blocks_or_one_sentence_however_its_header_is_changed(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    decoded, refused = outcomes(
        tmp_path / f"hostile.{name}", ffmpeg_seeds()[name], -(-FFMPEG_CASES // len(FFMPEG_NAMES))
    )
    assert bool(decoded) == (not name.endswith(".webm"))  # which is refused by its name
    assert refused
    assert capfd.readouterr().err == ""
