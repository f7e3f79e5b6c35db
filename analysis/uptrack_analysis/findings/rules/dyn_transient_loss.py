"""``dyn.transient_loss``: kick and snare stand out less in the mix than in the sum of the stems: the master took it.

Hits are looked for in the stem; how far each rises over the 40 ms before it is compared in the mix and in the sum of
all stems' powers, so that what sounds at the same time counts on both sides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.stem_places import NO_STEMS
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.results import Stem, power_gain

LIMITS = table(
    "dyn.transient_loss",
    warn_db=4.0,
    bad_db=8.0,
    least_hits=12,
    # a hit of the stem rises this far, and stands out of the sum at all
    rise_db=9.0,
    heard_db=3.0,
    grade="D",
    source="proposal: 4 dB",
)

CONFIDENCE = 0.7
_BEFORE, _AFTER = 4, 3
"""Hops of 10 ms."""


def check(case: Case) -> Verdict:
    if case.stems is None:
        return NO_STEMS
    if not case.stems.check:
        return Unmeasured("The stems do not add up to the mix closely enough to see what the master does to a hit.")
    drums = [stem for role in ("kick", "snare") for stem in case.stems.named(role)]
    if not drums:
        return Unmeasured("No stem is known to be a kick or a snare.")
    mix = case.measured.loudness.power
    total = np.sum([_in_mix(stem, mix.size) for stem in case.stems.stems], axis=0)
    drafts: list[Draft] = []
    for stem in drums:
        hits = _hits(_in_mix(stem, mix.size))
        in_sum, in_mix = _rises_db(total, hits), _rises_db(mix, hits)
        heard = in_sum >= LIMITS.number("heard_db")
        if heard.sum() < LIMITS.number("least_hits"):
            continue
        value = float(np.median(in_sum[heard] - in_mix[heard]))
        threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
        if threshold.excess(value):
            drafts.append(_draft(case, stem, value, threshold, hits[heard]))
    return drafts


def _draft(case: Case, stem: Stem, value: float, threshold: Threshold, hits: NDArray[np.int64]) -> Draft:
    hop_s = case.measured.loudness.hop_s
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=1.0,
        title=f"{stem.name} loses its attack",
        advice=(
            f"{stem.name} stands out {digits(value)} dB less in the mix than in the sum of the stems: the compressor "
            f"or limiter on the master takes its attack. Try a slower attack (3 to 15 ms more), or 2 dB less gain "
            f"reduction."
        ),
        spans=as_spans(case.joined([(float(hit) * hop_s, float(hit + _AFTER) * hop_s) for hit in hits])),
        stem=stem.name,
        actions=(Action("CO", "Attack of the master's compressor 10 ms slower"), Action("LM", "Drive", gain_db=-2.0)),
        expected_delta=f"attack lost {digits(value)} → under {digits(threshold.ok_high or 0.0)} dB",
    )


def _in_mix(stem: Stem, hops: int) -> FloatArray:
    """K-weighted power of the stem in the mix's hops of 10 ms, shape (hops,)."""
    own = power_gain(stem) * stem.measured.loudness.power
    shift = round(stem.alignment.delay_s / stem.measured.loudness.hop_s)
    placed: FloatArray = np.zeros(hops)
    first, last = max(0, shift), min(hops, shift + own.size)
    if last > first:
        placed[first:last] = own[first - shift : last - shift]
    return placed


def _hits(power: FloatArray) -> NDArray[np.int64]:
    rises = _rises_db(power, np.arange(power.size, dtype=np.int64))
    loud = power >= np.percentile(power, 99) * 0.03 if power.size else power > 0
    peak = rises >= LIMITS.number("rise_db")
    # The steepest of each run: a hit rises over several hops.
    starts = np.flatnonzero(peak & loud)
    if starts.size == 0:
        return starts
    runs = np.split(starts, np.flatnonzero(np.diff(starts) > _BEFORE) + 1)
    return np.array([run[int(rises[run].argmax())] for run in runs], dtype=np.int64)


def _rises_db(power: FloatArray, hits: NDArray[np.int64]) -> FloatArray:
    """Mean power of 30 ms from each hit on over that of 40 ms before, one hop left out between, in dB."""
    sums = np.concatenate([[0.0], np.cumsum(power)])

    def mean(first: NDArray[np.int64], count: int) -> FloatArray:
        start, end = np.clip(first, 0, power.size), np.clip(first + count, 0, power.size)
        total: FloatArray = (sums[end] - sums[start]) / np.maximum(1, end - start)
        return total

    floor = max(float(power.max(initial=0.0)) * 1e-6, 1e-30)
    after, before = np.maximum(mean(hits, _AFTER), floor), np.maximum(mean(hits - 1 - _BEFORE, _BEFORE), floor)
    rises: FloatArray = 10 * np.log10(after / before)
    return rises


RULE = Rule(
    id="dyn.transient_loss",
    area="dynamics",
    group="limiting",
    weight=0.25,
    title="Hits lose their attack",
    measures="How far kick and snare rise in the sum of the stems, over how far they do in the mix, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
    version=3,
)
