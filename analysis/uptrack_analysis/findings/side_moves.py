"""What a change of width or of polarity can do for sides that fall apart: advice, moves, and what to expect of them.

Width scales the side's amplitude, so 30 percent of it are some 3 dB less or 2 dB more of side over mid, and no move
here promises more. Where a range loses more in mono than unrelated channels do, less width would only take it away.
Under a correlation of -0.5 one side of it is upside down, and a flip brings it back; over that the sides partly cancel,
and what shifts one of them is to be found. How that is told from figures stands in ``fold_down.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from uptrack_analysis.figures import digits, frequency, percent, signed
from uptrack_analysis.findings.case import Case
from uptrack_analysis.findings.fold_down import SHIFTED, opposed
from uptrack_analysis.findings.places import TimeSpan, inside
from uptrack_analysis.measure.band_sums import FrameMask
from uptrack_analysis.measure.ltas import NAMED_BANDS, Band
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.measure.stereo import power_between
from uptrack_analysis.report import Action

UPSIDE_DOWN = -0.5
"""A band with less correlation is upside down; with more it may be a chorus or a Haas delay."""


@dataclass(frozen=True, slots=True)
class _Opposed:
    """Neighbouring named bands whose sides take from each other."""

    low_hz: float
    high_hz: float
    power: float
    """That mono takes away from what unrelated sides would leave."""
    correlation: float


@dataclass(frozen=True, slots=True)
class Mend:
    """What to do about a low correlation."""

    advice: str
    """Sentences, without a space before them."""
    action: Action
    expected_delta: str


def width_db(change_percent: float) -> float:
    """What a change of width makes of side over mid, in dB: -30 percent is -3.1 dB, +30 percent 2.3 dB."""
    return 20 * math.log10(1 + change_percent / 100)


def width_delta(what: str, value_db: float, wanted_db: float, change_percent: float) -> str:
    """What to expect of a change of width, whether or not that brings ``what`` as far as ``wanted_db``."""
    can_db, gap_db = abs(width_db(change_percent)), abs(wanted_db - value_db)
    if gap_db <= can_db:
        return f"{what} {signed(value_db)} → {signed(wanted_db)} dB"
    after_db = value_db + math.copysign(can_db, wanted_db - value_db)
    return (
        f"{what} {signed(value_db)} → {signed(after_db)} dB, about {digits(can_db)} of {digits(gap_db)} dB; the rest "
        f"is a matter of sounds"
    )


def mend_correlation(
    case: Case, spans: Sequence[TimeSpan], correlation: float, wanted: float, step_percent: float
) -> Mend:
    """What to do where the sides fall apart: mend what cancels in the bass or is upside down, else take width off."""
    low_hz = case.family.mono_below_hz
    found, opposing = _at_fault(case, spans), ""
    if found is not None:
        named, own = f"{frequency(found.low_hz)} to {frequency(found.high_hz)}", found.correlation
        if own > UPSIDE_DOWN and found.low_hz < low_hz:
            return Mend(
                f"From {named} the sides partly cancel (correlation {signed(own, 2)}), {SHIFTED}: take that off what "
                f"plays there, or flip the polarity of one side of it if that is fuller in mono.",
                Action("UT", f"Take delay, chorus and widening off what plays {named}"),
                f"correlation {signed(correlation, 2)} → over {signed(wanted, 2)}",
            )
        if own <= UPSIDE_DOWN:
            return Mend(
                f"From {named} one side is upside down (correlation {signed(own, 2)}): flip the polarity "
                f"of one side of the stem that plays there, within that range only if the rest of it is right, and "
                f"listen in mono.",
                Action("UT", f"Flip the polarity of one side of the stem that plays {named}"),
                f"correlation {signed(correlation, 2)} → over {signed(wanted, 2)}",
            )
        opposing = f" Most of it lies from {named} (correlation {signed(own, 2)})."
    return Mend(
        f"Take up to {percent(step_percent / 100)} of width off the widest part there, or shorten its Haas delay, and "
        f"listen in mono.{opposing}",
        Action(
            "UT",
            f"Width −{step_percent:.0f} % on the widest part of these passages",
            tool="width",
            amount=-step_percent,
        ),
        _correlation_delta(correlation, wanted, step_percent),
    )


def _at_fault(case: Case, spans: Sequence[TimeSpan]) -> _Opposed | None:
    """The stretch of the spectrum that opposes most; ``None`` where none does."""
    matrix = case.measured.bands
    mask = inside(matrix.times_s, spans)
    if not mask.any():
        return None
    found: list[_Opposed] = []
    for is_opposed, bands in groupby(NAMED_BANDS, lambda band: _is_opposed(matrix, band, mask)):
        low_hz, *_, high_hz = [edge_hz for band in bands for edge_hz in (band.low_hz, band.high_hz)]
        power = power_between(matrix, low_hz, high_hz, mask)
        if is_opposed and power is not None:
            found.append(_Opposed(low_hz, high_hz, -power.lr, power.correlation or 0.0))
    return max(found, key=lambda one: one.power, default=None)


def _is_opposed(matrix: BandMatrix, band: Band, mask: FrameMask) -> bool:
    power = power_between(matrix, band.low_hz, band.high_hz, mask)
    return power is not None and opposed(power.mono_loss_db or 0.0)


def _correlation_delta(correlation: float, wanted: float, step_percent: float) -> str:
    """Of two sides as loud as each other the correlation follows from side over mid, and so from their width."""
    if correlation <= -1.0:
        return "correlation stays at −1.00: a matter of sounds"
    side_over_mid = (1 - correlation) / (1 + correlation) * 10 ** (width_db(-step_percent) / 10)
    after = (1 - side_over_mid) / (1 + side_over_mid)
    rest = "; the rest is a matter of sounds" if after < wanted else ""
    return f"correlation {signed(correlation, 2)} → {signed(after, 2)} at most{rest}"
