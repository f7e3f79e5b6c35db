"""What a rule is, told from the rule, the data files it judges by, and what it says in its own tests: written once.

``rule_document`` is plain JSON types; ``present.rules`` turns the same document into words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from uptrack_analysis.errors import BadInput
from uptrack_analysis.findings.rule import Rule, all_rules
from uptrack_analysis.findings.rule_examples import RuleExample, rule_examples
from uptrack_analysis.findings.tables import Table, data_files, read_table
from uptrack_analysis.findings.threshold import BAD_EXCESS, INFORMING, MINOR_EXCESS, WARN_EXCESS
from uptrack_analysis.report import SEVERITIES

SEVERITY_RULE = (
    f"Excess is the distance outside the range that is fine, over a step that every rule fixes by two limits: warn is "
    f"excess {WARN_EXCESS:g}, bad is {BAD_EXCESS:g}. Below {WARN_EXCESS:g} a finding is info, below {MINOR_EXCESS:g} "
    f"minor, below {BAD_EXCESS:g} moderate, from there major; blocker is kept for objective defects beyond a limit "
    f"of their own. What is believed by less than half is never more than minor, by less than {INFORMING:g} never "
    f"more than info."
)
"""How every rule's excess becomes a word."""


def find_rule(rule_id: str) -> Rule:
    """The rule of that id, or the only one whose id begins like that.

    Raises
    ------
    BadInput
        None is called that, or several are.
    """
    wanted = rule_id.strip().casefold()
    found = [rule for rule in all_rules() if rule.id == wanted] or [
        rule for rule in all_rules() if wanted and rule.id.startswith(wanted)
    ]
    if len(found) == 1:
        return found[0]
    some = ", ".join(rule.id for rule in found)
    raise BadInput(
        f"Expected the id of one rule, got {rule_id!r}, which could be {some}; give more of it."
        if found
        else f"No rule is called {rule_id!r}; `uptrack rules list` shows them all.",
        code="rule.ambiguous" if found else "rule.unknown",
    )


def rule_document(rule: Rule) -> dict[str, Any]:
    """Everything there is to know of one rule, as plain JSON types."""
    examples = rule_examples().get(rule.id, ())
    return {
        "id": rule.id,
        "area": rule.area,
        "group": rule.group,
        "weight": rule.weight,
        "title": rule.title,
        "measures": rule.measures,
        "grade": rule.grade,
        "by_genre": rule.by_genre,
        "by_target": rule.by_target,
        "by_references": rule.by_references,
        "at_most": rule.at_most,
        "severities": list(SEVERITIES[: SEVERITIES.index(rule.at_most) + 1]),
        "version": rule.version,
        "limits": dict(rule.limits.values),
        "families": [
            {
                "id": family.text("id"),
                "name": family.text("name"),
                "limits": {name: dict(family.table(name).values) for name in rule.family_tables if name in family},
            }
            for family in _families(rule)
        ],
        "data": {name: _evidence_of(read_table(name).values) for name in rule.data_files},
        "actions": sorted({action.kind for example in examples for action in example.finding.actions}),
        "examples": [_example(example) for example in examples],
    }


def numbers_in(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """(name, value, grade, source) of every limit in a table, nested ones with their path: "club.warn_dbtp"."""
    grade, source = str(values.get("grade", "")), str(values.get("source", ""))
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from numbers_in(value, f"{prefix}{name}.")
        elif name not in ("grade", "source"):
            yield f"{prefix}{name}", _plain(value), grade, source


def _example(example: RuleExample) -> dict[str, Any]:
    """One finding as the rule made it in a test: fields as in a report, what only a whole report knows left out."""
    finding = asdict(example.finding)
    for name in ("id", "rule", "area", "grade", "points", "shares", "group", "penalty", "dismissed"):
        del finding[name]
    return {"test": example.test, "target": example.target, "genre": example.genre, **finding}


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    return str(value)


def _families(rule: Rule) -> Iterator[Table]:
    if rule.family_tables:
        for name, _ in data_files():
            if name.startswith("families/"):
                yield read_table(name)


def _evidence_of(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Source, grade and single figures of a file, or of each of its tables."""
    found = [_figures(values)] if "source" in values else []
    for name, value in values.items():
        if isinstance(value, Mapping) and "source" in value:
            found.append({"table": name, **_figures(value)})
    return found


def _figures(values: Mapping[str, Any]) -> dict[str, Any]:
    figures = {name: value for name, value in values.items() if isinstance(value, int | float)}
    return {"grade": str(values["grade"]), "source": str(values["source"]), "figures": figures}
