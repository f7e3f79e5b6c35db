"""A look at the stream information of FLAC (RFC 9639, section 8.2)."""

from __future__ import annotations

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.head import Head, damaged


def look_at_flac(file: AudioFile, start: int = 0) -> Head:
    """A stream that begins with ``fLaC`` at ``start``; a total of 0 samples means its writer did not know.

    Raises
    ------
    NotAudio
        The stream information is missing or cut short.
    """
    block = file.read_at(start + 4, 4 + 34)
    if len(block) < 38 or block[0] & 0x7F != 0:
        raise damaged(file, "FLAC", "its stream information is missing or cut short")
    packed = int.from_bytes(block[14:22], "big")
    total = packed & (2**36 - 1)
    return Head(
        "FLAC",
        channels=(packed >> 41 & 0x7) + 1,
        rate_hz=packed >> 44,
        bit_depth=(packed >> 36 & 0x1F) + 1,
        frames_claimed=total or None,
    )
