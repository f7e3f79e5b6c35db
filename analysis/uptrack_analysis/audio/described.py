"""What the report says of a file that has been read."""

from __future__ import annotations

import os

from uptrack_analysis.audio.source import AudioSource
from uptrack_analysis.report import Source


def describe(name: str, source: AudioSource) -> Source:
    """``source``, read to its end and still open, as the report has it.

    Raises
    ------
    BadInput
        The file could not be read to its end.
    """
    info = source.info
    return Source(
        # A name that is no UTF-8 still has to fit into a JSON document.
        name=os.fsencode(name).decode("utf-8", "replace"),
        sha256=source.sha256,
        format=info.format,
        codec=info.codec,
        sample_rate_hz=info.sample_rate_hz,
        bit_depth=info.bit_depth,
        channels=info.channels,
        frames=source.frames_read,
        duration_s=source.frames_read / info.sample_rate_hz,
        notes=source.notes,
    )
