"""``low.rumble``: what moves the speakers below everything that is heard, and takes headroom and limiter with it.

It is held against the octave that carries the low end, 30 to 60 Hz or the one above, so that music without a sub is
not blamed for that; and it has to be something beside the whole mix, because nobody needs to filter what is not there.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import TimeSpan, as_spans, inside, share, spans_of_windows, total_s, when
from uptrack_analysis.findings.promises import promise
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.bands import RUMBLE_HZ
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray

# 10 to 28 Hz over the stronger of the octaves 30 to 60 and 60 to 120 Hz.
LIMITS = table(
    "low.rumble",
    octaves_hz=[30.0, 60.0, 120.0],
    warn_db=-12.0,
    bad_db=-1.5,
    least_db=-30.0,  # under the whole loud passage: less is no matter
    least_s=4.0,  # in all: an impact may go as low as it likes
    filter_hz=26.0,
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.8
WINDOW_S = 3.0
HIGH_PASS_DB = 9.5
"""What 24 dB an octave at 26 Hz takes at 20 Hz: 10 lg(1 + (26 / 20) ** 8)."""


def check(case: Case) -> Verdict:
    bands, loud = case.measured.bands, case.loud_mask
    if not loud.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to look for rumble in.")
    octaves_hz = LIMITS.numbers("octaves_hz")
    columns = [bands_between(bands.edges_hz, low, high) for low, high in pairwise(octaves_hz)]
    power = case.loud_spectrum.power
    low_end = max(float(power[octave].sum()) for octave in columns if octave is not None)
    if bands.rumble.size != loud.size or not low_end > 0:
        return Unmeasured("There is no low end to hold what lies under it against.")
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    least = max(
        low_end * 10 ** (LIMITS.number("warn_db") / 10),
        float(power.sum()) * 10 ** (LIMITS.number("least_db") / 10),
    )
    windowed = _smoothed(bands.rumble, bands.times_s)
    rumbling = loud & (windowed >= least)
    spans = case.joined(_spans(rumbling, bands.times_s))
    if total_s(spans) < LIMITS.number("least_s"):
        return ()
    there = inside(bands.times_s, spans) & loud
    value = float(10 * np.log10(bands.rumble[there].mean() / low_end))
    if not threshold.excess(value):
        return ()
    filter_hz = LIMITS.number("filter_hz")
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=share(spans, case.loud_spans),
            advice=(
                f"Under {frequency(RUMBLE_HZ[1])} there is rumble, {digits(abs(value))} dB "
                f"{'under' if value < 0 else 'over'} the bass itself, at {when(spans)}: it is not heard, but it moves "
                f"speakers and limiter. High-pass at {frequency(filter_hz)}, 24 dB an octave, what should not go that "
                f"low: pads, effects, recordings, and a kick whose tail falls too far."
            ),
            spans=as_spans(spans),
            low_hz=RUMBLE_HZ[0],
            high_hz=RUMBLE_HZ[1],
            actions=(
                Action(
                    "HP",
                    "High-pass, 24 dB an octave, on the part that rumbles",
                    frequency_hz=filter_hz,
                    tool="high-pass",
                ),
                Action("MK", "Mark the passages"),
            ),
            blame="power",
            expected_delta=promise("rumble", value, value - HIGH_PASS_DB, threshold.ok_high or 0.0, of=" re the bass"),
        ),
    )


def _smoothed(power: FloatArray, times_s: FloatArray) -> FloatArray:
    """Mean over the window around each frame, shape (n_frames,)."""
    hop_s = float(times_s[1] - times_s[0]) if times_s.size > 1 else WINDOW_S
    reach = max(0, round(WINDOW_S / hop_s / 2))
    until = np.concatenate([[0.0], np.cumsum(power)])
    frames = np.arange(power.size)
    first, last = np.maximum(frames - reach, 0), np.minimum(frames + reach + 1, power.size)
    smoothed: FloatArray = (until[last] - until[first]) / (last - first)
    return smoothed


def _spans(chosen: NDArray[np.bool_], times_s: FloatArray) -> tuple[TimeSpan, ...]:
    hop_s = float(times_s[1] - times_s[0]) if times_s.size > 1 else WINDOW_S
    return spans_of_windows(chosen, times_s + hop_s / 2, hop_s)


RULE = Rule(
    id="low.rumble",
    area="low",
    group="rumble",
    weight=0.25,
    title="Rumble under the bass",
    measures="Power of 10–28 Hz over the stronger of 30–60 and 60–120 Hz, where the loud passage has any, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=2,
)
