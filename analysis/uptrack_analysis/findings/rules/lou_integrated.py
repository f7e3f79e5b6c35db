"""``lou.integrated``: programme loudness against the window of family and target, and what services make of it.

Loud is not wrong for a streaming service: it plays the track lower and adds no distortion. What counts is the window.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits, signed
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.playback import load_platforms, playback_change
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action

# Distance from the window of family and target.
LIMITS = table(
    "lou.integrated",
    warn_lu=1.0,
    bad_lu=4.0,
    grade="D",
    source="proposal; the windows themselves are in the family and target files",
)

CONFIDENCE = 0.9
STEP_DB = 3.0


def check(case: Case) -> Verdict:
    if case.references is not None:
        return against_references.loudness(case, case.references)
    value = case.measured.loudness.integrated_lufs
    if value is None:
        return case.why("loudness.integrated_lufs", "The file is silent.")
    low, high = case.delivery.loudness_window_lufs(case.family)
    threshold = Threshold.window(low, high, LIMITS.number("warn_lu"), LIMITS.number("bad_lu"))
    if not threshold.excess(value):
        return ()
    plays = playback_change(load_platforms()["spotify"], value, case.true_peak_dbtp).sentence
    own_low, own_high = case.delivery.loudness_window_lufs(case.own_family)
    window = f"{digits(own_low)} to {digits(own_high)} LUFS"
    usual = f"{case.delivery.name} masters of this kind ({case.own_family.name}) usually lie at {window}"
    if (own_low, own_high) != (low, high):
        usual += case.still_passes(f"{digits(low)} to {digits(high)}")
    if case.delivery.target == "premaster":
        usual = f"a premaster usually lies at {window}"
    gap = low - value if value < low else value - high
    step = min(STEP_DB, gap)
    said = f"{digits(value)} LUFS integrated"
    if value < low:
        if case.delivery.target == "premaster":
            advice = f"{said}; {usual}. Turn the mix bus up by {digits(gap)} dB: it is quieter than it needs to be."
            action = Action("GN", "Turn the mix bus up", gain_db=gap, tool="gain", on_mix=True)
        else:
            short = "short of what passes" if case.genre.widened else "short"
            more = (
                f" That is {digits(gap)} dB {short}: more than a limiter gives without a price, so gain the rest from "
                f"the balance and the sounds, or choose the premaster target if mastering is still to come."
                if gap > STEP_DB
                else ""
            )
            advice = f"{said}; {usual}. Drive the master limiter {digits(step)} dB harder.{more} It {plays}."
            action = Action("LM", "Drive the master limiter harder", gain_db=step)
    elif case.delivery.target == "premaster":
        advice = f"{said}; {usual}. Take limiter and clipper off the master bus, and leave that step to mastering."
        action = Action("LM", "Take limiter and clipper off the master bus")
    else:
        advice = (
            f"{said}; {usual}. Ease the limiter by {digits(step)} dB if the drop feels flat: it {plays}, so the extra "
            f"level is only heard where nothing is normalised."
        )
        action = Action("LM", "Ease the master limiter", gain_db=-step)
    after = value + (gap if action.kind == "GN" else step) if value < low else value - step
    return (
        Draft(
            value=value,
            unit="LUFS",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            title="Quieter than the target's window" if value < low else "Louder than the target's window",
            advice=advice,
            spans=as_spans([case.whole]),
            actions=(action, Action("NT", f"It {plays}")),
            expected_delta=f"integrated {signed(value)} → {signed(after)} LUFS",
        ),
    )


RULE = Rule(
    id="lou.integrated",
    area="loudness",
    group="loudness",
    weight=0.4,
    title="Loudness outside the target's window",
    measures="Integrated loudness (BS.1770) against the loudness window of family and target.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_genre=True,
    family_tables=("club_loudness",),
    data_files=("targets.toml", against_references.DATA),
    by_references=True,
    by_target=True,
    version=2,
)
