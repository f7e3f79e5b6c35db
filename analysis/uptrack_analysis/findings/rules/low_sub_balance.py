"""``low.sub_balance``: the sub of the loud passage over the pop average's bass branch.

Below 120 Hz no published curve holds for club music. Until the user gives references this rule therefore allows ±6 dB
before it warns and ±10 before it calls a sub bad, believes itself by 0.6, and says so every time. Electronic mixes lie
10 to 20 dB over that average as a matter of course, so its weight is small until something better takes its place.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits, frequency, percent, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import level_over_average_db
from uptrack_analysis.report import Action

# 30 to 60 Hz over the pop average's bass branch.
LIMITS = table(
    "low.sub_balance",
    low_hz=30.0,
    high_hz=60.0,
    warn_db=6.0,
    bad_db=10.0,
    confidence=0.6,
    grade="D",
    source="bass branch of the pop average, known to understate club music: hence the width and the confidence",
)

LEVEL_STEP_DB = 3.0


def check(case: Case) -> Verdict:
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge the sub in.")
    levels = level_over_average_db(case.measured.bands, load_tonal_average(), low_hz, high_hz, case.loud_mask)
    if levels is None:
        return Unmeasured("There is no signal between 500 and 2000 Hz, or none in the sub, to compare levels with.")
    level, expected = levels
    threshold = Threshold.around(expected, LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    if not threshold.excess(level):
        return ()
    distance, over = abs(level - expected), level > expected
    step = min(LEVEL_STEP_DB, max(0.5, round(2 * threshold.distance(level)) / 2))
    move = -step if over else step
    beyond = threshold.distance(level) > LEVEL_STEP_DB
    what = (
        f"Start with the sub {signed(move)} dB"
        + (
            ", then look at the sound itself: "
            + ("a shorter tail or a higher note" if over else "a lower octave or a layer with a real fundamental")
            if beyond
            else ""
        )
        + "."
    )
    return (
        Draft(
            value=level,
            unit="dB",
            threshold=threshold,
            confidence=LIMITS.number("confidence"),
            exposure=1.0,
            title="Much sub" if over else "Little sub",
            advice=(
                f"{frequency(low_hz)} to {frequency(high_hz)} lies {digits(distance)} dB {'over' if over else 'under'} "
                f"the average of popular music in the loud passages. {what} That average is a weak guide for club "
                f"music (evidence D, confidence {percent(LIMITS.number('confidence'))}), so trust a reference track "
                f"you like more than this number."
            ),
            spans=as_spans(case.joined(case.loud_spans)),
            low_hz=low_hz,
            high_hz=high_hz,
            actions=(
                Action("GN", "Sub or bass bus", gain_db=move),
                Action("EQ", "Low shelf on the bass bus", gain_db=move, frequency_hz=high_hz, q=0.7),
            ),
            blame="power" if over else None,
            expected_delta=f"sub {signed(level)} → {signed(level + move)} dB over 500–2000 Hz",
        ),
    )


RULE = Rule(
    id="low.sub_balance",
    area="low",
    group="sub",
    weight=0.15,
    title="Sub level",
    measures="Power of 30–60 Hz over 500–2000 Hz in the loud passage, against the pop average's bass branch.",
    grade="D",
    check=check,
    limits=LIMITS,
)
