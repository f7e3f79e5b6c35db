"""The rules for people: one line each, or one of them with every limit, its grade and where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from uptrack_analysis.findings.rule import Rule
from uptrack_analysis.findings.rule_docs import SEVERITY_RULE, numbers_in, rule_document
from uptrack_analysis.present.wording import GRADES, area_name


def rule_list(rules: Sequence[Rule], width: int) -> str:
    """A line a rule under a heading for each area."""
    ids = max((len(rule.id) for rule in rules), default=0)
    lines: list[str] = []
    for area in dict.fromkeys(rule.area for rule in rules):
        lines += [*([""] if lines else []), area_name(area)]
        for rule in sorted((rule for rule in rules if rule.area == area), key=lambda rule: rule.id):
            marks = [
                mark
                for mark, is_so in (
                    ("by genre", rule.by_genre),
                    ("by target", rule.by_target),
                    ("or your references", rule.by_references),
                )
                if is_so
            ]
            if rule.at_most != "blocker":
                marks.append(f"at most {rule.at_most}")
            notes = f" ({', '.join(marks)})" if marks else ""
            line = f"  {rule.id:<{ids}}  {rule.grade}  {rule.title}{notes}"
            lines.append(line if len(line) <= width else line[: width - 1] + "…")
    lines += ["", f"{len(rules)} rules; `uptrack rules show ID` says what one measures, and against which limits."]
    return "\n".join(lines)


def rule_page(rule: Rule, width: int) -> str:
    """One rule with all it rests on."""
    document = rule_document(rule)
    limit = f"; never worse than {rule.at_most}" if rule.at_most != "blocker" else ""
    lines = [
        f"{rule.id}  {rule.title}",
        "",
        *wrap(rule.measures, width),
        "",
        f"Area      {area_name(rule.area)}, group {rule.group}: of one group only the dearest finding costs",
        f"Weight    {rule.weight:g}: the most that a finding takes from its area",
        f"Evidence  {rule.grade} ({GRADES[rule.grade]}), the weakest of its numbers",
        f"Severity  {' · '.join(document['severities'])}{limit}",
        *_wrapped(SEVERITY_RULE, width, "          "),
    ]
    lines += _limits("Limits", document["limits"], width)
    for family in document["families"]:
        lines += _limits(f"{family['name']} ({family['id']})", family["limits"], width)
    for name, evidence in document["data"].items():
        lines += ["", f"Rests on {name}"]
        for part in evidence:
            named = f"{part['table']}: " if "table" in part else ""
            lines += _wrapped(f"{named}{part['source']} ({part['grade']})", width, "  ")
    return "\n".join(lines)


def _limits(title: str, values: Mapping[str, Any], width: int) -> Iterator[str]:
    numbers = list(numbers_in(values))
    if not numbers:
        return
    yield ""
    yield title
    names = max(len(name) for name, *_ in numbers)
    said: set[tuple[str, str]] = set()
    for name, value, _, _ in numbers:
        yield from _wrapped(value, width, f"  {name:<{names}}  ", " " * (names + 4))
    # One source often stands behind several numbers of a table: said once, after the last of all.
    for name, _, grade, source in numbers:
        table = name.rpartition(".")[0]
        if source and (table, source) not in said:
            yield from _wrapped(f"{f'{table}, ' if table else ''}{grade}: {source}", width, "    ")
            said.add((table, source))


def _wrapped(text: str, width: int, indent: str, further: str | None = None) -> list[str]:
    return wrap(text, width, initial_indent=indent, subsequent_indent=indent if further is None else further)
