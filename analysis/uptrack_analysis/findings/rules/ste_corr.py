"""``ste.corr``: how low the correlation of the sides falls, signed, in the weakest twentieth of the music."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import signed
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans, inside, share, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.rules.int_channel import inverted_spans
from uptrack_analysis.findings.side_moves import mend_correlation
from uptrack_analysis.findings.tables import table
from uptrack_analysis.report import Action

LIMITS = table(
    "ste.corr",
    width_step_percent=30.0,
    grade="D",
    source="cap on width moves of 30 percent; the limits are in the family files",
)

CONFIDENCE = 0.85
PERCENTILE = 5


def check(case: Case) -> Verdict:
    if case.references is not None:
        return against_references.correlation(case, case.references)
    windows = case.stereo
    if isinstance(windows, Unmeasured):
        return windows
    # What int.channel calls a fault is left to it.
    asked = windows.sounding & ~inside(windows.ends_s - windows.length_s / 2, inverted_spans(windows))
    if not asked.any():
        return ()
    value = float(np.percentile(windows.correlation[asked], PERCENTILE))
    threshold = case.family.correlation
    if not threshold.excess(value):
        return ()
    limit = threshold.ok_low or 0.0
    with np.errstate(invalid="ignore"):
        spans = case.joined(windows.spans(asked & (windows.correlation < limit)))
    mend = mend_correlation(case, spans, value, limit, LIMITS.number("width_step_percent"))
    return (
        Draft(
            value=value,
            unit="correlation",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=share(spans, windows.spans(windows.sounding)),
            advice=(
                f"The sides fall apart at {when(spans)}: correlation {signed(value, 2)} in the weakest twentieth of "
                f"the music, {signed(limit, 2)} or more is usual. {mend.advice}"
            ),
            spans=as_spans(spans),
            actions=(mend.action, Action("MK", "Mark the passages")),
            blame="opposed",
            expected_delta=mend.expected_delta,
        ),
    )


RULE = Rule(
    id="ste.corr",
    area="stereo",
    group="correlation",
    weight=0.4,
    title="Sides fall apart",
    measures="5th percentile of the signed correlation over 1 s while the music plays, against the family's limit.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_genre=True,
    family_tables=("correlation",),
    data_files=(against_references.DATA,),
    by_references=True,
    version=3,
)
