"""What became of each finding from one version of a mix to the next: fixed, new, worse, better or unchanged.

Only rules that judged both versions alike are compared: asked and measured in both, by the same limits (their digests
in ``engine.rules`` agree, and a guess at the genre has widened them alike). The others are named with the reason, and
where there are any, both scores are made again from the compared findings alone. What a user has dismissed in the newer
version is left out on both sides.

A difference counts from ``CHANGE`` of a rule's own step (and a tenth of the finding) or ``EXPOSURE_CHANGE`` of the time
that matters; below that it is what two measurements of one thing differ by.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from uptrack_analysis.compare.alignment import Alignment, TimeSpan, align
from uptrack_analysis.compare.matching import EVENT_S, at_an_edge, is_event, match, spans_of
from uptrack_analysis.figures import digits
from uptrack_analysis.findings.score import Kept, load_constants, overall_score
from uptrack_analysis.report import SEVERITIES, Finding, Report, Severity

SCHEMA = "uptrack.comparison/1"

Status = Literal["fixed", "new", "worse", "better", "unchanged"]
STATUSES: tuple[Status, ...] = ("fixed", "new", "worse", "better", "unchanged")
ScoreChange = Literal["better", "worse", "no change", "unknown"]

CHANGE = 0.25
CHANGE_SHARE = 0.1
MOST_EXCESS = 4.0
"""Twice of what is bad: beyond it the score hardly moves any more, and a little more or less of that is no news."""
EXPOSURE_CHANGE = 0.2
PHRASE_S = 2.0
"""From so much that was put in or taken out on, figures of the whole are figures of other music."""
PHRASE_CHANGE = 1.0
"""What that moves an excess by: in 24 comparisons of ``benchmarks/version_phrases.py`` two findings moved further."""
WIDENED_ALIKE = 0.04
"""A family's limits lie 5.5 of a rule's own steps from the widest at most: widened by shares this close, they lie
within ``CHANGE`` of each other."""
NO_CHANGE_POINTS = 1.0
"""One point of score is no change."""


@dataclass(frozen=True, slots=True)
class Side:
    """One version's own word on a finding."""

    id: str
    severity: Severity
    value: float | None
    excess: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Change:
    """One finding and what became of it; ``start_s`` and ``end_s`` are the newer file's."""

    status: Status
    rule: str
    area: str
    title: str
    unit: str
    stem: str | None
    low_hz: float | None
    high_hz: float | None
    start_s: float | None
    """``None``: where it was has been taken out."""
    end_s: float | None
    old: Side | None
    new: Side | None
    only_here: bool = False
    """Its whole place is in one version only: the passage came or went, not the fault in it."""


@dataclass(frozen=True, slots=True)
class Version:
    name: str
    sha256: str
    duration_s: float
    score: float | None
    """Over the compared rules."""
    ruleset: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of both files: from ``old_s`` on in one, ``new_s`` on in the other."""

    old_s: float
    new_s: float
    length_s: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything there is to say about two versions."""

    schema: str
    old: Version
    new: Version
    counts: dict[str, int]
    score_change: ScoreChange
    gain_db: float | None
    """Integrated loudness, newer less older; taken off before anything is compared."""
    alike: float
    """0 to 1: how alike the two files are along the best alignment."""
    pieces: tuple[Shift, ...]
    inserted: tuple[TimeSpan, ...]
    """In the newer file's time."""
    removed: tuple[TimeSpan, ...]
    """In the older file's time."""
    changes: tuple[Change, ...]
    """Worst news first: new and worse, then fixed and better, then unchanged."""
    unsure: tuple[Change, ...]
    """No more than minor, and there in one version only, while a phrase came or went: neither fixed nor new is certain,
    because a phrase alone moves figures of the whole by that much. Counted nowhere."""
    dismissed: int
    """Findings of the newer version that were left out because they are meant."""
    rules_compared: int
    left_out: dict[str, str]
    """Rule to the reason why it could not be compared."""
    sentence: str
    """All of it in one line."""
    notes: tuple[str, ...]
    """What a reader must know to judge the comparison."""


