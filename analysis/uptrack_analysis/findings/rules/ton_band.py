"""``ton.band``: octaves of the loud passage that stick out of, or are missing from, the shape of the tonal average.

Level and the best tilt are taken out first: a bright mix is ``ton.tilt``'s business, a nasal one is ours.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import octave_shape, strongest_hz
from uptrack_analysis.measure.ltas import NAMED_BANDS, Band
from uptrack_analysis.report import Action

LIMITS = table(
    "ton.band",
    # Until the shape is a genre's own, the family's tolerance is wider by this much.
    widen_db=1.5,
    eq_cap_db=4.0,
    grade="D",
    source="shape: Elowsson and Friberg 2017; tolerances are in the family files",
)

CONFIDENCE = 0.75
EQ_Q = 0.9
SINGULAR = {"low mids": "low midrange", "mids": "midrange"}
"""What there is too much or too little of, where the band's own name is a plural."""


def check(case: Case) -> Verdict:
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge its tone in.")
    shape = octave_shape(case.measured.bands, load_tonal_average(), case.loud_mask)
    if shape is None:
        return Unmeasured("Too few octaves over 120 Hz hold signal for a shape to compare.")
    widen = LIMITS.number("widen_db")
    threshold = Threshold.around(0.0, case.family.tonal_warn_db + widen, case.family.tonal_bad_db + widen)
    drafts: list[Draft] = []
    for band in NAMED_BANDS:
        residuals = [
            residual
            for octave, residual in zip(shape.bands, shape.residual_db.tolist(), strict=True)
            if octave.name == band.name
        ]
        # Every mix has a shape of its own: what does not even warn is that, and no finding.
        if residuals and threshold.excess(float(np.mean(residuals))) >= WARN_EXCESS:
            drafts.append(_draft(case, band, float(np.mean(residuals)), threshold))
    return drafts


def _draft(case: Case, band: Band, residual: float, threshold: Threshold) -> Draft:
    cap = LIMITS.number("eq_cap_db")
    over = residual > 0
    needed = max(0.5, np.ceil(2 * threshold.distance(residual)) / 2)
    move = float(min(cap, needed)) * (-1 if over else 1)
    centre = strongest_hz(case.measured.bands, load_tonal_average(), band, case.loud_mask, sign=1.0 if over else -1.0)
    at_hz = centre if centre is not None else float(np.sqrt(band.low_hz * band.high_hz))
    place = f"{frequency(band.low_hz)} to {frequency(band.high_hz)} ({band.name})"
    advice = f"{place} lies {digits(abs(residual))} dB {'over' if over else 'under'} the rest of the mix. "
    if needed > cap:
        advice += (
            "That is a matter of sounds and arrangement more than of EQ: "
            + ("thin out or turn down what plays there" if over else "something should play there")
            + f"; as EQ not more than {signed(move)} dB around {frequency(at_hz)}, Q {EQ_Q}."
        )
    elif over:
        advice += f"Cut the part that is strongest there by {digits(-move)} dB around {frequency(at_hz)}, Q {EQ_Q}."
    else:
        advice += f"Bring up what plays there, or {signed(move)} dB around {frequency(at_hz)}, Q {EQ_Q}."
    return Draft(
        value=residual,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=1.0,
        title=f"{'Too much' if over else 'Too little'} {SINGULAR.get(band.name, band.name)}",
        advice=advice,
        spans=as_spans(case.joined(case.loud_spans)),
        low_hz=band.low_hz,
        high_hz=band.high_hz,
        actions=(Action("EQ", f"Bell on the part that is strongest in the {band.name}", move, at_hz, EQ_Q),),
        blame="power" if over else None,
        expected_delta=f"{band.name} {signed(residual)} → {signed(residual + move)} dB",
    )


RULE = Rule(
    id="ton.band",
    area="tonal",
    group="tone",
    weight=0.4,
    title="Tonal balance",
    measures="Octaves over 120 Hz in the loud passage against the tonal average, level and best tilt taken out.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_genre=True,
)
