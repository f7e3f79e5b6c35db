"""What one analysis is asked for; apart from the analysis, so that who only passes it on loads no numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.reference_track import ReferenceTrack
from uptrack_analysis.report import ProjectFacts, Target


@dataclass(frozen=True, slots=True)
class StemFile:
    """One stem, by the name its track has in the DAW."""

    name: str
    path: str
    track: str | None = None
    """The DAW's own id of the track."""
    problem: str | None = None
    """Why it cannot be used, where that is known already: it is reported instead of measured."""


def unused_name(name: str, taken: Collection[str]) -> str:
    """``name``, or ``name 2``, ``name 3`` ... where that is taken: a finding names a stem by its name alone."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


@dataclass(frozen=True, slots=True)
class Settings:
    """What to judge by; ``genre`` is a family or style the genre data know, or ``None`` to guess."""

    genre: str | None = None
    target: Target = "club"
    project: ProjectFacts = field(default_factory=ProjectFacts)
    stems: tuple[StemFile, ...] = ()
    """What the mix was made of."""
    stems_in_full: bool = False
    """Measure each stem as fully as the mix, which takes as long as a mix of its length."""
    codecs: bool = False
    """Send the file through lossy encoders as well, and measure what comes back; takes ffmpeg and some time."""
    crate: str | None = None
    """A folder of the tracks the mix will be played beside; they are read, measured and forgotten."""
    references: tuple[ReferenceTrack, ...] = ()
    """Reference tracks that have been measured before."""
    reference_files: tuple[str, ...] = ()
    """Paths of references still to be measured; one that cannot be is noted, and the analysis goes on."""
    reference_notes: tuple[str, ...] = ()
    """Sentences about references that were refused already."""
    limits: Limits = field(default_factory=Limits)
    follow_links: bool = True
    """Off where the path was resolved before: a link in it has been put there since, and is refused."""