def compare(
    old: Report,
    new: Report,
    *,
    today: str | None = None,
    alignment: Alignment | None = None,
    why_changed: str = "",
) -> Comparison:
    """Compare two reports of one project.

    Parameters
    ----------
    old, new : Report
    today : str, optional
        The hash of the rules in force; the newer report's by default.
    alignment : Alignment, optional
        Where it is known which moment is which; found by ``align`` otherwise.
    why_changed : str
        Why a version is not judged again where rules have changed, as the end of a sentence: "its file is gone".
    """
    alignment = alignment or align(old, new)
    outdated = new if today == old.engine.ruleset != new.engine.ruleset else old
    compared, left_out, rule_notes = _compared_rules(old, new, outdated.source.name, why_changed)
    theirs = [finding for finding in old.findings if finding.rule in compared]
    ours = [finding for finding in new.findings if finding.rule in compared]
    matched = match(theirs, ours, alignment)
    # What is meant in the newer version was meant in the older one too.
    meant = [pair for pair in matched.pairs if pair[1].dismissed]
    meant_old = {one.id for one, _ in meant} | {one.id for one in matched.only_old if one.dismissed}
    phrase = _phrase_changed(alignment)
    changes = [
        *(_pair(one, other, phrase=phrase) for one, other in matched.pairs if not other.dismissed),
        *(_alone("fixed", one, alignment) for one in matched.only_old if not one.dismissed),
        *(_alone("new", other, alignment) for other in matched.only_new if not other.dismissed),
    ]
    changes.sort(key=_order)
    unsure = [change for change in changes if phrase and _moved_by_a_phrase(change)]
    changes = [change for change in changes if change not in unsure]
    whole = not left_out
    old_score = _score(old, theirs, meant_old, whole=whole and meant_old == _dismissed(old))
    new_score = _score(new, ours, _dismissed(new), whole=whole)
    counts = Counter(change.status for change in changes)
    tally: dict[str, int] = {status: counts[status] for status in STATUSES}
    notes = list(rule_notes)
    if old.score.version != new.score.version:
        old_score = None
        notes.append(
            f"The older version was scored by another formula ({old.score.version}), so the scores are not compared."
        )
    if not alignment.versions_of_one_mix:
        notes.append(
            "The two files have little in common, so they may not be versions of one mix: places were matched as well "
            "as they could be."
        )
    score_change = _score_change(old_score, new_score)
    if phrase and score_change != "unknown" and counts.total() == counts["unchanged"]:
        score_change = "no change"  # what the phrase alone did
    if unsure:
        count = len(unsure)
        notes.append(
            f"{count} minor {'finding is' if count == 1 else 'findings are'} in one version only, which a phrase that "
            f"came or went can do by itself: not called fixed or new."
        )
    differ = _judged_differently(old, new)
    if differ:
        notes.append(differ)
    return Comparison(
        schema=SCHEMA,
        old=_version(old, old_score),
        new=_version(new, new_score),
        counts=tally,
        score_change=score_change,
        gain_db=_gain_db(old, new),
        alike=round(alignment.likeness, 3),
        pieces=tuple(
            Shift(round(piece.old_s, 3), round(piece.new_s, 3), round(piece.length_s, 3)) for piece in alignment.pieces
        ),
        inserted=_rounded(alignment.inserted),
        removed=_rounded(alignment.removed),
        changes=tuple(changes),
        unsure=tuple(unsure),
        dismissed=len(_dismissed(new)),
        rules_compared=len(compared),
        left_out=left_out,
        sentence=_sentence(tally, (old_score, new_score), score_change, _rules_in_words(new, today, left_out)),
        notes=tuple(notes),
    )


def to_document(comparison: Comparison) -> dict[str, Any]:
    """As plain JSON types, keys in schema order."""
    document: dict[str, Any] = dataclasses.asdict(comparison)
    return document


# -- which rules -------------------------------------------------------------------------------------------------------


def _compared_rules(
    old: Report, new: Report, outdated: str, why_changed: str
) -> tuple[set[str], dict[str, str], list[str]]:
    """Rules that judged both alike; the others with the reason; and a sentence for each kind of others there is."""
    unmeasured = (old.score.unmeasured_rules, new.score.unmeasured_rules)
    if not old.engine.rules or not new.engine.rules:
        return _without_digests(old, new, unmeasured)
    compared: set[str] = set()
    left_out: dict[str, str] = {}
    changed: list[str] = []
    same_question = old.engine.ruleset != new.engine.ruleset and _asked_alike(old, new)
    ours, theirs = new.context.genre, old.context.genre
    apart = abs(ours.widened - theirs.widened) > WIDENED_ALIKE
    widened = {*ours.widened_rules, *theirs.widened_rules} if apart else set[str]()
    for rule in sorted({*old.engine.rules, *new.engine.rules}):
        digest, before = new.engine.rules.get(rule), old.engine.rules.get(rule)
        if digest != before and same_question:
            changed.append(rule)
            left_out[rule] = "Both versions were not judged by the same form of it."
        elif before is None:
            left_out[rule] = "The older version was not asked this."
        elif digest is None:
            left_out[rule] = "The newer version was not asked this."
        elif digest != before or rule in widened:
            left_out[rule] = "It judged by other limits."
        elif rule in unmeasured[0] and rule in unmeasured[1]:
            continue
        elif rule in unmeasured[1]:
            left_out[rule] = f"Not measured in the newer version: {unmeasured[1][rule]}"
        elif rule in unmeasured[0]:
            left_out[rule] = f"Not measured in the older version: {unmeasured[0][rule]}"
        else:
            compared.add(rule)
    others = {rule: why for rule, why in left_out.items() if rule not in changed}
    return compared, left_out, [*_changed_note(outdated, changed, why_changed), *_left_out_note(others)]


