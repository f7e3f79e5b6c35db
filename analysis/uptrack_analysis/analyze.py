"""From a path to a report: the one entrance that the command line, the worker and the account all use."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from uptrack_analysis.assemble import assemble
from uptrack_analysis.audio.described import describe_mix
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.findings.families import find_family
from uptrack_analysis.findings.judge import judge
from uptrack_analysis.findings.reference_profile import ReferenceProfile
from uptrack_analysis.measure.codecs import measure_codecs
from uptrack_analysis.measure.crate import measure_crate
from uptrack_analysis.measure.one_pass import Progress, hear
from uptrack_analysis.references import measure_references
from uptrack_analysis.report import Analysis
from uptrack_analysis.settings import Settings
from uptrack_analysis.silence_notes import silence_notes
from uptrack_analysis.stems.measure_stems import ReadStem, measure_stems
from uptrack_analysis.stems.results import Stems

MEASURING_SHARE = 0.95
"""Part of the progress that measuring takes; judging and writing the report are quick."""
STEM_COST = 0.5
"""Of one stem, in mixes; a round trip through the encoders and a folder of tracks count as one mix each."""
REFERENCE_COST = 0.5


def analyze_file(
    path: Path,
    settings: Settings = Settings(),
    progress: Progress = lambda _fraction, _stage: None,
    *,
    name: str | None = None,
) -> Analysis:
    """Decode, measure, judge and score one file.

    Parameters
    ----------
    path : Path
        Read in place, never written.
    settings : Settings
    progress : callable
        Called with the fraction done, 0 to 1 and never backwards, and the stage's name.
    name : str, optional
        What the report calls the file, which may lie under another name.

    Raises
    ------
    BadInput
        The file cannot be read as audio, or the genre is none we know.
    NothingToMeasure
        It holds no audio frame.
    """
    if settings.genre is not None:
        find_family(settings.genre)  # a slip in a name should not cost a whole decode
    work = _Work(settings, progress)
    begun = time.perf_counter()
    progress(0.0, "opening")
    tracks, notes = settings.references, settings.reference_notes
    if settings.reference_files:
        heard = work.next(REFERENCE_COST * len(settings.reference_files), "references")
        measured_now, refused = measure_references([Path(name) for name in settings.reference_files], settings, heard)
        tracks, notes = (*tracks, *measured_now), (*notes, *refused)
    profile = ReferenceProfile.of(tracks)
    with open_audio(path, settings.limits, follow_links=settings.follow_links, fingerprint=True) as source:
        heard = work.next(1.0)
        mix = hear(source, heard, work.timings_s, probes=bool(settings.stems))
        file = describe_mix(name or path.name, source)
    stems: Stems | None = None
    read: tuple[ReadStem, ...] = ()
    if settings.stems:
        measured, stems, read = measure_stems(
            mix,
            settings.stems,
            settings.limits,
            work.next(_stem_cost(settings), "stems"),
            in_full=settings.stems_in_full,
            follow_links=settings.follow_links,
        )
    else:
        measured = mix.complete()
    file = replace(file, notes=(*file.notes, *silence_notes(file.name, measured)))
    if settings.codecs:
        part = _of_one_stage(work.next(1.0, "codecs"), "codecs")
        codecs = measure_codecs(path, settings.limits, part, follow_links=settings.follow_links)
        measured = replace(measured, codecs=codecs)
    if settings.crate is not None:
        part = _of_one_stage(work.next(1.0, "crate"), "crate")
        measured = replace(measured, crate=measure_crate(Path(settings.crate), path, settings.limits, part))
    work.next(0.0, "judging")
    progress(MEASURING_SHARE, "judging")
    judgement = judge(measured, settings.genre, settings.target, settings.project, references=profile, stems=stems)
    work.next(0.0, "report")
    report = assemble(
        file,
        measured,
        judgement,
        target=settings.target,
        project=settings.project,
        stems=stems,
        read=read,
        references=() if profile is None else profile.tracks,
        reference_notes=notes,
    )
    work.end()
    work.timings_s["total"] = time.perf_counter() - begun
    progress(1.0, "done")
    return Analysis(report, work.timings_s)


def _stem_cost(settings: Settings) -> float:
    return (1.0 if settings.stems_in_full else STEM_COST) * len(settings.stems)


class _Work:
    """What is done of all that was asked for, and how long each part took."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self.timings_s: dict[str, float] = {}
        self._whole = 1.0 + _stem_cost(settings) + REFERENCE_COST * len(settings.reference_files)
        self._whole += settings.codecs + (settings.crate is not None)
        self._progress = progress
        self._done = 0.0
        self._part = 0.0
        self._timed: tuple[str, float] | None = None

    def next(self, cost: float, stage: str | None = None) -> Progress:
        """End the part before; the next one takes ``cost`` mixes, and its time is kept under ``stage``."""
        self.end()
        self._done, self._part = self._done + self._part, cost
        if stage is not None:
            self._timed = (stage, time.perf_counter())
        first, share = self._done / self._whole, cost / self._whole
        return lambda fraction, heard: self._progress(MEASURING_SHARE * min(1.0, first + share * fraction), heard)

    def end(self) -> None:
        if self._timed is not None:
            stage, begun = self._timed
            self.timings_s[stage] = time.perf_counter() - begun
            self._timed = None


def _of_one_stage(progress: Progress, stage: str) -> Callable[[float], None]:
    return lambda fraction: progress(fraction, stage)
