"""A report without what the user has said is meant: the findings stay in the document, marked, and cost nothing.

What was dismissed and has grown worse since is told again, and ``dismissed_as`` says how bad it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from uptrack_analysis.findings.score import Kept, area_score, overall_score, points
from uptrack_analysis.report import SEVERITIES, Report, Severity
from uptrack_analysis.rounding import decimals_for, round_to


def with_dismissed(
    report: Report, ids: Collection[str], worse: Mapping[str, Severity] = MappingProxyType({})
) -> Report:
    """The report with exactly the findings ``ids`` dismissed, and its score made again from what the others cost.

    They come last, and are worth no points. A report from before what findings cost was
    kept is marked and keeps its score. ``worse`` are findings that were dismissed with a lower severity, which they are
    mapped to: those that are not among ``ids``, and no others, have it as ``dismissed_as``.
    """
    told = tuple(
        replace(finding, dismissed_as=None if finding.id in ids else worse.get(finding.id))
        for finding in report.findings
    )
    if told != report.findings:
        report = replace(report, findings=told)
    if {finding.id for finding in report.findings if finding.dismissed} == set(ids):
        return report
    marked = [replace(finding, dismissed=finding.id in ids) for finding in report.findings]
    if not report.engine.rules:
        return replace(report, findings=tuple(marked))
    costs = [Kept.of(finding) for finding in marked if not finding.dismissed]
    score = report.score
    if score.overall is not None:
        worth = points(costs, report.context.target)
        marked = [
            replace(finding, points=round_to(worth.get(finding.id, 0.0), decimals_for("points"))) for finding in marked
        ]
        overall = round_to(overall_score(costs, report.context.target), decimals_for("overall"))
        score = replace(score, overall=overall)
    areas = tuple(
        replace(area, score=round_to(area_score(costs, area.area), decimals_for("score"))) for area in score.areas
    )
    marked.sort(key=lambda one: (one.dismissed, -one.points, -SEVERITIES.index(one.severity), one.id))
    return replace(report, findings=tuple(marked), score=replace(score, areas=areas))
