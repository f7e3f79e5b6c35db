"""The tables of ``faults.py``, as Markdown that also reads as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import isnan

from fault_kinds import KINDS
from fault_runs import Outcome, Seen
from fault_scoring import Judged, KindScore, alarms, confusion, precision, rule_precision, score_kind
from fault_witness import confirms

TARGETS = (
    "Found is what a finding of minor or worse says (of a rule that only informs, any), and precision is of the same "
    "findings. An alarm is what is called moderate or worse in a mix that nobody planted anything in; a false one is "
    "an alarm that ffmpeg does not confirm. Targets: recall ≥ 0.90 at moderate or worse, precision ≥ 0.90, at most one "
    "false alarm a clean mix, located within 50 ms or IoU ≥ 0.60, band within 1/3 octave, stem top-1 ≥ 0.90."
)


def report(mixes: str, judged: Sequence[Judged], sternly: Sequence[Judged], clean: Sequence[Outcome]) -> Iterator[str]:
    """Everything that goes into the docs for some ``mixes``; ``sternly`` counts findings of moderate or worse only."""
    scores = [score_kind(kind, judged) for kind in KINDS if any(one.kind is kind for one in judged)]
    counted = [one for one in judged if one.counts]
    hours = sum(outcome.figures.duration_s for outcome in clean) / 3600
    loud = [(outcome.job.mix, seen) for outcome in clean for seen in alarms(outcome)]
    false = sum(not confirms(*alarm) for alarm in loud)
    yield f"### {mixes}: {len(clean)} clean mixes, {len(judged)} with a fault"
    yield ""
    yield TARGETS
    yield ""
    found = sum(one.answer is not None for one in counted)
    recall, stern_recall = (_recall(outcomes) for outcomes in (judged, sternly))
    named = [
        one.answer.stem == one.outcome.truth.stem
        for one in judged
        if one.kind.stem and one.answer and one.outcome.truth
    ]
    yield (
        f"Over all: recall {_figure(recall)}, {found} of {len(counted)} that are moderate or worse by truth, precision "
        f"{_figure(precision(judged))}, {false / max(1, len(clean)):.2f} false alarms a clean mix, "
        f"{false / hours if hours else 0:.0f} a clean hour, and {len(loud) - false} that ffmpeg confirms. "
        f"By findings of moderate or worse alone: recall {_figure(stern_recall)}, precision "
        f"{_figure(precision(sternly))}."
        + (f" The right stem is named first in {sum(named)} of {len(named)}." if named else "")
    )
    yield ""
    yield from kinds_table(scores)
    yield ""
    yield from confusion_table(judged)
    yield ""
    yield from rules_table(judged, clean)
    yield ""
    yield from clean_table(clean)


def kinds_table(scores: Sequence[KindScore]) -> Iterator[str]:
    yield (
        "| fault | amounts | recall by amount | recall | precision | located | place | in band | octaves off | "
        "severity ρ | stem top-1 |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for score in scores:
        kind = score.kind
        amounts = " · ".join(f"{amount:g}" for amount, _ in kind.amounts)
        by_amount = " · ".join(_figure(recall) for recall in score.recall_by_amount)
        place = "" if isnan(score.place) else f"{score.place:.0f} ms" if kind.shape == "point" else f"{score.place:.2f}"
        yield (
            f"| {kind.name} | {amounts} {kind.unit} | {by_amount} | **{_figure(score.recall)}** of {score.counted} | "
            f"{_figure(score.precision)} | {_figure(score.located)} | {place} | {_figure(score.in_band)} | "
            f"{_figure(score.band_octaves)} | {_figure(score.severity_correlation)} | {_figure(score.stem_top1)} |"
        )


def confusion_table(judged: Sequence[Judged]) -> Iterator[str]:
    """Rows are kinds, columns rules; a cell is the number of files in which the rule spoke beyond the clean copy."""
    table = confusion(judged)
    rules = sorted({rule for row in table.values() for rule in row})
    yield "| fault (files) | " + " | ".join(rules) + " |"
    yield "|---|" + "---|" * len(rules)
    for kind in KINDS:
        files = sum(one.kind is kind for one in judged)
        if files:
            row = table.get(kind.name, Counter())
            cells = [_cell(row.get(rule, 0), rule in kind.answers) for rule in rules]
            yield f"| {kind.name} ({files}) | " + " | ".join(cells) + " |"


def rules_table(judged: Sequence[Judged], clean: Sequence[Outcome]) -> Iterator[str]:
    """A rule under 0.8 belongs to *info*."""
    by_rule = rule_precision(judged)
    alone: dict[str, int] = {}
    for outcome in clean:
        for seen in alarms(outcome):
            alone[seen.rule] = alone.get(seen.rule, 0) + 1
    yield "| rule | explained by the fault | not explained | precision | alarms in clean mixes |"
    yield "|---|---|---|---|---|"
    for rule in sorted({*by_rule, *alone}):
        right, wrong = by_rule.get(rule, (0, 0))
        share = right / (right + wrong) if right + wrong else float("nan")
        yield f"| {rule} | {right} | {wrong} | {_figure(share)} | {alone.get(rule, 0)} |"


def clean_table(clean: Sequence[Outcome]) -> Iterator[str]:
    yield "| clean mix | judged as | LUFS | dBTP | clipped runs | alarms |"
    yield "|---|---|---|---|---|---|"
    for outcome in clean:
        figures = outcome.figures
        level = "–" if figures.lufs is None else f"{figures.lufs:.1f}"
        loud = "; ".join(
            said(seen) + (" (so says ffmpeg)" if confirms(outcome.job.mix, seen) else "") for seen in alarms(outcome)
        )
        yield (
            f"| {outcome.job.mix} | {outcome.genre}, {outcome.target} | {level} | {figures.dbtp:+.1f} | "
            f"{figures.clipped_runs} | {loud} |"
        )


def _recall(judged: Sequence[Judged]) -> float:
    counted = [one for one in judged if one.counts]
    return sum(one.answer is not None for one in counted) / len(counted) if counted else float("nan")


def failures(judged: Sequence[Judged]) -> Iterator[str]:
    """What was missed and what was said instead, and what nothing explains, file by file."""
    for one in judged:
        job, truth = one.outcome.job, one.outcome.truth
        assert truth is not None
        name = f"{job.mix} + {one.kind.name} {truth.amount:.3g} {one.kind.unit}"
        if one.counts and one.answer is None:
            beside = [seen for seen in one.outcome.findings if seen.rule in one.kind.answers]
            why = "; ".join(said(seen) for seen in beside) or "no answer at all"
            own = " (the clean copy's own alarm)" if one.hidden else ""
            instead = "; ".join(said(seen) for seen in (*one.right, *one.wrong)) or "nothing"
            where = f" at {truth.start_s:.2f} s" if one.kind.shape != "whole" else ""
            yield f"missed: {name}{where}: {why}{own}; instead: {instead}"
        for seen in one.wrong:
            yield f"unexplained: {name}: {said(seen)}"


def said(seen: Seen) -> str:
    value = "" if seen.value is None else f" {seen.value:.3g} {seen.unit}"
    band = f" {seen.low_hz:.0f}–{seen.high_hz:.0f} Hz" if seen.low_hz is not None and seen.high_hz else ""
    return f"{seen.rule} {seen.severity} x{seen.excess:.2f} c{seen.confidence:.2f}{value}{band}"


def _figure(value: float) -> str:
    return "–" if isnan(value) else f"{value:.2f}"


def _cell(count: int, answer: bool) -> str:
    return "" if not count else f"**{count}**" if answer else str(count)
