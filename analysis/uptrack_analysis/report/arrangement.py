"""Parts of the arrangement, and what decided what each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SectionFeatures:
    """What decided a section's kind.

    "Its own level" is the one a range reaches in this file; -24 dB under it, or more, is gone.
    """

    loudness_lu: float | None
    """Section's loudness minus the file's integrated loudness."""
    low_end_db: float
    """20-126 Hz, kick and bass, under its own level."""
    kick_share: float
    """What starts below 160 Hz, as a share of what does in the file's busy stretches, 0 to 1."""
    onset_share: float
    """The same over the whole spectrum."""
    highs_db: float
    """Over 500 Hz, under its own level."""
    rise_db: float
    """How far the highs climb from the section's beginning to its end."""
    onset_rise: float
    fullness: float
    """Low end, onsets and loudness together; the fullest section is 1."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the arrangement; parts follow each other without a gap."""

    kind: Literal["intro", "build", "drop", "break", "outro"] | None
    """``None`` where nothing says what the parts are: ``unmeasured`` has the reason under "sections.kind"."""
    start_s: float
    end_s: float
    bars: float | None = None
    """Length in bars; ``None`` without a beat."""
    first_bar: int | None = None
    """Number of the bar it begins with, where bar 1 begins with the file's first downbeat."""
    confidence: float = 0.0
    """Of the kind; 0 without one."""
    loudness_lufs: float | None = None
    """Mean over the section, ungated."""
    bands_db: tuple[float | None, ...] = ()
    """Levels of the bands of ``measurements.spectrum.bands``, in their order, measured the same way."""
    third_octaves_db: tuple[float | None, ...] = ()
    """The same of ``measurements.spectrum.third_octaves``."""
    features: SectionFeatures | None = None
