"""What the rules found, what to do about it, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from uptrack_analysis.report.defects import Span

Severity = Literal["info", "minor", "moderate", "major", "blocker"]
SEVERITIES: tuple[Severity, ...] = ("info", "minor", "moderate", "major", "blocker")

Tool = Literal["bell", "low shelf", "high shelf", "notch", "high-pass", "gain", "polarity", "width", "delay", "ceiling"]
"""Moves a DAW script can make, and take back."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a DAW script or a person can do about a finding."""

    kind: Literal["MK", "GN", "EQ", "DQ", "HP", "SC", "UT", "DL", "LM", "CO", "NT"]
    text: str
    gain_db: float | None = None
    frequency_hz: float | None = None
    q: float | None = None
    tool: Tool | None = None
    """What a program can do of it; ``None``: it takes a person."""
    amount: float | None = None
    """Of ``width`` in percent more or less, of ``delay`` in ms, of ``ceiling`` in dBTP."""
    on: str | None = None
    """The stem it is to be done on; ``None``: the finding's own."""
    on_mix: bool = False
    """On the mix bus, whatever stem the finding names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: what, where, how bad, what to do. ``id`` is the same in every run that sees the same problem."""

    id: str
    rule: str
    area: str
    severity: Severity
    confidence: float
    title: str
    advice: str
    value: float | None
    unit: str
    ok_range: tuple[float | None, float | None]
    scale: float
    """What one unit of ``excess`` is worth, in ``unit``."""
    excess: float
    exposure: float
    """Share of the time that matters in which the problem is there, 0 to 1."""
    grade: Literal["A", "B", "C", "D"]
    """Grade of evidence behind the threshold."""
    start_s: float
    end_s: float
    spans: tuple[Span, ...] = ()
    low_hz: float | None = None
    high_hz: float | None = None
    stem: str | None = None
    """The stem that most of it comes from, if stems came with the mix."""
    actions: tuple[Action, ...] = ()
    expected_delta: str = ""
    points: float = 0.0
    """What the whole score would regain without this finding."""
    shares: tuple[StemShare, ...] = ()
    """How much of it each stem brings, largest first: at most the first eight."""
    group: str = ""
    """Findings of one area that share a group have one cause: only the dearest of them costs."""
    penalty: float = 0.0
    """Share of its area that it takes, 0 to 0.6."""
    dismissed: bool = False
    """The user has said that it is meant: it costs nothing, and only this document still shows it."""
    dismissed_as: Severity | None = None
    """How bad what the user dismissed was, the finding or the worst of its rule, where this is worse: told again."""
    told_from: float | None = None
    """Where the rule begins to tell, if that lies well beyond ``ok_range``: what lies between cannot be heard."""


@dataclass(frozen=True, slots=True)
class StemShare:
    stem: str
    share: float
    """Of all stems together, 0 to 1."""


@dataclass(frozen=True, slots=True)
class AreaScore:
    area: str
    score: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Score:
    """``overall`` is ``None`` when less than 60 % of the rules could be measured."""

    version: str
    overall: float | None
    coverage: float
    areas: tuple[AreaScore, ...]
    unmeasured_rules: dict[str, str] = field(default_factory=dict)
