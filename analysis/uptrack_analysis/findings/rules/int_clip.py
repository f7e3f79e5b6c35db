"""``int.clip``: flat tops at a channel's ceiling, a minute of programme.

A master for clubs or streaming may be clipped on purpose, and a meter cannot ask. There the finding is certain only if
the peaks of the drop have also lost their height (PSR under the family's warning); otherwise it stays a question, with
a confidence under one half and therefore minor at most. A premaster has no reason to clip.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans, share, total_s, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.report import Action

# Runs of at least three samples at the channel's ceiling, a minute.
LIMITS = table(
    "int.clip",
    warn_per_min=2.5,
    bad_per_min=10.0,
    blocker_per_min=60.0,
    few_runs=3,  # this many in a whole file say nothing
    grade="B",
    source="Essentia SaturationDetector for what a run is; 5 and 60 a minute are a proposal",
)

CERTAIN = 0.95
SQUASHED_TOO = 0.9
MAYBE_MEANT = 0.45


def check(case: Case) -> Verdict:
    defects = case.measured.defects
    if defects.clipped_runs <= LIMITS.number("few_runs"):
        return ()
    threshold = Threshold.above(LIMITS.number("warn_per_min"), LIMITS.number("bad_per_min"))
    # Under a minute the rate of a few runs would be extrapolated; the count itself is the better figure.
    minutes = case.measured.duration_s / 60
    rate = defects.clipped_runs / max(1.0, minutes)
    if not threshold.excess(rate):
        return ()
    premaster = case.delivery.target == "premaster"
    squashed = _squashed(case)
    confidence = CERTAIN if premaster else SQUASHED_TOO if squashed else MAYBE_MEANT
    frames = case.measured.sample_rate_hz
    places = case.joined([(run.start / frames, (run.start + run.length) / frames) for run in defects.clip_runs])
    channels = {run.channel for run in defects.clip_runs}
    count = f"{defects.clipped_runs} clipped peak{'s' if defects.clipped_runs > 1 else ''}"
    a_minute = f", {digits(rate, 0)} a minute" if minutes > 1 else f" in {digits(case.measured.duration_s)} s"
    worst = count + a_minute + (f", at {when(places)}" if places else "")
    advice = (
        f"{worst}. The flat tops are in the file, and turning that down leaves them flat: give what clips (limiter, "
        f"clipper or the export itself) 1.5 dB less gain and render again, and so on until they are gone"
        + (
            "; a premaster should not touch the ceiling at all."
            if premaster
            else ", or let a soft clipper take the peaks: they are as flat as they are loud by now."
            if squashed
            else ". If the clipping is meant, leave it: the peaks still stand out."
        )
    )
    return (
        Draft(
            value=rate,
            unit="runs/min" if minutes > 1 else "runs",
            threshold=threshold,
            confidence=confidence,
            exposure=share(places, [case.whole]) if total_s([case.whole]) > 0 else 0.0,
            advice=advice,
            spans=as_spans(places, next(iter(channels)) if len(channels) == 1 else None),
            blocker=premaster and rate > LIMITS.number("blocker_per_min"),
            actions=(
                Action("GN", "Gain before the limiter or clipper", gain_db=-1.5),
                Action("MK", "Mark the clipped passages"),
            ),
            blame="power",
            expected_delta=f"{digits(rate, 0)} clipped peaks{' a minute' if minutes > 1 else ''} → fewer with every "
            f"dB less before what clips, once rendered again",
        ),
    )


def _squashed(case: Case) -> bool:
    """Have the peaks of the drop lost their height? By PSR; where there is no curve of it, by PLR."""
    if case.psr_in_drop_db is not None:
        return case.psr_in_drop_db < case.family.psr_in_drop_warn_db
    return case.plr_db is not None and case.family.plr_db.excess(case.plr_db) >= WARN_EXCESS


RULE = Rule(
    id="int.clip",
    area="integrity",
    group="overs",
    weight=0.5,
    title="Clipped peaks",
    measures="Runs of at least three samples at the channel's ceiling, per minute, against limits for the target.",
    grade="B",
    check=check,
    limits=LIMITS,
    family_tables=("psr_in_drop", "plr"),
    by_target=True,
    version=3,
)