def _asked_alike(old: Report, new: Report) -> bool:
    """By one genre's limits, for one target, against the same tracks: where digests differ, the rule has changed."""
    one, other = old.context, new.context
    return (one.genre.family, one.target, sorted(one.references)) == (
        other.genre.family,
        other.target,
        sorted(other.references),
    )


def _without_digests(
    old: Report, new: Report, unmeasured: Sequence[Mapping[str, str]]
) -> tuple[set[str], dict[str, str], list[str]]:
    """A report of an early version does not say what it was asked."""
    found = ({finding.rule for finding in old.findings}, {finding.rule for finding in new.findings})
    same = old.engine.ruleset == new.engine.ruleset and not _judged_differently(old, new)
    if same:
        left_out = {rule: f"Not measured: {why}" for side in unmeasured for rule, why in side.items()}
        left_out = {rule: why for rule, why in left_out.items() if rule in (found[0] | found[1])}
        return (found[0] | found[1]) - set(left_out), left_out, _left_out_note(left_out)
    compared = (found[0] & found[1]) - {*unmeasured[0], *unmeasured[1]}
    left_out = dict.fromkeys(sorted((found[0] | found[1]) - compared), "Nothing says that both were asked this.")
    note = (
        "One report comes from a version of UpTrack that did not note its rules: only rules that found something in "
        "both are compared."
    )
    return compared, left_out, [note]


def _changed_note(outdated: str, changed: Sequence[str], why: str) -> list[str]:
    if not changed:
        return []
    several = len(changed) > 1
    what = "rules have changed or are" if several else "rule has changed or is"
    left_out = f"so {'they are' if several else 'it is'} not compared" + (f" ({why})" if why else "")
    return [f"{len(changed)} {what} new since {outdated} was judged, {left_out}: {', '.join(changed)}."]


def _left_out_note(left_out: Mapping[str, str]) -> list[str]:
    if not left_out:
        return []
    names = ", ".join(left_out)
    count = len(left_out)
    rules, them = ("rule is", "it") if count == 1 else ("rules are", "them")
    return [f"{count} {rules} not compared, because both versions were not judged alike by {them}: {names}."]


def _judged_differently(old: Report, new: Report) -> str | None:
    one, other = old.context, new.context
    if (one.genre.family, one.target) == (other.genre.family, other.target):
        return None
    return (
        f"The older version was judged as {one.genre.name}, {one.target}, the newer as {other.genre.name}, "
        f"{other.target}: rules whose limits differ between the two are not compared."
    )


def _rules_in_words(new: Report, today: str | None, left_out: Mapping[str, str]) -> str:
    when = "today's" if today in (None, new.engine.ruleset) else "their own"
    return f"under {when} rules" if not left_out else f"under {when} rules, {len(left_out)} of them left out"


# -- one finding -------------------------------------------------------------------------------------------------------


def _phrase_changed(alignment: Alignment) -> bool:
    gaps = (*alignment.inserted, *alignment.removed)
    return sum(end - start for start, end in gaps) >= PHRASE_S


def _moved_by_a_phrase(change: Change) -> bool:
    """Minor at most, in one version only, and neither an event nor of the phrase alone: those are where they are."""
    side = change.new or change.old
    alone = change.new is None or change.old is None
    if side is None or not alone or change.only_here or side.severity not in ("info", "minor"):
        return False
    return side.end_s - side.start_s > EVENT_S


def _pair(old: Finding, new: Finding, *, phrase: bool) -> Change:
    return _change(_direction(old, new, phrase=phrase), new, _side(old), _side(new), (new.start_s, new.end_s))


