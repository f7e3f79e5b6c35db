"""The document as a whole, and its way to JSON and back."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from uptrack_analysis.report.arrangement import Section
from uptrack_analysis.report.context import Context, Source
from uptrack_analysis.report.curves import Series
from uptrack_analysis.report.measurements import Measurements
from uptrack_analysis.report.stems import StemReport, StemSum
from uptrack_analysis.report.verdict import Finding, Score

SCHEMA = "uptrack.report/1"


@dataclass(frozen=True, slots=True)
class PlatformPlayback:
    """At what level one service plays the mix: what becomes of it, never whether it is right for the service."""

    platform: str
    name: str
    low_lufs: float
    """The service's playback level; ``high_lufs`` is another where sources contradict each other."""
    high_lufs: float
    low_db: float
    """Gain on playback, negative for lower. ``high_db`` is another for a contested service, and where it is not known
    whether the service turns a quiet track up."""
    high_db: float
    plays: str
    """The same in words: "5.0 dB lower", "as it is, not turned up"."""
    held_by_peak: bool
    """Turned up less than to the service's level, because the true peak would pass ``headroom_dbtp``."""
    headroom_dbtp: float | None
    """True peak that turning up stops at; ``None`` for a service that does it otherwise, or not at all."""
    contested: bool
    """Sources contradict each other, so that the range is nobody's official word."""
    grade: str
    """Of the evidence: A to D, as a finding's, or two of them with a slash."""
    source: str
    fetched_at: str
    """Day on which the source was read, YYYY-MM-DD."""
    note: str


@dataclass(frozen=True, slots=True)
class Engine:
    version: str
    ruleset: str
    """First 12 hexadecimal digits of the SHA-256 over rules, thresholds and genre data."""
    rules: dict[str, str] = field(default_factory=dict)
    """Each rule that was asked, with a digest of the limits it judged by: where two reports have the same one, their
    verdicts can be compared."""


@dataclass(frozen=True, slots=True)
class Report:
    schema: str
    source: Source
    context: Context
    measurements: Measurements
    series: Series
    sections: tuple[Section, ...]
    stems: tuple[StemReport, ...]
    findings: tuple[Finding, ...]
    score: Score
    engine: Engine
    stem_sum: StemSum | None = None
    """``None`` without stems, and where their waveforms cannot be compared with the mix."""
    playback: tuple[PlatformPlayback, ...] | None = None
    """What services make of its level; empty for a premaster, ``None`` without a loudness (``unmeasured`` says why
    under "playback") and in reports made before there was such a thing."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A report and what it took to make it."""

    report: Report
    timings_s: dict[str, float]
    """Seconds a stage: never inside the report, which is deterministic."""


def to_document(report: Report) -> dict[str, Any]:
    """The report as plain JSON types, keys in schema order."""
    document: dict[str, Any] = dataclasses.asdict(report)
    return document


def to_json(report: Report, *, indent: int | None = None) -> str:
    """The report as JSON text.

    Raises
    ------
    ValueError
        A figure is NaN or infinite: a bug in a measurement, which must not reach a reader.
    """
    return json.dumps(to_document(report), ensure_ascii=False, allow_nan=False, indent=indent)


def from_json(text: str | bytes) -> Report:
    """Read a report back, checking every field's type.

    Raises
    ------
    pydantic.ValidationError
        The text is not a report of this schema.
    """
    # Imported here: reading back is the daemon's and the page's business, and the command line starts faster without.
    from pydantic import TypeAdapter

    return TypeAdapter(Report).validate_json(text)
