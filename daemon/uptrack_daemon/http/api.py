"""The small JSON interface: what the command line asks a running daemon. Reports themselves are read from the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from aiohttp import web

from uptrack_daemon.http.gate import KEYS, PORT
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.store import Erased, Reports


@dataclass(frozen=True, slots=True)
class Api:
    """What the routes need of the daemon."""

    version: str
    queue: Queue
    reports: Reports
    erase: Callable[[str], Awaitable[Erased]]
    """Erases one report by its id, and all it left behind."""
    sessions: Callable[[], list[dict[str, str]]]
    """Hosts connected now: ``host``, ``instance``, ``transport``, ``state``."""
    stop: Callable[[], None]
    """Ask the daemon to drain and end; returns at once."""
    workers: Callable[[], list[int]]
    """Process ids of the workers that are ready."""
    forget_live: Callable[[], None]
    """Forget what was heard live."""
    account: Callable[[], Awaitable[str]]
    """How this machine stands with its account, in a sentence."""
    check: Callable[[], Awaitable[dict[str, str]]]
    """Each transport's name to "ok" or the sentence that says what is wrong."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/status", self.status),
            web.get("/api/reports", self.list_reports),
            web.get("/api/reports/{id}", self.get_report),
            web.delete("/api/reports/{id}", self.delete_report),
            web.post("/api/live/forget", self.forget_what_was_heard),
            web.post("/api/stop", self.ask_to_stop),
        ]

    async def status(self, request: web.Request) -> web.Response:
        """Version, address of the page with a fresh one-time code, jobs by state, hosts, health of each wire."""
        return web.json_response(
            {
                "version": self.version,
                "page": page_url(request.app),
                "jobs": await self.queue.counts(),
                "reports": await self.reports.count(),
                "hosts": self.sessions(),
                "workers": self.workers(),
                "account": await self.account(),
                "wires": await self.check(),
            }
        )

    async def list_reports(self, request: web.Request) -> web.Response:
        """The newest reports, at most 200; ``?name=`` keeps those whose file or project name contains it."""
        found = await self.reports.list(limit=200, name=request.query.get("name"))
        return web.json_response(
            [
                {
                    "id": report.id,
                    "created_at": report.created_at.isoformat(),
                    "name": report.source_name,
                    "project": report.project_name,
                    "score": report.score,
                    "coverage": report.coverage,
                    "genre": report.genre,
                    "target": report.target,
                }
                for report in found
            ]
        )

    async def get_report(self, request: web.Request) -> web.Response:
        """One report's document, byte for byte as it was made."""
        stored = await self.reports.get(request.match_info["id"])
        return web.Response(text=stored.document, content_type="application/json")

    async def delete_report(self, request: web.Request) -> web.Response:
        """Erase one report; what is gone, and whether its last traces could be overwritten too."""
        return web.json_response(asdict(await self.erase(request.match_info["id"])))

    async def forget_what_was_heard(self, _request: web.Request) -> web.Response:
        """What live monitoring holds has no file another process could delete."""
        self.forget_live()
        return web.json_response({"forgotten": True})

    async def ask_to_stop(self, _request: web.Request) -> web.Response:
        """Drain and end, as on SIGTERM."""
        self.stop()
        return web.json_response({"stopping": True}, status=202)


def page_url(app: web.Application) -> str:
    """The page's address with a one-time code."""
    return f"http://127.0.0.1:{app[PORT][0]}/?code={app[KEYS].new_code()}"
