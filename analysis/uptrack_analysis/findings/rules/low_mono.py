"""``low.mono``: how much of the low end differs between the sides, and so is lost or wanders on a mono system."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.fold_down import SHIFTED, opposed, upside_down
from uptrack_analysis.findings.places import TimeSpan, as_spans, inside, share, spans_of_windows, total_s, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.rules.int_channel import inverted_spans
from uptrack_analysis.findings.tables import table
from uptrack_analysis.measure.band_sums import power_in
from uptrack_analysis.measure.ltas import bands_between, mean_spectrum
from uptrack_analysis.measure.stereo import power_between
from uptrack_analysis.report import Action

LIMITS = table(
    "low.mono",
    present_db=-30.0,  # low end quieter than this under the whole loud passage is no low end
    lowest_hz=20.0,
    least_s=4.0,  # in all, the windows' own second included
    near_db=8.0,  # under the width that is told, for a moment to belong to it
    grade="D",
    source="proposal; the limits are in the family files",
)

CONFIDENCE = 0.85
WINDOW_S = 1.0
# A second this far under the low end's own level has no say in where the problem is.
AUDIBLE_DB = -20.0


def check(case: Case) -> Verdict:
    measured = case.measured
    if measured.channels < 2:
        return ()
    if isinstance(case.stereo, Unmeasured):
        return case.stereo
    below_hz, lowest_hz = case.family.mono_below_hz, LIMITS.number("lowest_hz")
    # Where the whole mix is upside down, int.channel has said so.
    mask = case.loud_mask & ~inside(measured.bands.times_s, inverted_spans(case.stereo))
    low = power_between(measured.bands, lowest_hz, below_hz, mask)
    whole = mean_spectrum(measured.bands, mask).between(lowest_hz, float(measured.bands.edges_hz[-1]))
    if not mask.any() or low is None or whole is None:
        return Unmeasured("There is no loud passage with a readable low end.")
    if (low.ll + low.rr) / 2 < whole * 10 ** (LIMITS.number("present_db") / 10):
        return Unmeasured(f"There is next to nothing below {frequency(below_hz)}.")
    threshold = case.family.low_side_db
    wide = _wide_spans(case, lowest_hz, below_hz, threshold.ok_high or 0.0)
    # A mean over the whole drop would hide eight wide bars in it; a second or two are a fill.
    there = power_between(measured.bands, lowest_hz, below_hz, mask & inside(measured.bands.times_s, wide))
    if there is None or total_s(wide) < LIMITS.number("least_s"):
        return ()
    width = there.width_db
    if width is None or not threshold.excess(width):
        return ()
    # Where most of it is: what is a little wide all along is not where the fault lies.
    limit_db = max(threshold.ok_high or 0.0, width - LIMITS.number("near_db"))
    spans = case.joined(_wide_spans(case, lowest_hz, below_hz, limit_db)) or case.joined(wide)
    loss, correlation = there.mono_loss_db or 0.0, there.correlation or 0.0
    if opposed(loss) and not upside_down(loss):
        mend = (
            f"The sides partly cancel there, {SHIFTED}, and less width would leave it so: take that off the bass layer "
            f"at fault, below {frequency(below_hz)} at least, or flip the polarity of one side of it if that is fuller "
            f"in mono."
        )
        action = Action("UT", f"No delay, chorus or widening below {frequency(below_hz)} on the bass layer at fault")
    elif upside_down(loss):
        mend = (
            f"One side is upside down there, and less width would take the bass away: flip the polarity of one side of "
            f"the bass layer at fault, below {frequency(below_hz)} only if it is right above, and listen in mono."
        )
        action = Action("UT", "Flip the polarity of one side of the bass layer at fault", frequency_hz=below_hz)
    else:
        mend = (
            f"Make the low end mono: width 0 % below {frequency(below_hz)} on the widest bass layer, or move its "
            f"chorus and unison above it."
        )
        action = Action("UT", f"Width 0 % below {frequency(below_hz)} on the widest bass layer", frequency_hz=below_hz)
    return (
        Draft(
            value=width,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=share(spans, case.loud_spans),
            advice=(
                f"Below {frequency(below_hz)} the sides differ: side is {digits(abs(width))} dB "
                f"{'under' if width < 0 else 'over'} mid (correlation {signed(correlation, 2)}) at {when(spans)}, and "
                f"a mono system loses {digits(loss)} dB there. {mend}"
            ),
            spans=as_spans(spans),
            low_hz=lowest_hz,
            high_hz=below_hz,
            actions=(action, Action("MK", "Mark the passages")),
            blame="side",
            # A flip makes mid of side and side of mid.
            expected_delta=f"side {signed(width)} → "
            + (f"{signed(-width)} dB" if upside_down(loss) else f"under {signed(threshold.ok_high or 0.0)} dB"),
        ),
    )


def _wide_spans(case: Case, low_hz: float, high_hz: float, limit_db: float) -> tuple[TimeSpan, ...]:
    """Seconds of the loud passage in which the low end is there and wide."""
    bands = case.measured.bands
    columns = bands_between(bands.edges_hz, low_hz, high_hz)
    if columns is None or bands.times_s.size < 2:
        return ()
    hop_s = float(bands.times_s[1] - bands.times_s[0])
    length = min(bands.times_s.size, max(1, round(WINDOW_S / hop_s)))
    left_and_right, difference = (
        np.lib.stride_tricks.sliding_window_view(power, length).mean(axis=1)
        for power in (power_in(bands, [columns])[0], bands.dd[:, columns].sum(axis=1, dtype=np.float64))
    )
    mid, side = (2 * left_and_right - difference) / 4, difference / 4
    centres_s = bands.times_s[: side.size] + (length - 1) / 2 * hop_s
    loud = inside(centres_s, case.loud_spans)
    if not loud.any():
        return ()
    level = float(left_and_right[loud].mean())
    wide = loud & (side > mid * 10 ** (limit_db / 10)) & (left_and_right > level * 10 ** (AUDIBLE_DB / 10))
    return spans_of_windows(wide, centres_s + length * hop_s / 2, length * hop_s)


RULE = Rule(
    id="low.mono",
    area="low",
    group="mono",
    weight=0.5,
    title="Wide low end",
    measures="Side over mid power below the family's mono frequency, where the loud passage is wide there, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_genre=True,
    version=4,
    family_tables=("mono", "low_side"),
)
