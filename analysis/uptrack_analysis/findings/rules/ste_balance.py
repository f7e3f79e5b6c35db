"""``ste.balance``: whether the loud passage leans to one side.

Powers are weighed by the inverse of the tonal average, so that every part of the spectrum between 100 Hz and 10 kHz
counts alike; unweighted, a mono bass would hide a mix that leans.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.rules.int_channel import lopsided_spans
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.measure.stereo import LIMIT_DB
from uptrack_analysis.report import Action

# Left minus right over the loud passage, every third octave counting alike.
LIMITS = table(
    "ste.balance",
    warn_db=1.0,
    bad_db=2.2,
    low_hz=100.0,
    high_hz=10000.0,
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.85
STEP_DB = 3.0


def check(case: Case) -> Verdict:
    if isinstance(case.stereo, Unmeasured):
        return case.stereo
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge its balance in.")
    if lopsided_spans(case.stereo):
        return ()  # int.channel's: beyond a matter of taste
    value = _weighted_balance_db(case, LIMITS.number("low_hz"), LIMITS.number("high_hz"))
    if value is None:
        return Unmeasured("There is no signal between 100 Hz and 10 kHz to weigh.")
    threshold = Threshold.around(0.0, LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    if not threshold.excess(value):
        return ()
    side = "left" if value > 0 else "right"
    step = min(STEP_DB, abs(value))
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            title=f"Leans {side}",
            advice=(
                f"The loud passages lean {digits(abs(value))} dB to the {side}. Find the part panned there without a "
                f"partner on the other side and move it towards the middle, or turn it down by {digits(step)} dB."
            ),
            spans=as_spans(case.joined(case.loud_spans)),
            actions=(Action("GN", f"The part that leans {side}", gain_db=-step),),
            blame="left" if value > 0 else "right",
            expected_delta=f"lead of the {side} {digits(abs(value))} → under {signed(threshold.ok_high or 0.0)} dB",
        ),
    )


def _weighted_balance_db(case: Case, low_hz: float, high_hz: float) -> float | None:
    bands, mask = case.measured.bands, case.loud_mask
    low, high = bands.edges_hz[:-1], bands.edges_hz[1:]
    used = (np.sqrt(low * high) >= low_hz) & (np.sqrt(low * high) <= high_hz)
    if not used.any():
        return None
    weights = 1.0 / load_tonal_average().band_power(low[used], high[used])
    left, right = (float(part[mask][:, used].mean(axis=0) @ weights) for part in (bands.ll, bands.rr))
    if left <= 0 and right <= 0:
        return None
    floor = 10 ** (-LIMIT_DB / 10)
    return float(10 * np.log10(max(left, floor * right) / max(right, floor * left)))


RULE = Rule(
    id="ste.balance",
    area="stereo",
    group="balance",
    weight=0.3,
    title="Leans to one side",
    measures="Left over right power of the loud passage, every octave of 100 Hz–10 kHz counting alike, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
)
