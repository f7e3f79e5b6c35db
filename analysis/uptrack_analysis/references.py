"""Reference tracks become numbers: read, measured by what they are compared in, and let go."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.errors import BadInput, NothingToMeasure
from uptrack_analysis.findings.reference_profile import track_of
from uptrack_analysis.measure.light import measure_light
from uptrack_analysis.measure.one_pass import Progress
from uptrack_analysis.reference_track import ReferenceTrack
from uptrack_analysis.settings import Settings


def measure_references(
    paths: Sequence[Path], settings: Settings, progress: Progress = lambda _fraction, _stage: None
) -> tuple[tuple[ReferenceTrack, ...], tuple[str, ...]]:
    """Reference tracks as numbers, and a sentence for each that could not be measured."""
    tracks: list[ReferenceTrack] = []
    notes: list[str] = []
    for number, path in enumerate(paths):
        progress(number / len(paths), "references")
        name = os.fsencode(path.name).decode("utf-8", "replace")
        try:
            with open_audio(path, settings.limits, follow_links=settings.follow_links, fingerprint=True) as source:
                measured = measure_light(source)
                tracks.append(track_of(name, source.sha256, measured))
        except (BadInput, NothingToMeasure) as error:
            notes.append(f"The reference {name} was left out: {error.sentence}")
    return tuple(tracks), tuple(notes)
