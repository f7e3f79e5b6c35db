"""``dyn.pump``: everything above the kick ducked with the beat.

A side-chain is a style, and only its maker knows whether it is meant: this rule informs. How far the level moves with
the beat does not tell ducking from parts that play on or off it; what nearly all bands do together does.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.results import Pumping
from uptrack_analysis.report import Action

# By how much 250 Hz and up falls together with every beat or every other, at least.
LIMITS = table(
    "dyn.pump",
    warn_db=2.9,
    bad_db=8.0,
    grade="D",
    source="proposal; 11 of 14 clean mixes read up to 2.6 dB, most of the same ducked by 6 dB read 3 or more",
)

CONFIDENCE = 0.5
SAME_TEMPO = 0.02


def check(case: Case) -> Verdict:
    pumping = case.measured.details.pumping
    if pumping is None:
        return case.why("dynamics.pumping_db", "There is no steady beat that a level could move with.")
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    value = pumping.ducking_db
    if threshold.excess(value) < WARN_EXCESS:
        return ()
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            advice=(
                f"Everything from 250 Hz up falls together by {digits(value)} dB or more {_when(case, pumping)}. If "
                f"that is a side-chain and meant, leave it; if not, shorten the bus compressor's release by a third, "
                f"or key it with a high-pass at 100 Hz."
            ),
            spans=as_spans(case.joined(case.loud_spans)),
            low_hz=250.0,
            high_hz=8000.0,
            actions=(Action("CO", "Shorten the bus compressor's release by a third"), Action("NT", "Or leave it")),
            expected_delta=f"ducking {digits(value)} → under {digits(threshold.ok_high or 0.0)} dB, unless meant",
        ),
    )


def _when(case: Case, pumping: Pumping) -> str:
    heard_bpm = case.measured.tempo.bpm
    if not heard_bpm:
        return "with every beat"
    after = "" if pumping.ducked_at is None else f", {digits(pumping.ducked_at * 60_000 / heard_bpm, 0)} ms after it"
    # In the project's beats, where it counts half or twice as many as were heard.
    beats = pumping.ducked_beats * (case.bpm or heard_bpm) / heard_bpm
    for count, name in ((1, "beat"), (2, "other beat")):
        if abs(beats / count - 1) < SAME_TEMPO:
            return f"with every {name}{after}"
    return f"every {digits(pumping.ducked_beats * 60 / heard_bpm)} s"


RULE = Rule(
    id="dyn.pump",
    area="dynamics",
    group="pumping",
    weight=0.05,
    title="Breathes with the beat",
    measures="How far nearly all bands from 250 Hz up fall together with every beat, or every other, of the loud "
    "passage, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
    version=3,
)
