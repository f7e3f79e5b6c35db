"""Asking one rule about one mix, the way ``judge`` does."""

from __future__ import annotations

from dataclasses import replace

from uptrack_analysis.findings.case import Case, Unmeasured
from uptrack_analysis.findings.families import load_families
from uptrack_analysis.findings.genre import choose_family
from uptrack_analysis.findings.judge import finding_of
from uptrack_analysis.findings.rule import all_rules
from uptrack_analysis.findings.targets import load_deliveries
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import Finding, ProjectFacts, Target


def case_of(
    measured: Measured,
    genre: str | None = "techno",
    target: Target = "club",
    project: ProjectFacts = ProjectFacts(),  # noqa: B008
) -> Case:
    choice, family = choose_family(genre, measured, project)
    return Case(measured, family, load_deliveries()[target], choice, project)


def ask(
    rule_id: str,
    measured: Measured,
    genre: str | None = "techno",
    target: Target = "club",
    project: ProjectFacts = ProjectFacts(),  # noqa: B008
) -> tuple[Finding, ...]:
    """The findings of one rule, dearest question first; fails the test if the rule could not be asked."""
    case = case_of(measured, genre, target, project)
    (rule,) = (rule for rule in all_rules() if rule.id == rule_id)
    verdict = rule.verdict(case)
    assert not isinstance(verdict, Unmeasured), verdict
    return tuple(finding_of(rule, draft, case) for draft in verdict)


def ask_one(
    rule_id: str,
    measured: Measured,
    genre: str | None = "techno",
    target: Target = "club",
    project: ProjectFacts = ProjectFacts(),  # noqa: B008
) -> Finding:
    (finding,) = ask(rule_id, measured, genre, target, project)
    return finding


def ask_unsure(rule_id: str, measured: Measured, genre: str, *, widened: float = 0.8) -> tuple[Finding, ...]:
    """The same where the genre is a guess that is not sure, so that limits lie so far on the way to the widest."""
    case = case_of(measured, genre)
    choice = replace(case.genre, how="guessed", widened=widened)
    case = replace(case, genre=choice, family=case.family.widened(load_families()["general"], widened))
    (rule,) = (rule for rule in all_rules() if rule.id == rule_id)
    verdict = rule.verdict(case)
    assert not isinstance(verdict, Unmeasured), verdict
    return tuple(finding_of(rule, draft, case) for draft in verdict)


def why_unmeasured(
    rule_id: str,
    measured: Measured,
    genre: str | None = "techno",
    target: Target = "club",
    project: ProjectFacts = ProjectFacts(),  # noqa: B008
) -> str:
    """The reason a rule gives for not answering; fails the test if it did."""
    (rule,) = (rule for rule in all_rules() if rule.id == rule_id)
    verdict = rule.verdict(case_of(measured, genre, target, project))
    assert isinstance(verdict, Unmeasured), verdict
    return verdict.reason
