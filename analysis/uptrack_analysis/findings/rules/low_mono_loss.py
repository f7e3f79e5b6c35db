"""``low.mono_loss``: how much of the bass a mono system loses, which is what a wide low end costs in the end."""

from __future__ import annotations

from uptrack_analysis.figures import digits, frequency
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.fold_down import SHIFTED, mono_loss, opposed, upside_down
from uptrack_analysis.findings.moments import moments
from uptrack_analysis.findings.places import as_spans, inside, share, total_s, when
from uptrack_analysis.findings.promises import loss_after_flip_db, promise
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.rules.int_channel import inverted_spans
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.ltas import mean_spectrum
from uptrack_analysis.report import Action

LIMITS = table(
    "low.mono_loss",
    low_hz=30.0,
    high_hz=150.0,
    warn_db=1.5,
    bad_db=3.0,
    least_s=3.0,  # in all: a fill is no fault of the low end
    present_db=-30.0,  # under the whole loud passage: quieter is no low end
    grade="D",
    source="proposal; 3 dB is what unrelated channels lose",
)

CONFIDENCE = 0.85
WINDOW_S = 2.0


def check(case: Case) -> Verdict:
    measured = case.measured
    if measured.channels < 2:
        return ()
    if isinstance(case.stereo, Unmeasured):
        return case.stereo
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    windows = moments(case, WINDOW_S)
    halves = None if windows is None else windows.pair(low_hz, high_hz)
    if windows is None or halves is None:
        return Unmeasured("The file has no readable low end.")
    # Where the whole mix is upside down, int.channel has said so.
    asked = windows.loud & ~inside(windows.centres_s, inverted_spans(case.stereo))
    whole = mean_spectrum(measured.bands).between(float(measured.bands.edges_hz[0]), float(measured.bands.edges_hz[-1]))
    mid, side = halves
    level = float((mid + side)[asked].mean()) if asked.any() else 0.0
    if not level > (whole or 0.0) * 10 ** (LIMITS.number("present_db") / 10):
        return Unmeasured(f"There is no loud passage with signal from {frequency(low_hz)} to {frequency(high_hz)}.")
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    loss = mono_loss(case, windows, halves, asked, threshold)
    if loss is None or total_s(loss.spans) < LIMITS.number("least_s"):
        return ()
    spans, value = loss.spans, loss.db
    # What is mono, or is no longer shifted, loses nothing.
    after = loss_after_flip_db(value) if upside_down(value) else 0.0
    if opposed(value) and not upside_down(value):
        mend = (
            f"the loss goes. Its sides partly cancel, {SHIFTED}: take that off it below {frequency(high_hz)}, or flip "
            f"the polarity of one side if that brings more of the bass back."
        )
        action = Action("UT", f"No delay, chorus or widening below {frequency(high_hz)} on the layer at fault")
    elif upside_down(value):
        mend = (
            f"the loss goes. Flip the polarity of one side of it, below {frequency(high_hz)} only if it is right "
            f"above; width 0 % would take the bass away."
        )
        action = Action("UT", "Flip the polarity of one side of the layer at fault", frequency_hz=high_hz)
    else:
        mend = (
            f"the loss goes. Then take its width to 0 % below {frequency(high_hz)}, or flip the polarity of one side "
            f"if that brings the bass back."
        )
        action = Action("UT", f"Width 0 % below {frequency(high_hz)} on the layer at fault", frequency_hz=high_hz)
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=share(spans, case.loud_spans),
            advice=(
                f"In mono, as most clubs play their subs, {frequency(low_hz)} to {frequency(high_hz)} loses "
                f"{digits(value)} dB at {when(spans)}. Put a mono utility on each bass layer in turn: on the one at "
                f"fault {mend}"
            ),
            spans=as_spans(spans),
            low_hz=low_hz,
            high_hz=high_hz,
            actions=(action, Action("MK", "Mark the passages")),
            blame="side",
            expected_delta=promise("mono loss", value, after, threshold.ok_high or 0.0),
        ),
    )


RULE = Rule(
    id="low.mono_loss",
    area="low",
    group="mono",
    weight=0.5,
    title="Bass lost in mono",
    measures="Power of 30–150 Hz over that of its mono fold-down, where the loud passage loses any of it, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=4,
)
