"""A new run and its project's past: the version before it, what was dismissed, and what came of both.

``Versions`` asks the store; ``weigh`` compares, which takes numbers and a moment, so it is pure and runs in a thread.
The comparison itself is ``uptrack_analysis.compare``, loaded when the first one is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from uptrack_analysis.errors import BadInput
from uptrack_analysis.findings.dismissed import with_dismissed
from uptrack_analysis.report import Finding, Report, from_json, to_json
from uptrack_daemon.store import Dismissal, Dismissals, Reports, Store, StoredReport

if TYPE_CHECKING:
    from datetime import datetime

    from uptrack_analysis.compare.versions import Comparison


@dataclass(frozen=True, slots=True)
class Past:
    """What a project remembers when a run of it comes in."""

    before: StoredReport | None = None
    """Its version before: the newest report of another file."""
    dismissals: Sequence[Dismissal] = ()
    documents: Mapping[str, str] = field(default_factory=dict[str, str])
    """By id, the reports in which what was dismissed was last seen; some may have been erased."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A run held against its project's past."""

    report: Report
    document: str
    """``report`` as it is stored: the bytes that came where nothing of it was changed."""
    comparison: Comparison | None
    dismissed: Mapping[str, str] = field(default_factory=dict[str, str])
    """Dismissal to the id its finding has in this run; dismissals of whole rules are not among them."""

    @property
    def since(self) -> tuple[str, ...]:
        """Lines for the head of a report."""
        if self.comparison is None:
            return ()
        from uptrack_analysis.present.comparison import since_before

        return (since_before(self.comparison), *self.comparison.notes)


@dataclass(frozen=True, slots=True)
class Dismissed:
    """What came of dismissing, or of taking it back."""

    project: str
    rule: str
    finding: str | None
    """``None`` for the whole rule."""
    title: str


class Versions:
    """The pasts of the projects of one store."""

    def __init__(self, store: Store) -> None:
        self._reports = Reports(store)
        self._dismissals = Dismissals(store)

    async def past(self, project_key: str, sha256: str, *, before: datetime | None = None) -> Past:
        """What there is to hold a run against; ``before`` for a run that is in the store already."""
        dismissals = await self._dismissals.list(project_key)
        seen = {dismissal.report_id for dismissal in dismissals if not dismissal.whole_rule}
        return Past(
            await self._reports.version_before(project_key, sha256, before=before),
            dismissals,
            await self._reports.documents(seen) if seen else {},
        )

    async def run(self, run_id: str) -> StoredReport:
        """The report of a run; ``BadInput`` (code ``run.unknown``) if there is none."""
        return await self._reports.of_run(run_id)

    async def of(self, stored: StoredReport) -> Weighed:
        """A stored run, held against what came before it and what is dismissed by now."""
        summary = stored.summary
        past = await self.past(summary.project_key, summary.sha256, before=summary.created_at)
        return await asyncio.to_thread(weigh, stored.document, past)

    async def dismiss(self, run: StoredReport, word: str, *, whole_rule: bool = False, undo: bool = False) -> Dismissed:
        """Remember in the run's project that a finding, or all of its rule, is meant; or take that back.

        Parameters
        ----------
        word : str
            The finding's id, how it begins if only one does, or the id of its rule if that found one thing.

        Raises
        ------
        BadInput
            No finding of the run is called that (``finding.unknown``), several are (``finding.ambiguous``), or there
            is nothing to take back (``finding.not_dismissed``).
        """
        report, summary = from_json(run.document), run.summary
        project = summary.project_name or summary.source_name
        found = _named(report.findings, word, whole_rule=whole_rule)
        if found is None and not (whole_rule and undo):
            raise BadInput(
                f"No finding of this run is called {word[:80]!r}; `uptrack reports show {summary.id[:8]} --all` shows "
                "each with its id.",
                code="finding.unknown",
            )
        rule = word if found is None else found.rule
        result = Dismissed(
            project, rule, None if whole_rule or found is None else found.id, found.title if found else rule
        )
        if not undo:
            await self._dismissals.add(
                summary.project_key,
                project,
                rule=rule,
                finding=result.finding,
                title=result.title,
                report_id=summary.id,
            )
        elif not await self._dismissals.remove(summary.project_key, rule=rule, finding=result.finding):
            raise BadInput(
                f"{result.finding or f'The rule {rule}'} is not dismissed in {project}; `uptrack reports dismissed` "
                "shows what is.",
                code="finding.not_dismissed",
            )
        return result


def weigh(document: str, past: Past) -> Weighed:
    """Hold a run's report against the past; raises ``pydantic.ValidationError`` if it is none."""
    report = from_json(document)
    seen = _seen_again(report, past)
    rules = {dismissal.rule for dismissal in past.dismissals if dismissal.whole_rule}
    meant = {finding.id for finding in report.findings if finding.rule in rules} | set(seen.values())
    marked = with_dismissed(report, meant)
    return Weighed(
        marked, document if marked is report else to_json(marked), _compared(past.before, marked), dismissed=seen
    )


def _seen_again(report: Report, past: Past) -> dict[str, str]:
    """Dismissals of single findings to what they are called in this run, wherever their place has moved."""
    single = [dismissal for dismissal in past.dismissals if not dismissal.whole_rule]
    if not single or not report.findings:
        return {}
    from uptrack_analysis.compare.alignment import align
    from uptrack_analysis.compare.matching import match

    seen: dict[str, str] = {}
    for report_id in dict.fromkeys(dismissal.report_id for dismissal in single):
        old = _read(past.documents.get(report_id))
        # Without the report it was last seen in, the id is all there is to know it by.
        pairs = (
            {finding.id: finding.id for finding in report.findings}
            if old is None
            else {one.id: other.id for one, other in match(old.findings, report.findings, align(old, report)).pairs}
        )
        for dismissal in single:
            called = [pairs[known] for known in reversed(dismissal.findings) if known in pairs]
            if dismissal.report_id == report_id and called:
                seen[dismissal.id] = called[0]
    return seen


def _compared(before: StoredReport | None, report: Report) -> Comparison | None:
    old = _read(None if before is None else before.document)
    if old is None:
        return None
    from uptrack_analysis.compare.versions import compare

    return compare(old, report)


def _read(document: str | None) -> Report | None:
    """A stored report; ``None`` for none, and for a schema this version does not read."""
    try:
        return None if document is None else from_json(document)
    except ValidationError:
        return None


def _named(findings: Sequence[Finding], word: str, *, whole_rule: bool) -> Finding | None:
    word = word.strip()
    found = [finding for finding in findings if word and word in (finding.id, finding.rule)] or [
        finding for finding in findings if word and finding.id.startswith(word)
    ]
    if len({finding.rule if whole_rule else finding.id for finding in found}) > 1:
        some = ", ".join(finding.id for finding in found[:4])
        raise BadInput(
            f"Several findings are called {word[:80]!r}: {some}; give one's whole id.", code="finding.ambiguous"
        )
    return found[0] if found else None
