"""WAV or MP3, by the first bytes and never by the name: nothing else is taken (promise P2).

This is a look and no more. Whether it can be decoded shows where it is decoded, in a process of its own.
"""

from __future__ import annotations

from typing import Literal

from uptrack_analysis.audio.mpeg import read_frame_header
from uptrack_analysis.audio.riff import W64_RIFF

AudioKind = Literal["wav", "mp3"]

HEAD_BYTES = 4_096
"""Enough to know; a file may be shorter."""
FORMATS: dict[AudioKind, frozenset[str]] = {
    "wav": frozenset({"WAV", "RF64", "BW64", "W64"}),
    "mp3": frozenset({"MP3"}),
}
"""What the analysis calls them."""
_MP3_LAYER = 3


def kind_of(head: bytes) -> AudioKind | None:
    """Of a file that begins with ``head``; ``None`` for any other."""
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:16] == W64_RIFF:
        return "wav"
    if head[:3] == b"ID3" and len(head) >= 10 and head[3] < 0xFF and all(byte < 0x80 for byte in head[6:10]):
        return "mp3"
    return "mp3" if _begins_with_frames(head) else None


def _begins_with_frames(head: bytes) -> bool:
    """Two frames of MPEG layer III, one behind the other; of one alone its header."""
    first = read_frame_header(int.from_bytes(head[:4], "big"))
    if first is None or first.layer != _MP3_LAYER:
        return False
    follows = head[first.length : first.length + 4]
    if len(follows) < 4:
        return True
    second = read_frame_header(int.from_bytes(follows, "big"))
    return second is not None and (second.layer, second.rate_hz) == (first.layer, first.rate_hz)
