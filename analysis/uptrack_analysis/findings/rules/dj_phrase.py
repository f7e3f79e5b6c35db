"""``dj.phrase``: a drop that begins off the phrase that everything else keeps to.

Where phrases begin, the arrangement itself says: all the other changes of section, which have to agree modulo four
bars. Where they do not, or are too few, nobody knows and nothing is said. The meter prefers phrases when it cuts, so a
drop off them is one it was sure of; nobody has measured how often it is right, so it informs.
"""

from __future__ import annotations

from uptrack_analysis.figures import clock, digits
from uptrack_analysis.findings.arrangement import Passage, passages
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action

# Bars off the phrase, 0 to 2.
LIMITS = table(
    "dj.phrase",
    warn_bars=1.0,
    bad_bars=4.0,
    phrase_bars=4,
    least_others=3,  # changes that have to agree
    grade="C",
    source="DJ tutorials on phrases of 8 and 16 bars; 4, so that a half phrase is no fault",
)

CONFIDENCE = 0.6


def check(case: Case) -> Verdict:
    if case.delivery.target != "club":
        return ()
    parts = passages(case)
    if isinstance(parts, Unmeasured):
        return parts
    # The first passage begins where the file does, which need not be a phrase.
    changes = [(part, number) for part in parts[1:] if (number := part.parts[0].first_bar) is not None]
    if len(changes) <= LIMITS.number("least_others"):
        return Unmeasured("Too few sections change to tell where phrases begin.")
    return [
        draft
        for part, number in changes
        if part.kind == "drop" and part.believed and (draft := _draft(case, part, number, changes)) is not None
    ]


def _draft(case: Case, drop: Passage, number: int, changes: list[tuple[Passage, int]]) -> Draft | None:
    length = round(LIMITS.number("phrase_bars"))
    others = {bar % length for part, bar in changes if part is not drop}
    if len(others) != 1:
        return None
    late = (number - others.pop()) % length
    off = late if late <= length / 2 else late - length
    threshold = Threshold.above(LIMITS.number("warn_bars"), LIMITS.number("bad_bars"))
    if not threshold.excess(abs(off)):
        return None
    bars = f"{digits(abs(off), 0)} bar{'s' if abs(off) > 1 else ''}"
    return Draft(
        value=float(abs(off)),
        unit="bars",
        threshold=threshold,
        confidence=CONFIDENCE * drop.confidence,
        exposure=0.0,
        advice=(
            f"The drop at {clock(drop.start_s)} begins in bar {number}, {bars} {'after' if off > 0 else 'before'} the "
            f"phrase that every other change keeps to: bar {number - off} is expected. "
            f"{'Take out' if off > 0 else 'Add'} {bars} before it, unless the surprise is meant."
        ),
        spans=as_spans([(drop.start_s, drop.start_s)]),
        place=f"bar {number}",
        actions=(Action("MK", "Mark the drop"), Action("NT", f"Expected in bar {number - off}")),
        expected_delta=f"drop in bar {number} → {number - off}",
    )


RULE = Rule(
    id="dj.phrase",
    area="dj",
    group="phrase",
    weight=0.1,
    title="Drop off the phrase",
    measures="Bars from where a drop begins to the four-bar phrase that all other changes keep to (club).",
    grade="C",
    check=check,
    limits=LIMITS,
    by_target=True,
    at_most="info",
)
