"""``ton.sibil``: moments that are nearly all 5 to 10 kHz, as an S or a splashy hat without anything beside it is.

Such moments make a part of many styles, so this is a hint until its precision is known.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, frequency, percent
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans, spans_of_windows, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import strongest_hz
from uptrack_analysis.measure.ltas import Band, bands_between, mean_spectrum
from uptrack_analysis.report import Action

LIMITS = table(
    "ton.sibil",
    low_hz=5000.0,
    high_hz=10000.0,
    rest_hz=500.0,  # from here up to the range: what should play beside it
    over_db=3.0,
    warn_percent=5.0,
    bad_percent=25.0,
    eq_cap_db=4.0,
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.5
LOUD_PERCENTILE = 95
# Frames this far under the range's loud ones are pauses.
AUDIBLE_DB = -10.0


def check(case: Case) -> Verdict:
    bands, loud = case.measured.bands, case.loud_mask
    low_hz, high_hz, rest_hz = (LIMITS.number(key) for key in ("low_hz", "high_hz", "rest_hz"))
    if not loud.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to look for sibilance in.")
    columns = bands_between(bands.edges_hz, low_hz, high_hz)
    beside = bands_between(bands.edges_hz, rest_hz, low_hz)
    if columns is None or beside is None:
        return Unmeasured(f"The spectrum does not reach {frequency(high_hz)}.")
    power = bands.ll + bands.rr
    here, rest = power[:, columns].sum(axis=1), power[:, beside].sum(axis=1)
    strong = float(np.percentile(here[loud], LOUD_PERCENTILE))
    if not strong > 0:
        return Unmeasured(f"There is no signal from {frequency(low_hz)} to {frequency(high_hz)}.")
    dominates = (here > rest * 10 ** (LIMITS.number("over_db") / 10)) & (here > strong * 10 ** (AUDIBLE_DB / 10))
    chosen = loud & dominates
    value = 100 * float(chosen.sum() / loud.sum())
    threshold = Threshold.above(LIMITS.number("warn_percent"), LIMITS.number("bad_percent"))
    if value < LIMITS.number("warn_percent"):
        return ()
    hop_s = float(bands.times_s[1] - bands.times_s[0]) if bands.times_s.size > 1 else 0.0
    spans = case.joined(spans_of_windows(chosen, bands.times_s + hop_s / 2, hop_s))
    at_hz = strongest_hz(
        mean_spectrum(bands, chosen), load_tonal_average(), Band("sibilance", low_hz, high_hz), sign=1.0
    ) or float(np.sqrt(low_hz * high_hz))
    cap = LIMITS.number("eq_cap_db")
    return (
        Draft(
            value=value,
            unit="% of the loud passage",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=value / 100,
            advice=(
                f"{percent(value / 100)} of the loud passages are nearly all {frequency(low_hz)} to "
                f"{frequency(high_hz)}, at {when(spans)}: sibilants, or hats with nothing beside them. If they hiss, a "
                f"de-esser at {frequency(at_hz)}, up to {digits(cap)} dB, on the vocal or the hats softens them."
            ),
            spans=as_spans(spans),
            low_hz=low_hz,
            high_hz=high_hz,
            actions=(Action("DQ", "De-esser on the vocal or the hats", -cap, at_hz, 2.0),),
            blame="power",
            expected_delta=f"{percent(value / 100)} → under {LIMITS.number('warn_percent'):.0f} % of the time",
        ),
    )


RULE = Rule(
    id="ton.sibil",
    area="tonal",
    group="sibilance",
    weight=0.1,
    title="Sibilance",
    measures="Share of the loud passage in which 5–10 kHz holds more than 3 dB over 500 Hz–5 kHz.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
)
