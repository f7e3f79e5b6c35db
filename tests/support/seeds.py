"""Small healthy files of every kind that reaches a decoder, for a fuzz to change, and where their headers are.

libsndfile writes ``seeds``, ffmpeg ``ffmpeg_seeds``: what only ffmpeg reads, and what is refused by its name.
"""

from __future__ import annotations

import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from support.format_zoo import clip, crc, encode, extensible, id3v2, wav
from support.needs import need_program

NAMES = (
    "wav", "extensible", "float", "double", "adpcm", "rf64", "w64", "aiff", "sowt", "fl32", "caf", "caf_alac", "flac",
    "ogg", "opus", "mp3",
)  # fmt: skip
FFMPEG_NAMES = ("aac.m4a", "alac.m4a", "opus.mp4", "flac.mp4", "ac3.mov", "pcm.mov", "adts.aac", "opus.webm")

_FASTSTART = ("-movflags", "+faststart")  # the movie header first, where a fuzz of headers reaches it
_FFMPEG_OPTIONS: dict[str, tuple[str, ...]] = {
    "aac.m4a": ("-c:a", "aac", *_FASTSTART),
    "alac.m4a": ("-c:a", "alac", *_FASTSTART),
    "opus.mp4": ("-c:a", "libopus", "-ar", "48000", "-strict", "-2", *_FASTSTART),
    "flac.mp4": ("-c:a", "flac", "-strict", "-2", *_FASTSTART),
    "ac3.mov": ("-c:a", "ac3", *_FASTSTART),
    "pcm.mov": ("-c:a", "pcm_s24be", *_FASTSTART),
    "adts.aac": ("-c:a", "aac"),
    "opus.webm": ("-c:a", "libopus", "-ar", "48000"),
}
_SHORT = 128
"""Headers of most formats end before."""


@lru_cache(maxsize=2)
def seeds(frames: int) -> dict[str, bytes]:
    """By name, the first ``frames`` of ``clip``; of lossy kinds 6,000 or more, which make a few packets."""
    tiny, packets = clip()[:frames], clip()[: max(frames, 6_000)]
    made = {
        "wav": wav(tiny),
        "extensible": extensible(np.tile(tiny, (1, 3)), 0x3F),
        "float": encode(tiny, "WAV", "FLOAT"),
        "double": encode(tiny, "WAV", "DOUBLE"),
        "adpcm": encode(tiny, "WAV", "MS_ADPCM"),
        "rf64": encode(tiny, "RF64", "PCM_16"),
        "w64": encode(tiny, "W64", "PCM_16"),
        "aiff": encode(tiny, "AIFF", "PCM_24"),
        "sowt": encode(tiny, "AIFF", "PCM_16", endian="LITTLE"),
        "fl32": encode(tiny, "AIFF", "FLOAT"),
        "caf": encode(tiny, "CAF", "PCM_16"),
        "caf_alac": encode(tiny, "CAF", "ALAC_16"),
        "flac": encode(tiny, "FLAC", "PCM_16"),
        "ogg": encode(np.tile(clip()[:20_000], (2, 1)), "OGG", "VORBIS"),
        "opus": encode(packets, "OGG", "OPUS", rate_hz=48_000),
        "mp3": id3v2(40) + encode(packets, "MP3", "MPEG_LAYER_III"),
    }
    assert tuple(made) == NAMES
    return made


@lru_cache(maxsize=1)
def ffmpeg_seeds() -> dict[str, bytes]:
    """By name, 0.14 s of ``clip``; the test is skipped at home where ffmpeg is missing, and fails in CI."""
    need_program("ffmpeg")
    made: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.wav"
        source.write_bytes(wav(clip()[:6_000]))
        for name, options in _FFMPEG_OPTIONS.items():
            path = source.with_name(name)
            command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", str(source), *options, "-bitexact", str(path)]
            subprocess.run(command, check=True)
            made[name] = path.read_bytes()
    assert tuple(made) == FFMPEG_NAMES
    return made


def header_bytes(data: bytes) -> int:
    """How many bytes at its start decide what ``data`` is, and are the ones to change."""
    if data[4:8] == b"ftyp":
        return data.index(b"mdat") + 4
    if data.startswith(b"OggS"):  # identification, comments and, of Vorbis, the code books
        pages = [at for at in range(len(data)) if data.startswith(b"OggS", at)]
        return pages[2] + 28
    if data.startswith(b"\x1aE\xdf\xa3"):
        return data.index(b"\x1fC\xb6\x75")  # Cluster
    return min(len(data), _SHORT)


def with_page_checksums(data: bytes) -> bytes:
    """Ogg with the checksum of every page that is still whole made right, so that the damage reaches the codec."""
    mended = bytearray(data)
    at = 0
    while mended.startswith(b"OggS", at) and len(mended) > at + 27:
        segments = mended[at + 27 : at + 27 + mended[at + 26]]
        end = at + 27 + len(segments) + sum(segments)
        if end > len(mended):
            break
        mended[at + 22 : at + 26] = b"\0" * 4
        mended[at + 22 : at + 26] = crc(bytes(mended[at:end]), 32, 0x04C11DB7).to_bytes(4, "little")
        at = end
    return bytes(mended)
