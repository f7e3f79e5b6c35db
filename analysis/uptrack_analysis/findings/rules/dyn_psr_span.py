"""``dyn.psr_span``: whether the drop's peaks still stand out, moment by moment, or a limiter holds them down for long.

PSR is the largest sample of 3 s over the loudness of the same 3 s. A drop may dip under the family's limit for a fill;
what counts is the level it stays under for a quarter of the loud passage.
"""

from __future__ import annotations

import math

import numpy as np

from uptrack_analysis.figures import digits, percent
from uptrack_analysis.findings.case import SHORT_TERM_S, Case, Draft
from uptrack_analysis.findings.places import as_spans, inside, share, spans_of_windows, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.psr import psr_curve
from uptrack_analysis.report import Action

LIMITS = table(
    "dyn.psr_span",
    share_percent=25.0,  # of the loud passage
    bad_under_warn_db=1.5,
    step_db=2.0,
    grade="D",
    source="proposal; the limits are in the family files. Dynameter's bands: 8 limited, 10 competitive, 12 balanced",
)

CONFIDENCE = 0.8


def check(case: Case) -> Verdict:
    peaks = case.measured.peaks
    curve = psr_curve(peaks.curve_dbfs, case.measured.loudness)
    ends_s = peaks.curve_step_s * np.arange(1, curve.size + 1, dtype=np.float64)
    asked = np.isfinite(curve) & inside(ends_s - SHORT_TERM_S / 2, case.loud_spans)
    if not asked.any():
        return case.why("loudness.integrated_lufs", "There is no loud passage of 3 s to judge its peaks in.")
    limit = case.family.psr_in_drop_warn_db
    threshold = Threshold.below(limit, limit - LIMITS.number("bad_under_warn_db"))
    value = float(np.percentile(curve[asked], LIMITS.number("share_percent")))
    if threshold.excess(value) < WARN_EXCESS:
        return ()
    with np.errstate(invalid="ignore"):
        low = asked & (curve < limit)
    spans = case.joined(spans_of_windows(low, ends_s, SHORT_TERM_S)) or case.loud_spans
    squashed = float(low.sum() / asked.sum())
    step = min(LIMITS.number("step_db"), max(0.5, math.ceil(2 * threshold.distance(value)) / 2))
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=share(spans, case.loud_spans),
            advice=(
                f"In {percent(squashed)} of the loud passage, at {when(spans)}, peaks stand under {digits(limit)} dB "
                f"over the loudness (PSR {digits(value)} dB or less for a quarter of it); {case.family.name} keeps "
                f"more. Move {digits(step)} dB of the limiter's work to a soft clipper on the drums, or ease its drive."
            ),
            spans=as_spans(spans),
            actions=(
                Action("LM", "Ease the limiter's drive", gain_db=-step),
                Action("CO", f"Soft clipper on the drums, {digits(step)} dB"),
                Action("MK", "Mark the passages"),
            ),
            expected_delta=f"PSR {digits(value)} → {digits(value + 0.8 * step)} dB",
        ),
    )


RULE = Rule(
    id="dyn.psr_span",
    area="dynamics",
    group="limiting",
    weight=0.3,
    title="Peaks held down in the drop",
    measures="PSR that the loud passage stays under for a quarter of its time, against the family's lower limit.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_genre=True,
    family_tables=("psr_in_drop",),
)
