"""Hearing what rules say while their tests run, and the form in which one such finding is kept as an example."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.judge import finding_of
from uptrack_analysis.findings.rule import Rule
from uptrack_analysis.measure.ltas import NAMED_BANDS
from uptrack_analysis.report import Finding
from uptrack_analysis.rounding import rounded

ASKING = ("support.verdicts", "support.stem_cases", "uptrack_analysis.findings.judge")
"""Where a rule's draft becomes a finding."""
MOST_PLACES = 3
LEFT_OUT = {"id", "points", "shares", "group", "penalty", "dismissed", "dismissed_as"}


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    test: str
    finding: Finding
    document: dict[str, Any]

    @property
    def kind(self) -> str:
        """What tells two kinds of finding of one rule apart: the title without whose, which band and how much."""
        title = self.finding.title.partition(":")[0]
        for name in (self.finding.stem, *(band.name for band in NAMED_BANDS)):
            title = title.replace(name, "…") if name else title
        return re.sub(r"[\d.]+ k?Hz", "…", title)


@contextmanager
def listening(heard: list[Heard]) -> Iterator[None]:
    """Note every finding that is made while the block runs."""

    def noting(rule: Rule, draft: Draft, case: Case) -> Finding:
        finding = finding_of(rule, draft, case)
        test = short_name(os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0])
        heard.append(Heard(test, finding, _document(test, finding, case)))
        return finding

    with ExitStack() as patches:
        for module in ASKING:
            patches.enter_context(patch(f"{module}.finding_of", noting))
        yield


def short_name(nodeid: str) -> str:
    """ "test_low_boom.py::test_it_grows[3.0]" of the same behind a folder."""
    file, _, name = nodeid.partition("::")
    return f"{file.rpartition('/')[2]}::{name}"


def _document(test: str, finding: Finding, case: Case) -> dict[str, Any]:
    """Only what differs from a finding without anything."""
    kept = {
        field.name: value
        for field in dataclasses.fields(Finding)
        if field.name not in LEFT_OUT
        and ((value := getattr(rounded(finding), field.name)) != field.default or field.name == "spans")
    }
    kept["spans"] = [_plain(span) for span in kept["spans"][:MOST_PLACES]]
    kept["actions"] = [_plain(action) for action in finding.actions]
    return {
        "test": test,
        "target": case.delivery.target,
        "genre": case.family.name,
        "duration_s": round(case.measured.duration_s, 3),
        "finding": {"id": "", **kept},
    }


def _plain(record: Any) -> dict[str, Any]:
    record = rounded(record)
    return {
        field.name: getattr(record, field.name)
        for field in dataclasses.fields(record)
        if getattr(record, field.name) != field.default
    }
