"""From a path to a report: the one entrance that the command line, the worker and the account all use."""

from __future__ import annotations

import os
import time
from pathlib import Path

from uptrack_analysis.assemble import assemble
from uptrack_analysis.audio.source import AudioSource, open_audio
from uptrack_analysis.findings.families import find_family
from uptrack_analysis.findings.judge import judge
from uptrack_analysis.measure.one_pass import Progress, measure
from uptrack_analysis.report import Analysis, Source
from uptrack_analysis.settings import Settings

MEASURING_SHARE = 0.95
"""Part of the progress that the decode takes; judging and writing the report are quick."""


def analyze_file(
    path: Path,
    settings: Settings = Settings(),
    progress: Progress = lambda _fraction, _stage: None,
) -> Analysis:
    """Decode, measure, judge and score one file.

    Parameters
    ----------
    path : Path
        Read in place, never written.
    settings : Settings
    progress : callable
        Called with the fraction done, 0 to 1 and never backwards, and the stage's name.

    Raises
    ------
    BadInput
        The file cannot be read as audio, or the genre is none we know.
    NothingToMeasure
        It holds no audio frame.
    """
    if settings.genre is not None:
        find_family(settings.genre)  # a slip in a name should not cost a whole decode
    timings_s: dict[str, float] = {}
    begun = time.perf_counter()
    progress(0.0, "opening")
    with open_audio(path, settings.limits, follow_links=settings.follow_links) as source:
        measured = measure(source, lambda fraction, stage: progress(fraction * MEASURING_SHARE, stage), timings_s)
        file = _source(path, source)
    judging = time.perf_counter()
    progress(MEASURING_SHARE, "judging")
    judgement = judge(measured, settings.genre, settings.target, settings.project)
    assembling = time.perf_counter()
    timings_s["judging"] = assembling - judging
    report = assemble(file, measured, judgement, target=settings.target, project=settings.project, stems=settings.stems)
    timings_s["report"] = time.perf_counter() - assembling
    timings_s["total"] = time.perf_counter() - begun
    progress(1.0, "done")
    return Analysis(report, timings_s)


def _source(path: Path, source: AudioSource) -> Source:
    info = source.info
    return Source(
        # A name that is no UTF-8 still has to fit into a JSON document.
        name=os.fsencode(path.name).decode("utf-8", "replace"),
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
