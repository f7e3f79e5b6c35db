"""From a path to a report: the one entrance that the command line, the worker and the account all use."""

from __future__ import annotations

import time
from pathlib import Path

from uptrack_analysis.assemble import assemble
from uptrack_analysis.audio.described import describe
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.findings.families import find_family
from uptrack_analysis.findings.judge import judge
from uptrack_analysis.measure.one_pass import Progress, measure
from uptrack_analysis.report import Analysis
from uptrack_analysis.settings import Settings
from uptrack_analysis.stems.measure_stems import ReadStem, measure_stems
from uptrack_analysis.stems.results import Stems

MEASURING_SHARE = 0.95
"""Part of the progress that measuring takes; judging and writing the report are quick."""
STEM_SHARE = 0.25
"""What a stem costs, in mixes."""


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
    mix_share = MEASURING_SHARE / (1 + STEM_SHARE * len(settings.stems))
    with open_audio(path, settings.limits, follow_links=settings.follow_links) as source:
        measured = measure(
            source,
            lambda fraction, stage: progress(fraction * mix_share, stage),
            timings_s,
            probes=bool(settings.stems),
        )
        file = describe(path.name, source)
    stems: Stems | None = None
    read: tuple[ReadStem, ...] = ()
    if settings.stems:
        measuring = time.perf_counter()
        stems, read = measure_stems(
            measured,
            settings.stems,
            settings.limits,
            lambda fraction, stage: progress(mix_share + fraction * (MEASURING_SHARE - mix_share), stage),
            follow_links=settings.follow_links,
        )
        timings_s["stems"] = time.perf_counter() - measuring
    judging = time.perf_counter()
    progress(MEASURING_SHARE, "judging")
    judgement = judge(measured, settings.genre, settings.target, settings.project, stems=stems)
    assembling = time.perf_counter()
    timings_s["judging"] = assembling - judging
    report = assemble(
        file, measured, judgement, target=settings.target, project=settings.project, stems=stems, read=read
    )
    timings_s["report"] = time.perf_counter() - assembling
    timings_s["total"] = time.perf_counter() - begun
    progress(1.0, "done")
    return Analysis(report, timings_s)
