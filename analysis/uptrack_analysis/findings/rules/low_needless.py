"""``low.needless``: what a stem brings to the low end that is no part of its sound: rumble, bleed, a filter left open.

A lead, a pad, hats or a voice has a lowest note. Going down from its strongest band, its sound ends where nothing near
the strongest comes any more for an octave; what lies further down, and under 120 Hz, is for kick and bass to play.
It is held against the low end of the mix's own loud passages, so that it counts for as much as it adds there. Kick,
bass, drums and effects may go as low as they like; of returns ``ste.reverb_low`` speaks. A name counts for more here
than the sound, because hats with enough rumble sound like a bass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency, percent
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans, share, spans_of_windows, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.stem_places import NO_STEMS, stem_power
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.results import Role, Stem
from uptrack_analysis.stems.roles import named_role

# Power of the stem under its sound, re the mix's in the same band in its loud passages.
LIMITS = table(
    "low.needless",
    warn_db=-20.0,
    bad_db=-8.0,
    from_hz=20.0,
    highest_hz=120.0,
    lowest_hz=45.0,
    sound_within_db=25.0,
    sure_of_role=0.5,
    grade="D",
    source="proposal: a high-pass on what is no bass is common practice; a hundredth of the low end each is told",
)

ROLES: tuple[Role, ...] = ("lead", "pad", "hats", "snare", "vocal")
CONFIDENCE = 0.65
WINDOW_S = 1.0
GAP_BANDS = 6
"""Of a sound from one note to the next: an octave, in sixths."""
ORDER = 2
"""Of the filter that is proposed: 12 dB an octave."""


def check(case: Case) -> Verdict:
    if case.stems is None:
        return NO_STEMS
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to compare a stem's low end with.")
    drafts = [_of_stem(case, stem) for stem in case.stems.stems if not stem.measured.silent]
    return [draft for draft in drafts if draft is not None]


@dataclass(frozen=True, slots=True)
class _Under:
    """What a stem plays under its sound."""

    high_hz: float
    """Where it ends: half an octave under the lowest band of the sound, 120 Hz at most."""
    power: FloatArray
    """Mean square in the mix by frame, shape (n_frames,)"""
    filtered: float
    """Share of it that the high-pass lets through."""


def _of_stem(case: Case, stem: Stem) -> Draft | None:
    named = named_role(stem.name)
    sure = 1.0 if named is not None else stem.role_confidence
    under = _under(stem) if (named or stem.role) in ROLES and sure >= LIMITS.number("sure_of_role") else None
    if under is None:
        return None
    mixed = case.loud_spectrum.between(LIMITS.number("from_hz"), under.high_hz)
    if mixed is None or not mixed > 0:
        return None
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    times_s = stem.measured.bands.times_s
    hop_s = float(times_s[1] - times_s[0]) if times_s.size > 1 else WINDOW_S
    level = _smoothed(under.power, max(1, round(WINDOW_S / hop_s)))
    there = level >= mixed * 10 ** (LIMITS.number("warn_db") / 10)
    if not there.any():
        return None
    part = float(under.power[there].mean()) / mixed
    value = 10 * float(np.log10(max(part, 1e-12)))
    if threshold.excess(value) < WARN_EXCESS:
        return None
    ends_s = times_s + stem.alignment.delay_s + hop_s / 2
    spans = case.joined(spans_of_windows(there, ends_s, hop_s))
    after_db = value + 10 * float(np.log10(max(under.filtered, 1e-12)))
    at = frequency(under.high_hz)
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE * sure,
        exposure=share(spans, [case.whole]),
        title=f"{stem.name} has a low end it does not need",
        advice=(
            f"Under {at} {stem.name} plays nothing that belongs to its sound, and yet brings {percent(min(part, 1.0))} "
            f"of what the mix has there ({when(spans)}): high-pass it at {at}, 12 dB an octave, unless that is "
            f"meant. Its lowest note stays."
        ),
        spans=as_spans(spans),
        low_hz=LIMITS.number("from_hz"),
        high_hz=under.high_hz,
        stem=stem.name,
        place=stem.name,
        actions=(
            Action(
                "HP",
                f"High-pass at {at}, 12 dB an octave, on {stem.name}",
                frequency_hz=under.high_hz,
                tool="high-pass",
                on=stem.name,
            ),
        ),
        expected_delta=f"its part under {at} {digits(value)} → {digits(after_db)} dB re the mix's",
    )


def _under(stem: Stem) -> _Under | None:
    """``None`` where the sound itself reaches so far down, or the file says nothing about it."""
    bands = stem.measured.bands
    edges_hz = bands.edges_hz
    if edges_hz.size < 2 or bands.times_s.size == 0:
        return None
    power = stem_power(stem, slice(0, edges_hz.size - 1))
    lowest = _lowest_band(power.mean(axis=0), edges_hz)
    high_hz = round(min(float(edges_hz[lowest]) / 2**0.5, LIMITS.number("highest_hz")))
    if high_hz < LIMITS.number("lowest_hz"):
        return None
    columns = bands_between(edges_hz, LIMITS.number("from_hz"), high_hz)
    if columns is None:
        return None
    low = power[:, columns]
    by_band = low.mean(axis=0)
    if not by_band.sum() > 0:
        return None
    ratio = np.sqrt(edges_hz[columns] * edges_hz[1:][columns]) / high_hz
    passed = 1 / (1 + ratio ** (-2 * ORDER))
    return _Under(float(high_hz), low.sum(axis=1), float(by_band @ passed / by_band.sum()))


def _lowest_band(power: FloatArray, edges_hz: FloatArray) -> int:
    """The lowest band of the sound that the strongest band over the low end belongs to."""
    above = int(np.searchsorted(edges_hz[:-1], LIMITS.number("highest_hz")))
    strongest = above + int(power[above:].argmax()) if above < power.size else power.size - 1
    loud: NDArray[np.bool_] = power >= power[strongest] * 10 ** (-LIMITS.number("sound_within_db") / 10)
    lowest = strongest
    for band in range(strongest, -1, -1):
        if loud[band]:
            lowest = band
        elif lowest - band > GAP_BANDS:
            break
    return lowest


def _smoothed(power: FloatArray, frames: int) -> FloatArray:
    """Mean over the window around each frame, shape (n_frames,)."""
    until = np.concatenate([[0.0], np.cumsum(power)])
    places = np.arange(power.size)
    first, last = np.maximum(places - frames // 2, 0), np.minimum(places + frames // 2 + 1, power.size)
    smoothed: FloatArray = (until[last] - until[first]) / (last - first)
    return smoothed


RULE = Rule(
    id="low.needless",
    area="low",
    group="needless low end",
    weight=0.15,
    title="Low end that a stem does not need",
    measures="Power of a lead, pad, hats or voice under its own sound, 120 Hz at most, over the mix's there, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
)
