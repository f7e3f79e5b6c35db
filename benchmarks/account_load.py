"""What a hosted account bears: machines that send reports all at once, report pages, and the list of a long life.

``PYTHONPATH=tests python benchmarks/account_load.py``; with ``--machines 50 --reports 1000 --long 100000`` as it is
published. Every server is a process of its own, asked over HTTP on loopback: one on SQLite; on a PostgreSQL of this
run's own one, and two that share it. A machine sends one report after the other, as a Companion does, so there are as
many requests at once as machines. Ratios tell more than rates: everything runs on this one computer, clients and
database among it.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import hashlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from pydantic import HttpUrl
from sqlalchemy import func, insert, select
from yarl import URL

from support.account_site import cheap_passwords, somebody, upload
from support.postgres import new_database, running_postgres
from support.reports import a_report
from uptrack_account.service import Service, open_service
from uptrack_account.settings import AccountSettings
from uptrack_account.store.models import ProjectRow, ReportRow
from uptrack_account.web.gate import COOKIE
from uptrack_analysis.report import to_json
from uptrack_bridges.account import REPORTS_PATH

BEGUN = datetime(2020, 1, 1, tzinfo=UTC)
LONG_PROJECTS = 500
"""Among which the reports of a long life are spread."""
DOCUMENT_CHARACTERS = 4_000
"""Longer than a row may be beside others, so that a list has to do without reading them, as with whole ones."""
BATCH = 500
SQLITE, POSTGRES = "SQLite", "PostgreSQL"


@dataclass
class Setup:
    """A database, the accounts in it, and how it is reached."""

    home: Path
    database: str
    site: str
    tokens: list[str] = field(default_factory=list[str])
    """Of one machine each, each of an account of its own."""
    cookies: list[str] = field(default_factory=list[str])
    """Of a browser each, of the same accounts."""
    long_cookie: str = ""
    """Of the one who has been here for long."""
    long_project: str = ""


@dataclass(frozen=True)
class Rate:
    per_s: float
    median_ms: float
    p99_ms: float

    @classmethod
    def of(cls, took_s: Sequence[float], whole_s: float) -> Rate:
        ordered = sorted(took_s)
        p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        return cls(len(took_s) / whole_s, statistics.median(ordered) * 1_000, p99 * 1_000)

    def __str__(self) -> str:
        return f"{self.per_s:7.1f}/s, median {self.median_ms:6.1f} ms, p99 {self.p99_ms:6.1f} ms"


@asynccontextmanager
async def service_of(setup: Setup) -> AsyncIterator[Service]:
    """The same database from here, to prepare it and to count."""
    settings = AccountSettings(home=setup.home, database=setup.database, site=HttpUrl(setup.site))
    async with open_service(settings, keeper=cheap_passwords()) as service:
        yield service


async def prepare(setup: Setup, machines: int, long_life: int) -> None:
    async with service_of(setup) as service:
        for number in range(machines):
            account_id = await somebody(service, f"somebody{number}@example.org")
            asked = await service.devices.ask(f"Studio {number}", "Linux", "127.0.0.1")
            await service.devices.answer(account_id, asked.user_code, allowed=True)
            setup.tokens.append((await service.devices.fetch(asked.device_code)).access_token)
            setup.cookies.append(await service.sessions.begin(account_id, "benchmark"))
        account_id = await somebody(service, "long@example.org")
        setup.long_cookie = await service.sessions.begin(account_id, "benchmark")
        setup.long_project = await live_long(service, account_id, long_life)


async def live_long(service: Service, account_id: str, reports: int) -> str:
    """Fill an account without the way over HTTP; a project of it. Documents are short, so that a disk holds them."""
    document = to_json(a_report())[:DOCUMENT_CHARACTERS]
    digest = hashlib.sha256(document.encode()).hexdigest()
    projects = [f"{number:032x}" for number in range(min(LONG_PROJECTS, reports))]
    async with service.database.writing() as session:
        rows = [
            {"id": one, "account_id": account_id, "key": one * 2, "name": f"Song {one[-4:]}", "created_at": BEGUN}
            for one in projects
        ]
        await session.execute(insert(ProjectRow), rows)
    whole = {
        "account_id": account_id,
        "sha256": digest,
        "schema": "uptrack.report/1",
        "engine": "1.0",
        "readable": True,
        "source_name": "mix.wav",
        "score": 70.0,
        "coverage": 0.9,
        "genre": "techno",
        "target": "club",
        "document": document,
    }
    for first in range(0, reports, BATCH):
        rows = [
            whole
            | {
                "id": f"{number:016x}",
                "project_id": projects[number % len(projects)],
                "made_at": BEGUN + timedelta(minutes=number),
                "received_at": BEGUN + timedelta(minutes=number),
                "source_sha256": f"{number:064x}",
            }
            for number in range(first, min(reports, first + BATCH))
        ]
        async with service.database.writing() as session:
            await session.execute(insert(ReportRow), rows)
    return projects[0]


@contextmanager
def serving(setup: Setup, processes: int) -> Iterator[list[int]]:
    """So many servers, each on a port of its own, all for the one site."""
    with ExitStack() as stack:
        ports = list[int]()
        for _ in range(processes):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                ports.append(free.getsockname()[1])
            environment = os.environ | {
                "UPTRACK_ACCOUNT_HOME": str(setup.home),
                "UPTRACK_ACCOUNT_DATABASE": setup.database,
                "UPTRACK_ACCOUNT_SITE": setup.site,
                "UPTRACK_ACCOUNT_PORT": str(ports[-1]),
            }
            command = [sys.executable, "-m", "uptrack_daemon.cli", "account", "serve"]
            process = stack.enter_context(
                subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline().startswith("The account is at"), "it did not start"
        yield ports


async def put_all(setup: Setup, ports: Sequence[int], reports: int) -> Rate:
    """Every machine sends its reports, one after the other, all machines at once."""
    report = a_report()
    took_s = list[float]()

    async def machine(http: aiohttp.ClientSession, number: int) -> None:
        headers = _headers(setup) | {"Authorization": f"Bearer {setup.tokens[number]}"}
        at = f"http://127.0.0.1:{ports[number % len(ports)]}"
        for which in range(reports):
            source = dataclasses.replace(report.source, name=f"mix {number} {which}.wav")
            body = upload(dataclasses.replace(report, source=source), project=f"Song {which % 20}").model_dump_json()
            began_s = time.perf_counter()
            url = URL(f"{at}{REPORTS_PATH}/{number:08x}{which:08x}")
            async with http.put(url, data=body.encode(), headers=headers) as answer:
                await answer.read()
                assert answer.status == 201, answer.status
            took_s.append(time.perf_counter() - began_s)

    async with _clients() as http:
        began_s = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(len(setup.tokens)):
                tasks.create_task(machine(http, number))
        return Rate.of(took_s, time.perf_counter() - began_s)


async def read_pages(setup: Setup, ports: Sequence[int], pages: int) -> Rate:
    """Every person reads a report of theirs, again and again, all at once."""
    took_s = list[float]()

    async def person(http: aiohttp.ClientSession, number: int) -> None:
        at = f"http://127.0.0.1:{ports[number % len(ports)]}"
        for _ in range(pages):
            took_s.append(await _page_s(http, setup, f"{at}/reports/{number:08x}{0:08x}", setup.cookies[number]))

    async with _clients() as http:
        began_s = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(len(setup.cookies)):
                tasks.create_task(person(http, number))
        return Rate.of(took_s, time.perf_counter() - began_s)


async def list_long(setup: Setup, port: int, times: int) -> dict[str, Rate]:
    """The lists of who has been here for long, one request at a time: nearly all of that is the server's time."""
    found = dict[str, Rate]()
    async with _clients() as http:
        for name, path in (("projects", "/"), ("versions", f"/projects/{setup.long_project}")):
            url = f"http://127.0.0.1:{port}{path}"
            await _page_s(http, setup, url, setup.long_cookie)
            took_s = [await _page_s(http, setup, url, setup.long_cookie) for _ in range(times)]
            found[name] = Rate.of(took_s, sum(took_s))
    return found


