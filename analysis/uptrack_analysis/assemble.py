"""Measurements and a judgement become a report: figures rounded, curves thinned, what is missing with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from uptrack_analysis import __version__
from uptrack_analysis.findings.judge import Judgement
from uptrack_analysis.findings.playback import playback_rows
from uptrack_analysis.findings.rule import rule_digests, ruleset_hash
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.measurements import measurements_of
from uptrack_analysis.reference_track import ReferenceTrack
from uptrack_analysis.report import (
    SCHEMA,
    Context,
    Engine,
    ProjectFacts,
    Report,
    Source,
    Target,
)
from uptrack_analysis.rounding import rounded
from uptrack_analysis.sections import report_sections
from uptrack_analysis.series import mix_series
from uptrack_analysis.stem_reports import stem_reports
from uptrack_analysis.stems.measure_stems import ReadStem
from uptrack_analysis.stems.results import Stems


def assemble(
    source: Source,
    measured: Measured,
    judgement: Judgement,
    *,
    target: Target,
    project: ProjectFacts,
    stems: Stems | None = None,
    read: Sequence[ReadStem] = (),
    references: tuple[ReferenceTrack, ...] = (),
    reference_notes: tuple[str, ...] = (),
) -> Report:
    """Build the report.

    Parameters
    ----------
    source : Source
        The file, its notes complete.
    measured, judgement : Measured, Judgement
        Of that file.
    target, project : Target, ProjectFacts
        What it was judged by.
    stems, read : Stems, sequence of ReadStem
        The stems it came with, if any: those that could be measured, and what became of each file.
    references, reference_notes : tuple of ReferenceTrack, tuple of str
        The tracks it was held against, and sentences about those that could not be used.

    Raises
    ------
    ValueError
        A figure that must be a number is NaN or infinite: a bug in a measurement or a rule.
    """
    stems_told, stem_sum = stem_reports(read, stems, judgement.findings)
    measurements = measurements_of(measured)
    loudness = measurements.loudness
    playback = playback_rows(target, loudness.integrated_lufs, loudness.true_peak_dbtp)
    if playback is None:
        measurements.unmeasured["playback"] = measurements.unmeasured["loudness.integrated_lufs"]
    report = Report(
        schema=SCHEMA,
        source=source,
        context=Context(
            judgement.genre,
            target,
            project,
            tuple(one.file.name for one in read),
            tuple(track.name for track in references),
            reference_notes,
        ),
        measurements=measurements,
        series=mix_series(measured),
        sections=report_sections(measured),
        stems=stems_told,
        findings=judgement.findings,
        score=judgement.score,
        engine=Engine(
            __version__,
            ruleset_hash(),
            dict(rule_digests(judgement.genre.family, target, tuple(track.sha256 for track in references))),
        ),
        stem_sum=stem_sum,
        playback=playback,
    )
    return rounded(report)
