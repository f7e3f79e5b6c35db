"""A rule, and how rules are found: every module in ``rules/`` that has a ``RULE`` is one, so a new rule is one file."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from uptrack_analysis.findings import rules as rules_package
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.tables import Table, data_files, read_table

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
    by_genre: bool = False
    """Its thresholds differ by family, so that an unsure genre makes its findings unsure."""
    version: int = 1


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


def limits(rule_id: str) -> Table:
    """The rule's own table in ``rules.toml``."""
    return read_table("rules.toml").table(rule_id.replace(".", "-"))


@cache
def ruleset_hash() -> str:
    """First 12 hexadecimal digits of the SHA-256 over every rule's identity and every data file's bytes."""
    digest = hashlib.sha256()
    for rule in all_rules():
        digest.update(f"{rule.id}\0{rule.area}\0{rule.group}\0{rule.weight}\0{rule.grade}\0{rule.version}\n".encode())
    for name, content in data_files():
        # A checkout with other line ends is not another ruleset.
        digest.update(name.encode() + b"\0" + content.replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:12]
