"""``dyn.plr``: how far the peaks still stand over the loudness; low where a limiter has flattened them."""

from __future__ import annotations

import math

from uptrack_analysis.figures import digits
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.report import Action

LIMITS = table(
    "dyn.plr",
    step_db=3.0,  # at most this much limiter drive is advised in one go
    grade="D",
    source="cap on level moves of 3 dB; the limits are in the family files",
)

CONFIDENCE = 0.9


def check(case: Case) -> Verdict:
    if case.references is not None:
        return against_references.plr(case, case.references)
    value = case.plr_db
    if value is None:
        return case.why("loudness.integrated_lufs", "The file is silent.")
    threshold, own = case.family.plr_db, case.own_family
    if not threshold.excess(value):
        return ()
    # A dB less drive gives about 0.8 dB of PLR back, as long as the limiter is what took it.
    missing = threshold.distance(value) / 0.8
    step = min(LIMITS.number("step_db"), max(0.5, math.ceil(2 * missing) / 2))
    after = value + 0.8 * step
    more = (
        " That is more than one move mends: take level from sustained parts and shorten tails, so that kick and snare "
        "make their own room."
        if missing > step + 0.5
        else ""
    )
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            advice=(
                f"Peaks stand only {digits(value)} dB over the loudness; {own.name} keeps "
                f"{digits(own.plr_db.ok_low or 0.0)} dB or more"
                f"{case.still_passes(f'{digits(threshold.ok_low or 0.0)} dB')}. Ease the limiter's drive by "
                f"{digits(step)} dB: expect PLR {digits(value)} → {digits(after)} dB.{more}"
            ),
            spans=as_spans([case.whole]),
            actions=(Action("LM", "Ease the limiter's drive", gain_db=-step),),
            expected_delta=f"PLR {digits(value)} → {digits(after)} dB",
        ),
    )


RULE = Rule(
    id="dyn.plr",
    area="dynamics",
    group="limiting",
    weight=0.4,
    title="Peaks flattened",
    measures="True peak over integrated loudness (PLR), in dB, against the family's lower limit.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_genre=True,
    family_tables=("plr",),
    data_files=(against_references.DATA,),
    by_references=True,
    version=2,
)
