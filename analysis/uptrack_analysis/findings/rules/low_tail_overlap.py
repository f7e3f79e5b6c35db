"""``low.tail_overlap``: the kick still rings when the bass comes in."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, percent
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.stem_places import NO_STEMS
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action
from uptrack_analysis.stems.low_end import HIGH_HZ, LOW_HZ, RATE_HZ, LowEnd

# How long a kick takes to fall by 20 dB, in beats.
LIMITS = table(
    "low.tail_overlap",
    fall_db=20.0,
    warn_beats=0.6,
    bad_beats=0.95,
    overlap_db=-12.0,
    grade="D",
    source="proposal: 60 percent of a beat",
)

CONFIDENCE = 0.6
_SMOOTH_S = 0.02


def check(case: Case) -> Verdict:
    if case.stems is None:
        return NO_STEMS
    if not case.bpm:
        return Unmeasured("Without a tempo nobody knows how long a beat is.")
    found = case.low_end
    if isinstance(found, str):
        return Unmeasured(found)
    beat_s = 60 / case.bpm
    fall_s = _fall_s(found, beat_s)
    threshold = Threshold.above(LIMITS.number("warn_beats"), LIMITS.number("bad_beats"))
    value = fall_s / beat_s
    # Where no bass follows inside the tail, a long kick is a sound, and no fault.
    if not threshold.excess(value) or not _bass_follows(found, fall_s):
        return ()
    spans = case.joined([(float(at), float(at) + fall_s) for at in found.times_s()])
    kick, wanted_ms = found.kick_names[0], 1000 * beat_s * LIMITS.number("warn_beats")
    return (
        Draft(
            value=value,
            unit="beats",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            advice=(
                f"{kick} takes {digits(1000 * fall_s, 0)} ms to fall by 20 dB, {percent(value)} of a beat, and "
                f"{found.bass_names[0]} comes in before. Shorten its decay to about {digits(wanted_ms, 0)} ms."
            ),
            spans=as_spans(spans),
            low_hz=LOW_HZ,
            high_hz=HIGH_HZ,
            stem=kick,
            actions=(Action("NT", f"Shorten the decay of {kick} to {digits(wanted_ms, 0)} ms"),),
            expected_delta=f"tail {digits(1000 * fall_s, 0)} → {digits(wanted_ms, 0)} ms",
        ),
    )


def _fall_s(found: LowEnd, beat_s: float) -> float:
    """Median time from a hit's loudest moment until it is 20 dB under it; at most one beat."""
    width = round(_SMOOTH_S * RATE_HZ)
    power = np.convolve(found.kick**2, np.ones(width) / width, mode="same")
    tails = found.windows(power, beat_s)
    loudest = tails.argmax(axis=1)
    floor = tails.max(axis=1) * 10 ** (-LIMITS.number("fall_db") / 10)
    after = np.arange(tails.shape[1])[None, :] >= loudest[:, None]
    fallen = after & (tails <= floor[:, None])
    first = np.where(fallen.any(axis=1), fallen.argmax(axis=1), tails.shape[1])
    return float(np.median(first)) / RATE_HZ


def _bass_follows(found: LowEnd, fall_s: float) -> bool:
    """In half of the tails the bass comes within 12 dB of the kick's own level there."""
    kick, bass = ((found.windows(part, fall_s) ** 2).mean(axis=1) for part in (found.kick, found.bass))
    return bool(np.mean(bass >= kick * 10 ** (LIMITS.number("overlap_db") / 10)) >= 0.5)


RULE = Rule(
    id="low.tail_overlap",
    area="low",
    group="kick and bass",
    weight=0.15,
    title="Kick rings into the bass",
    measures="Time the kick takes to fall by 20 dB, in beats, where the bass comes in before.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
)
