"""``lou.drop_vs_break``: how much louder the drop is than the break before it.

A drop lives on that step. Only a break with a drop after it, with or without a build between them, is asked, and only
where the arrangement's names are believed; the pair with the smallest step speaks for the track.
"""

from __future__ import annotations

from uptrack_analysis.figures import clock, digits, signed
from uptrack_analysis.findings.arrangement import Passage, passages
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans, overlap_s, total_s
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS
from uptrack_analysis.report import Action

LIMITS = table(
    "lou.drop_vs_break",
    least_bars=8,  # a shorter break is a fill
    step_db=2.0,
    grade="D",
    source="cap on level moves; the limits are in the family files",
)

CONFIDENCE = 0.75


def check(case: Case) -> Verdict:
    parts = passages(case)
    if isinstance(parts, Unmeasured):
        return parts
    pairs = [(step, before, drop) for before, drop in _pairs(parts) if (step := _step_lu(before, drop)) is not None]
    if not pairs:
        return ()  # an arrangement without a break and a drop after it has no such step to be too small
    threshold = case.family.drop_step_lu
    small = [pair for pair in pairs if threshold.excess(pair[0]) >= WARN_EXCESS]
    if not small:
        return ()
    value, before, drop = min(small, key=lambda pair: pair[0])
    step = min(LIMITS.number("step_db"), max(0.5, round(threshold.distance(value))))
    spans = [(one.start_s, other.end_s) for _, one, other in small]
    drops = [(part.start_s, part.end_s) for part in parts if part.kind == "drop"]
    said = f"{digits(value)} LU louder" if value > 0 else f"{digits(-value)} LU quieter"
    return (
        Draft(
            value=value,
            unit="LU",
            threshold=threshold,
            confidence=CONFIDENCE * min(before.confidence, drop.confidence),
            exposure=overlap_s(spans, drops) / total_s(drops),
            advice=(
                f"The drop at {clock(drop.start_s)} is {said} than the break at {clock(before.start_s)}; "
                f"{digits(threshold.ok_low or 0.0)} LU or more make it land. Take {digits(step)} dB off the break's "
                f"pads or filter its low end until the drop, rather than pushing the limiter."
            ),
            spans=as_spans(spans),
            actions=(
                Action("GN", f"Pads of the break from {clock(before.start_s)}", gain_db=-step),
                Action("MK", "Mark break and drop"),
            ),
            expected_delta=f"step {signed(value)} → {signed(value + step)} LU",
        ),
    )


def _pairs(parts: tuple[Passage, ...]) -> list[tuple[Passage, Passage]]:
    """Breaks that are long enough, each with the drop it leads to."""
    found: list[tuple[Passage, Passage]] = []
    for place, part in enumerate(parts):
        after = parts[place + 1 :]
        if after and after[0].kind == "build":
            after = after[1:]
        if part.kind == "break" and after and after[0].kind == "drop" and part.believed and after[0].believed:
            found.append((part, after[0]))
    return [pair for pair in found if pair[0].bars >= LIMITS.number("least_bars")]


def _step_lu(before: Passage, drop: Passage) -> float | None:
    if before.loudness_lufs is None or drop.loudness_lufs is None:
        return None
    return drop.loudness_lufs - before.loudness_lufs


RULE = Rule(
    id="lou.drop_vs_break",
    area="loudness",
    group="contrast",
    weight=0.25,
    title="Drop hardly louder than the break",
    measures="Mean loudness of a drop over that of the break before it, in LU; the smallest step of the track.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
    by_genre=True,
    family_tables=("drop_step",),
    version=2,
)
