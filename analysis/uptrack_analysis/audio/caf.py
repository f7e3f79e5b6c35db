"""A look at the header of Apple's Core Audio Format: 64-bit chunk sizes, -1 for audio data of unknown length."""

from __future__ import annotations

import struct

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.head import EXPORT_INSTEAD, MAX_CHUNKS, Head, damaged, shown_code
from uptrack_analysis.audio.view import Piece, Span
from uptrack_analysis.errors import NotAudio

_DECODED = {b"lpcm", b"alac", b"ulaw", b"alaw", b"ima4"}
_EDIT_COUNT = 4
"""The data chunk starts with a 32-bit edit count."""


def look_at_caf(file: AudioFile) -> Head:
    """A file that starts with ``caff``.

    Raises
    ------
    NotAudio
        No description or data chunk, or an encoding that is not decoded here.
    """
    description = b""
    valid_frames: int | None = None
    data_at: int | None = None
    data_size = 0
    at = 8
    for _ in range(MAX_CHUNKS):
        header = file.read_at(at, 12)
        if len(header) < 12:
            break
        name, size = header[:4], int.from_bytes(header[4:], "big", signed=True)
        if name == b"desc":
            description = file.read_at(at + 12, 32)
        elif name == b"pakt":
            table = file.read_at(at + 12, 16)
            valid_frames = int.from_bytes(table[8:16], "big", signed=True) if len(table) == 16 else None
        elif name == b"data" and data_at is None:
            data_at, data_size = at + 12, size
        if size < 0:
            break
        at += 12 + size
    if len(description) < 32:
        raise damaged(file, "CAF", "its description is missing or cut short")
    rate_hz, encoding, _flags, packet_bytes, packet_frames, channels, bits = struct.unpack(">d4sIIIII", description)
    if encoding not in _DECODED:
        what = "AAC" if encoding == b"aac " else shown_code(encoding)
        raise NotAudio(f"{file.name} is a CAF file with {what} inside, not decoded here: {EXPORT_INSTEAD}.")
    if data_at is None:
        raise damaged(file, "CAF", "it ends before its audio data")
    there = max(0, file.size - data_at - _EDIT_COUNT)
    if encoding != b"lpcm" or not packet_bytes or packet_frames != 1:
        return Head("CAF", channels, rate_hz, bit_depth=bits or None, frames_claimed=valid_frames, claim_tolerance=8192)
    claimed_bytes = None if data_size < 0 else max(0, data_size - _EDIT_COUNT)
    cut = claimed_bytes is not None and claimed_bytes > there
    return Head(
        "CAF",
        channels,
        rate_hz,
        frames_claimed=None if claimed_bytes is None else claimed_bytes // packet_bytes,
        frames_present=(there if claimed_bytes is None else min(there, claimed_bytes)) // packet_bytes,
        # The decoder refuses a data chunk that is longer than the file.
        pieces=_with_true_size(file, data_at) if cut else None,
    )


def _with_true_size(file: AudioFile, data_at: int) -> tuple[Piece, ...]:
    size = (file.size - data_at).to_bytes(8, "big")
    return (Span(0, data_at - 8), size, Span(data_at, file.size - data_at))
