"""``ton.resonance``: narrow peaks that ring through the music and are none of its notes.

A held note stands as still as a resonance does, so a peak is left alone if it can be a note: in tune with the file, and
in its key or beside an octave of itself, or an overtone of another peak. What is left are filters that ring, rooms,
whistles and aliases. A ring that lies on a note of the key is therefore missed.
"""

from __future__ import annotations

import math

from uptrack_analysis.figures import digits, frequency, percent
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import TimeSpan, as_spans, merged, share, total_s, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.key import key_name
from uptrack_analysis.measure.notes import A4_HZ, nearest_note
from uptrack_analysis.measure.results import KeyEstimate, Resonance
from uptrack_analysis.report import Action

LIMITS = table(
    "ton.resonance",
    warn_db=9.0,
    bad_db=19.0,
    # Below, a bass or a kick's tone is likelier; above, the metal of a hi-hat.
    lowest_hz=200.0,
    highest_hz=5000.0,
    # What stands out this far, all the time, is no hi-hat either.
    whistle_db=16.0,
    whistle_share=0.9,
    at_once_s=2.0,
    least_s=4.0,
    least_share=0.2,  # of the loud passage
    least_density=0.6,  # of a passage in which it rings, the share in which it stands
    in_tune_cents=22.0,
    sure_key=0.7,
    eq_cap_db=4.0,
    eq_q=8.0,
    most=3.0,
    grade="D",
    source="after analyze_mix of ableton-studio-mcp (peak over a third-octave floor); limits are a proposal",
)

CONFIDENCE = 0.75
SCALES = {False: (0, 2, 4, 5, 7, 9, 11), True: (0, 2, 3, 5, 7, 8, 10)}
SEMITONES = {"C": 0, "C#": 1, "D": 2, "D#": 3, "E": 4, "F": 5, "F#": 6, "G": 7, "G#": 8, "A": 9, "A#": 10, "B": 11}
# A ring that music covers for a moment goes on.
COVERED_S = 1.5
# Where the note would have another peak: its octaves, and what it would be an overtone of.
RELATIVES = (0.25, 0.5, 2.0, 4.0, 1 / 3, 1 / 6)
RELATIVE_TOLERANCE = 0.004


def check(case: Case) -> Verdict:
    peaks = case.measured.details.resonances
    if peaks is None:
        return case.why("spectrum.resonances", "The spectrum was not measured finely enough to see resonances.")
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    drafts = [
        _draft(case, peak, threshold, spans)
        for peak in peaks
        if threshold.excess(peak.above_floor_db)
        and _is_no_instrument(peak)
        and not _may_be_a_note(peak, case.measured.key, peaks)
        and (spans := _rings(case, peak))
    ]
    return sorted(drafts, key=lambda draft: -draft.value * draft.exposure)[: int(LIMITS.number("most"))]


def _is_no_instrument(peak: Resonance) -> bool:
    if peak.frequency_hz < LIMITS.number("lowest_hz"):
        return False
    whistles = peak.above_floor_db >= LIMITS.number("whistle_db") and peak.share >= LIMITS.number("whistle_share")
    return peak.frequency_hz <= LIMITS.number("highest_hz") or whistles


def _may_be_a_note(peak: Resonance, key: KeyEstimate, peaks: tuple[Resonance, ...]) -> bool:
    """In tune, and in the key or in the company of its relatives; anything in tune where the key is not sure."""
    if peak.frequency_hz > LIMITS.number("highest_hz"):
        return False
    name, off = _note(peak, key)
    if abs(off) > LIMITS.number("in_tune_cents"):
        return False
    if key.tonic is None or key.minor is None or key.confidence < LIMITS.number("sure_key"):
        return True
    if (SEMITONES[name.rstrip("-0123456789")] - key.tonic) % 12 in SCALES[key.minor]:
        return True
    ratios = [other.frequency_hz / peak.frequency_hz for other in peaks if other is not peak]
    return any(abs(ratio / relative - 1) < RELATIVE_TOLERANCE for ratio in ratios for relative in RELATIVES)


def _note(peak: Resonance, key: KeyEstimate) -> tuple[str, float]:
    """The nearest note as the file is tuned, and how many cents the peak lies over it."""
    return nearest_note(peak.frequency_hz / 2 ** ((key.tuning_cents or 0.0) / 1200))


def _why_no_note(peak: Resonance, key: KeyEstimate) -> str:
    """The half sentence that goes with what ``_may_be_a_note`` denies."""
    if peak.frequency_hz > LIMITS.number("highest_hz"):
        return "higher than notes are played"
    name, off = _note(peak, key)
    if abs(off) > LIMITS.number("in_tune_cents"):
        return f"{digits(abs(off), 0)} cents off {name}, so no played note"
    assert key.tonic is not None  # noqa: S101 - in tune, it may be a note unless the key is believed
    assert key.minor is not None  # noqa: S101
    return f"{name}, which is no note of {key_name(key.tonic, key.minor)}"


def _rings(case: Case, peak: Resonance) -> tuple[TimeSpan, ...]:
    """Passages in which the peak stands most of the time; empty if that is not long enough to be a resonance."""
    if max((end - start for start, end in peak.standing), default=0.0) < LIMITS.number("at_once_s"):
        return ()
    passages = [
        passage
        for passage in merged(peak.standing, max(COVERED_S, case.bar_s))
        if share(peak.standing, [passage]) >= LIMITS.number("least_density") and total_s([passage]) >= COVERED_S
    ]
    spans = case.joined(passages)
    enough = share(spans, case.loud_spans) >= LIMITS.number("least_share")
    return spans if enough and total_s(spans) >= LIMITS.number("least_s") else ()


def _draft(case: Case, peak: Resonance, threshold: Threshold, spans: tuple[TimeSpan, ...]) -> Draft:
    cap, quality = LIMITS.number("eq_cap_db"), LIMITS.number("eq_q")
    note, _ = nearest_note(peak.frequency_hz)
    at = frequency(peak.frequency_hz)
    cut = min(cap, round(2 * threshold.distance(peak.above_floor_db)) / 2)
    # A semitone to either side of the note, so that a peak that wanders by a hertz stays the same finding.
    note_hz, semitone = A4_HZ * 2 ** (round(12 * math.log2(peak.frequency_hz / A4_HZ)) / 12), 2 ** (1 / 12)
    return Draft(
        value=peak.above_floor_db,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=share(spans, case.loud_spans),
        title=f"Resonance at {at}",
        advice=(
            f"{at} rings {digits(peak.above_floor_db)} dB over what is around it, in {percent(peak.share)} of the "
            f"time, most of it at {when(spans)}; it is {_why_no_note(peak, case.measured.key)}. Sweep a "
            f"narrow band to find the part it comes from and cut that by {digits(cut)} dB at {at}, Q {quality:.0f}, "
            f"with a dynamic EQ if it only rings on some notes."
        ),
        spans=as_spans(spans),
        low_hz=note_hz / semitone,
        high_hz=note_hz * semitone,
        place=note,
        actions=(
            Action("DQ", f"Narrow cut on the part that rings at {at}", -cut, peak.frequency_hz, quality),
            Action("MK", "Mark the passages"),
        ),
        blame="power",
        expected_delta=f"peak {digits(peak.above_floor_db)} → {digits(peak.above_floor_db - cut)} dB over the rest",
    )


RULE = Rule(
    id="ton.resonance",
    area="tonal",
    group="resonance",
    weight=0.3,
    title="Resonance",
    measures="Narrow peaks over what surrounds them, in dB, that ring for seconds and are no played note.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
    version=4,
)
