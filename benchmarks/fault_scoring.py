"""What is right and what is wrong in an outcome: findings against a fault's truth, and against its clean copy.

A finding is **credited to the fault** only if the clean copy has no *twin* of it (same rule and title, bands and times
that overlap), or if it is clearly worse than the twin: half a unit of excess, which is half a step of severity. A twin
that is no worse is the clean mix's own alarm. One within its rule's limits, which is not told, is a twin as well: a
song that leans 1.4 dB by itself has not been made to lean by what brings it to 1.5.

A fault is **found** by a finding that is minor or worse; for a rule that starts as *info* any severity counts.
**Precision** is of the same findings. What is called moderate or worse in a mix that nobody
planted anything in is an **alarm**.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log2, nan, sqrt

import numpy as np
from fault_kinds import KINDS, Kind
from fault_runs import Outcome, Seen, Truth

from uptrack_analysis.findings.places import overlap_s, total_s
from uptrack_analysis.report import SEVERITIES, Severity

CLEARLY_WORSE = 0.5
NEAR_S = 0.05
SAME_MOMENT_S = 1.0
"""A finding further from a planted moment than this is about something else."""
IOU_ENOUGH = 0.6
THIRD_OCTAVE = 1 / 3
TOUCHING_S = 0.1
OF_THE_FILE = ("int.truepeak", "int.codec_overs")
"""Rules with one figure a file: where its largest peak lies is chance, among dozens that are nearly equal."""


def is_said(seen: Seen, least: Severity = "minor") -> bool:
    return SEVERITIES.index(seen.severity) >= SEVERITIES.index(least)


def twin(seen: Seen, clean: Iterable[Seen]) -> Seen | None:
    """The clean copy's finding of the same problem at the same place; the worst, if it has several."""
    alike = [other for other in clean if _same(seen, other)]
    return max(alike, key=lambda other: other.excess, default=None)


def is_beyond(seen: Seen, clean: Iterable[Seen]) -> bool:
    """Whether the fault may take credit for a finding."""
    other = twin(seen, clean)
    return other is None or seen.excess >= other.excess + CLEARLY_WORSE


def _same(one: Seen, other: Seen) -> bool:
    if (one.rule, one.title, one.stem) != (other.rule, other.title, other.stem):
        return False
    if one.low_hz and one.high_hz and other.low_hz and other.high_hz:
        low, high = max(one.low_hz, other.low_hz), min(one.high_hz, other.high_hz)
        # Bands that only touch are neighbours.
        if high <= low * 1.01:
            return False
    if one.rule in OF_THE_FILE or not one.spans or not other.spans:
        return True
    widened = [(start - TOUCHING_S, end + TOUCHING_S) for start, end in other.spans]
    return overlap_s(one.spans, widened) > 0 or any(start <= at <= end for at, _ in one.spans for start, end in widened)


# -- place and band ----------------------------------------------------------------------------------------------------


def error_s(seen: Seen, truth: Truth) -> float:
    """How far a finding lies from a planted moment: from its nearest short span, or the nearest end of a long one."""
    errors = [
        min(abs(start - truth.start_s), abs(end - truth.end_s))
        if end - start > 4 * NEAR_S
        else max(0.0, start - truth.end_s, truth.start_s - end)
        for start, end in seen.spans
    ]
    return min(errors, default=nan)


def iou(seen: Seen, truth: Truth) -> float:
    """Intersection over union of the finding's time and the fault's."""
    there = [(truth.start_s, truth.end_s)]
    union = total_s([*seen.spans, *there])
    return overlap_s(seen.spans, there) / union if union > 0 else 0.0


def band_error_octaves(seen: Seen, truth: Truth, kind: Kind) -> float | None:
    """Distance of what the finding points at from the fault's centre, or of its upper edge from the fault's."""
    if kind.band is None or truth.high_hz is None or seen.high_hz is None:
        return None
    if kind.band == "upper edge":
        return abs(log2(seen.high_hz / truth.high_hz))
    if truth.low_hz is None or seen.low_hz is None:
        return None
    at_hz = seen.points_at_hz or sqrt(seen.low_hz * seen.high_hz)
    return abs(log2(at_hz / sqrt(truth.low_hz * truth.high_hz)))


# -- one outcome -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome with a fault, sorted into what was right and what was wrong."""

    outcome: Outcome
    kind: Kind
    index: int
    counts: bool
    """Moderate or worse by truth, and not hidden by the music."""
    answer: Seen | None
    """The credited answer with the most excess: the fault is found."""
    excess: float
    """Of the strongest answer at the place, credited or not; 0 without one."""
    right: tuple[Seen, ...]
    wrong: tuple[Seen, ...]
    """Findings beyond the clean copy that no one can explain by the fault."""
    hidden: bool
    """Not found, but the clean copy has an answer of its own at this place."""
    error_s: float | None = None
    iou: float | None = None
    band_octaves: float | None = None


