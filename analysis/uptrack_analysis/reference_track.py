"""One reference track as numbers: all that is kept of it. Plain types, so that settings and jobs can carry them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReferenceTrack:
    """Tone, low end and stereo are of its loud passage; a figure that could not be measured is ``None``."""

    name: str
    """Last component of the file's path."""
    sha256: str
    integrated_lufs: float
    plr_db: float | None
    psr_db: float | None
    """Median over the loud passage."""
    range_lu: float | None
    octaves_db: tuple[float | None, ...]
    """Power of the octaves of ``findings.tone.OCTAVES``, their mean taken off."""
    third_octaves_db: tuple[float | None, ...]
    """Power of the third octaves of the report's spectrum, re the one at 1 kHz."""
    tilt_db_per_octave: float | None
    sub_db: float | None
    """Power of 30-60 Hz over 500-2000 Hz."""
    correlation_low: float | None
    """5th percentile of the signed correlation over 1 s; ``None`` for mono."""
    widths_db: tuple[float | None, ...]
    """Side over mid power of each named band; empty for mono."""
