"""``low.kick_bass_mask``: the bass covers the kick in the very moments in which it should be heard.

Of both stems, 40 to 120 Hz is compared in the first 40 ms of every hit: the kick's loss is how much less of that sum
is the kick than if it were alone, ``10 log10(1 + bass / kick)``, 3 dB where both are equally strong. Time-resolved,
because the level over a whole file calls every side-chained bass a mask.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, frequency, percent
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import TimeSpan, as_spans, share, when
from uptrack_analysis.findings.promises import loss_after_db, promise
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.stem_places import NO_STEMS, strongest_band_hz
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action
from uptrack_analysis.stems.low_end import HIGH_HZ, LOW_HZ, RATE_HZ, LowEnd

# The loss that 30 % of the hits exceed.
LIMITS = table(
    "low.kick_bass_mask",
    window_s=0.04,
    share_of_hits=0.3,
    warn_db=3.0,
    bad_db=7.0,
    most_duck_db=6.0,
    grade="D",
    source="proposal: 3 dB in the kick's first 40 ms at three hits in ten; masking as in the meters of mixing suites",
)

CONFIDENCE = 0.8
ROUNDING_DB = 0.2
"""Ducked in steps of half a decibel to where both are equally strong."""


def check(case: Case) -> Verdict:
    if case.stems is None:
        return NO_STEMS
    found = case.low_end
    if isinstance(found, str):
        return Unmeasured(found)
    kick, bass = (
        (found.windows(part, LIMITS.number("window_s")) ** 2).sum(axis=1) for part in (found.kick, found.bass)
    )
    loss_db = 10 * np.log10(1 + bass / np.maximum(kick, 1e-30))
    value = float(np.percentile(loss_db, 100 * (1 - LIMITS.number("share_of_hits"))))
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    if not threshold.excess(value):
        return ()
    masked = loss_db >= LIMITS.number("warn_db")
    hits_s = found.times_s()
    spans = case.joined([(float(at), float(at) + LIMITS.number("window_s")) for at in hits_s[masked]])
    if not spans:
        return ()
    return (_draft(case, found, value, threshold, spans, float(masked.mean()), loss_db[masked]),)


def _draft(
    case: Case,
    found: LowEnd,
    value: float,
    threshold: Threshold,
    spans: tuple[TimeSpan, ...],
    of_hits: float,
    losses_db: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> Draft:
    # Down to where both are equally strong, 3 dB of loss.
    over_db = float(np.median(10 * np.log10(np.maximum(10 ** (losses_db / 10) - 1, 1e-3))))
    duck_db = min(LIMITS.number("most_duck_db"), max(1.0, round(2 * over_db) / 2))
    bass, kick = found.bass_names[0], found.kick_names[0]
    at_hz = strongest_band_hz(case, bass, LOW_HZ, HIGH_HZ, spans)
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=share(spans, case.joined([(float(at), float(at) + 1 / RATE_HZ) for at in found.times_s()])),
        title=f"{bass} hides {kick}",
        advice=(
            f"{bass} covers {kick} at {percent(of_hits)} of its hits ({when(spans)}): {digits(value)} dB of the kick's "
            f"first 40 ms are lost between {frequency(LOW_HZ)} and {frequency(HIGH_HZ)}. Duck {bass} by "
            f"{digits(duck_db)} dB from the kick (attack under 10 ms, release 90 ms), or cut it by 2.5 dB at "
            f"{frequency(at_hz)}, Q 1.2."
        ),
        spans=as_spans(spans),
        low_hz=LOW_HZ,
        high_hz=HIGH_HZ,
        stem=bass,
        actions=(
            Action("SC", f"Duck {bass} from {kick}, release 90 ms", gain_db=-duck_db),
            Action("EQ", f"Bell on {bass}", -2.5, at_hz, 1.2, tool="bell", on=bass),
        ),
        expected_delta=promise(
            "the kick's loss", value, loss_after_db(value, -duck_db), LIMITS.number("warn_db") + ROUNDING_DB
        ),
    )


RULE = Rule(
    id="low.kick_bass_mask",
    area="low",
    group="kick and bass",
    weight=0.4,
    title="Bass hides the kick",
    measures="Power of the bass over the kick's, 40–120 Hz, in the first 40 ms of every hit, as the kick's loss in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=2,
)
