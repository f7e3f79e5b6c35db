"""What mono leaves out of a range, and where in the loud passage: asked of the bass and of everything above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.findings.case import Case
from uptrack_analysis.findings.moments import Moments
from uptrack_analysis.findings.places import TimeSpan
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.signal import FloatArray

UNRELATED_DB = 3.01
"""What channels lose that have nothing in common; beyond it they take level from each other."""
OPPOSED_FROM_DB = UNRELATED_DB + 0.25
UPSIDE_DOWN_DB = 6.02
"""What channels lose whose correlation is -0.5: beyond it one of them is mostly the other upside down."""
SHIFTED = "as a delay, a chorus or a widener makes them"
"""What sides do that partly cancel, but are not upside down."""
MOST_DB = 30.0
"""Beyond this nothing is left to lose."""
AUDIBLE_DB = -15.0
"""A window this far under the range's own level has no say."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Windows in which mono loses more than is fine."""

    windows: NDArray[np.bool_]
    """shape (n_windows,)"""
    spans: tuple[TimeSpan, ...]
    db: float
    """Power of both channels over that of their fold-down, in all these windows together."""


def opposed(loss_db: float) -> bool:
    """Whether the sides of what loses so much in mono take level from each other: less width would leave it away.

    A fold-down loses over 3 dB just where side is over mid, and the correlation negative.
    """
    return loss_db > OPPOSED_FROM_DB


def upside_down(loss_db: float) -> bool:
    """Whether one of two sides that lose so much in mono is upside down, and a flip brings most of it back."""
    return loss_db >= UPSIDE_DOWN_DB


def mono_loss(
    case: Case, windows: Moments, halves: tuple[FloatArray, FloatArray], asked: NDArray[np.bool_], threshold: Threshold
) -> Loss | None:
    """The loss over the windows ``asked``; ``None`` where there is none beyond the threshold's fine range.

    ``halves`` are the powers of mid and side, shape (n_windows,) each, of which some window asked has any.
    """
    mid, side = halves
    level = float((mid + side)[asked].mean())
    limit = 10 ** ((threshold.ok_high or 0.0) / 10)
    lost = asked & (mid + side > limit * mid) & (mid + side > level * 10 ** (AUDIBLE_DB / 10))
    if not lost.any():
        return None
    there, left = float((mid + side)[lost].sum()), float(mid[lost].sum())
    db = min(MOST_DB, float(10 * np.log10(there / left))) if left > 0 else MOST_DB
    return Loss(lost, case.joined(windows.spans(lost)), db)
