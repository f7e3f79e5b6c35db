"""From measurements to a judgement: genre, findings in order of what they are worth, score. The one entrance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from uptrack_analysis.findings import score as scoring
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.culprits import find_culprits
from uptrack_analysis.findings.genre import choose_family
from uptrack_analysis.findings.reference_profile import ReferenceProfile
from uptrack_analysis.findings.rule import Rule, all_rules
from uptrack_analysis.findings.targets import load_deliveries
from uptrack_analysis.findings.threshold import costing_excess, severity_of
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import SEVERITIES, Finding, GenreChoice, ProjectFacts, Score, Target
from uptrack_analysis.rounding import decimals_for, round_to
from uptrack_analysis.stems.results import Stems

ID_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Judgement:
    """``findings`` come dearest first: by points, then severity, then id."""

    genre: GenreChoice
    findings: tuple[Finding, ...]
    score: Score


def judge(
    measured: Measured,
    genre: str | None,
    target: Target,
    project: ProjectFacts,
    references: ReferenceProfile | None = None,
    *,
    stems: Stems | None = None,
) -> Judgement:
    """Ask every rule about a mix and weigh the answers.

    Parameters
    ----------
    genre : str or None
        A family or style by name; ``None`` to guess.
    references : ReferenceProfile, optional
        The user's own tracks, to be judged by before any curve of ours.
    stems : Stems, optional
        What the mix was made of: findings then name the stem they come from.

    Raises
    ------
    BadInput
        No family is called ``genre``.
    RuntimeError
        A rule found one problem twice: a slip in that rule. Whatever else a rule raises comes through as it is.
    """
    choice, family = choose_family(genre, measured, project)
    if choice.widened:
        choice = replace(choice, widened_rules=tuple(rule.id for rule in all_rules() if rule.family_tables))
    case = Case(measured, family, load_deliveries()[target], choice, project, references, stems)
    findings: list[Finding] = []
    costs: list[scoring.Cost] = []
    asked: list[scoring.AskedRule] = []
    for rule in all_rules():
        verdict = rule.verdict(case)
        if isinstance(verdict, Unmeasured):
            counted = 0.0 if verdict.optional else rule.weight
            asked.append(scoring.AskedRule(rule.id, rule.area, counted, verdict.reason))
            continue
        asked.append(scoring.AskedRule(rule.id, rule.area, rule.weight))
        for draft in verdict:
            finding = finding_of(rule, draft, case)
            cost = _cost(rule, finding)
            findings.append(replace(finding, group=rule.group, penalty=cost.penalty))
            costs.append(cost)
    ids = [finding.id for finding in findings]
    if len(set(ids)) < len(ids):
        twice = sorted({finding_id for finding_id in ids if ids.count(finding_id) > 1})
        raise RuntimeError(f"expected every finding to have its own place, but {', '.join(twice)} came twice")
    total = scoring.score(costs, asked, target)
    worth = scoring.points(costs, target) if total.overall is not None else dict.fromkeys(ids, 0.0)
    # As the report has them: what rounding makes equal stands in the same order when the report is read again.
    valued = [replace(finding, points=round_to(worth[finding.id], decimals_for("points"))) for finding in findings]
    valued.sort(key=lambda finding: (-finding.points, -SEVERITIES.index(finding.severity), finding.id))
    return Judgement(choice, tuple(valued), total)


def finding_of(rule: Rule, draft: Draft, case: Case) -> Finding:
    """A draft with identity, confidence, severity and whose it is; its points are not known yet."""
    culprits = find_culprits(case, draft)
    certainty = case.genre.confidence if rule.by_genre and not draft.whatever_genre else 1.0
    confidence = draft.confidence * certainty
    low, high = draft.threshold.ok_range
    severity = severity_of(draft.excess, confidence, blocker=draft.blocker)
    return Finding(
        id=finding_id(rule.id, draft),
        rule=rule.id,
        area=rule.area,
        severity=SEVERITIES[min(SEVERITIES.index(severity), SEVERITIES.index(rule.at_most))],
        confidence=confidence,
        title=draft.title or rule.title,
        advice=draft.advice + culprits.sentence,
        value=draft.value,
        unit=draft.unit,
        ok_range=(low, high),
        scale=draft.threshold.scale,
        excess=draft.excess,
        exposure=draft.exposure,
        grade=rule.grade,
        start_s=min((span.start_s for span in draft.spans), default=0.0),
        end_s=max((span.end_s for span in draft.spans), default=0.0),
        spans=draft.spans,
        low_hz=draft.low_hz,
        high_hz=draft.high_hz,
        stem=draft.stem or culprits.stem,
        actions=draft.actions,
        expected_delta=draft.expected_delta,
        shares=culprits.shares,
        told_from=draft.told_from,
    )


def finding_id(rule_id: str, draft: Draft) -> str:
    """The same for the same problem: the rule and a hash of stem, band, channel and coarse place, but no level."""
    band = "" if draft.low_hz is None or draft.high_hz is None else f"{draft.low_hz:.0f}-{draft.high_hz:.0f}"
    channel = "" if draft.channel is None else str(draft.channel)
    identity = "\0".join((rule_id, draft.stem or "", band, channel, draft.place))
    return f"{rule_id}-{hashlib.sha256(identity.encode()).hexdigest()[:ID_DIGITS]}"


def _cost(rule: Rule, finding: Finding) -> scoring.Cost:
    return scoring.Cost(
        finding=finding.id,
        area=rule.area,
        group=rule.group,
        weight=rule.weight,
        excess=costing_excess(finding.excess, finding.confidence, rule.at_most),
        exposure=finding.exposure,
        confidence=finding.confidence,
        blocker=finding.severity == "blocker",
    )