def judge_outcome(outcome: Outcome, clean: Outcome, least: Severity = "minor") -> Judged:
    """Sort an outcome's findings of at least this severity into right and wrong."""
    kind = next(kind for kind in KINDS if kind.name == outcome.job.kind)
    truth = outcome.truth
    assert truth is not None
    beyond = [seen for seen in outcome.findings if is_beyond(seen, (*clean.findings, *clean.within))]
    answers = [seen for seen in outcome.findings if seen.rule in kind.answers and _at_place(seen, truth, kind)]
    credited = [seen for seen in answers if seen in beyond and (is_said(seen, least) or seen.capped)]
    best = max(credited, key=lambda seen: seen.excess, default=None)
    said = [seen for seen in beyond if is_said(seen, least)]
    right = tuple(seen for seen in said if _explained(seen, truth, kind))
    wrong = tuple(seen for seen in said if not _explained(seen, truth, kind))
    return Judged(
        outcome,
        kind,
        outcome.job.index,
        kind.counts(outcome.job.index, outcome.target) and not truth.masked,
        best,
        max((seen.excess for seen in answers), default=0.0),
        right,
        wrong,
        best is None and any(is_said(seen, least) or seen.capped for seen in answers),
        error_s(best, truth) if best and kind.shape == "point" else None,
        iou(best, truth) if best and kind.shape == "stretch" else None,
        band_error_octaves(best, truth, kind) if best else None,
    )


def _explained(seen: Seen, truth: Truth, kind: Kind) -> bool:
    return seen.rule in kind.consequences or (seen.rule in kind.answers and _in_band(seen, truth, kind))


def _in_band(seen: Seen, truth: Truth, kind: Kind) -> bool:
    """A boosted octave is not answered by a word about another one."""
    if kind.band != "centre" or not (seen.low_hz and seen.high_hz and truth.low_hz and truth.high_hz):
        return True
    return seen.low_hz < truth.high_hz and seen.high_hz > truth.low_hz


def _at_place(seen: Seen, truth: Truth, kind: Kind) -> bool:
    if not _in_band(seen, truth, kind):
        return False
    if kind.shape == "point":
        return error_s(seen, truth) <= SAME_MOMENT_S
    if kind.shape == "stretch":
        return not seen.spans or iou(seen, truth) > 0
    return True


# -- many --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KindScore:
    """Figures of one kind; NaN where there is nothing to count."""

    kind: Kind
    files: int
    recall_by_amount: tuple[float, ...]
    recall: float
    """At amounts that are moderate or worse by truth."""
    counted: int
    precision: float
    hidden: int
    located: float
    """Share of the found ones within 50 ms, or with an IoU of 0.6."""
    place: float
    """Median error in ms of moments, median IoU of stretches."""
    in_band: float
    band_octaves: float
    severity_correlation: float
    stem_top1: float


def score_kind(kind: Kind, judged: Sequence[Judged]) -> KindScore:
    mine = [one for one in judged if one.kind is kind]
    counted = [one for one in mine if one.counts]
    found = [one for one in mine if one.answer is not None]
    errors = [one.error_s for one in found if one.error_s is not None]
    ious = [one.iou for one in found if one.iou is not None]
    bands = [one.band_octaves for one in found if one.band_octaves is not None]
    stems = [one for one in found if kind.stem and one.outcome.truth is not None]
    near = [error <= NEAR_S for error in errors] + [overlap >= IOU_ENOUGH for overlap in ious]
    return KindScore(
        kind,
        len(mine),
        tuple(_share([one.answer is not None for one in mine if one.index == k]) for k in range(len(kind.amounts))),
        _share([one.answer is not None for one in counted]),
        len(counted),
        precision(mine),
        sum(one.hidden and one.counts for one in mine),
        _share(near),
        1000 * float(np.median(errors)) if errors else float(np.median(ious)) if ious else nan,
        _share([octaves <= THIRD_OCTAVE for octaves in bands]),
        float(np.median(bands)) if bands else nan,
        _spearman(kind, mine),
        _share(
            [one.answer is not None and one.answer.stem == one.outcome.truth.stem for one in stems if one.outcome.truth]
        ),
    )


def precision(judged: Iterable[Judged]) -> float:
    """Share of the findings beyond the clean copies that the faults explain."""
    judged = list(judged)
    right, wrong = sum(len(one.right) for one in judged), sum(len(one.wrong) for one in judged)
    return right / (right + wrong) if right + wrong else nan


def rule_precision(judged: Iterable[Judged]) -> dict[str, tuple[int, int]]:
    """Of each rule: how many of its findings the faults explain, and how many they do not."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for one in judged:
        right.update(seen.rule for seen in one.right)
        wrong.update(seen.rule for seen in one.wrong)
    return {rule: (right[rule], wrong[rule]) for rule in sorted({*right, *wrong})}


def confusion(judged: Iterable[Judged]) -> dict[str, Counter[str]]:
    """Of each kind: in how many files each rule said something beyond the clean copy."""
    table: dict[str, Counter[str]] = {}
    for one in judged:
        rules = {seen.rule for seen in (*one.right, *one.wrong)} | ({one.answer.rule} if one.answer else set())
        table.setdefault(one.kind.name, Counter()).update(rules)
    return table


def alarms(clean: Outcome) -> list[Seen]:
    """What is called moderate or worse in a mix that nobody planted anything in."""
    return [seen for seen in clean.findings if is_said(seen, "moderate")]


def _spearman(kind: Kind, judged: Sequence[Judged]) -> float:
    """Rank correlation of the injected amount, in the direction that is worse, with the strongest answer's excess."""
    worse = 1.0 if kind.amounts[-1][0] > kind.amounts[0][0] else -1.0
    amounts = np.array([worse * one.outcome.truth.amount for one in judged if one.outcome.truth])
    excesses = np.array([one.excess for one in judged])
    if amounts.size < 3 or not np.ptp(amounts) or not np.ptp(excesses):
        return nan
    return float(np.corrcoef(_ranks(amounts), _ranks(excesses))[0, 1])


def _ranks(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Ranks, equal values sharing theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse], dtype=np.float64)


def _share(flags: Sequence[bool]) -> float:
    return float(np.mean(flags)) if flags else nan
