"""Saying on a report's page that a finding, or all of its rule, is meant in its project; and taking that back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from uptrack_account.errors import TooMany
from uptrack_account.machines.dismissals import with_decisions, worst_of
from uptrack_account.machines.reports import NEWER, NO_REPORT, StoredReport
from uptrack_account.throttle import DECISION
from uptrack_account.web.answers import count_tries, form_of, refusal, see
from uptrack_account.web.gate import SERVICE, open_to, person_of
from uptrack_analysis.present.wording import plain
from uptrack_analysis.report import Finding, Report, Severity
from uptrack_bridges.account_changes import Decision

routes = web.RouteTableDef()

NO_FINDING = "This report has no such finding."


@dataclass(frozen=True, slots=True)
class Told:
    """A finding as the page offers to decide about it."""

    id: str
    rule: str
    title: str
    state: str
    """``told``, ``finding`` where it is dismissed by itself, ``rule`` where its rule is."""


@routes.post("/reports/{id}/dismiss")
@open_to("signed in")
async def dismissing(request: web.Request) -> web.Response:
    account_id, service = person_of(request).account_id, request.app[SERVICE]
    form = await form_of(request, "finding", "scope", "undo")
    stored = await service.reports.get(account_id, request.match_info["id"])
    if stored is None:
        raise web.HTTPNotFound(text=NO_REPORT)
    if stored.report is None:
        raise web.HTTPNotFound(text=NEWER)
    found = next((one for one in stored.report.findings if one.id == form["finding"]), None)
    if found is None:
        raise web.HTTPNotFound(text=NO_FINDING)
    try:
        await count_tries(request, (DECISION, account_id))
    except TooMany as error:
        refused = refusal(request, 429, error.sentence)
        refused.headers["Retry-After"] = error.retry_after
        return refused
    whole_rule = form["scope"] == "rule"
    await service.dismissals.decide(
        account_id,
        stored.version.project_id,
        found.rule,
        None if whole_rule else found.id,
        dismissed=not form["undo"],
        severity=_worst(stored.report, found.rule) if whole_rule else found.severity,
        report_id=stored.version.id,
    )
    return see(f"/reports/{stored.version.id}#meant")


async def laid_over(request: web.Request, stored: StoredReport) -> tuple[Report | None, list[Told]]:
    """A report as its project's decisions have it, and what can be decided about its findings."""
    if stored.report is None:
        return None, []
    account_id, project_id = person_of(request).account_id, stored.version.project_id
    decisions = await request.app[SERVICE].dismissals.of(account_id, project_id)
    report = await asyncio.to_thread(with_decisions, stored.report, decisions)
    return report, [_told(found, decisions) for found in report.findings]


def _told(found: Finding, decisions: Sequence[Decision]) -> Told:
    by_rule = any(one.dismissed and one.finding is None and one.rule == found.rule for one in decisions)
    state = "told" if not found.dismissed else "rule" if by_rule else "finding"
    return Told(found.id, found.rule, plain(found.title), state)


def _worst(report: Report, rule: str) -> Severity:
    return worst_of(found.severity for found in report.findings if found.rule == rule)
