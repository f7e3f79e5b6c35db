"""What each rule has said in its own tests: findings with their numbers, kept beside the rules to show what one tells.

``data/rule_examples.json`` is written by ``scripts/rule_examples.py`` while the rules' tests run, and those tests fail
where a rule has come to say something else. No verdict rests on it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from uptrack_analysis.findings.tables import DataError, data_folder
from uptrack_analysis.report import Action, Finding, Span, Target

FILE = "rule_examples.json"


@dataclass(frozen=True, slots=True)
class RuleExample:
    """A finding of one rule, and what it was asked about; ``duration_s`` is that of the file."""

    test: str
    """Where it comes from: the test's file and name."""
    target: Target
    genre: str
    duration_s: float
    finding: Finding
    """Without points: those depend on what else is found."""


@cache
def rule_examples() -> dict[str, tuple[RuleExample, ...]]:
    """Every rule's id to its examples, each of another kind of finding, in the order of its tests.

    Raises
    ------
    DataError
        The file is missing or wrong.
    """
    try:
        documents = json.loads(data_folder().joinpath(FILE).read_bytes())
        examples = [_read(document) for document in documents]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"expected the rules' examples in {FILE}, found a fault ({error}): reinstall UpTrack"
        ) from error
    found: dict[str, tuple[RuleExample, ...]] = {}
    for example in examples:
        found[example.finding.rule] = (*found.get(example.finding.rule, ()), example)
    return found


def _read(document: dict[str, Any]) -> RuleExample:
    fields = dict(document["finding"])
    low, high = fields.pop("ok_range")
    spans = tuple(Span(**span) for span in fields.pop("spans"))
    actions = tuple(Action(**action) for action in fields.pop("actions"))
    finding = Finding(**fields, ok_range=(low, high), spans=spans, actions=actions)
    return RuleExample(document["test"], document["target"], document["genre"], document["duration_s"], finding)
