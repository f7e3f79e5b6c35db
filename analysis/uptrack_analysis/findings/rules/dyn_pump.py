"""``dyn.pump``: everything above the kick breathing with the beat.

A side-chain is a style, and only its maker knows whether it is meant: this rule informs. What dies away between beats
is lowest just before one and is none; a bus that a kick ducks is lowest soon after it.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits, percent
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.report import Action

# How far 250 Hz and up moves with every beat, where it is lowest between these places of the beat.
LIMITS = table(
    "dyn.pump",
    warn_db=6.0,
    bad_db=14.0,
    lowest_from_percent=2.0,
    lowest_until_percent=32.0,
    grade="D",
    source="proposal; drum loops reach 20 dB by what dies away, so that nothing here is more than information",
)

CONFIDENCE = 0.5


def check(case: Case) -> Verdict:
    pumping = case.measured.details.pumping
    if pumping is None:
        return case.why("dynamics.pumping_db", "There is no steady beat that a level could move with.")
    if pumping.lowest_at is None:
        return Unmeasured("Where the beats lie is not known, so nobody can tell ducking from notes that die away.")
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    first, last = LIMITS.number("lowest_from_percent") / 100, LIMITS.number("lowest_until_percent") / 100
    value = pumping.depth_db
    if not first <= pumping.lowest_at <= last or threshold.excess(value) < WARN_EXCESS:
        return ()
    beat_ms = 60_000 / case.bpm if case.bpm else None
    at = "" if beat_ms is None else f", {digits(pumping.lowest_at * beat_ms, 0)} ms after it"
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            advice=(
                f"Everything from 250 Hz up moves by {digits(value)} dB with every beat and is lowest at "
                f"{percent(pumping.lowest_at)} of it{at}. If that is a side-chain and meant, leave it; if not, shorten "
                f"the bus compressor's release by a third, or key it with a high-pass at 100 Hz."
            ),
            spans=as_spans(case.joined(case.loud_spans)),
            low_hz=250.0,
            high_hz=8000.0,
            actions=(Action("CO", "Shorten the bus compressor's release by a third"), Action("NT", "Or leave it")),
            expected_delta=f"movement {digits(value)} → under {digits(threshold.ok_high or 0.0)} dB, unless meant",
        ),
    )


RULE = Rule(
    id="dyn.pump",
    area="dynamics",
    group="pumping",
    weight=0.05,
    title="Breathes with the beat",
    measures="How far the level from 250 Hz up moves with every beat of the loud passage, where a kick would duck it.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
)
