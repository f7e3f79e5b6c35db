"""The report: an immutable, versioned document, and the only thing pages, DAWs, plots and accounts ever read.

Schema ``uptrack.report/1``. Times are seconds from the file's first sample, levels carry their unit in the name,
and a figure that could not be measured is ``None`` with its reason under ``measurements.unmeasured``. The document
holds no clock time, no path and no job id: same audio, same settings, same rules give the same bytes. Every number
is rounded when the report is built (``present`` and the DAW scripts never round again), and NaN or infinity cannot
be written at all.
"""

from __future__ import annotations

from uptrack_analysis.report.arrangement import Section, SectionFeatures
from uptrack_analysis.report.context import (
    Context,
    GenreChoice,
    MeasuredFile,
    ProjectFacts,
    Source,
    Target,
)
from uptrack_analysis.report.curves import BandCurve, Hits, Series, StereoBandSeries, Waveform
from uptrack_analysis.report.defects import Click, Clip, DefectFigures, Hum, HumLine, Repeat, Silence, Span, Stretch
from uptrack_analysis.report.document import (
    SCHEMA,
    Analysis,
    Engine,
    PlatformPlayback,
    Report,
    from_json,
    to_document,
    to_json,
)
from uptrack_analysis.report.measurements import (
    BandCrest,
    BandLevel,
    DynamicsFigures,
    KeyCandidate,
    KeyFigures,
    LevelJump,
    LoudnessFigures,
    Measurements,
    ResonanceFigures,
    SpectrumFigures,
    StereoBand,
    StereoFigures,
    TempoCandidate,
    TempoFigures,
    TransientFigures,
)
from uptrack_analysis.report.stems import StemBand, StemFigures, StemInFull, StemPlace, StemReport, StemSeries, StemSum
from uptrack_analysis.report.verdict import SEVERITIES, Action, AreaScore, Finding, Score, Severity, StemShare, Tool

__all__ = [
    "SCHEMA",
    "SEVERITIES",
    "Action",
    "Analysis",
    "AreaScore",
    "BandCrest",
    "BandCurve",
    "BandLevel",
    "Click",
    "Clip",
    "Context",
    "DefectFigures",
    "DynamicsFigures",
    "Engine",
    "Finding",
    "GenreChoice",
    "Hits",
    "Hum",
    "HumLine",
    "KeyCandidate",
    "KeyFigures",
    "LevelJump",
    "LoudnessFigures",
    "MeasuredFile",
    "Measurements",
    "PlatformPlayback",
    "ProjectFacts",
    "Repeat",
    "Report",
    "ResonanceFigures",
    "Score",
    "Section",
    "SectionFeatures",
    "Series",
    "Severity",
    "Silence",
    "Source",
    "Span",
    "SpectrumFigures",
    "StemBand",
    "StemFigures",
    "StemInFull",
    "StemPlace",
    "StemReport",
    "StemSeries",
    "StemShare",
    "StemSum",
    "StereoBand",
    "StereoBandSeries",
    "StereoFigures",
    "Stretch",
    "Target",
    "TempoCandidate",
    "TempoFigures",
    "Tool",
    "TransientFigures",
    "Waveform",
    "from_json",
    "to_document",
    "to_json",
]
