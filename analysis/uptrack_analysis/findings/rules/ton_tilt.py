"""``ton.tilt``: the slope of the whole spectrum, dark to bright, against the tonal average's.

Electronic music is usually brighter than that average: from the one to the other every slope is fine.
How the slope is found, and by which shelf it is mended, stands in ``lean.py``.
"""

from __future__ import annotations

import math

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.lean import LIMITS, shelf_for
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.rules import ton_air, ton_band

CONFIDENCE = 0.7


def check(case: Case) -> Verdict:
    if case.references is not None:
        return against_references.tilt(case, case.references, octaves_told(case))
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge its tone in.")
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    lean = case.lean
    if lean is None:
        return case.why("spectrum.tilt_db_per_octave", f"The spectrum does not reach {frequency(high_hz)}.")
    if not lean.warns:
        return ()
    shelf = shelf_for(lean, octaves_told(case))
    if shelf is None:  # it is its octaves that lean, each by itself
        return ()
    places = " and ".join(frequency(math.sqrt(band.low_hz * band.high_hz)) for band in lean.without)
    beside = f", but for what stands out around {places}," if lean.without else ""
    return (
        Draft(
            value=lean.value,
            unit="dB/oct",
            threshold=lean.threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            title="Bright mix" if lean.bright else "Dark mix",
            advice=(
                f"The spectrum{beside} falls by {digits(-lean.value)} dB an octave; the average of popular music falls "
                f"by {digits(-lean.expected)}. {shelf.advice}"
            ),
            spans=as_spans(case.joined(case.loud_spans)),
            low_hz=low_hz,
            high_hz=high_hz,
            actions=(shelf.action,),
            expected_delta=f"tilt {signed(lean.value, 2)} → {signed(shelf.after, 2)} dB/oct",
        ),
    )


def octaves_told(case: Case) -> list[Draft]:
    """What is said of single octaves, by the rules whose advice a shelf may contradict."""
    verdicts = map(case.verdict_of, (ton_band.check, ton_air.check))
    return [draft for verdict in verdicts if not isinstance(verdict, Unmeasured) for draft in verdict]


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
    version=3,
    family_tables=("tilt",),
    data_files=("tonal_average.toml", against_references.DATA),
    by_references=True,
)