def _alone(status: Status, finding: Finding, alignment: Alignment) -> Change:
    is_new = status == "new"
    duration_s = alignment.new_duration_s if is_new else alignment.old_duration_s
    only_here = not alignment.common(spans_of(finding), of_new=is_new) and not at_an_edge(finding, duration_s)
    if is_new:
        return _change(status, finding, None, _side(finding), (finding.start_s, finding.end_s), only_here=only_here)
    places = alignment.to_new(spans_of(finding))
    place = (min(start for start, _ in places), max(end for _, end in places)) if places else None
    return _change(status, finding, _side(finding), None, place, only_here=only_here)


def _change(
    status: Status,
    finding: Finding,
    old: Side | None,
    new: Side | None,
    place: TimeSpan | None,
    *,
    only_here: bool = False,
) -> Change:
    return Change(
        status=status,
        rule=finding.rule,
        area=finding.area,
        title=finding.title,
        unit=finding.unit,
        stem=finding.stem,
        low_hz=finding.low_hz,
        high_hz=finding.high_hz,
        start_s=None if place is None else round(place[0], 3),
        end_s=None if place is None else round(place[1], 3),
        old=old,
        new=new,
        only_here=only_here,
    )


def _side(finding: Finding) -> Side:
    return Side(finding.id, finding.severity, finding.value, finding.excess, finding.start_s, finding.end_s)


def _direction(old: Finding, new: Finding, *, phrase: bool = False) -> Status:
    before, now = min(old.excess, MOST_EXCESS), min(new.excess, MOST_EXCESS)
    further, longer = now - before, new.exposure - old.exposure
    # A phrase more or less is more or less of the time as well; an event is where it is, whatever else came or went.
    moved_anyway = phrase and not (is_event(old) and is_event(new))
    if abs(further) < max(PHRASE_CHANGE if moved_anyway else CHANGE, CHANGE_SHARE * max(before, now)):
        further = 0.0
    if moved_anyway or abs(longer) < EXPOSURE_CHANGE:
        longer = 0.0
    if further * longer < 0:  # further off for less of the time, or the other way round: what the score makes of it
        constants = load_constants()
        reach = [
            -math.expm1(-finding.excess) * (constants.exposure_floor + constants.exposure_share * finding.exposure)
            for finding in (old, new)
        ]
        further = reach[1] - reach[0]
    moved = further or longer
    return "unchanged" if not moved else "worse" if moved > 0 else "better"


def _order(change: Change) -> tuple[int, int, str, str]:
    rank = ("new", "worse", "fixed", "better", "unchanged").index(change.status)
    side = change.new or change.old
    severity = SEVERITIES.index(side.severity) if side else 0
    return rank, -severity, change.rule, side.id if side else ""


# -- the whole ---------------------------------------------------------------------------------------------------------


def _dismissed(report: Report) -> set[str]:
    return {finding.id for finding in report.findings if finding.dismissed}


def _score(report: Report, findings: Sequence[Finding], meant: set[str], *, whole: bool) -> float | None:
    """The report's own score, or one made again over ``findings`` where not all of it can be compared."""
    if whole or report.score.overall is None:
        return report.score.overall
    if not report.engine.rules:
        return None  # an early report: what its findings cost was not kept
    costs = [Kept.of(finding) for finding in findings if finding.id not in meant]
    return float(round(overall_score(costs, report.context.target)))


def _score_change(old: float | None, new: float | None) -> ScoreChange:
    if old is None or new is None:
        return "unknown"
    if abs(new - old) <= NO_CHANGE_POINTS:
        return "no change"
    return "better" if new > old else "worse"


def _gain_db(old: Report, new: Report) -> float | None:
    one, other = old.measurements.loudness.integrated_lufs, new.measurements.loudness.integrated_lufs
    return None if one is None or other is None else round(other - one, 2)


def _version(report: Report, score: float | None) -> Version:
    return Version(report.source.name, report.source.sha256, report.source.duration_s, score, report.engine.ruleset)


def _sentence(
    counts: Mapping[str, int], both: tuple[float | None, float | None], change: ScoreChange, rules: str
) -> str:
    told = [f"{status} {counts[status]}" for status in STATUSES if counts[status] or status in ("fixed", "new")]
    scores = ["–" if score is None else digits(score, 0) for score in both]
    steady = " (no change)" if change == "no change" else ""
    return f"{', '.join(told)}; score {' → '.join(scores)}{steady}; {rules}"


def _rounded(spans: Sequence[TimeSpan]) -> tuple[TimeSpan, ...]:
    return tuple((round(start, 3), round(end, 3)) for start, end in spans)
