"""A new run and its project's past: the version before it, what was dismissed, and what came of both.

``Versions`` asks the store; ``weigh`` compares, which takes numbers and a moment, so it is pure and runs in a thread.
The comparison itself is ``uptrack_analysis.compare``, loaded when the first one is made.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from uptrack_analysis.errors import BadInput
from uptrack_analysis.findings.dismissed import with_dismissed
from uptrack_analysis.report import SEVERITIES, Finding, Report, Severity, from_json, to_json
from uptrack_bridges.messages import AppliedAction, FixResult, Passage
from uptrack_daemon.store import AppliedFix, Dismissal, Dismissals, Fixes, Reports, Store, StoredReport

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from uptrack_analysis.compare.versions import Comparison
    from uptrack_analysis.settings import Settings
    from uptrack_daemon.jobs.supervisor import Measure


ASK_COMPARE = "`uptrack reports compare` measures it again"
GONE = "its file is gone, or is another by now"


@dataclass(frozen=True, slots=True)
class PassageBefore:
    """The same passage as it was before the fix."""

    document: str
    start_s: float
    """Where it lies in the run's file."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a project remembers when a run of it comes in."""

    before: StoredReport | None = None
    """Its version before: the newest report of another file."""
    dismissals: Sequence[Dismissal] = ()
    documents: Mapping[str, str] = field(default_factory=dict[str, str])
    """By id, the reports that dismissals and fixes speak of; some may have been erased."""
    fixes: Sequence[AppliedFix] = ()
    """Fixes that wait for the next version."""
    checked: Sequence[FixResult] = ()
    """What a run that is in the store already showed of fixes."""
    passage: PassageBefore | None = None
    """The run that comes in is a passage of the one these fixes are for."""
    again: str | None = None
    """The report of ``before`` by today's rules, measured again because they have changed."""
    why_changed: str = ASK_COMPARE
    """Why it was not measured again, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A run held against its project's past."""

    report: Report
    document: str
    """``report`` as it is stored: the bytes that came where nothing of it was changed."""
    comparison: Comparison | None
    dismissed: Mapping[str, str] = field(default_factory=dict[str, str])
    """Dismissal to the id its finding has in this run; dismissals of whole rules are not among them."""
    fixes: Sequence[FixResult] = ()
    """What this run shows of the fixes that waited for it."""

    @property
    def since(self) -> tuple[str, ...]:
        """Lines for the head of a report."""
        fixes = tuple(f"Fix checked: {result.sentence}" for result in self.fixes)
        if self.comparison is None:
            return fixes
        from uptrack_analysis.present.comparison import since_before

        return (since_before(self.comparison), *self.comparison.notes, *fixes)


@dataclass(frozen=True, slots=True)
class Dismissed:
    """What came of dismissing, or of taking it back."""

    project: str
    rule: str
    finding: str | None
    """``None`` for the whole rule."""
    title: str
    severity: Severity | None = None
    """What is no worse stays dismissed; ``None`` where it is taken back."""


