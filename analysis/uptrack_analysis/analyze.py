"""From a path to a report: the one entrance that the command line, the worker and the account all use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from uptrack_analysis.audio.source import Limits
from uptrack_analysis.measure.one_pass import Progress
from uptrack_analysis.report import ProjectFacts, Report, Target


@dataclass(frozen=True, slots=True)
class Settings:
    """What to judge by; ``genre`` is a family id of the genre data, or ``None`` to guess."""

    genre: str | None = None
    target: Target = "club"
    project: ProjectFacts = ProjectFacts()
    stems: tuple[str, ...] = ()
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Analysis:
    report: Report
    timings_s: dict[str, float]
    """Seconds a stage: never inside the report, which is deterministic."""


def analyze_file(path: Path, settings: Settings, progress: Progress = lambda _fraction, _stage: None) -> Analysis:
    """Decode, measure, judge and score one file.

    Raises
    ------
    BadInput
        The file cannot be read as audio.
    NothingToMeasure
        It holds no audio frame.
    """
    raise NotImplementedError
