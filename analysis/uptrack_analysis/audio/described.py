"""What the report says of a file that has been read."""

from __future__ import annotations

import dataclasses
import os

from uptrack_analysis.audio.source import AudioSource
from uptrack_analysis.report import MeasuredFile, Source


def describe(name: str, source: AudioSource) -> MeasuredFile:
    """``source``, read to its end, as the report has it."""
    info = source.info
    return MeasuredFile(
        # A name that is no UTF-8 still has to fit into a JSON document.
        name=os.fsencode(name).decode("utf-8", "replace"),
        format=info.format,
        codec=info.codec,
        sample_rate_hz=info.sample_rate_hz,
        bit_depth=info.bit_depth,
        channels=info.channels,
        frames=source.frames_read,
        duration_s=source.frames_read / info.sample_rate_hz,
        notes=source.notes,
    )


def describe_mix(name: str, source: AudioSource) -> Source:
    """``source``, read to its end and still open, with the fingerprint that its versions are told apart by.

    Raises
    ------
    BadInput
        The file could not be read to its end.
    """
    facts = describe(name, source)
    fields = {field.name: getattr(facts, field.name) for field in dataclasses.fields(facts)}
    return Source(**fields, sha256=source.sha256)