class Versions:
    """The pasts of the projects of one store."""

    def __init__(self, store: Store) -> None:
        self._reports = Reports(store)
        self._dismissals = Dismissals(store)
        self._fixes = Fixes(store)

    async def past(self, project_key: str, sha256: str, *, before: datetime | None = None) -> Past:
        """What there is to hold a run against; ``before`` for a run that is in the store already."""
        dismissals = await self._dismissals.list(project_key)
        fixes = [] if before is not None else await self._fixes.waiting(project_key)
        needed = _spoken_of(dismissals) | {fix.report_id for fix in fixes}
        return Past(
            await self._reports.version_before(project_key, sha256, before=before),
            dismissals,
            await self._reports.documents(needed) if needed else {},
            fixes,
        )

    async def past_of_passage(self, passage: Passage) -> Past:
        """What there is to hold a passage against: the same one before, and the fixes its run has waiting."""
        run = await self.run(passage.run)
        key = run.summary.project_key
        rules = [one for one in await self._dismissals.list(key) if one.whole_rule]
        documents = await self._reports.documents(_spoken_of(rules))
        if passage.before is None:
            return Past(dismissals=rules, documents=documents)
        before = await self.run(passage.before)
        fixes = [fix for fix in await self._fixes.waiting(key) if fix.report_id == run.summary.id]
        return Past(
            dismissals=rules,
            documents=documents | {run.summary.id: run.document},
            fixes=fixes,
            passage=PassageBefore(before.document, passage.start_s),
        )

    async def run(self, run_id: str) -> StoredReport:
        """The report of a run; ``BadInput`` (code ``run.unknown``) if there is none."""
        return await self._reports.of_run(run_id)

    async def of(self, stored: StoredReport) -> Weighed:
        """A stored run, held against what came before it and what is dismissed by now."""
        summary = stored.summary
        past = await self.past(summary.project_key, summary.sha256, before=summary.created_at)
        checked = [FixResult.model_validate_json(fix.outcome or "") for fix in await self._fixes.checked_in(summary.id)]
        past = replace(past, checked=checked)
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
        severity: Severity | None = None
        if not undo:
            severity = _worst(report, rule) if whole_rule or found is None else found.severity
        result = Dismissed(
            project, rule, None if whole_rule or found is None else found.id, found.title if found else rule, severity
        )
        if not undo:
            await self._dismissals.add(
                summary.project_key,
                project,
                rule=rule,
                finding=result.finding,
                title=result.title,
                report_id=summary.id,
                severity=severity,
            )
        elif not await self._dismissals.remove(summary.project_key, rule=rule, finding=result.finding):
            raise BadInput(
                f"{result.finding or f'The rule {rule}'} is not dismissed in {project}; `uptrack reports dismissed` "
                "shows what is.",
                code="finding.not_dismissed",
            )
        return result

    async def fixed(self, run: StoredReport, finding: str, action: AppliedAction) -> str:
        """Remember that something was done about a finding of a run; answers the fix's id.

        Raises
        ------
        BadInput
            The run has no such finding (``finding.unknown``).
        """
        if all(found.id != finding for found in from_json(run.document).findings):
            raise BadInput(f"No finding of this run has the id {finding[:80]!r}.", code="finding.unknown")
        return await self._fixes.add(
            run.summary.project_key, run.summary.id, finding, action.model_dump_json(exclude_none=True)
        )


def weigh(document: str, past: Past) -> Weighed:
    """Hold a run's report against the past; raises ``pydantic.ValidationError`` if it is none."""
    report = from_json(document)
    seen, worse = _seen_again(report, past)
    of_rules, worse_than_rules = _of_dismissed_rules(report, past)
    meant = of_rules | set(seen.values())
    marked = with_dismissed(report, meant, worse_than_rules | worse)
    return Weighed(
        marked,
        document if marked is report else to_json(marked),
        _compared(past, marked),
        dismissed=seen,
        fixes=past.checked or _checked(marked, past),
    )


async def with_today(past: Past, document: str, path: Path, measure: Measure) -> Past:
    """The past of a run that has just been measured, its version before judged by today's rules if they have changed.

    Parameters
    ----------
    past : Past
    document, path : str, Path
        The run's report and file.
    measure : Measure
    """
    if past.before is None:
        return past
    settings = await asyncio.to_thread(_again_with, past.before.document, document)
    if settings is None:
        return past
    if past.before.summary.source_path == path:
        return replace(past, why_changed=GONE)  # written over by this very run
    again = await measure(past.before.summary.source_path, settings)
    if again is None or json.loads(again)["source"]["sha256"] != past.before.summary.sha256:
        return replace(past, why_changed=GONE)
    return replace(past, again=again)


def _again_with(before: str, document: str) -> Settings | None:
    """What to measure the version before again with; ``None`` where the rules have not changed since."""
    from uptrack_analysis.compare.again import is_outdated, settings_again

    engine = json.loads(before).get("engine")
    if engine is None or not is_outdated(engine, json.loads(document)["engine"]):
        return None
    old = _read(before)
    return None if old is None else settings_again(old.context)


