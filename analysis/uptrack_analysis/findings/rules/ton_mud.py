"""``ton.mud``: several sustained stems crowd 200 to 500 Hz, and there is more of it than the rest of the mix bears."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, percent
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans, inside
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.stem_places import NO_STEMS, stem_power, strongest_band_hz
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import octave_shape
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.report import Action
from uptrack_analysis.stems.results import Stem
from uptrack_analysis.stems.roles import traits

# What 250 to 500 Hz has over the mix's own tonal shape.
LIMITS = table(
    "ton.mud",
    low_hz=200.0,
    high_hz=500.0,
    least_share=0.25,
    sustained_from=0.6,
    warn_db=2.5,
    bad_db=6.0,
    cut_db=2.5,
    grade="D",
    source="proposal: two sustained stems of a quarter each, where the low mids stand out",
)

CONFIDENCE = 0.65
BAND = "low mids"


def check(case: Case) -> Verdict:
    if case.stems is None:
        return NO_STEMS
    shape = octave_shape(case.loud_spectrum, load_tonal_average()) if case.loud_mask.any() else None
    if shape is None:
        return Unmeasured("There is no loud passage whose tone could be compared.")
    residuals = [
        residual
        for octave, residual in zip(shape.bands, shape.residual_db.tolist(), strict=True)
        if octave.name == BAND
    ]
    if not residuals:
        return Unmeasured("The file has no low midrange to judge.")
    value = float(np.mean(residuals))
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    crowd = _crowd(case)
    if len(crowd) < 2 or not threshold.excess(value):
        return ()
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    (first, its_share), (second, second_share) = crowd[:2]
    at_hz = strongest_band_hz(case, second.name, low_hz, high_hz, case.loud_spans)
    cut = LIMITS.number("cut_db")
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            advice=(
                f"{first.name} ({percent(its_share)}) and {second.name} ({percent(second_share)}) both hold on between "
                f"200 and 500 Hz, which lies {digits(value)} dB over the rest of the mix. Let one of them have it: "
                f"{digits(-cut)} dB at {digits(at_hz, 0)} Hz, Q 1.2, on {second.name}, or a high-pass at 180 Hz."
            ),
            spans=as_spans(case.joined(case.loud_spans)),
            low_hz=low_hz,
            high_hz=high_hz,
            stem=first.name,
            actions=(
                Action("EQ", f"Bell on {second.name}", -cut, at_hz, 1.2, tool="bell", on=second.name),
                Action(
                    "HP", f"High-pass at 180 Hz on {second.name}", frequency_hz=180.0, tool="high-pass", on=second.name
                ),
            ),
            expected_delta=f"low mids {digits(value)} → under {digits(threshold.ok_high or 0.0)} dB over the rest",
        ),
    )


def _crowd(case: Case) -> list[tuple[Stem, float]]:
    """Sustained stems that have a quarter of the band each in the loud passage, largest first."""
    powers: list[tuple[Stem, float]] = []
    for stem in case.stems.stems if case.stems else ():
        bands = stem.measured.bands
        columns = bands_between(bands.edges_hz, LIMITS.number("low_hz"), LIMITS.number("high_hz"))
        if columns is None or stem.measured.silent:
            continue
        loud = inside(bands.times_s + stem.alignment.delay_s, case.loud_spans)
        powers.append((stem, float(stem_power(stem, columns)[loud].sum())))
    whole = sum(power for _stem, power in powers)
    if not whole > 0:
        return []
    crowd = [
        (stem, power / whole)
        for stem, power in powers
        if power >= LIMITS.number("least_share") * whole
        and traits(stem.measured).filled >= LIMITS.number("sustained_from")
    ]
    return sorted(crowd, key=lambda one: -one[1])


RULE = Rule(
    id="ton.mud",
    area="tonal",
    group="low mids",
    weight=0.2,
    title="Crowded low midrange",
    measures="Sustained stems with a quarter of 200–500 Hz each, and what that octave has over the mix's shape, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
)
