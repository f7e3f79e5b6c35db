"""What a kind of fault is: how it is planted, how bad each amount truly is, which rules answer it.

Names with an underscore are shared inside this package only; a planter's source, names and all, is part of the key
under which ``.cache/faults`` keeps what was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from fault_mixes import RATE_HZ, Mix, Sound

from uptrack_analysis.report import SEVERITIES, Severity, Target

Shape = Literal["point", "stretch", "whole"]
"""A moment, whose distance counts; a stretch, whose overlap counts; the whole mix, which cannot be missed."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A damaged mix and the truth about it."""

    sound: Sound
    start_s: float
    end_s: float
    amount: float
    """In the kind's unit, as it came out."""
    low_hz: float | None = None
    high_hz: float | None = None
    stem: str | None = None
    stems: dict[str, Sound] = field(default_factory=dict)
    """What the analysis gets as stems, where the fault needs them."""
    rate_hz: int = RATE_HZ
    subtype: str = "PCM_24"
    masked: bool = False
    """The mix hides it, so that it is no fault to anybody's ears."""


Plant = Callable[[Mix, float, np.random.Generator], Planted | None]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    amounts: tuple[tuple[float, Severity], ...]
    """From harmless to worst: the amount, and how bad it truly is."""
    unit: str
    plant: Plant
    answers: tuple[str, ...]
    consequences: tuple[str, ...]
    shape: Shape
    band: Literal["centre", "upper edge"] | None = None
    """What of the band is compared; ``None`` where the fault has none."""
    target: Target | None = None
    """Judged for this delivery, whatever the mix's own is."""
    stem: bool = False
    """Needs stems."""
    per_target: Mapping[Target, tuple[Severity, ...]] = field(default_factory=dict)
    """Truths that differ by delivery."""

    def truth(self, index: int, target: Target) -> Severity:
        return self.per_target[target][index] if target in self.per_target else self.amounts[index][1]

    def counts(self, index: int, target: Target) -> bool:
        """Whether the amount is moderate or worse by truth, and so has to be found."""
        return SEVERITIES.index(self.truth(index, target)) >= SEVERITIES.index("moderate")


def _whole(mix: Mix) -> tuple[float, float]:
    return 0.0, mix.sound.shape[1] / RATE_HZ


def _seconds(place: tuple[int, int]) -> tuple[float, float]:
    return place[0] / RATE_HZ, place[1] / RATE_HZ


LEVEL = ("lou.integrated", "lou.drop_vs_break", "lou.drop2_smaller", "dj.crate")
"""What any fault that changes the level may honestly set off."""
LOUDER = (
    *LEVEL,
    "int.dc",
    "dyn.plr",
    "dyn.psr_span",
    "dyn.flat",
    "dyn.transient_loss",
    "int.truepeak",
    "int.codec_overs",
)
DISTORTED = ("ton.tilt", "ton.band", "ton.air")
"""And what one that cuts peaks off may: the distortion it adds is spread over the spectrum in its own way."""
