"""What `uptrack rules show` gives as an example of a rule is what the rule still says in the test it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from support.rule_examples import Heard, listening, short_name
from uptrack_analysis.findings.rule_examples import RuleExample, rule_examples
from uptrack_analysis.report import Finding


@pytest.fixture(autouse=True)
def examples_still_say_what_the_rule_says(request: pytest.FixtureRequest) -> Iterator[None]:
    heard: list[Heard] = []
    with listening(heard):
        yield
    if request.session.testsfailed:
        return  # a test that fails says more than its example
    test = short_name(request.node.nodeid)
    for example in _examples_of(test):
        said = [_words(one.finding) for one in heard if one.finding.rule == example.finding.rule]
        assert _words(example.finding) in said, (
            f"the example of {example.finding.rule} is out of date: python scripts/rule_examples.py writes it again"
        )


def _examples_of(test: str) -> list[RuleExample]:
    return [example for examples in rule_examples().values() for example in examples if example.test == test]


def _words(finding: Finding) -> tuple[str, ...]:
    """All that is said, figures apart: another processor's last digit is no other example."""
    said = (finding.severity, finding.title, finding.advice, finding.expected_delta, finding.stem or "")
    done = [f"{action.kind} {action.text} {action.tool}" for action in finding.actions]
    return tuple(re.sub(r"[−+]?\d+(?:[.:]\d+)*", "#", text) for text in (*said, *done))
