"""A version whose rules have changed since: what to measure it again with, and how the new verdicts join the old ones.

A report keeps curves and figures, but not all that rules ask about (spectra over time, every hit), so a verdict by
today's rules takes the audio. Measured again is the mix alone: what its stems and references had their part in stays as
it was judged then, wherever the rule is still the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from uptrack_analysis.compare.versions import WIDENED_ALIKE
from uptrack_analysis.findings.score import Kept, overall_score
from uptrack_analysis.report import Context, Report
from uptrack_analysis.rounding import decimals_for, round_to
from uptrack_analysis.settings import Settings


def is_outdated(engine: Mapping[str, Any], today: Mapping[str, Any]) -> bool:
    """Whether a report was judged by other rules than another of today; both as their ``engine``, as plain JSON."""
    return bool(engine["ruleset"] != today["ruleset"] and engine.get("rules") != today.get("rules"))


def settings_again(context: Context) -> Settings:
    """What to measure its mix again with: genre, target and project as they were, without stems and references."""
    given = context.genre.how == "given"
    return Settings(context.genre.family if given else None, context.target, context.project)


def judged_again(report: Report, again: Report, beside: Report) -> Report:
    """``report`` by the rules that ``again``, made of the same audio, was judged by.

    Parameters
    ----------
    report, again : Report
        As it was, and measured again.
    beside : Report
        What it will be compared with: where both were held against the same references by a rule that is still the
        same, its verdict stays.
    """
    meant = {finding.id for finding in report.findings if finding.dismissed}
    found = [replace(finding, dismissed=finding.id in meant) for finding in again.findings]
    kept = _unchanged(report, again, beside)
    findings = [
        *(finding for finding in report.findings if finding.rule in kept),
        *(finding for finding in found if finding.rule not in kept),
    ]
    counted = [Kept.of(finding) for finding in findings if not finding.dismissed]
    overall = again.score.overall
    if overall is not None:
        overall = round_to(overall_score(counted, again.context.target), decimals_for("overall"))
    unmeasured = _joined(report.score.unmeasured_rules, again.score.unmeasured_rules, kept)
    return replace(
        again,
        context=replace(again.context, stems=report.context.stems, references=report.context.references),
        findings=tuple(findings),
        score=replace(again.score, overall=overall, unmeasured_rules=unmeasured),
        engine=replace(again.engine, rules=_joined(report.engine.rules, again.engine.rules, kept)),
        stems=report.stems,
        stem_sum=report.stem_sum,
    )


def _unchanged(report: Report, again: Report, beside: Report) -> set[str]:
    """Rules whose verdict stays."""
    before, now = report.context.genre, again.context.genre
    if before.family != now.family or abs(before.widened - now.widened) > WIDENED_ALIKE:
        return set()  # today's guess at the genre is another
    others = beside.engine.rules if report.context.references else {}
    return {
        rule
        for rule, digest in report.engine.rules.items()
        if digest in (again.engine.rules.get(rule), others.get(rule))
    }


def _joined(before: Mapping[str, str], now: Mapping[str, str], kept: Collection[str]) -> dict[str, str]:
    return {rule: said for rule, said in before.items() if rule in kept} | {
        rule: said for rule, said in now.items() if rule not in kept
    }
