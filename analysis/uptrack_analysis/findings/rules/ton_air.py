"""``ton.air``: the octave from 8 to 16 kHz, too much or too little of it.

The tonal average falls ever steeper up there, further than electronic music does, so distance from it says little.
Air is off where it is off twice: against the average's shape, and against the two octaves under it, which hats and
noise that are merely bright lift as well. The smaller of the two counts. In a mix that is dark or bright as a whole the
average is asked with the tilt left in (``lean.py``). What references say of this octave is ``ton.band``'s.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.moments import moments
from uptrack_analysis.findings.places import as_spans, share
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import air_over_rest_db, octave_shape
from uptrack_analysis.measure.ltas import NAMED_BANDS
from uptrack_analysis.report import Action

LIMITS = table(
    "ton.air",
    warn_db=5.0,
    bad_db=8.0,
    # by how much the air of electronic music usually lies over a straight line through presence and brilliance
    usual_db=2.5,
    nothing_db=-15.0,  # further under the average it is cut off, not dull
    # From here on it may be: an old sampler's sounds end there, and nobody took their air away.
    doubtful_db=-10.0,
    shelf_hz=10000.0,
    eq_cap_db=4.0,
    grade="D",
    source="proposal; usual: median of 20 freely licensed electronic tracks",
)

CONFIDENCE = 0.65
DOUBTED = 0.35
WINDOW_S = 4.0
AIR = NAMED_BANDS[7]


def check(case: Case) -> Verdict:
    measured = case.measured
    if case.references is not None and case.references.octave_ranges_db[-1] is not None:
        return ()
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge its air in.")
    cutoff_hz = measured.details.cutoff_hz
    if cutoff_hz is not None and cutoff_hz < AIR.high_hz:
        return Unmeasured(
            f"The spectrum ends at {frequency(cutoff_hz)}, as an encoder or a lower sample rate leaves it, so its air "
            f"cannot be judged."
        )
    average = load_tonal_average()
    shape = octave_shape(case.loud_spectrum, average)
    windows = moments(case, WINDOW_S)
    there = shape is not None and shape.bands[-1].name == AIR.name
    if shape is None or windows is None or not there or shape.residual_db[-1] < LIMITS.number("nothing_db"):
        return Unmeasured(f"Too little signal reaches {frequency(AIR.high_hz)} for its air to be judged.")
    usual = LIMITS.number("usual_db")
    against_average = float(shape.residual_db[-1])
    if case.lean is not None:
        against_average = case.lean.left_in(against_average, shape.tilt_db_per_octave, shape.bands[-1])
    against_rest = float(air_over_rest_db(windows.edges_hz, windows.power[windows.loud].mean(axis=0), average)) - usual
    if against_average * against_rest <= 0:
        return ()
    value = min(against_average, against_rest, key=abs)
    threshold = Threshold.around(0.0, LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    if not threshold.excess(value):
        return ()
    over = value > 0
    moments_db = air_over_rest_db(windows.edges_hz, windows.power, average) - usual
    off = windows.loud & (np.sign(value) * moments_db > (threshold.ok_high or 0.0))
    spans = case.joined(windows.spans(off)) or case.loud_spans
    cap, shelf_hz = LIMITS.number("eq_cap_db"), LIMITS.number("shelf_hz")
    move = min(cap, max(0.5, round(2 * threshold.distance(value)) / 2)) * (-1 if over else 1)
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=DOUBTED if value < LIMITS.number("doubtful_db") else CONFIDENCE,
            exposure=share(spans, case.loud_spans),
            title="Too much air" if over else "Too little air",
            advice=(
                f"8 to 16 kHz lies {digits(abs(value))} dB {'over' if over else 'under'} what the rest of the highs "
                f"suggests. "
                + (
                    f"Take {digits(-move)} dB off with a shelf at {frequency(shelf_hz)} on hats and noise, or choose "
                    f"softer ones."
                    if over
                    else f"Raise {digits(move)} dB with a shelf at {frequency(shelf_hz)} on hats and cymbals, and "
                    f"look for a low-pass that was left on a bus."
                )
            ),
            spans=as_spans(spans),
            low_hz=AIR.low_hz,
            high_hz=AIR.high_hz,
            actions=(Action("EQ", "High shelf on hats and noise", move, shelf_hz, 0.7, tool="high shelf"),),
            blame="power" if over else None,
            expected_delta=f"air {signed(value)} → {signed(value + move)} dB",
        ),
    )


RULE = Rule(
    id="ton.air",
    area="tonal",
    group="tone",
    weight=0.3,
    title="Air",
    measures="8–16 kHz in the loud passage against the tonal average and against presence and brilliance, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    family_tables=("tilt",),
    by_references=True,
    version=5,
)
