"""The rules for people: one line each, or one of them with every limit, its grade and source, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from uptrack_analysis.figures import digits, frequency, percent, signed
from uptrack_analysis.findings.rule import Rule
from uptrack_analysis.findings.rule_docs import SEVERITY_RULE, numbers_in, rule_document
from uptrack_analysis.findings.rule_examples import RuleExample, rule_examples
from uptrack_analysis.present.wording import ACTIONS, GRADES, area_name, band, measured_against, where
from uptrack_analysis.report import Action


def rule_list(rules: Sequence[Rule], width: int) -> str:
    """A line a rule under a heading for each area."""
    ids = max((len(rule.id) for rule in rules), default=0)
    lines: list[str] = []
    for area in dict.fromkeys(rule.area for rule in rules):
        lines += [*([""] if lines else []), area_name(area)]
        for rule in sorted((rule for rule in rules if rule.area == area), key=lambda rule: rule.id):
            marks = _depends(rule)
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
        *_wrapped(
            f"Limits    {', '.join(_depends(rule)) or 'the same for every genre and target'}", width, "", " " * 10
        ),
        *_wrapped(f"Trust     {_trust(rule)}", width, "", " " * 10),
        *_wrapped(f"In a DAW  {', '.join(ACTIONS[kind] for kind in document['actions'])}", width, "", " " * 10),
    ]
    lines += _limits("Limits", document["limits"], width)
    for family in document["families"]:
        lines += _limits(f"{family['name']} ({family['id']})", family["limits"], width)
    for name, evidence in document["data"].items():
        lines += ["", f"Rests on {name}"]
        for part in evidence:
            named = f"{part['table']}: " if "table" in part else ""
            lines += _wrapped(f"{named}{part['source']} ({part['grade']})", width, "  ")
            figures = ", ".join(f"{name} {value:g}" for name, value in part["figures"].items())
            lines += _wrapped(figures, width, "    ")
    for example in rule_examples().get(rule.id, ()):
        lines += ["", *_example(example, width)]
    return "\n".join(lines)


def _depends(rule: Rule) -> list[str]:
    marks = (
        ("by genre", rule.by_genre),
        ("by target", rule.by_target),
        ("or your references", rule.by_references),
    )
    return [mark for mark, is_so in marks if is_so]


def _trust(rule: Rule) -> str:
    """How far its findings are believed, from those it made in its tests."""
    confidences = [example.finding.confidence for example in rule_examples().get(rule.id, ())]
    if not confidences:
        return "no example is kept yet"
    ends = dict.fromkeys(percent(end) for end in (min(confidences), max(confidences)))
    genre = ", times how sure the genre is" if rule.by_genre else ""
    return f"confidence {' to '.join(ends)} in the examples below{genre}"


def _example(example: RuleExample, width: int) -> Iterator[str]:
    finding = example.finding
    yield from _wrapped(
        f"For example, {example.genre}, {example.target}: {finding.severity.upper()}  {finding.title}", width, "", "  "
    )
    facts = (
        where(finding, example.duration_s),
        band(finding.low_hz, finding.high_hz),
        f"stem {finding.stem}" if finding.stem else "",
        measured_against(finding),
        f"confidence {percent(finding.confidence)}",
    )
    yield from _wrapped(" · ".join(fact for fact in facts if fact), width, "  ")
    yield from _wrapped(finding.advice, width, "  ")
    for action in finding.actions:
        yield from _wrapped(f"{action.kind}: {_move(action)}", width, "    ", "        ")
    yield from _wrapped(f"Expect: {finding.expected_delta}", width, "  ")


def _move(action: Action) -> str:
    """An action with its figures: "Bell on Bass, −2.5 dB at 53.1 Hz, Q 1.2; a script can make it"."""
    gain = f", {signed(action.gain_db)} dB" if action.gain_db else ""
    at = f" at {frequency(action.frequency_hz)}" if action.frequency_hz is not None else ""
    q = f", Q {digits(action.q)}" if action.q is not None else ""
    script = "; a script can make it" if action.tool else ""
    return f"{action.text}{gain}{at}{q}{script}"


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
