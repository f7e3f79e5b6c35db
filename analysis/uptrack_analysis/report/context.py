"""What was measured, as what, and for what: the file, its genre, its project and where it is to be played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Target = Literal["club", "stream", "premaster"]


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """A file that was measured; ``name`` is its last path component and never a path."""

    name: str
    format: str
    codec: str
    sample_rate_hz: int
    bit_depth: int | None
    channels: int
    frames: int
    duration_s: float
    notes: tuple[str, ...]
    """Sentences about the file itself: shorter than its header says, non-finite samples, damaged frames."""


@dataclass(frozen=True, slots=True)
class Source(MeasuredFile):
    """The mix."""

    sha256: str
    """Of its bytes: what tells versions apart."""


@dataclass(frozen=True, slots=True)
class GenreChoice:
    """Which family of thresholds judged the mix, and whether the user or a guess chose it."""

    family: str
    name: str
    how: Literal["given", "guessed", "unsure"]
    confidence: float
    reason: str
    widened: float = 0.0
    """How far the limits lie on the way from the family's own to the wider ones: a guess that is not sure."""
    widened_rules: tuple[str, ...] = ()
    """The rules that have such limits; none where nothing is widened."""


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What the DAW said of its project: truth, against which detection is a cross-check."""

    bpm: float | None = None
    key: str | None = None
    beats_per_bar: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    genre: GenreChoice
    target: Target
    project: ProjectFacts = ProjectFacts()
    stems: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """Names of the tracks it was held against; with three or more they take the place of the family's curve."""
    reference_notes: tuple[str, ...] = ()
    """Sentences about references that could not be used."""
