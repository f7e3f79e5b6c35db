"""What a person sees of their music: projects, versions, each report as the Companion shows it, and two side by side.

Everything is looked up by the account of who is signed in, so that an id of another's is one that is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from uptrack_account.machines.reports import NEWER, NO_REPORT, Project, StoredReport, Version
from uptrack_account.web.answers import page, see
from uptrack_account.web.dismissal_pages import laid_over
from uptrack_account.web.gate import PERSON, SERVICE, open_to, person_of
from uptrack_analysis.present.html import report_body, stylesheet
from uptrack_analysis.report import Report

routes = web.RouteTableDef()

PLOT_WIDTH, PLOT_HEIGHT, PLOT_MARGIN = 640, 160, 12
NO_PROJECT = "There is no such project."


@dataclass(frozen=True, slots=True)
class Row:
    """A version in its project's list."""

    version: Version
    change: float | None
    """Points since the version before; ``None`` for the first, and where one has no score."""
    again: bool
    """The same file as the version before, measured again."""


@dataclass(frozen=True, slots=True)
class ScorePlot:
    """Scores over versions, oldest first, as places in an SVG."""

    width: int
    height: int
    points: Sequence[tuple[float, float, str]]
    label: str

    @property
    def line(self) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in self.points)


@routes.get("/")
@open_to("anybody")
async def home(request: web.Request) -> web.Response:
    if (person := request[PERSON]) is None:
        return page(request, "welcome.html")
    projects = await request.app[SERVICE].reports.projects(person.account_id)
    return page(request, "projects.html", projects=projects, called=called)


@routes.get("/report.css")
@open_to("anybody")
async def style(_request: web.Request) -> web.Response:
    return web.Response(text=stylesheet(), content_type="text/css")


@routes.get("/projects/{id}")
@open_to("signed in")
async def project(request: web.Request) -> web.Response:
    account_id, project_id = person_of(request).account_id, request.match_info["id"]
    versions = await request.app[SERVICE].reports.versions(account_id, project_id)
    if not versions:
        raise web.HTTPNotFound(text=NO_PROJECT)
    return page(request, "project.html", name=called(versions[0]), rows=rows_of(versions), plot=score_plot(versions))


@routes.get("/reports/{id}")
@open_to("signed in")
async def report(request: web.Request) -> web.Response:
    stored = await _mine(request, request.match_info["id"])
    reports, version = request.app[SERVICE].reports, stored.version
    versions = await reports.versions(person_of(request).account_id, version.project_id)
    shown, findings = await laid_over(request, stored)
    body = None if shown is None else await asyncio.to_thread(report_body, shown)
    before = version_before(versions, version)
    facts: dict[str, Any] = {"body": body, "findings": findings, "before": before, "newer": NEWER}
    return page(request, "report.html", version=version, name=called(version), **facts)


@routes.get("/reports/{id}/report.json")
@open_to("signed in")
async def document(request: web.Request) -> web.Response:
    """The document, byte for byte as it came."""
    stored = await _mine(request, request.match_info["id"])
    headers = {"Content-Disposition": f'attachment; filename="uptrack-{stored.version.id}.json"'}
    return web.Response(text=stored.document, content_type="application/json", headers=headers)


@routes.post("/reports/{id}/delete")
@open_to("signed in")
async def deleting(request: web.Request) -> web.Response:
    account_id, reports = person_of(request).account_id, request.app[SERVICE].reports
    stored = await _mine(request, request.match_info["id"])
    await reports.delete(account_id, stored.version.id)
    left = await reports.versions(account_id, stored.version.project_id)
    return see(f"/projects/{stored.version.project_id}" if left else "/")


@routes.get("/compare/{old}/{new}")
@open_to("signed in")
async def compare(request: web.Request) -> web.Response:
    """What became of each finding from one version to another."""
    old, new = [await _mine(request, request.match_info[which]) for which in ("old", "new")]
    (before, _), (after, _) = [await laid_over(request, stored) for stored in (old, new)]
    if before is None or after is None:
        raise web.HTTPNotFound(text=NEWER)
    compared = await asyncio.to_thread(_compared, before, after)
    return page(request, "compare.html", old=old.version, new=new.version, name=called(new.version), **compared)


def called(named: Project | Version) -> str:
    """A project's name; where none was sent, its first digits tell it from another."""
    name, number = (named.name, named.id) if isinstance(named, Project) else (named.project_name, named.project_id)
    return name or f"Project {number[:4]}"


def version_before(versions: Sequence[Version], this: Version) -> Version | None:
    """The newest of another file that is older and can be read; ``versions`` are the latest first."""
    place = [one.id for one in versions].index(this.id)
    older = (one for one in versions[place + 1 :] if one.readable and one.source_sha256 != this.source_sha256)
    return next(older, None) if this.readable else None


def rows_of(versions: Sequence[Version]) -> list[Row]:
    """Each with what it changed; ``versions`` are the latest first."""
    found = list[Row]()
    for place, one in enumerate(versions):
        before = versions[place + 1] if place + 1 < len(versions) else None
        both = before is not None and one.score is not None and before.score is not None
        again = before is not None and one.source_sha256 is not None and one.source_sha256 == before.source_sha256
        change = (one.score or 0.0) - (before.score or 0.0) if both and before is not None else None
        found.append(Row(one, change, again))
    return found


def score_plot(versions: Sequence[Version]) -> ScorePlot | None:
    """How the score went; ``None`` with less than two. The table beside it holds the same numbers."""
    scored = [(one.score, one) for one in reversed(versions) if one.score is not None]
    if len(scored) < 2:
        return None
    step = (PLOT_WIDTH - 2 * PLOT_MARGIN) / (len(scored) - 1)
    tall = PLOT_HEIGHT - 2 * PLOT_MARGIN
    points = [
        (
            PLOT_MARGIN + place * step,
            PLOT_MARGIN + (100.0 - min(100.0, max(0.0, score))) / 100.0 * tall,
            f"{score:.0f}, {one.made_at:%d %B %Y}",
        )
        for place, (score, one) in enumerate(scored)
    ]
    label = f"Score over {len(scored)} versions, from {scored[0][0]:.0f} to {scored[-1][0]:.0f} of 100"
    return ScorePlot(PLOT_WIDTH, PLOT_HEIGHT, points, label)


async def _mine(request: web.Request, report_id: str) -> StoredReport:
    stored = await request.app[SERVICE].reports.get(person_of(request).account_id, report_id)
    if stored is None:
        raise web.HTTPNotFound(text=NO_REPORT)
    return stored


def _compared(old: Report, new: Report) -> dict[str, Any]:
    # Loaded with the first comparison: it brings numpy.
    from uptrack_analysis.compare.versions import compare as compare_reports
    from uptrack_analysis.findings.rule import ruleset_hash
    from uptrack_analysis.present.comparison import change_in_words, facts
    from uptrack_analysis.present.wording import plain

    found = compare_reports(old, new, today=ruleset_hash())
    return {
        "sentence": found.sentence[:1].upper() + found.sentence[1:],
        "facts": facts(found),
        "notes": [plain(note) for note in found.notes],
        "changes": [(change.status, plain(change_in_words(change))) for change in found.changes],
    }
