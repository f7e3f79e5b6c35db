"""``int.truepeak``: the largest interpolated peak against what the delivery target can stand.

Released club masters reach +1 to +3.5 dBTP, so for the club nothing up to +1 is a fault; a lossy encoder needs room, so
streaming wants −1; a premaster should leave the mastering engineer some.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import channel_name, clock, digits, signed
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action, Span

LIMITS = table(
    "int.truepeak",
    club={
        "warn_dbtp": 1.75,
        "bad_dbtp": 4.0,
        "advise_dbtp": 0.0,
        "grade": "B",
        "source": "released club masters reach +1 to +3.5 dBTP (Skin, Bangarang, Cold Heart): up to +1 is no error",
    },
    stream={
        "warn_dbtp": -0.5,
        "bad_dbtp": 1.0,
        "advise_dbtp": -1.0,
        "grade": "A",
        "source": "Spotify for Artists, loudness normalization: at most -1 dBTP, so a ceiling of -1 must be clean",
    },
    premaster={
        "warn_dbtp": -0.75,
        "bad_dbtp": 0.0,
        "advise_dbtp": -3.0,
        "grade": "B",
        "source": "mastering practice: peaks at -1 dBTP or lower, better -3 to -6",
    },
)

CONFIDENCE = 0.95


def check(case: Case) -> Verdict:
    if case.true_peak_dbtp is None:
        return case.why("loudness.true_peak_dbtp", "The file is silent.")
    data = LIMITS.table(case.delivery.target)
    threshold = Threshold.above(data.number("warn_dbtp"), data.number("bad_dbtp"))
    peak = case.true_peak_dbtp
    if not threshold.excess(peak):
        return ()
    peaks = case.measured.peaks
    channel = int(np.argmax(peaks.true_dbtp))
    place_s = float(peaks.true_s[channel])
    ceiling = data.number("advise_dbtp")
    cost = peak - ceiling
    where = f"{signed(peak)} dBTP at {clock(place_s, 1)} ({channel_name(channel, case.measured.channels)})"
    if case.delivery.target == "premaster":
        advice = f"{where}: turn the mix bus down by {digits(cost)} dB; the level comes back in mastering."
        action = Action("GN", "Turn the mix bus down", gain_db=-cost, tool="gain", on_mix=True)
    else:
        why = (
            "a lossy encoder will clip there"
            if case.delivery.target == "stream"
            else "far enough over full scale to distort in a converter"
        )
        advice = (
            f"{where}: {why}. A true-peak limiter with its ceiling at {signed(ceiling)} dBTP costs "
            f"{digits(cost)} dB of peak level."
        )
        # No gain: a ceiling is a level, and "−1.0 dB" behind it on a marker would read as one more move.
        action = Action(
            "LM", f"Limiter ceiling {signed(ceiling)} dBTP, true-peak mode", tool="ceiling", amount=ceiling, on_mix=True
        )
    return (
        Draft(
            value=peak,
            unit="dBTP",
            threshold=threshold,
            confidence=CONFIDENCE,
            # One moment is known; how often it happens is int.clip's business.
            exposure=0.0,
            advice=advice,
            spans=(Span(place_s, place_s, channel if case.measured.channels > 1 else None),),
            actions=(action, Action("MK", "Mark the peak")),
            blame="power",
            expected_delta=f"true peak {signed(peak)} → {signed(ceiling)} dBTP",
        ),
    )


RULE = Rule(
    id="int.truepeak",
    area="integrity",
    group="overs",
    weight=0.4,
    title="True peak too high for the target",
    measures="Largest interpolated peak of all channels, in dBTP, against the target's limit.",
    grade="B",
    check=check,
    limits=LIMITS,
    by_target=True,
)
