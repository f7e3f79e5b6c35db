"""``low.sub_absent``: a bass that only a subwoofer plays, and that is gone on a phone, a laptop or a small monitor.

Small speakers begin between 100 and 200 Hz; a bass below is heard there by its harmonics. What is asked is therefore
whether the low end sits under 45 Hz, and whether 100 to 250 Hz has little to stand in for it. What is advised are the
first two harmonics that lie in that range, as loud as brings it back to where it is fine.
"""

from __future__ import annotations

import math

import numpy as np

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import level_over_average_db
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray

LIMITS = table(
    "low.sub_absent",
    # where the fundamental must lie, and by how much it must lead the octave over it
    lowest_hz=20.0,
    sub_hz=45.0,
    bass_hz=100.0,
    lead_db=6.0,
    # what small speakers hear of it, against the tonal average
    heard_to_hz=250.0,
    warn_db=-5.0,
    bad_db=-11.0,
    grade="D",
    source="proposal; mixing guides on small speakers (Audit Audio, scenarios)",
)

CONFIDENCE = 0.65
HARMONICS = 2
LEAST_UNDER_DB = 6.0
"""Harmonics louder than this make another bass."""


def check(case: Case) -> Verdict:
    bands, loud = case.measured.bands, case.loud_mask
    if not loud.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge the bass in.")
    sub_hz, bass_hz, heard_hz = LIMITS.number("sub_hz"), LIMITS.number("bass_hz"), LIMITS.number("heard_to_hz")
    sub, bass, stand_in = (
        bands_between(bands.edges_hz, low, high)
        for low, high in ((LIMITS.number("lowest_hz"), sub_hz), (sub_hz, bass_hz), (bass_hz, heard_hz))
    )
    levels = level_over_average_db(case.loud_spectrum, load_tonal_average(), bass_hz, heard_hz)
    if sub is None or bass is None or stand_in is None or levels is None:
        return Unmeasured("There is no signal between 500 and 2000 Hz, or none in the bass, to compare levels with.")
    power = case.loud_spectrum.power
    lead = float(power[sub].sum()), float(power[bass].sum())
    if lead[0] < lead[1] * 10 ** (LIMITS.number("lead_db") / 10):
        return ()
    level, expected = levels
    threshold = Threshold.below(expected + LIMITS.number("warn_db"), expected + LIMITS.number("bad_db"))
    if not threshold.excess(level):
        return ()
    fundamental = _strongest_hz(bands.edges_hz[sub.start : sub.stop + 1], power[sub])
    first = math.ceil(bass_hz / fundamental)
    second = frequency((first + 1) * fundamental)
    # Half a dB on top, so that rounding the advice does not fall short of what it promises.
    wanted = 10 ** (((threshold.ok_low or 0.0) + 0.5 - level) / 10) - 1
    heard = float(power[stand_in].sum())
    under_db = math.floor(max(LEAST_UNDER_DB, 10 * math.log10(HARMONICS * lead[0] / (wanted * heard))))
    after = level + 10 * math.log10(1 + HARMONICS * lead[0] * 10 ** (-under_db / 10) / heard)
    tones = f"{frequency(first * fundamental)} and {second}"
    return (
        Draft(
            value=level,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            advice=(
                f"The bass is all sub, around {frequency(fundamental)}, and {frequency(bass_hz)} to "
                f"{frequency(heard_hz)} lies {digits(expected - level)} dB under the average of popular music: phones "
                f"and small monitors play no bassline. Add harmonics at {tones}, each {under_db} dB under the bass, "
                f"with saturation or a layer; an EQ has nothing to raise there."
            ),
            spans=as_spans(case.joined(case.loud_spans)),
            low_hz=bass_hz,
            high_hz=heard_hz,
            actions=(Action("NT", f"Saturate or layer the bass: {tones}, {under_db} dB under it"),),
            expected_delta=f"{frequency(bass_hz)}–{frequency(heard_hz)} {signed(level)} → {signed(after)} dB over "
            "500–2000 Hz",
        ),
    )


def _strongest_hz(edges_hz: FloatArray, power: FloatArray) -> float:
    place = int(np.argmax(power))
    return float(np.sqrt(edges_hz[place] * edges_hz[place + 1]))


RULE = Rule(
    id="low.sub_absent",
    area="low",
    group="small speakers",
    weight=0.25,
    title="No bass on small speakers",
    measures="Where 20–45 Hz leads 45–100 Hz by 6 dB: level of 100–250 Hz over 500–2000 Hz, against the pop average.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=2,
)
