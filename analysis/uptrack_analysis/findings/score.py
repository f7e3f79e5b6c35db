"""``score-1``: what findings cost, what fixing one would regain, and how much could be judged at all.

A finding's excess ``x``, as far as it warns and is believed (``threshold.costing_excess``), saturates as
``s = 1 - exp(-x)``; with weight ``w``, confidence ``c`` and exposure ``e`` it takes the share
``p = w c s (0.4 + 0.6 e)`` from its area. Areas multiply: ``A = 100 prod(1 - p)`` over the groups of the area, a group
costing what its dearest finding costs, and ``O = 100 prod((A / 100) ** (gamma W))``. A group with a blocker multiplies
O by ``1 - 0.5 c s``. Products never need clamping, and good treble never pays for a broken sub.
Whatever could not be measured lowers the coverage and leaves the score alone; under 60 % coverage there is no number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol, Self

from uptrack_analysis.findings.tables import read_table
from uptrack_analysis.findings.targets import TARGETS
from uptrack_analysis.report import AreaScore, Finding, Score, Target


@dataclass(frozen=True, slots=True)
class Constants:
    """The figures of the formula, from ``score.toml``."""

    version: str
    gamma: float
    exposure_floor: float
    exposure_share: float
    blocker_share: float
    least_coverage: float
    highest_weight: float
    areas: Mapping[str, float]
    left_out: Mapping[Target, tuple[str, ...]]

    def weights(self, target: Target) -> dict[str, float]:
        """Weight of each area for a target; they sum to 1, an area the target leaves out weighs 0."""
        judged = {area: 0.0 if area in self.left_out[target] else weight for area, weight in self.areas.items()}
        whole = math.fsum(judged.values())
        return {area: weight / whole for area, weight in judged.items()}


@cache
def load_constants() -> Constants:
    """The constants of the data file.

    Raises
    ------
    DataError
        The file is missing or wrong.
    """
    table = read_table("score.toml")
    areas, left_out = table.table("areas"), table.table("left_out")
    return Constants(
        version=table.text("version"),
        gamma=table.number("gamma"),
        exposure_floor=table.number("exposure_floor"),
        exposure_share=table.number("exposure_share"),
        blocker_share=table.number("blocker_share"),
        least_coverage=table.number("least_coverage"),
        highest_weight=table.number("highest_weight"),
        areas={area: areas.number(area) for area in areas.values},
        left_out={target: left_out.texts(target) for target in TARGETS},
    )


class Taking(Protocol):
    """What the formula needs of one finding: a ``Cost``, or what a report has kept of one."""

    @property
    def finding(self) -> str: ...
    @property
    def area(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def penalty(self) -> float:
        """Share of the area that it takes."""
        ...

    @property
    def blocked(self) -> float:
        """Share of the whole that it takes as a blocker; 0 for any other finding."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding's cost as a report tells it."""

    finding: str
    area: str
    group: str
    penalty: float
    blocked: float

    @classmethod
    def of(cls, finding: Finding) -> Self:
        saturation = -math.expm1(-max(0.0, finding.excess))
        blocked = load_constants().blocker_share * finding.confidence * saturation
        return cls(
            finding=finding.id,
            area=finding.area,
            # One without a group (an older report) is a cause of its own.
            group=finding.group or finding.id,
            penalty=finding.penalty,
            blocked=blocked if finding.severity == "blocker" else 0.0,
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What the score needs to know of one finding."""

    finding: str
    area: str
    group: str
    weight: float
    excess: float
    exposure: float
    confidence: float
    blocker: bool = False

    @property
    def saturation(self) -> float:
        """``s``, 0 to 1."""
        return -math.expm1(-max(0.0, self.excess))

    @property
    def penalty(self) -> float:
        """Share of its area that it takes, 0 to its weight."""
        constants = load_constants()
        reach = constants.exposure_floor + constants.exposure_share * self.exposure
        return self.weight * self.confidence * self.saturation * reach

    @property
    def blocked(self) -> float:
        """Share of the whole that it takes as a blocker."""
        return load_constants().blocker_share * self.confidence * self.saturation if self.blocker else 0.0


@dataclass(frozen=True, slots=True)
class AskedRule:
    """What coverage needs to know of one rule: how much it could weigh, and whether it could be asked."""

    id: str
    area: str
    weight: float
    unmeasured: str | None = None
    """Why not."""


def area_score(costs: Sequence[Taking], area: str) -> float:
    """``A``: 0 to 100."""
    dearest: dict[str, float] = {}
    for cost in costs:
        if cost.area == area:
            dearest[cost.group] = max(dearest.get(cost.group, 0.0), cost.penalty)
    return 100.0 * math.prod((1.0 - dearest[group] for group in sorted(dearest)), start=1.0)


def overall_score(costs: Sequence[Taking], target: Target) -> float:
    """``O``: 0 to 100, whatever the coverage."""
    constants = load_constants()
    shares = math.prod(
        math.pow(area_score(costs, area) / 100.0, constants.gamma * weight)
        for area, weight in constants.weights(target).items()
    )
    worst: dict[tuple[str, str], float] = {}
    for cost in costs:
        if cost.blocked:
            cause = (cost.area, cost.group)
            worst[cause] = max(worst.get(cause, 0.0), cost.blocked)
    return 100.0 * shares * math.prod((1.0 - worst[cause] for cause in sorted(worst)), start=1.0)


def points(costs: Sequence[Taking], target: Target) -> dict[str, float]:
    """For each finding, what the whole score would regain without it."""
    with_all = overall_score(costs, target)
    return {
        cost.finding: max(0.0, overall_score([*costs[:place], *costs[place + 1 :]], target) - with_all)
        for place, cost in enumerate(costs)
    }


def score(costs: Sequence[Taking], asked: Sequence[AskedRule], target: Target) -> Score:
    """The report's score. An area of which nothing could be measured is not listed, rather than shown as perfect."""
    constants = load_constants()
    coverages = {area: _coverage(asked, area) for area in constants.areas}
    weights = constants.weights(target)
    whole = math.fsum(weights[area] for area, share in coverages.items() if share is not None)
    covered = math.fsum(weights[area] * share for area, share in coverages.items() if share is not None)
    coverage = covered / whole if whole > 0 else 0.0
    return Score(
        version=constants.version,
        overall=overall_score(costs, target) if coverage >= constants.least_coverage else None,
        coverage=coverage,
        areas=tuple(
            AreaScore(area=area, score=area_score(costs, area), coverage=share)
            for area, share in coverages.items()
            if share and weights[area] > 0
        ),
        unmeasured_rules={rule.id: rule.unmeasured for rule in asked if rule.unmeasured is not None},
    )


def _coverage(asked: Sequence[AskedRule], area: str) -> float | None:
    """Share of an area's weight that could be judged; ``None`` for an area without rules."""
    rules = [rule for rule in asked if rule.area == area]
    whole = math.fsum(rule.weight for rule in rules)
    if not whole:
        return None
    return math.fsum(rule.weight for rule in rules if rule.unmeasured is None) / whole
