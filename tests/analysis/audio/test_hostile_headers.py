"""Any bytes at all end in blocks of finite samples or in one sentence: never in another exception, never in a crash."""

from __future__ import annotations

import os
import random
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from support.format_zoo import clip, encode, extensible, id3v2, wav
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import open_audio, probe
from uptrack_analysis.errors import BadInput

CASES = 5_000 if os.environ.get("UPTRACK_SOAK") == "1" else 300
LIMITS = Limits(max_samples=2_000_000)
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF)


@lru_cache(maxsize=1)
def seeds() -> dict[str, bytes]:
    tiny = clip()[:600]
    return {
        "wav": wav(tiny),
        "extensible": extensible(np.tile(tiny, (1, 3)), 0x3F),
        "float": encode(tiny, "WAV", "FLOAT"),
        "adpcm": encode(tiny, "WAV", "MS_ADPCM"),
        "rf64": encode(tiny, "RF64", "PCM_16"),
        "w64": encode(tiny, "W64", "PCM_16"),
        "aiff": encode(tiny, "AIFF", "PCM_24"),
        "caf": encode(tiny, "CAF", "PCM_16"),
        "flac": encode(tiny, "FLAC", "PCM_16"),
        "ogg": encode(np.tile(clip()[:20_000], (2, 1)), "OGG", "VORBIS"),
        "mp3": id3v2(40) + encode(clip()[:6000], "MP3", "MPEG_LAYER_III"),
    }


NAMES = ("wav", "extensible", "float", "adpcm", "rf64", "w64", "aiff", "caf", "flac", "ogg", "mp3")


def mutate(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    # Every page of Ogg has a checksum: damage in the first always ends in a refusal, so spread it.
    header = len(data) if data.startswith(b"OggS") else min(len(data), 128)
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
    return bytes(changed[: rng.randrange(len(changed))]) if rng.random() < 0.1 else bytes(changed)


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_a_header_with_changed_bytes_ends_in_blocks_or_one_sentence(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = seeds()[name]
    path = tmp_path / f"hostile.{name}"
    decoded = refused = 0
    for case in range(-(-CASES // len(NAMES))):
        path.write_bytes(mutate(data, random.Random(f"{name}-{case}")))
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
            assert "\n" not in refusal
            refused += 1
    assert decoded
    assert refused
    if name != "mp3":  # libmpg123 writes about frames it cannot decode, and takes no order not to
        assert capfd.readouterr().err == ""
