"""``ton.harsh``: moments in which 2 to 5 kHz jumps out, as a lead with a resonant filter or a crushed clap does.

Loud in that range all the time is a matter of balance; harsh is what comes in peaks. A hint until its precision is
known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency, percent
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import TimeSpan, as_spans, spans_of_windows, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import octave_shape, strongest_hz
from uptrack_analysis.measure.ltas import REFERENCE_BAND, Band, bands_between, mean_spectrum
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray

LIMITS = table(
    "ton.harsh",
    low_hz=2000.0,
    high_hz=5000.0,
    jumps_db=3.0,  # over the average, tilt taken out
    peaky_db=3.0,  # 95th percentile over the mean
    warn_percent=10.0,
    bad_percent=40.0,
    eq_cap_db=3.0,
    eq_q=2.0,
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.5
LOUD_PERCENTILE = 95
# Frames this far under the band's loud ones are pauses.
AUDIBLE_DB = -12.0


def check(case: Case) -> Verdict:
    bands, loud = case.measured.bands, case.loud_mask
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    if not loud.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to look for harsh moments in.")
    columns = bands_between(bands.edges_hz, low_hz, high_hz)
    reference = bands_between(bands.edges_hz, REFERENCE_BAND.low_hz, REFERENCE_BAND.high_hz)
    average = load_tonal_average()
    shape = octave_shape(case.loud_spectrum, average)
    if columns is None or reference is None or shape is None:
        return Unmeasured(f"Too little signal reaches {frequency(high_hz)}.")
    power = bands.ll + bands.rr
    here, rest = power[:, columns].sum(axis=1), power[:, reference].sum(axis=1)
    strong = float(np.percentile(here[loud], LOUD_PERCENTILE))
    if not strong > 0:
        return Unmeasured(f"There is no signal from {frequency(low_hz)} to {frequency(high_hz)}.")
    peaky_db = 10 * float(np.log10(strong / here[loud].mean()))
    if peaky_db < LIMITS.number("peaky_db"):
        return ()
    octaves = float(np.log2(np.sqrt(low_hz * high_hz) / np.sqrt(REFERENCE_BAND.low_hz * REFERENCE_BAND.high_hz)))
    expected_db = (
        average.band_level_db(low_hz, high_hz, reference_hz=(REFERENCE_BAND.low_hz, REFERENCE_BAND.high_hz))
        + shape.tilt_db_per_octave * octaves
    )
    # Against what the mids hold on the whole: a pause of theirs makes nothing harsh.
    usual = float(rest[loud].mean())
    over_db = 10 * np.log10(np.maximum(here, 1e-20) / np.maximum(rest, usual)) - expected_db
    jumps = loud & (over_db > LIMITS.number("jumps_db")) & (here > strong * 10 ** (AUDIBLE_DB / 10))
    value = 100 * float(jumps.sum() / loud.sum())
    threshold = Threshold.above(LIMITS.number("warn_percent"), LIMITS.number("bad_percent"))
    if value < LIMITS.number("warn_percent"):
        return ()
    spans = case.joined(_spans(jumps, bands.times_s))
    at_hz = strongest_hz(mean_spectrum(bands, jumps), average, Band("harsh", low_hz, high_hz), sign=1.0) or float(
        np.sqrt(low_hz * high_hz)
    )
    cap, quality = LIMITS.number("eq_cap_db"), LIMITS.number("eq_q")
    return (
        Draft(
            value=value,
            unit="% of the loud passage",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=value / 100,
            advice=(
                f"{frequency(low_hz)} to {frequency(high_hz)} jumps out in {percent(value / 100)} of the loud "
                f"passages, at {when(spans)}, most at {frequency(at_hz)}. If it hurts at the level you play it, a "
                f"dynamic band there on the lead or clap, up to {digits(cap)} dB, Q {digits(quality)}, tames the peaks."
            ),
            spans=as_spans(spans),
            low_hz=low_hz,
            high_hz=high_hz,
            actions=(Action("DQ", "Dynamic band on the part that jumps out", -cap, at_hz, quality),),
            blame="power",
            expected_delta=f"{percent(value / 100)} → under {LIMITS.number('warn_percent'):.0f} % of the time",
        ),
    )


def _spans(chosen: NDArray[np.bool_], times_s: FloatArray) -> tuple[TimeSpan, ...]:
    hop_s = float(times_s[1] - times_s[0]) if times_s.size > 1 else 0.0
    return spans_of_windows(chosen, times_s + hop_s / 2, hop_s)


RULE = Rule(
    id="ton.harsh",
    area="tonal",
    group="harsh",
    weight=0.15,
    title="Harsh moments",
    measures="Share of the loud passage in which 2–5 kHz jumps 3 dB over the tonal average, if the range is peaky.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
)
