"""``ste.narrow_wide``: a mix that is next to mono or wider than it is solid, and a drop narrower than its breaks.

How wide a mix should be is taste within wide bounds; that the drop should not close in on the listener is less so. Both
are told from side over mid power above the bass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency, percent, signed
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.moments import Moments, moments
from uptrack_analysis.findings.places import TimeSpan, as_spans, inside, share, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.rules.int_channel import inverted_spans
from uptrack_analysis.findings.side_moves import width_delta
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray

LIMITS = table(
    "ste.narrow_wide",
    low_hz=250.0,
    high_hz=8000.0,
    # side over mid, dB: the usual window, and how far out of it warns and is bad
    width={
        "low_db": -16.0,
        "high_db": -2.0,
        "warn_db": 4.0,
        "bad_db": 12.0,
        "mono_db": -40.0,
        "grade": "D",
        "source": "window: 10th to 90th percentile of 18 freely licensed stereo tracks, widened; 4 dB is a proposal",
    },
    # drop under break, dB
    drop={"warn_db": 5.0, "bad_db": 12.0, "least_s": 8.0, "grade": "D", "source": "proposal"},
    width_step_percent=30.0,
    grade="D",
    source="cap on width moves of 30 percent",
)

CONFIDENCE = 0.6
# Narrow is safe, and may be meant.
NARROW_CONFIDENCE = 0.45
WINDOW_S = 4.0


def check(case: Case) -> Verdict:
    if case.references is not None:
        return against_references.width(case, case.references)
    if isinstance(case.stereo, Unmeasured):
        return case.stereo
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    windows = moments(case, WINDOW_S)
    halves = None if windows is None else windows.pair(low_hz, high_hz)
    if windows is None or halves is None:
        return Unmeasured(f"The file does not reach {frequency(high_hz)}.")
    sound = ~inside(windows.centres_s, inverted_spans(case.stereo))
    mid, side = halves
    if not (mid + side)[windows.loud & sound].any():
        return Unmeasured(f"There is no loud passage with signal from {frequency(low_hz)} to {frequency(high_hz)}.")
    drafts = (_whole(case, windows, mid, side, sound), _drop(case, windows, mid, side, sound))
    return [draft for draft in drafts if draft is not None]


def _width_db(mid: FloatArray, side: FloatArray) -> float:
    return 10 * float(np.log10(max(float(side.sum()), 1e-20) / max(float(mid.sum()), 1e-20)))


def _whole(case: Case, windows: Moments, mid: FloatArray, side: FloatArray, sound: NDArray[np.bool_]) -> Draft | None:
    data, step = LIMITS.table("width"), LIMITS.number("width_step_percent")
    threshold = Threshold.window(
        data.number("low_db"), data.number("high_db"), data.number("warn_db"), data.number("bad_db")
    )
    asked = windows.loud & sound
    value = _width_db(mid[asked], side[asked])
    # Mono on purpose, or a mono file in two channels: nothing that a width control could mend.
    if not threshold.excess(value) or value < data.number("mono_db"):
        return None
    wide = value > (threshold.ok_high or 0.0)
    ratio_db = 10 * np.log10(np.maximum(side, 1e-20) / np.maximum(mid, 1e-20))
    off = asked & ((ratio_db > (threshold.ok_high or 0.0)) if wide else (ratio_db < (threshold.ok_low or 0.0)))
    spans = case.joined(windows.spans(off)) or case.loud_spans
    usual = f"{signed(data.number('low_db'), 0)} to {signed(data.number('high_db'), 0)} dB is usual"
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE if wide else NARROW_CONFIDENCE,
        exposure=share(spans, case.loud_spans),
        title="Very wide" if wide else "Very narrow",
        advice=(
            f"Above {frequency(LIMITS.number('low_hz'))} the sides lie {digits(abs(value))} dB "
            f"{'over' if value > 0 else 'under'} the middle at {when(spans)}; {usual}. "
            + (
                f"Take up to {percent(step / 100)} of width off the widest parts, so that something stands in the "
                f"middle."
                if wide
                else "Pan hats, percussion and doubled leads apart, or give a pad a chorus: the middle has it all."
            )
        ),
        spans=as_spans(spans),
        low_hz=LIMITS.number("low_hz"),
        high_hz=LIMITS.number("high_hz"),
        place="whole",
        actions=(
            Action(
                "UT", f"Width −{step:.0f} % on the widest parts" if wide else f"Width +{step:.0f} % on pads and hats"
            ),
        ),
        blame="side" if wide else None,
        expected_delta=width_delta(
            "side over mid", value, (threshold.ok_high if wide else threshold.ok_low) or 0.0, -step if wide else step
        ),
    )


def _drop(case: Case, windows: Moments, mid: FloatArray, side: FloatArray, sound: NDArray[np.bool_]) -> Draft | None:
    data, step = LIMITS.table("drop"), LIMITS.number("width_step_percent")
    sections = case.measured.structure.sections
    breaks: list[TimeSpan] = [(part.start_s, part.end_s) for part in sections if part.kind == "break"]
    drops: list[TimeSpan] = [(part.start_s, part.end_s) for part in case.drops]
    in_drop, in_break = (inside(windows.centres_s, spans) & sound for spans in (drops, breaks))
    least = data.number("least_s") / windows.step_s
    if in_drop.sum() < least or in_break.sum() < least:
        return None
    drop_db, break_db = _width_db(mid[in_drop], side[in_drop]), _width_db(mid[in_break], side[in_break])
    value = break_db - drop_db
    threshold = Threshold.above(data.number("warn_db"), data.number("bad_db"))
    if not threshold.excess(value):
        return None
    spans = case.joined(drops)
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=1.0,
        title="Drop narrower than the break",
        advice=(
            f"The drop is {digits(value)} dB narrower than the break (side over mid {signed(drop_db)} against "
            f"{signed(break_db)} dB), so it closes in where it should open. Narrow the break's pads by up to "
            f"{percent(step / 100)}, or spread hats, leads and effects of the drop."
        ),
        spans=as_spans(spans),
        low_hz=LIMITS.number("low_hz"),
        high_hz=LIMITS.number("high_hz"),
        place="drop",
        actions=(Action("UT", f"Width −{step:.0f} % on the break's pads"), Action("MK", "Mark the drops")),
        expected_delta=width_delta("drop under break", value, threshold.ok_high or 0.0, -step),
    )


RULE = Rule(
    id="ste.narrow_wide",
    area="stereo",
    group="width",
    weight=0.2,
    title="Width",
    measures="Side over mid power of 250 Hz–8 kHz: in the loud passage, and in the drop against the break, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
    data_files=(against_references.DATA,),
    by_references=True,
    version=4,
)
