"""``ste.balance``: whether the loud passage leans to one side, and where in it.

What leans is judged by itself, so that half a song is not half as bad; a sound thrown to one side for a moment, or from
side to side, leans nowhere. Powers are weighed by the inverse of the tonal average, so that every part of the spectrum
between 100 Hz and 10 kHz counts alike; unweighted, a mono bass would hide a mix that leans.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from uptrack_analysis.figures import digits
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.moments import Moments, moments
from uptrack_analysis.findings.places import as_spans, inside, share, when
from uptrack_analysis.findings.promises import promise
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.rules.int_channel import fallen, lopsided_spans, widened, without_fallen
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.measure.stereo import LIMIT_DB
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray

# Left minus right where it leans, every third octave counting alike.
LIMITS = table(
    "ste.balance",
    warn_db=1.5,
    bad_db=2.7,
    low_hz=100.0,
    high_hz=10000.0,
    least_s=5.0,  # in all
    least_share=0.15,  # of the loud passage
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.85
STEP_DB = 3.0
WINDOW_S = 3.0


def check(case: Case) -> Verdict:
    if isinstance(case.stereo, Unmeasured):
        return case.stereo
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge its balance in.")
    if lopsided_spans(without_fallen(case.stereo, case)):
        return ()  # int.channel's: beyond a matter of taste
    windows = moments(case, WINDOW_S)
    balance_db = None if windows is None else _weighted_balance_db(windows)
    if windows is not None and (silences := fallen(case)):  # int.channel's, too
        reached = inside(windows.centres_s, widened(silences, WINDOW_S, case.measured.sample_rate_hz))
        windows = replace(windows, loud=windows.loud & ~reached)
    if windows is None or balance_db is None:
        return Unmeasured("There is no signal between 100 Hz and 10 kHz to weigh.")
    threshold = Threshold.around(0.0, LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    least = max(LIMITS.number("least_s") / windows.step_s, LIMITS.number("least_share") * windows.loud.sum())
    leaning = [windows.loud & (sign * balance_db > LIMITS.number("warn_db")) for sign in (1, -1)]
    other, lean = sorted(leaning, key=np.count_nonzero)
    # What swings from side to side is judged as a whole.
    if np.count_nonzero(lean) < max(least, 2 * np.count_nonzero(other)):
        lean = windows.loud
    value = float(np.mean(balance_db[lean])) if lean.any() else 0.0
    if not threshold.excess(value):
        return ()
    spans = case.joined(windows.spans(lean))
    side = "left" if value > 0 else "right"
    step = min(STEP_DB, abs(value))
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=share(spans, case.loud_spans),
            title=f"Leans {side}",
            advice=(
                f"The mix leans {digits(abs(value))} dB to the {side} at {when(spans)}. Find the part panned there "
                f"without a partner on the other side and move it towards the middle, or turn it down by "
                f"{digits(step)} dB."
            ),
            spans=as_spans(spans),
            actions=(Action("GN", f"The part that leans {side}", gain_db=-step),),
            blame="left" if value > 0 else "right",
            expected_delta=promise(f"lead of the {side}", abs(value), abs(value) - step, threshold.ok_high or 0.0),
        ),
    )


def _weighted_balance_db(windows: Moments) -> FloatArray | None:
    """Left over right, shape (n_windows,); 0 where nothing sounds."""
    low, high = windows.edges_hz[:-1], windows.edges_hz[1:]
    centres = np.sqrt(low * high)
    used = (centres >= LIMITS.number("low_hz")) & (centres <= LIMITS.number("high_hz"))
    if not used.any():
        return None
    weights = 1.0 / load_tonal_average().band_power(low[used], high[used])
    left, right = (part[:, used] @ weights for part in (windows.ll, windows.rr))
    sounds = left + right > 0
    if not sounds.any():
        return None
    floor = 10 ** (-LIMIT_DB / 10)
    balance = np.zeros(sounds.shape)
    left, right = left[sounds], right[sounds]
    balance[sounds] = 10 * np.log10(np.maximum(left, floor * right) / np.maximum(right, floor * left))
    return balance


RULE = Rule(
    id="ste.balance",
    area="stereo",
    group="balance",
    weight=0.3,
    title="Leans to one side",
    measures="Left over right power where the loud passage leans, octaves of 100 Hz–10 kHz counting alike, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=5,
)