def _checked(report: Report, past: Past) -> list[FixResult]:
    """What a new version or passage shows of the fixes that waited; the same file again shows nothing of any."""
    results: list[FixResult] = []
    olds = {report_id: _read(past.documents.get(report_id)) for report_id in {fix.report_id for fix in past.fixes}}
    for fix in past.fixes:
        old = olds[fix.report_id]
        if old is None or old.source.sha256 == report.source.sha256:
            continue
        from uptrack_analysis.compare.fixes import Fix, check_fix, check_in_passage

        action = AppliedAction.model_validate_json(fix.action)
        made = Fix(fix.finding, action.kind, action.gain_db, action.frequency_hz)
        if past.passage is None:
            outcome = check_fix(made, old, report)
        else:
            outcome = check_in_passage(made, old, from_json(past.passage.document), report, past.passage.start_s)
            if outcome.status == "unknown":
                continue  # the passage cannot tell: the fix waits for the next version of the whole
        results.append(
            FixResult(
                fix=fix.id,
                finding=fix.finding,
                status=outcome.status,
                sentence=outcome.sentence,
                before=outcome.before,
                after=outcome.after,
                unit=outcome.unit,
                change_db=outcome.change_db,
                at_hz=outcome.at_hz,
            )
        )
    return results


def _seen_again(report: Report, past: Past) -> tuple[dict[str, str], dict[str, Severity]]:
    """Dismissals of single findings to what they are called in this run, wherever their place has moved.

    Those that have grown worse than what was dismissed are not among them, but in the second answer: what they are
    called to the severity that they had.
    """
    single = [dismissal for dismissal in past.dismissals if not dismissal.whole_rule]
    if not single or not report.findings:
        return {}, {}
    from uptrack_analysis.compare.alignment import align
    from uptrack_analysis.compare.matching import match

    seen: dict[str, str] = {}
    worse: dict[str, Severity] = {}
    now: dict[str, Severity] = {finding.id: finding.severity for finding in report.findings}
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
            if dismissal.report_id != report_id or not called:
                continue
            was = _kept_severity(dismissal)
            if was is None and old is not None:  # nobody kept it: as in the run it was last seen in
                seen_as: dict[str, Severity] = {one.id: one.severity for one in old.findings}
                was = seen_as.get(dismissal.findings[-1])
            if was is not None and _is_worse(now[called[0]], was):
                worse[called[0]] = was
            else:
                seen[dismissal.id] = called[0]
    return seen, worse


def _of_dismissed_rules(report: Report, past: Past) -> tuple[set[str], dict[str, Severity]]:
    """Ids of what dismissed rules find, and of what is worse than all they had found then: to how bad that was."""
    meant: set[str] = set()
    worse: dict[str, Severity] = {}
    for dismissal in past.dismissals:
        if not dismissal.whole_rule:
            continue
        was = _kept_severity(dismissal)
        if was is None and (then := _read(past.documents.get(dismissal.report_id))) is not None:
            was = _worst(then, dismissal.rule)
        for finding in report.findings:
            if finding.rule != dismissal.rule:
                continue
            if was is not None and _is_worse(finding.severity, was):
                worse[finding.id] = was
            else:
                meant.add(finding.id)
    return meant, worse


def _spoken_of(dismissals: Sequence[Dismissal]) -> set[str]:
    """Reports that tell how a dismissed finding looked, or how bad the worst of a dismissed rule was."""
    return {one.report_id for one in dismissals if not one.whole_rule or one.severity is None}


def _kept_severity(dismissal: Dismissal) -> Severity | None:
    by_name: dict[str, Severity] = {severity: severity for severity in SEVERITIES}
    return by_name.get(dismissal.severity or "")


def _is_worse(now: Severity, was: Severity) -> bool:
    return SEVERITIES.index(now) > SEVERITIES.index(was)


def _worst(report: Report, rule: str) -> Severity | None:
    found = {finding.severity for finding in report.findings if finding.rule == rule}
    return next((severity for severity in reversed(SEVERITIES) if severity in found), None)


def _compared(past: Past, report: Report) -> Comparison | None:
    old = _read(None if past.before is None else past.before.document)
    if old is None:
        return None
    from uptrack_analysis.compare.again import judged_again
    from uptrack_analysis.compare.versions import compare

    again = _read(past.again)
    if again is not None:
        old = judged_again(old, again, report)
    return compare(old, report, why_changed=past.why_changed)


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
