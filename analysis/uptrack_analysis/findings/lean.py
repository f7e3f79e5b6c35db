"""How far a whole spectrum leans, dark or bright, and which shelf sets it upright.

Octaves are judged with the tilt taken out. In a mix that leans, one may lie over the falling line and under the average
all the same: told both, a reader raises the highs and cuts one of them. So the lean speaks first. What an octave is out
by *against* it is judged with the tilt left in, all of it from where ``ton.tilt`` warns; what goes the same way comes
on top of the lean. And where an octave is out against the lean even so, the shelf takes from the other end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import average_tilt_db_per_octave, standing_out, tilt_over_average
from uptrack_analysis.measure.ltas import Band
from uptrack_analysis.report import Action

if TYPE_CHECKING:
    from uptrack_analysis.findings.case import Case, Draft

# DB per octave from the tonal average, or from the brighter one that electronic music usually has.
LIMITS = table(
    "ton.tilt",
    usual_db_per_octave=0.7,
    low_hz=100.0,
    high_hz=10000.0,
    shelf_hz=4000.0,
    low_shelf_hz=400.0,
    eq_cap_db=4.0,
    grade="D",
    source="shape: Elowsson and Friberg 2017; usual: median of 24 freely licensed tracks; tolerances: family files",
)
SHELF_Q = 0.7
REACH = 2 ** (1 / 6)
"""An octave that reaches past a shelf's corner by less has little of it; a ratio."""


@dataclass(frozen=True, slots=True)
class Lean:
    """A spectrum's slope, in dB an octave, and what it was held against."""

    value: float
    expected: float
    threshold: Threshold
    without: tuple[Band, ...] = ()
    """Dips and humps that took no part."""

    @property
    def bright(self) -> bool:
        return self.value > self.expected

    @property
    def warns(self) -> bool:
        return self.threshold.excess(self.value) >= WARN_EXCESS

    def left_in(self, residual_db: float, tilt_db_per_octave: float, band: Band) -> float:
        """What a band is out by, with that part of the tilt left in that is against it; never past 0.

        Parameters
        ----------
        residual_db, tilt_db_per_octave : float
            Of the octaves' own fit; the tilt turns around 1 kHz.
        """
        octaves = math.log2(math.sqrt(band.low_hz * band.high_hz) / 1000.0)
        explained_db = tilt_db_per_octave * octaves * min(1.0, self.threshold.excess(self.value) / WARN_EXCESS)
        if (tilt_db_per_octave > 0) != self.bright or residual_db * explained_db >= 0:
            return residual_db
        return math.copysign(max(0.0, abs(residual_db) - abs(explained_db)), residual_db)


def lean_of(case: Case) -> Lean | None:
    """Of the loud passage, against the tonal average; ``None`` where the spectrum does not reach far enough."""
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    spectrum, average = case.loud_spectrum, load_tonal_average()
    over = tilt_over_average(spectrum, average, low_hz, high_hz) if case.loud_mask.any() else None
    if over is None or spectrum.edges_hz[-1] < high_hz:
        return None
    expected = average_tilt_db_per_octave(average, spectrum.edges_hz, low_hz, high_hz)
    threshold = Threshold.window(
        expected,
        expected + LIMITS.number("usual_db_per_octave"),
        case.family.tilt_warn_db_per_octave,
        case.family.tilt_bad_db_per_octave,
    )
    # A dip or a hump leans on the line and is no tilt: with and without it the mix has to lean, and by the lesser.
    odd = standing_out(spectrum, average)
    even = tilt_over_average(spectrum, average, low_hz, high_hz, without=odd) if odd else None
    if even is not None and (even > 0) != (over > 0):
        return Lean(expected, expected, threshold)
    if even is not None and threshold.excess(expected + even) < threshold.excess(expected + over):
        return Lean(expected + even, expected, threshold, odd)
    return Lean(expected + over, expected, threshold)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The move that sets a lean upright."""

    advice: str
    """Sentences: the shelf, what it makes of the slope, and where more is to be had."""
    action: Action
    after: float
    """The slope behind it."""


def shelf_for(lean: Lean, octaves: Iterable[Draft]) -> Shelf | None:
    """A shelf at the end where no finding of an octave asks for the opposite; ``None`` if both ends do."""
    # A passage that leaps says nothing of the rest.
    told = [draft for draft in octaves if draft.excess >= WARN_EXCESS and draft.place != "part"]
    # Raising one end and cutting an octave of it, or the other way round.
    above_hz, below_hz = LIMITS.number("shelf_hz"), LIMITS.number("low_shelf_hz")
    highs_against = any(_reaches_over(draft, above_hz) for draft in told if _over(draft) != lean.bright)
    lows_against = any(_reaches_under(draft, below_hz) for draft in told if _over(draft) == lean.bright)
    if highs_against and lows_against:
        return None
    hz = below_hz if highs_against else above_hz
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    # Least squares over log frequency: a step of 1 dB with the share q of n octaves above it tilts by 6q(1-q)/n.
    octaves_in_all = math.log2(high_hz / low_hz)
    share = math.log2(high_hz / hz) / octaves_in_all
    per_db = 6 * share * (1 - share) / octaves_in_all
    needed = max(0.5, math.ceil(2 * lean.threshold.distance(lean.value) / per_db) / 2)
    upright = min(LIMITS.number("eq_cap_db"), needed) * (-1 if lean.bright else 1)
    after, move = lean.value + upright * per_db, -upright if highs_against else upright
    if highs_against:
        where = f"below {frequency(hz)} on chords, pads and what else has body there, kick and sub left as they are,"
        action = Action("EQ", "Low shelf on what has body there", move, hz, SHELF_Q, tool="low shelf")
    else:
        where = f"above {frequency(hz)} on the mix bus, or the same on hats and tops,"
        action = Action("EQ", "High shelf on the mix bus", move, hz, SHELF_Q, tool="high shelf", on_mix=True)
    advice = f"A shelf of {signed(move)} dB {where} brings it to {digits(-after)}."
    if needed > LIMITS.number("eq_cap_db"):
        sounds = [
            *([] if highs_against else ["softer hats and noise" if lean.bright else "brighter hats and leads"]),
            *([] if lows_against else ["more body in the low mids" if lean.bright else "less weight in the low mids"]),
        ]
        advice += f" The rest is a matter of sounds: {', or '.join(sounds)}."
    return Shelf(advice, action, after)


def _over(draft: Draft) -> bool:
    low, high = draft.threshold.ok_range
    return draft.value > ((low or 0.0) + (high or 0.0)) / 2


def _reaches_over(draft: Draft, hz: float) -> bool:
    return draft.high_hz is not None and draft.high_hz > REACH * hz


def _reaches_under(draft: Draft, hz: float) -> bool:
    return draft.low_hz is not None and draft.low_hz < hz / REACH
