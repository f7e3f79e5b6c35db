"""``ste.mono_loss``: what a phone, a kitchen radio or a club's mono sum leaves out of everything above the bass.

Channels that have nothing in common lose 3 dB, which wide music comes near to; more is signal against signal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency, percent
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.fold_down import mono_loss
from uptrack_analysis.findings.moments import Moments, moments
from uptrack_analysis.findings.places import as_spans, inside, share, total_s, when
from uptrack_analysis.findings.promises import loss_after_db, promise
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.rules.int_channel import inverted_spans
from uptrack_analysis.findings.side_moves import width_db
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.report import Action

LIMITS = table(
    "ste.mono_loss",
    low_hz=250.0,
    high_hz=8000.0,
    warn_db=3.3,
    bad_db=5.0,
    least_s=4.0,  # in all: an effect may do what it likes for a moment
    width_step_percent=30.0,
    grade="D",
    source="proposal: 3 dB is what unrelated channels lose; cap on width moves of 30 percent",
)

CONFIDENCE = 0.8
WINDOW_S = 3.0
OCTAVE = 2.0


def check(case: Case) -> Verdict:
    if isinstance(case.stereo, Unmeasured):
        return case.stereo
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    windows = moments(case, WINDOW_S)
    halves = None if windows is None else windows.pair(low_hz, high_hz)
    if windows is None or halves is None:
        return Unmeasured(f"The file does not reach {frequency(high_hz)}.")
    asked = windows.loud & ~inside(windows.centres_s, inverted_spans(case.stereo))
    mid, side = halves
    level = float((mid + side)[asked].mean()) if asked.any() else 0.0
    if not level > 0.0:
        return Unmeasured(f"There is no loud passage with signal from {frequency(low_hz)} to {frequency(high_hz)}.")
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    loss = mono_loss(case, windows, halves, asked, threshold)
    if loss is None or total_s(loss.spans) < LIMITS.number("least_s"):
        return ()
    spans, value = loss.spans, loss.db
    step = LIMITS.number("width_step_percent")
    worst = _worst_octave(windows, loss.windows, low_hz, high_hz)
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=share(spans, case.loud_spans),
            advice=(
                f"Played in mono, {frequency(low_hz)} to {frequency(high_hz)} loses {digits(value)} dB at "
                f"{when(spans)}, most of it around {frequency(worst)}. Take up to {percent(step / 100)} of width off "
                f"the widest lead, pad or effect there, and shorten or drop its Haas delay."
            ),
            spans=as_spans(spans),
            low_hz=low_hz,
            high_hz=high_hz,
            actions=(
                Action("UT", f"Width −{step:.0f} % on the widest part of these passages", tool="width", amount=-step),
                Action("MK", "Mark the passages"),
            ),
            blame="side",
            expected_delta=promise("mono loss", value, loss_after_db(value, width_db(-step)), threshold.ok_high or 0.0),
        ),
    )


def _worst_octave(windows: Moments, lost: NDArray[np.bool_], low_hz: float, high_hz: float) -> float:
    """Centre of the octave that loses most power."""
    side = (windows.ll + windows.rr - 2 * windows.lr)[lost].sum(axis=0)
    found: list[tuple[float, float]] = []
    start = low_hz
    while start < high_hz:
        columns = bands_between(windows.edges_hz, start, start * OCTAVE)
        if columns is not None:
            found.append((float(side[columns].sum()), start * OCTAVE**0.5))
        start *= OCTAVE
    return max(found)[1]


RULE = Rule(
    id="ste.mono_loss",
    area="stereo",
    group="correlation",
    weight=0.4,
    title="Lost in mono",
    measures="Power of 250 Hz–8 kHz over that of its mono fold-down, where the loud passage loses most, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=3,
)
