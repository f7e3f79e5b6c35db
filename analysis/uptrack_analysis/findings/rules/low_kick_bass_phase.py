"""``low.kick_bass_phase``: kick and bass work against each other, and a nudge or a flipped polarity would add level.

At every hit in which both sound, their sum from 40 to 100 Hz is tried again with the bass a few milliseconds earlier or
later, and upside down. Only what helps over all hits together is advice: a bass whose pitch is not the kick's meets it
differently every time, and nothing helps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans, share
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.stem_places import NO_STEMS
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action
from uptrack_analysis.stems.low_end import HIGH_HZ, LOW_HZ, RATE_HZ, LowEnd

# What the sum of kick and bass gains at their hits.
LIMITS = table(
    "low.kick_bass_phase",
    window_s=0.12,
    longest_ms=8.0,
    within_db=12.0,
    least_hits=8,
    warn_db=1.5,
    bad_db=4.0,
    grade="D",
    source="proposal: 1.5 dB from a shift or a flip, and opposed as it is",
)

CONFIDENCE = 0.75


def check(case: Case) -> Verdict:
    if case.stems is None:
        return NO_STEMS
    found = case.low_end
    if isinstance(found, str):
        return Unmeasured(found)
    window_s = LIMITS.number("window_s")
    kick, bass = found.windows(found.kick, window_s), found.windows(found.bass, window_s)
    own, theirs = (kick**2).sum(axis=1), (bass**2).sum(axis=1)
    within = 10 ** (LIMITS.number("within_db") / 10)
    both = (own < theirs * within) & (theirs < own * within)
    if both.sum() < LIMITS.number("least_hits"):
        return Unmeasured("Kick and bass hardly ever sound together, so their phase does not matter.")
    lag, flipped, gain_db, by_flip_db, opposed = _best(found, both, window_s)
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    if not opposed or not threshold.excess(gain_db):
        return ()
    spans = case.joined([(float(at), float(at) + window_s) for at in found.times_s()[both]])
    bass_name, shift_ms = found.bass_names[0], 1000 * lag / RATE_HZ
    move = f"nudge it {digits(abs(shift_ms))} ms {'later' if shift_ms > 0 else 'earlier'}" if lag else ""
    flip = "flip its polarity" if flipped else ""
    actions: list[Action] = []
    if flipped:
        actions.append(Action("UT", f"Flip the polarity of {bass_name}", tool="polarity", on=bass_name))
    if lag:
        text = f"Move {bass_name} by {signed(shift_ms)} ms"
        actions.append(Action("DL", text, tool="delay", amount=shift_ms, on=bass_name))
    what = " and ".join(part for part in (flip, move) if part)
    return (
        Draft(
            value=gain_db,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=share(spans, [case.whole]),
            title=f"{bass_name} works against the kick",
            advice=(
                f"Where {found.kick_names[0]} and {bass_name} sound together, they take level from each other between "
                f"40 and 120 Hz. Take {bass_name} and {what}: {signed(gain_db)} dB at the hits."
            ),
            spans=as_spans(spans),
            low_hz=LOW_HZ,
            high_hz=HIGH_HZ,
            stem=bass_name,
            actions=tuple(actions),
            expected_delta=f"{signed(gain_db)} dB of kick and bass together"
            + (f", {signed(by_flip_db)} dB of it by the flip alone" if flipped and lag else ""),
        ),
    )


def _best(found: LowEnd, both: NDArray[np.bool_], window_s: float) -> tuple[int, bool, float, float, bool]:
    """Shift of the bass in samples, whether it is flipped, dB gained by both, by a flip alone, whether opposed now."""
    kick = found.windows(found.kick, window_s)[both]
    longest = round(LIMITS.number("longest_ms") / 1000 * RATE_HZ)
    powers: dict[tuple[int, bool], float] = {}
    now = 0.0
    for lag in range(-longest, longest + 1):
        bass = found.windows(found.bass, window_s, lag)[both]
        cross = 2 * float((kick * bass).sum())
        alone = float((kick**2).sum() + (bass**2).sum())
        powers[lag, False], powers[lag, True] = alone + cross, alone - cross
        if lag == 0:
            now = cross
    # The smallest change that brings nearly all there is to gain.
    best = max(powers.values())
    lag, flipped = min(
        (change for change, power in powers.items() if power >= 0.97 * best), key=lambda change: abs(change[0])
    )
    as_it_is = max(powers[0, False], 1e-30)
    gain_db, by_flip_db = (10 * float(np.log10(powers[move] / as_it_is)) for move in ((lag, flipped), (0, True)))
    return lag, flipped, gain_db, by_flip_db, now < 0


RULE = Rule(
    id="low.kick_bass_phase",
    area="low",
    group="kick and bass",
    weight=0.3,
    title="Kick and bass out of phase",
    measures="Level that the sum of kick and bass, 40–120 Hz, would gain at the hits from a shift or a flip, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=2,
)
