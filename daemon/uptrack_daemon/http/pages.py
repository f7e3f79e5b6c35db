"""The page for people: recent reports, and each report as ``analyze --html`` shows it. No script runs in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from uptrack_analysis.findings.families import genre_name
from uptrack_analysis.present.html import report_body, stylesheet
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.store import Reports
from uptrack_daemon.versions import Versions

NEWEST = 100


@dataclass(frozen=True, slots=True)
class Pages:
    queue: Queue
    reports: Reports
    versions: Versions

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.index),
            web.get("/reports/{id}", self.report),
            web.get("/style.css", self.style),
        ]

    async def index(self, _request: web.Request) -> web.Response:
        counts = await self.queue.counts()
        return _html(
            "reports.html",
            title="UpTrack Companion",
            home=True,
            reports=await self.reports.list(limit=NEWEST),
            genre_name=genre_name,
            total=await self.reports.count(),
            active=counts["queued"] + counts["running"],
        )

    async def report(self, request: web.Request) -> web.Response:
        stored = await self.reports.get(request.match_info["id"])
        summary, weighed = stored.summary, await self.versions.of(stored)
        return _html(
            "report.html",
            title=f"{summary.source_name} · UpTrack report",
            home=False,
            id=summary.id,
            project=f"{summary.project_name}, " if summary.project_name else "",
            created_at=summary.created_at,
            body=report_body(weighed.report, since=weighed.since),
        )

    async def style(self, _request: web.Request) -> web.Response:
        return web.Response(text=stylesheet() + _own_style(), content_type="text/css")


def _html(template: str, **values: Any) -> web.Response:
    return web.Response(text=_environment().get_template(template).render(values), content_type="text/html")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("uptrack_daemon.http"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@cache
def _own_style() -> str:
    return (files("uptrack_daemon.http") / "templates" / "page.css").read_text("utf-8")