async def _page_s(http: aiohttp.ClientSession, setup: Setup, url: str, cookie: str) -> float:
    began_s = time.perf_counter()
    async with http.get(url, headers=_headers(setup) | {"Cookie": f"{COOKIE}={cookie}"}) as answer:
        await answer.read()
        assert answer.status == 200, answer.status
    return time.perf_counter() - began_s


def _clients() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout()
    )


def _headers(setup: Setup) -> dict[str, str]:
    return {"Host": URL(setup.site).authority}


async def kept(setup: Setup) -> int:
    """How many reports that machines have sent are there."""
    sent = select(func.count()).select_from(ReportRow).where(ReportRow.device_id.is_not(None))
    async with service_of(setup) as service, service.database.reading() as session:
        return (await session.scalars(sent)).one()


async def measure(name: str, setup: Setup, processes: int, wanted: argparse.Namespace) -> Rate:
    await prepare(setup, wanted.machines, wanted.long)
    with serving(setup, processes) as ports:
        put = await put_all(setup, ports, wanted.reports)
        pages = await read_pages(setup, ports, wanted.pages)
        lists = await list_long(setup, ports[0], wanted.times)
    lost = wanted.machines * wanted.reports - await kept(setup)
    print(f"\n{name}")
    print(f"  reports put   {put}; {lost} lost")
    print(f"  report pages  {pages}")
    for which, rate in lists.items():
        print(
            f"  {which} of {wanted.long} reports: median {rate.median_ms:.1f} ms, p99 {rate.p99_ms:.1f} ms", flush=True
        )
    assert lost == 0
    return put


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--machines", type=int, default=10, help="that send at once, each of an account of its own")
    parser.add_argument("--reports", type=int, default=20, help="that each of them sends, at most 1000")
    parser.add_argument("--pages", type=int, default=10, help="that each of their owners reads")
    parser.add_argument("--long", type=int, default=2_000, help="reports of the account with a long life")
    parser.add_argument("--times", type=int, default=20, help="that its lists are looked at")
    wanted = parser.parse_args()
    print(f"{wanted.machines} machines, {wanted.reports} reports each, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name, running_postgres() as postgres:
        found = dict[str, Rate]()
        for number, (label, processes) in enumerate(((SQLITE, 1), (POSTGRES, 1), (POSTGRES, 2))):
            home = Path(name) / str(number)
            home.mkdir()
            database = f"sqlite:///{home / 'account.sqlite'}" if label == SQLITE else new_database(postgres)
            setup = Setup(home, database, "http://localhost:8765")
            title = f"{label}, {processes} process{'es' if processes > 1 else ''}"
            found[title] = await measure(title, setup, processes, wanted)
    one, two, sqlite = (
        found[which].per_s for which in (f"{POSTGRES}, 1 process", f"{POSTGRES}, 2 processes", f"{SQLITE}, 1 process")
    )
    print(
        f"\nReports put on PostgreSQL: by two processes {two / one:.2f} times one's, {one / sqlite:.2f} times SQLite's"
    )


if __name__ == "__main__":
    asyncio.run(main())
