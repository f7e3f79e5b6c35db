"""What to expect of a move: all the way where it reaches that far, and no more than it does where it does not.

A loss to something else, such as a kick's to the bass or a range's in mono, is ``10 lg(1 + other / own)``.
"""

from __future__ import annotations

import math

from uptrack_analysis.figures import digits


def promise(what: str, before_db: float, after_db: float, fine_db: float, *, of: str = "", rest: str = "sounds") -> str:
    """ "mono loss 6.0 → under 2.7 dB", or "mono loss 6.0 → 3.9 dB; the rest is a matter of sounds"."""
    if after_db <= fine_db:
        return f"{what} {digits(before_db)} → under {digits(fine_db)} dB{of}"
    return f"{what} {digits(before_db)} → {digits(after_db)} dB{of}; the rest is a matter of {rest}"


def loss_after_db(loss_db: float, change_db: float) -> float:
    """A loss once what causes it is turned down by ``-change_db``."""
    return 10 * math.log10(1 + (10 ** (loss_db / 10) - 1) * 10 ** (change_db / 10))


def loss_after_flip_db(loss_db: float) -> float:
    """What mono loses once one side is flipped: side is mid then, and mid is side."""
    return -10 * math.log10(-math.expm1(-loss_db / 10 * math.log(10))) if loss_db > 0 else math.inf
