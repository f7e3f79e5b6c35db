"""``dj.system``: what a club's subs and a phone's loudspeaker make of the loud passage.

Both are simulated on the band matrix, without another pass over the audio. A club: everything below 100 Hz in mono and
through a high-pass at 30 Hz, 24 dB an octave, as subs are protected; what of the low end gets lost. A phone: mono
through a high-pass at 200 Hz, and how much loudness (K-weighted) is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from uptrack_analysis.figures import digits, frequency
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.fold_down import SHIFTED, opposed, upside_down
from uptrack_analysis.findings.places import TimeSpan, as_spans, inside, share, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.band_sums import mean_of
from uptrack_analysis.measure.k_weighting import k_weighting_power
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray

LIMITS = table(
    "dj.system",
    # loss of the low end
    club={
        "warn_db": 2.0,
        "bad_db": 6.0,
        "mono_below_hz": 100.0,
        "high_pass_hz": 30.0,
        "present_db": -15.0,  # low end quieter than this under the whole loud passage has nothing to lose
        "grade": "D",
        "source": "proposal; 24 mixes measured lose 0 to 1.3 dB",
    },
    # loss of loudness
    phone={
        "warn_lu": 8.5,
        "bad_lu": 16.0,
        "high_pass_hz": 200.0,
        "grade": "D",
        "source": "proposal; 22 of 24 mixes measured lose 1 to 6 LU",
    },
)

CONFIDENCE = 0.7
ORDER = 4
"""24 dB an octave."""


@dataclass(frozen=True, slots=True)
class _Powers:
    """Mean powers of each band over a stretch, shape (n_bands,)."""

    stereo: FloatArray
    mono: FloatArray


def check(case: Case) -> Verdict:
    if case.delivery.target == "premaster":
        return ()
    whole = _powers(case, case.loud_spans)
    if whole is None or not whole.stereo.sum() > 0:
        return case.why("loudness.integrated_lufs", "The file has no loud passage to play on another system.")
    edges_hz = case.measured.bands.edges_hz
    if edges_hz[-1] < 2 * LIMITS.table("phone").number("high_pass_hz"):
        return Unmeasured(f"The spectrum ends at {frequency(float(edges_hz[-1]))}: too low for a phone to play.")
    drafts = [_club(case, whole), _phone(case, whole)]
    return [draft for draft in drafts if draft is not None]


def _club(case: Case, whole: _Powers) -> Draft | None:
    data = LIMITS.table("club")
    below_hz, pass_hz = data.number("mono_below_hz"), data.number("high_pass_hz")
    centres_hz = _centres_hz(case)
    low = centres_hz < below_hz
    if whole.stereo[low].sum() < whole.stereo.sum() * 10 ** (data.number("present_db") / 10):
        return None

    def lost_db(powers: _Powers) -> float:
        return _lost_db(powers.stereo[low], (powers.mono * _high_pass(centres_hz, pass_hz))[low])

    threshold = Threshold.above(data.number("warn_db"), data.number("bad_db"))
    value = lost_db(whole)
    if threshold.excess(value) < WARN_EXCESS:
        return None
    spans = tuple(
        span
        for span in case.loud_spans
        if (powers := _powers(case, [span])) is not None and threshold.excess(lost_db(powers)) >= WARN_EXCESS
    )
    spans = case.joined(spans or case.loud_spans)
    under = _lost_db(whole.mono[low], (whole.mono * _high_pass(centres_hz, pass_hz))[low])
    listen = Action("UT", "Listen in mono through a high-pass at 30 Hz")
    actions: tuple[Action, ...] = (listen, Action("MK", "Mark the passages"))
    if under >= value / 2:
        why = (
            f"most of it lies under {frequency(pass_hz)}: move the sub's notes up, or shape it with a high-pass at "
            f"25 Hz"
        )
    elif opposed(folded_db := _lost_db(whole.stereo[low], whole.mono[low])) and not upside_down(folded_db):
        why = f"its sides partly cancel in mono, {SHIFTED}: take that off the bass layer at fault"
        actions = (Action("UT", "No delay, chorus or widening on the low end of the bass layer at fault"), *actions)
    elif upside_down(folded_db):
        why = (
            "its sides cancel in mono, for one of them is upside down: flip the polarity of one side of the bass layer "
            "at fault"
        )
        flip = Action("UT", "Flip the polarity of one side of the bass layer at fault", frequency_hz=below_hz)
        actions = (flip, *actions)
    else:
        why = f"its sides cancel in mono: width 0 % below {frequency(below_hz)} on the widest bass layer"
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=share(spans, case.loud_spans),
        title="Low end lost on a club system",
        advice=(
            f"In mono and over {frequency(pass_hz)}, as club subs play it, the low end loses {digits(value)} dB at "
            f"{when(spans)}; {why}."
        ),
        spans=as_spans(spans),
        low_hz=float(case.measured.bands.edges_hz[0]),
        high_hz=below_hz,
        place="club",
        actions=actions,
        expected_delta=f"loss {digits(value)} → under {digits(threshold.ok_high or 0.0)} dB",
    )


def _phone(case: Case, whole: _Powers) -> Draft | None:
    data = LIMITS.table("phone")
    pass_hz = data.number("high_pass_hz")
    centres_hz = _centres_hz(case)
    heard = k_weighting_power(centres_hz)
    value = _lost_db(whole.stereo * heard, whole.mono * heard * _high_pass(centres_hz, pass_hz))
    threshold = Threshold.above(data.number("warn_lu"), data.number("bad_lu"))
    if threshold.excess(value) < WARN_EXCESS:
        return None
    spans = case.joined(case.loud_spans)
    return Draft(
        value=value,
        unit="LU",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=1.0,
        title="Hardly there on a phone",
        advice=(
            f"In mono and over {frequency(pass_hz)}, as a phone plays it, the loud passage is {digits(value)} LU "
            f"quieter: what carries it lies lower. Add harmonics to bass and kick between {frequency(pass_hz)} and "
            f"800 Hz (saturation on a parallel bus at about −12 dB), rather than boosting with EQ."
        ),
        spans=as_spans(spans),
        low_hz=pass_hz,
        high_hz=800.0,
        place="phone",
        actions=(Action("NT", "Saturate bass and kick in parallel, high-passed at 200 Hz"),),
        expected_delta=f"loss {digits(value)} → under {digits(threshold.ok_high or 0.0)} LU",
    )


def _powers(case: Case, spans: tuple[TimeSpan, ...] | list[TimeSpan]) -> _Powers | None:
    bands = case.measured.bands
    mask = inside(bands.times_s, spans)
    if not mask.any():
        return None
    ll, rr, dd = (mean_of(part, mask) for part in (bands.ll, bands.rr, bands.dd))
    return _Powers((ll + rr) / 2, np.maximum(0.0, (2 * ll + 2 * rr - dd) / 4))


def _centres_hz(case: Case) -> FloatArray:
    edges_hz = case.measured.bands.edges_hz
    centres_hz: FloatArray = np.sqrt(edges_hz[:-1] * edges_hz[1:])
    return centres_hz


def _high_pass(frequency_hz: FloatArray, corner_hz: float) -> FloatArray:
    """Power gain of a Butterworth filter."""
    gain: FloatArray = 1 / (1 + (corner_hz / frequency_hz) ** (2 * ORDER))
    return gain


def _lost_db(before: FloatArray, after: FloatArray) -> float:
    """Up to 90 dB; of nothing, nothing is lost."""
    there = float(before.sum())
    return 10 * math.log10(there / max(float(after.sum()), 1e-9 * there)) if there > 0 else 0.0


RULE = Rule(
    id="dj.system",
    area="dj",
    group="systems",
    weight=0.15,
    title="Other systems",
    measures="What 20–100 Hz lose in mono over 30 Hz, and the loudness lost in mono over 200 Hz, in the loud passage.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_target=True,
    at_most="minor",
    version=3,
)
