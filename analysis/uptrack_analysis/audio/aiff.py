"""A look at the headers of AIFF and AIFF-C (Apple 1989 and 1991): big-endian chunks, an 80-bit float for the rate."""

from __future__ import annotations

import math

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.head import (
    EXPORT_INSTEAD,
    Chunk,
    Head,
    damaged,
    length_never_written,
    shown_code,
    walk_chunks,
)
from uptrack_analysis.audio.view import Piece, Span
from uptrack_analysis.errors import NotAudio

# Bytes a sample by compression type, where every sample has its own; 0 means "by the bit depth".
_SAMPLE_BYTES = {
    b"NONE": 0, b"twos": 0, b"sowt": 0, b"raw ": 1, b"in24": 3, b"in32": 4, b"42ni": 3, b"23ni": 4,
    b"fl32": 4, b"FL32": 4, b"fl64": 8, b"FL64": 8, b"ulaw": 1, b"ULAW": 1, b"alaw": 1, b"ALAW": 1,
}  # fmt: skip
_PACKED = {b"ima4", b"GSM ", b"DWVW", b"ADP4"}


def look_at_aiff(file: AudioFile) -> Head:
    """FORM with AIFF or AIFC.

    Raises
    ------
    NotAudio
        No common or sound chunk, or an encoding that is not decoded here.
    """
    compressed = file.read_at(8, 4) == b"AIFC"
    kind = "AIFF-C" if compressed else "AIFF"
    common: bytes | None = None
    sound: Chunk | None = None
    common_at = 0
    for chunk in walk_chunks(file, 12, big_endian=True):
        if chunk.id == b"COMM" and common is None:
            common, common_at = file.read_at(chunk.start, min(chunk.size, 22)), chunk.start
        elif chunk.id == b"SSND" and sound is None:
            sound = chunk
    if common is None or len(common) < 18:
        raise damaged(file, kind, "its format chunk is missing or cut short")
    channels = int.from_bytes(common[0:2], "big", signed=True)
    claimed = int.from_bytes(common[2:6], "big")
    bits = int.from_bytes(common[6:8], "big", signed=True)
    rate_hz = extended_to_float(common[8:18])
    compression = common[18:22] if compressed and len(common) >= 22 else b"NONE"
    if compression not in _SAMPLE_BYTES and compression not in _PACKED:
        code = shown_code(compression)
        raise NotAudio(f"{file.name} is an AIFF-C file with the encoding “{code}”, not decoded here: {EXPORT_INSTEAD}.")
    if sound is None:
        if claimed == 0:
            return Head(kind, channels, rate_hz, frames_claimed=0, frames_present=0)
        raise damaged(file, kind, "it ends before its audio data")
    frame_bytes = (_SAMPLE_BYTES.get(compression) or -(-bits // 8)) * channels
    if compression in _PACKED or frame_bytes <= 0:
        return Head(kind, channels, rate_hz, claim_tolerance=64)
    offset = int.from_bytes(file.read_at(sound.start, 4), "big")
    first = sound.start + 8 + offset
    there = max(0, file.size - first)
    if claimed == 0 and sound.size <= 8 and there >= frame_bytes:
        present = there // frame_bytes
        return Head(
            kind, channels, rate_hz, frames_present=present,
            notes=(length_never_written(file, present / max(rate_hz, 1)),),
            pieces=_with_true_sizes(file, common_at, sound, present, there),
        )  # fmt: skip
    present = min(there, max(0, sound.size - 8 - offset)) // frame_bytes
    return Head(kind, channels, rate_hz, frames_claimed=claimed, frames_present=present)


def extended_to_float(data: bytes) -> float:
    """An 80-bit IEEE 754 extended number, big-endian; NaN and anything out of range become ``inf``."""
    sign_exponent = int.from_bytes(data[:2], "big")
    mantissa = int.from_bytes(data[2:10], "big")
    exponent = (sign_exponent & 0x7FFF) - 16383 - 63
    if not -1200 < exponent < 900:
        return 0.0 if exponent < 0 else math.inf
    value = math.ldexp(float(mantissa), exponent)
    return -value if sign_exponent & 0x8000 else value


def _with_true_sizes(
    file: AudioFile, common_at: int, sound: Chunk, frames: int, sound_bytes: int
) -> tuple[Piece, ...] | None:
    if not common_at < sound.start or frames >= 2**32 or sound.start > 1 << 20:
        return None
    front = bytearray(file.read_at(0, sound.start))
    offset = file.size - sound_bytes - sound.start  # SSND's own fields, and its offset
    front[4:8] = min(file.size - 8, 0xFFFFFFFF).to_bytes(4, "big")
    front[common_at + 2 : common_at + 6] = frames.to_bytes(4, "big")
    front[sound.start - 4 : sound.start] = min(offset + sound_bytes, 0xFFFFFFFF).to_bytes(4, "big")
    return (bytes(front), Span(sound.start, file.size - sound.start))
