"""``lou.drop2_smaller``: a track whose later drops all stay under the first.

The last drop is what a set remembers. One that is quieter on purpose is followed or joined by another: only if none of
the later ones reaches the first is it told. Turned down by 3 dB or more, a later drop is often named something else,
and few mixes can show how often the rest is right, so it informs.
"""

from __future__ import annotations

from uptrack_analysis.figures import clock, digits, signed
from uptrack_analysis.findings.arrangement import passages
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans, share
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.report import Action

# Loudness of the first drop over the loudest later one.
LIMITS = table(
    "lou.drop2_smaller",
    warn_lu=1.0,
    bad_lu=3.0,
    least_bars=8,
    step_db=2.0,
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.7


def check(case: Case) -> Verdict:
    parts = passages(case)
    if isinstance(parts, Unmeasured):
        return parts
    drops = [
        (part, part.loudness_lufs)
        for part in parts
        if part.kind == "drop" and part.believed and part.bars >= LIMITS.number("least_bars")
    ]
    levels = [(part, lufs) for part, lufs in drops if lufs is not None]
    if len(levels) < 2:
        return ()
    (first, first_lufs), *rest = levels
    later, later_lufs = max(rest, key=lambda one: one[1])
    value = first_lufs - later_lufs
    threshold = Threshold.above(LIMITS.number("warn_lu"), LIMITS.number("bad_lu"))
    if threshold.excess(value) < WARN_EXCESS:
        return ()
    step = min(LIMITS.number("step_db"), value)
    spans = [(part.start_s, part.end_s) for part, _ in rest]
    return (
        Draft(
            value=value,
            unit="LU",
            threshold=threshold,
            confidence=CONFIDENCE * min(part.confidence for part, _ in levels),
            exposure=share(spans, [(part.start_s, part.end_s) for part, _ in levels]),
            advice=(
                f"The drop at {clock(later.start_s)} is {digits(value)} LU quieter than the first at "
                f"{clock(first.start_s)}. Add {digits(step)} dB or a layer there, or hold the first one back; if the "
                f"second half is meant to come down, leave it."
            ),
            spans=as_spans(spans),
            actions=(
                Action("GN", f"Drop at {clock(later.start_s)}", gain_db=step),
                Action("MK", "Mark the drops"),
            ),
            expected_delta=f"later drop {signed(-value)} → {signed(step - value)} LU re the first",
        ),
    )


RULE = Rule(
    id="lou.drop2_smaller",
    area="loudness",
    group="drops",
    weight=0.15,
    title="Later drop smaller than the first",
    measures="Mean loudness of the first drop over the loudest later one, in LU.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
)
