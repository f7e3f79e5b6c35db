"""A rule, and how rules are found: every module in ``rules/`` that has a ``RULE`` is one, so a new rule is one file."""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from uptrack_analysis.findings import rules as rules_package
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.tables import Table, data_files, read_table
from uptrack_analysis.findings.threshold import WARN_EXCESS
from uptrack_analysis.report import Severity, Target

Verdict = Sequence[Draft] | Unmeasured
"""What a rule answers: nothing wrong (empty), findings to be, or that it could not be asked."""

Area = Literal["integrity", "loudness", "dynamics", "low", "tonal", "stereo", "dj"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One question asked of every mix.

    ``check`` is pure: same case, same verdict. ``version`` goes up whenever a change of code can change a verdict, so
    that the ruleset's hash tells two behaviours apart.
    """

    id: str
    area: Area
    group: str
    """Rules and findings that share a group have one cause: only the dearest of them costs."""
    weight: float
    """Most that a finding can take from its area, 0 to 0.6."""
    title: str
    measures: str
    """What is measured and compared with what, in one sentence."""
    grade: Literal["A", "B", "C", "D"]
    """The weakest evidence any of its thresholds rests on."""
    check: Callable[[Case], Verdict]
    limits: Table
    """Its thresholds that do not depend on the genre, with their grade and source. For every pair, ``warn`` is excess
    0.5 (a minor finding starts) and ``bad`` is excess 2 (a major one); the range without any excess follows from the
    two. Grades: A standard or platform, B code or manual, C contested, D proposal."""
    by_genre: bool = False
    """Its thresholds differ by family, so that an unsure genre makes its findings unsure."""
    family_tables: tuple[str, ...] = ()
    """Tables of the family files its thresholds stand in: "plr", "tonal" ..."""
    data_files: tuple[str, ...] = ()
    """Other data files it judges by: "targets.toml", "tonal_average.toml" ..."""
    by_target: bool = False
    """What the file is for (club, stream, premaster) changes its verdict."""
    by_references: bool = False
    """References of the user's own take the place of its limits."""
    at_most: Severity = "blocker"
    """No finding of it is worse: ``info`` for a rule whose precision nobody has measured at 0.8 or better."""
    version: int = 1

    def verdict(self, case: Case) -> Verdict:
        """What the rule says of a mix: of what it checked, all that warns, and what it means to tell anyway."""
        found = case.verdict_of(self.check)
        if isinstance(found, Unmeasured):
            return found
        return tuple(draft for draft in found if draft.excess >= WARN_EXCESS or draft.informs)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of the package, in the order of their ids.

    Raises
    ------
    RuntimeError
        A module in ``rules/`` has no ``RULE``, or two rules share an id: a slip in this program.
    """
    found: dict[str, Rule] = {}
    for module_info in pkgutil.iter_modules(rules_package.__path__):
        module = importlib.import_module(f"{rules_package.__name__}.{module_info.name}")
        rule = getattr(module, "RULE", None)
        if not isinstance(rule, Rule):
            raise RuntimeError(f"expected {module.__name__} to have a RULE of type Rule, found {type(rule).__name__}")  # noqa: TRY004
        if rule.id in found:
            raise RuntimeError(f"expected one rule called {rule.id}, found two, one of them in {module.__name__}")
        found[rule.id] = rule
    return tuple(found[rule_id] for rule_id in sorted(found))


@cache
def rule_digests(family_id: str, target: Target, references: tuple[str, ...] = ()) -> dict[str, str]:
    """Each rule's id to eight hexadecimal digits over all that decides its verdict on a mix of one family and target.

    Limits of other families do not count, nor does a target the rule does not ask about: two reports whose digests of a
    rule agree were judged alike by it. ``references`` are the SHA-256 of the tracks it was held against.
    """
    digests: dict[str, str] = {}
    for rule in all_rules():
        family = read_table(f"families/{family_id}.toml")
        facts = {
            "rule": [rule.id, rule.area, rule.group, rule.weight, rule.version, rule.at_most, WARN_EXCESS],
            "limits": rule.limits.values,
            "family": {name: family.table(name).values for name in rule.family_tables if name in family},
            "data": {name: read_table(name).values for name in rule.data_files},
            "target": target if rule.by_target else None,
            "references": sorted(references) if rule.by_references else [],
        }
        text = json.dumps(facts, sort_keys=True, default=str)
        digests[rule.id] = hashlib.sha256(text.encode()).hexdigest()[:8]
    return digests


@cache
def ruleset_hash() -> str:
    """First 12 hexadecimal digits of the SHA-256 over all rules, their thresholds and the data files' bytes."""
    digest = hashlib.sha256()
    for rule in all_rules():
        facts = (rule.id, rule.area, rule.group, rule.weight, rule.grade, rule.version, rule.at_most, WARN_EXCESS)
        digest.update("\0".join(map(str, facts)).encode() + b"\n")
        digest.update(json.dumps(rule.limits.values, sort_keys=True).encode() + b"\n")
    for name, content in data_files():
        # A checkout with other line ends is not another ruleset.
        digest.update(name.encode() + b"\0" + content.replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:12]
