"""``ton.tilt``: the slope of the whole spectrum, dark to bright, against the tonal average's.

Electronic music is usually brighter than that average: from the one to the other every slope is fine.
"""

from __future__ import annotations

import math

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import average_tilt_db_per_octave, standing_out, tilt_over_average
from uptrack_analysis.report import Action

# DB per octave from the tonal average, or from the brighter one that electronic music usually has.
LIMITS = table(
    "ton.tilt",
    usual_db_per_octave=0.7,
    low_hz=100.0,
    high_hz=10000.0,
    shelf_hz=4000.0,
    eq_cap_db=4.0,
    grade="D",
    source="shape: Elowsson and Friberg 2017; usual: median of 24 freely licensed tracks; tolerances: family files",
)

CONFIDENCE = 0.7


def check(case: Case) -> Verdict:
    if case.references is not None:
        return against_references.tilt(case, case.references)
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge its tone in.")
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    spectrum, average = case.loud_spectrum, load_tonal_average()
    over = tilt_over_average(spectrum, average, low_hz, high_hz)
    if over is None or spectrum.edges_hz[-1] < high_hz:
        return case.why("spectrum.tilt_db_per_octave", f"The spectrum does not reach {frequency(high_hz)}.")
    expected = average_tilt_db_per_octave(average, spectrum.edges_hz, low_hz, high_hz)
    threshold = Threshold.window(
        expected,
        expected + LIMITS.number("usual_db_per_octave"),
        case.family.tilt_warn_db_per_octave,
        case.family.tilt_bad_db_per_octave,
    )
    # A dip or a hump leans on the line and is no tilt: with and without it the mix has to lean, and by the lesser.
    odd = standing_out(spectrum, average)
    even = tilt_over_average(spectrum, average, low_hz, high_hz, without=odd) if odd else None
    if even is not None and (even > 0) != (over > 0):
        return ()
    if even is not None and threshold.excess(expected + even) < threshold.excess(expected + over):
        over = even
    else:
        odd = ()
    value = expected + over
    if not threshold.excess(value):
        return ()
    bright = value > expected
    places = " and ".join(frequency(math.sqrt(band.low_hz * band.high_hz)) for band in odd)
    beside = f", but for what stands out around {places}," if odd else ""
    shelf_hz, cap = LIMITS.number("shelf_hz"), LIMITS.number("eq_cap_db")
    # Least squares over log frequency: a step of 1 dB with the share q of n octaves above it tilts by 6q(1-q)/n.
    octaves = math.log2(high_hz / low_hz)
    q = math.log2(high_hz / shelf_hz) / octaves
    per_db = 6 * q * (1 - q) / octaves
    needed = max(0.5, math.ceil(2 * threshold.distance(value) / per_db) / 2)
    move = min(cap, needed) * (-1 if bright else 1)
    more = (
        " The rest is a matter of sounds: "
        + (
            "softer hats and noise, or more body in the low mids."
            if bright
            else "brighter hats and leads, or less weight in the low mids."
        )
        if needed > cap
        else ""
    )
    return (
        Draft(
            value=value,
            unit="dB/oct",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            title="Bright mix" if bright else "Dark mix",
            advice=(
                f"The spectrum{beside} falls by {digits(-value)} dB an octave; the average of popular music falls by "
                f"{digits(-expected)}. A shelf of {signed(move)} dB above {frequency(shelf_hz)} on the mix bus, or the "
                f"same on hats and tops, brings it to {digits(-(value + move * per_db))}.{more}"
            ),
            spans=as_spans(case.joined(case.loud_spans)),
            low_hz=low_hz,
            high_hz=high_hz,
            actions=(
                Action(
                    "EQ",
                    "High shelf on the mix bus",
                    gain_db=move,
                    frequency_hz=shelf_hz,
                    q=0.7,
                    tool="high shelf",
                    on_mix=True,
                ),
            ),
            expected_delta=f"tilt {signed(value, 2)} → {signed(value + move * per_db, 2)} dB/oct",
        ),
    )


RULE = Rule(
    id="ton.tilt",
    area="tonal",
    group="tilt",
    weight=0.4,
    title="Tilt of the spectrum",
    measures="Slope of the power density over 100 Hz–10 kHz in the loud passage, against the tonal average's slope.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_genre=True,
    version=2,
    family_tables=("tilt",),
    data_files=("tonal_average.toml", against_references.DATA),
    by_references=True,
)
