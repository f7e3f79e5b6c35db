"""A report without what the user has said is meant: the findings stay in the document, marked, and cost nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from uptrack_analysis.findings.score import Kept, area_score, overall_score, points
from uptrack_analysis.report import SEVERITIES, Report
from uptrack_analysis.rounding import decimals_for, round_to


def with_dismissed(report: Report, ids: Collection[str]) -> Report:
    """The report with exactly the findings ``ids`` dismissed, and its score made again from what the others cost.

    They come last, and are worth no points. A report from before what findings cost was
    kept is marked and keeps its score.
    """
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
