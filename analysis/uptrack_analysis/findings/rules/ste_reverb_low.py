"""``ste.reverb_low``: a reverb or delay return brings width and rumble below 250 Hz."""

from __future__ import annotations

import re

import numpy as np

from uptrack_analysis.figures import digits, percent
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.stem_places import NO_STEMS, stem_power
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.report import Action
from uptrack_analysis.stems.attribution import shares
from uptrack_analysis.stems.results import Stem

# The return's power below 250 Hz re all stems' there.
LIMITS = table(
    "ste.reverb_low",
    below_hz=250.0,
    warn_db=-20.0,
    bad_db=-8.0,
    side_share=0.2,
    grade="D",
    source="proposal: a high-pass at 250 Hz on returns is common practice",
)

CONFIDENCE = 0.7
RETURN = re.compile(r"return|reverb|\bverb\b|\bdelay\b|\becho\b|\bhall\b|\bplate\b|\bsend\b|\broom\b", re.IGNORECASE)


def check(case: Case) -> Verdict:
    if case.stems is None:
        return NO_STEMS
    returns = [stem for stem in case.stems.stems if RETURN.search(stem.name) and not stem.measured.silent]
    if not returns:
        return Unmeasured("No stem is called a return, a reverb or a delay.")
    whole = sum(_low_power(stem) for stem in case.stems.stems)
    if not whole > 0:
        return Unmeasured("The stems have nothing below 250 Hz.")
    sides = dict(shares(case.measured, case.stems, "side", [], 20.0, LIMITS.number("below_hz")))
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    drafts: list[Draft] = []
    for stem in returns:
        value = 10 * float(np.log10(max(_low_power(stem), 1e-30) / whole))
        side = sides.get(stem.name, 0.0)
        if threshold.excess(value) and side >= LIMITS.number("side_share"):
            drafts.append(_draft(case, stem, value, side, threshold))
    return drafts


def _draft(case: Case, stem: Stem, value: float, side: float, threshold: Threshold) -> Draft:
    below_hz = LIMITS.number("below_hz")
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=1.0,
        title=f"{stem.name} reaches into the low end",
        advice=(
            f"{stem.name} lies {digits(-value)} dB under all stems below {digits(below_hz, 0)} Hz and brings "
            f"{percent(side)} of the width there: high-pass it at {digits(below_hz, 0)} Hz."
        ),
        spans=as_spans([case.whole]),
        low_hz=20.0,
        high_hz=below_hz,
        stem=stem.name,
        actions=(
            Action(
                "HP",
                f"High-pass at {digits(below_hz, 0)} Hz on {stem.name}",
                frequency_hz=below_hz,
                tool="high-pass",
                on=stem.name,
            ),
        ),
        expected_delta=f"its low end {digits(value)} → under {digits(threshold.ok_high or 0.0)} dB",
    )


def _low_power(stem: Stem) -> float:
    bands = stem.measured.bands
    columns = bands_between(bands.edges_hz, 20.0, LIMITS.number("below_hz"))
    if columns is None or bands.times_s.size == 0:
        return 0.0
    return float(stem_power(stem, columns).sum()) * stem.measured.duration_s / bands.times_s.size


RULE = Rule(
    id="ste.reverb_low",
    area="stereo",
    group="reverb",
    weight=0.15,
    title="Reverb in the low end",
    measures="Power of returns below 250 Hz over that of all stems there, in dB, where it is wide.",
    grade="D",
    check=check,
    limits=LIMITS,
)
