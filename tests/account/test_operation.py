"""What who runs the service sees of it: counts, lines in a log, the number of a request; and nothing of a person."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import IntegrityError

from support.account_site import (
    ADA,
    ANOTHER,
    PASSWORD,
    SITE,
    Browser,
    Machine,
    account_service,
    linked,
    served,
    somebody,
    upload,
)
from support.stores import Clock
from support.uploaded import barred, take
from uptrack_account import logs
from uptrack_account import service as service_module
from uptrack_account.letters import HELP
from uptrack_account.service import Service, at_work, only_analysing
from uptrack_account.store import Database
from uptrack_account.store.models import AccountRow, ErasureRow, ErrandRow
from uptrack_account.web.observe import HEADER, serve_metrics
from uptrack_account.web.server import make_app
from uptrack_analysis.errors import Unavailable
from uptrack_bridges.account import CLIENT_ID


@contextmanager
def written(kind: logs.Kind) -> Iterator[io.StringIO]:
    """All that the service writes meanwhile."""
    stream = io.StringIO()
    handler = logs.set_up(kind, stream)
    try:
        yield stream
    finally:
        logging.getLogger().removeHandler(handler)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def with_metrics(folder: Path, database: str, clock: Clock) -> AsyncIterator[tuple[Service, Browser, str]]:
    async with (
        account_service(folder, database, clock, metrics_port=free_port()) as service,
        served(service) as browser,
        serve_metrics(service, service.settings.metrics_port) as port,
    ):
        yield service, browser, f"http://127.0.0.1:{port}/metrics"


async def counted(url: str) -> dict[tuple[str, ...], float]:
    """Values by name and labels, those in the order of their names."""
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        text = await answer.text()
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


async def test_requests_are_counted_by_the_pattern_of_their_route(
    migrated_url: str, tmp_path: Path, clock: Clock
) -> None:
    async with with_metrics(tmp_path / "home", migrated_url, clock) as (service, browser, url):
        await somebody(service)
        await browser.sign_in()
        machine = await linked(browser)
        await machine.ask("PUT", f"/v1/reports/{'a' * 16}", upload().model_dump_json().encode())
        for path in (f"/reports/{'a' * 16}", f"/reports/{'b' * 16}", f"/reset/{'c' * 43}", "/nothing", "/nothing/else"):
            await browser.get(path)
        await browser.ask("PROPFIND", "/sign-in", None)
        found = await counted(url)
        total = "uptrack_account_requests_total"
        assert found[total, "GET", "/reports/{id}", "200"] == 1
        assert found[total, "GET", "/reports/{id}", "404"] == 1
        assert found[total, "GET", "/reset/{token}", "200"] == 1
        assert found[total, "GET", "other", "404"] == 2
        assert found[total, "other", "other", "405"] == 1
        assert found["uptrack_account_request_seconds_count", "POST", "/sign-in"] == 1
        assert found["uptrack_account_reports",] == 1
        assert found["uptrack_account_letters_waiting",] == 1, "that a machine was linked"
        said = " ".join(" ".join(key) for key in found)
        assert "a" * 16 not in said
        assert "c" * 43 not in said


async def test_when_work_in_the_background_last_went_well_is_told(
    migrated_url: str, tmp_path: Path, clock: Clock
) -> None:
    async with with_metrics(tmp_path / "home", migrated_url, clock) as (service, _browser, url):
        name = "uptrack_account_work_success_time_seconds"
        assert (name, "sweep") not in await counted(url)
        async with at_work(service):
            while {(name, "sweep"), (name, "post")} - set(found := await counted(url)):
                pass
        assert found[name, "sweep"] == found[name, "post"] == clock().timestamp()


async def test_what_is_overdue_is_counted_and_a_sweep_that_left_it_is_no_success(
    migrated_url: str, tmp_path: Path, clock: Clock
) -> None:
    async with with_metrics(tmp_path / "home", migrated_url, clock) as (service, _browser, url):
        account_id, sweep = await somebody(service), service.metrics.noting("uploads", service.uploads.sweep, clock)
        await take(service, account_id)
        async with service.database.writing() as session:
            session.add(ErrandRow(customer_id="cus_1", created_at=clock(), due_at=clock()))
            session.add(ErasureRow(prefix="gone/", since=clock()))
        await sweep()
        well, names = clock().timestamp(), ("uploads_overdue", "uploads_waiting", "erasures_overdue", "errands_waiting")
        found = await counted(url)
        assert [found[f"uptrack_account_{name}",] for name in names] == [0, 1, 0, 1]
        with barred(service.settings.home / "objects"):
            clock.move(days=7)
            with pytest.raises(ExceptionGroup):
                await sweep()
        found = await counted(url)
        assert found["uptrack_account_work_success_time_seconds", "uploads"] == well
        assert [found[f"uptrack_account_{name}",] for name in names] == [1, 0, 1, 1]
        await sweep()
        found = await counted(url)
        assert found["uptrack_account_work_success_time_seconds", "uploads"] == clock().timestamp()
        assert [found[f"uptrack_account_{name}",] for name in names] == [0, 0, 0, 1]


async def test_a_worker_beside_tells_of_its_work_and_goes_on_deleting_folders_that_were_cut_off(
    migrated_url: str, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "SWEEP_EVERY_S", 0.01)  # an hour
    async with with_metrics(tmp_path / "home", migrated_url, clock) as (service, _browser, url):
        name = "uptrack_account_work_success_time_seconds"
        async with only_analysing(service, 1), asyncio.timeout(30):
            while {(name, "uploads"), (name, "folders")} - set(await counted(url)):
                pass
            dead = service.folder / "analysis-dead"
            dead.mkdir(parents=True)
            (dead / "lock").touch()
            while dead.exists():
                await asyncio.sleep(0.01)


async def test_metrics_are_no_page_of_the_site_and_off_unless_asked_for(service: Service, browser: Browser) -> None:
    assert (await browser.get("/metrics")).status == 404
    async with serve_metrics(service, service.settings.metrics_port) as port:
        assert port == 0


async def test_a_metrics_port_that_is_taken_is_a_sentence(migrated_url: str, tmp_path: Path, clock: Clock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with account_service(tmp_path / "home", migrated_url, clock, metrics_port=port) as service:
            with pytest.raises(Unavailable, match=rf"metrics on port {port} of 127\.0\.0\.1, but .*METRICS_PORT"):
                async with serve_metrics(service, port):
                    pass


async def test_a_request_is_one_line_with_its_route_status_time_and_number(browser: Browser) -> None:
    with written("json") as stream:
        answers = [await browser.get(path) for path in ("/sign-in", f"/reset/{'c' * 43}", "/nowhere")]
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["route"], line["method"], line["status"]) for line in lines] == [
        ("/sign-in", "GET", 200),
        ("/reset/{token}", "GET", 200),
        ("other", "GET", 404),
    ]
    assert [line["request_id"] for line in lines] == [answer.headers[HEADER] for answer in answers]
    assert len({line["request_id"] for line in lines}) == 3
    for line in lines:
        assert set(line) == {"at", "level", "logger", "message", *logs.FIELDS}
        assert 0 <= line["ms"] < 60_000


async def test_as_text_it_is_a_line_for_eyes(browser: Browser) -> None:
    with written("text") as stream:
        await browser.get("/sign-in")
    assert re.fullmatch(
        r"\S+ info answered request_id=\w{16} route=/sign-in method=GET status=200 ms=[\d.]+\n", stream.getvalue()
    ), stream.getvalue()


async def test_a_fault_of_ours_is_found_in_the_log_by_the_number_on_its_page(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_arguments: object, **_more: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr("uptrack_account.people.accounts.Accounts.reset", broken)
    with written("json") as stream:
        answer = await browser.post("/reset/a-secret-token", password=PASSWORD)
    number = re.search(rf"write to {re.escape(HELP)}, and name (\w{{16}})\.", answer.text)
    assert number, answer.text
    fault, line = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert fault["request_id"] == line["request_id"] == number[1] == answer.headers[HEADER]
    assert fault["error"].splitlines()[-1] == "ZeroDivisionError"
    assert "test_operation.py" in fault["error"]
    assert "inside" not in stream.getvalue()


SECRET = "Unreleased-Anthem-7731"
PERSONAL = [ADA, "Ada", SECRET, PASSWORD, "127.0.0.1", "192.0.2.77", "Firefox"]


async def everything(service: Service, browser: Browser, machine: Machine) -> None:
    """Every route, with something personal wherever there is room for it."""
    form = {
        "email": f"{SECRET}@example.org",
        "display_name": SECRET,
        "password": SECRET,
        "old": SECRET,
        "new": SECRET,
        "user_code": SECRET,
        "client_id": CLIENT_ID,
        "device_name": SECRET,
        "device_system": SECRET,
        "grant_type": "refresh_token",
        "refresh_token": SECRET,
        "token": SECRET,
    }
    headers = {"Origin": SITE, "X-Forwarded-For": "192.0.2.77", "Accept": "text/html"}
    report = upload(project=SECRET).model_dump_json().encode()
    for route in make_app(service).router.routes():
        path = (
            re.sub(r"\{\w+\}", SECRET, route.resource.canonical if route.resource else "")
            + f"?x={SECRET}&after={SECRET}"
        )
        await browser.ask(route.method, path, form if route.method == "POST" else None, headers)
        await browser.sign_in()
        await machine.ask(route.method, path, report if route.method == "PUT" else None)
        await browser.tell(path, **form)
    await machine.ask("PUT", f"/v1/reports/{'a' * 16}", report)
    await browser.get(f"/{SECRET}")


@pytest.mark.parametrize("kind", ["json", "text"])
@pytest.mark.parametrize("broken", [False, True], ids=["well", "broken"])
async def test_no_line_holds_anything_of_a_person(
    service: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch, kind: logs.Kind, broken: bool
) -> None:
    await somebody(service)
    await browser.sign_in()
    machine = await linked(browser)

    def gone(_self: Database) -> Any:
        raise RuntimeError(f"Key (email)=({ADA}) already exists, {SECRET}")

    with written(kind) as stream:
        if broken:
            monkeypatch.setattr(Database, "reading", gone)
        await everything(service, browser, machine)
        logging.getLogger("aiohttp.server").error("Error handling request from %s", "192.0.2.77")
    said = stream.getvalue()
    assert said.count("answered") > 50
    assert ("RuntimeError" in said) == broken
    secrets = [*PERSONAL, *browser.cookies.values(), machine.tokens.access_token, machine.tokens.refresh_token]
    assert [secret for secret in secrets if secret in said] == []


async def test_what_a_database_says_of_a_value_is_not_repeated(service: Service) -> None:
    await somebody(service)

    async def again() -> None:
        values = {"email": ADA, "display_name": ANOTHER, "password_hash": "x", "wants_news": False}
        async with service.database.writing() as session:
            session.add(AccountRow(**values, created_at=service.database.clock()))

    with pytest.raises(IntegrityError) as raised:
        await again()
    assert ANOTHER not in str(raised.value)
    with written("text") as stream:
        logging.getLogger("uptrack_account").error("failed", exc_info=raised.value)
    assert "IntegrityError" in stream.getvalue()
    assert ADA not in stream.getvalue()
