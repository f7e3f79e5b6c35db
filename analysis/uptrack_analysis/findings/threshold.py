"""From a value to its excess: how far outside the range that is fine, in steps that mean the same for every rule.

Excess 0.5 is where a rule warns, 2 is where it calls a value bad. A pair of limits therefore fixes both the step
(``scale``, two thirds of the way from warn to bad) and the edge of the range without any excess, which lies a third of
that way before the warning. The excess grows with the *distance* from the range, whichever side it is on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from uptrack_analysis.report import Severity

WARN_EXCESS = 0.5
INFORMING = 0.4
"""What is believed by less informs, and no more."""
HALF_BELIEVED = 0.5
"""What is believed by less is minor, and no more."""
BELIEVED = 0.6
"""From here on nothing is taken off for doubt but the confidence itself."""
COSTS_ITS_OWN_FROM = 0.8
"""From nothing at ``WARN_EXCESS``, what a finding takes rises evenly to what its own excess takes here."""
MINOR_EXCESS = 1.0
"""Up to here a finding is minor."""
BAD_EXCESS = 2.0


@dataclass(frozen=True, slots=True)
class Threshold:
    """The range that is fine and the step beyond it, both in the unit of the value."""

    ok_low: float | None
    ok_high: float | None
    scale: float

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise ValueError(f"expected a scale over 0, got {self.scale}: warn and bad must differ, in that order")
        if self.ok_low is not None and self.ok_high is not None and self.ok_low > self.ok_high:
            raise ValueError(f"expected a range, got {self.ok_low} to {self.ok_high}")

    @classmethod
    def above(cls, warn: float, bad: float) -> Self:
        """A value is worse the higher it is."""
        scale = (bad - warn) / (BAD_EXCESS - WARN_EXCESS)
        return cls(None, warn - WARN_EXCESS * scale, scale)

    @classmethod
    def below(cls, warn: float, bad: float) -> Self:
        """A value is worse the lower it is."""
        scale = (warn - bad) / (BAD_EXCESS - WARN_EXCESS)
        return cls(warn + WARN_EXCESS * scale, None, scale)

    @classmethod
    def around(cls, centre: float, warn: float, bad: float) -> Self:
        """A value is worse the further it is from ``centre``; ``warn`` and ``bad`` are distances."""
        scale = (bad - warn) / (BAD_EXCESS - WARN_EXCESS)
        fine = max(0.0, warn - WARN_EXCESS * scale)
        return cls(centre - fine, centre + fine, scale)

    @classmethod
    def window(cls, low: float, high: float, warn: float, bad: float) -> Self:
        """Fine from ``low`` to ``high``; ``warn`` and ``bad`` are distances from the nearer end."""
        scale = (bad - warn) / (BAD_EXCESS - WARN_EXCESS)
        slack = max(0.0, warn - WARN_EXCESS * scale)
        return cls(low - slack, high + slack, scale)

    def moved(self, towards: Threshold, share: float) -> Threshold:
        """The threshold that lies ``share`` of the way to another; a side that either leaves open stays open."""

        def between(own: float | None, other: float | None) -> float | None:
            return None if own is None or other is None else own + share * (other - own)

        return Threshold(
            between(self.ok_low, towards.ok_low),
            between(self.ok_high, towards.ok_high),
            self.scale + share * (towards.scale - self.scale),
        )

    def distance(self, value: float) -> float:
        """How far outside the range, in the value's unit; never negative."""
        under = 0.0 if self.ok_low is None else self.ok_low - value
        over = 0.0 if self.ok_high is None else value - self.ok_high
        return max(0.0, under, over)

    def excess(self, value: float) -> float:
        """Distance over scale: 0.5 warns, 2 is bad."""
        return self.distance(value) / self.scale

    @property
    def ok_range(self) -> tuple[float | None, float | None]:
        return (self.ok_low, self.ok_high)


def costing_excess(excess: float, confidence: float, at_most: Severity) -> float:
    """The excess a finding is scored by: 0 where it informs, its own from well inside the minor ones on.

    Without steps, so that a value that moves by a hair, or a rule that keeps quiet until it warns, moves no score: what
    crosses a warning begins to cost there, and what is hardly believed costs no more than the severity it may have.
    """
    allowed = min(excess, _most_excess(at_most), _believed_excess(confidence))
    if allowed >= COSTS_ITS_OWN_FROM:
        return allowed
    share = max(0.0, (allowed - WARN_EXCESS) / (COSTS_ITS_OWN_FROM - WARN_EXCESS))
    return -math.log1p(share * math.expm1(-COSTS_ITS_OWN_FROM))


def _most_excess(severity: Severity) -> float:
    return {"info": WARN_EXCESS, "minor": MINOR_EXCESS, "moderate": BAD_EXCESS}.get(severity, math.inf)


def _believed_excess(confidence: float) -> float:
    """Up to ``INFORMING`` what informs, at ``HALF_BELIEVED`` what is minor, at ``BELIEVED`` anything."""
    if confidence <= HALF_BELIEVED:
        share = max(0.0, (confidence - INFORMING) / (HALF_BELIEVED - INFORMING))
        return WARN_EXCESS + share * (MINOR_EXCESS - WARN_EXCESS)
    share = (confidence - HALF_BELIEVED) / (BELIEVED - HALF_BELIEVED)
    # Of what is left to saturate, in the measure the score itself saturates by.
    return MINOR_EXCESS - math.log1p(-share) if share < 1.0 else math.inf


def severity_of(excess: float, confidence: float, *, blocker: bool = False) -> Severity:
    """The word for an excess: info under 0.5, where it is told at all, minor under 1, moderate under 2, then major.

    A blocker is an objective defect beyond the limit its rule names. What is believed by less than half is never more
    than minor, and what is believed by less than two fifths informs.
    """
    if excess < WARN_EXCESS or confidence < INFORMING:
        severity: Severity = "info"
    elif excess < MINOR_EXCESS or confidence < HALF_BELIEVED:
        severity = "minor"
    elif blocker:
        severity = "blocker"
    elif excess < BAD_EXCESS:
        severity = "moderate"
    else:
        severity = "major"
    return severity
