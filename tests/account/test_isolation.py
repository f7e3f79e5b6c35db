"""Every route and every object of Ada's, asked for by everybody else: nothing of hers is shown or changed."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from support.account_site import ADA, ANOTHER, BOB, MADE_AT, Answer, Browser, Machine, asking, linked, somebody, upload
from support.reports import a_report
from support.stores import Clock
from support.uploaded import take
from uptrack_account.people import export
from uptrack_account.service import Service
from uptrack_account.web.gate import access_of
from uptrack_account.web.server import PAGES, PROGRAMS
from uptrack_bridges.account import TOKEN_PATH
from uptrack_bridges.account_changes import Decision

ROUTES = sorted(
    (route.method, route.path, access_of(route.handler) or "")
    for route in (*PAGES, *PROGRAMS)
    if isinstance(route, web.RouteDef)
)
PERSONAL = [(method, path) for method, path, access in ROUTES if access == "signed in"]
HOOKS = [(method, path) for method, path, access in ROUTES if access == "signed by Stripe"]
MACHINES = [(method, path) for method, path, access in ROUTES if access == "linked machine"]
REPORT, UPLOAD = "ada0" * 4, "ada1" * 4
MEANT = Decision(rule="low.sub_balance", dismissed=True, at=MADE_AT)
CHANGING = {"sessions", "tries"}


@dataclass(frozen=True)
class Hers:
    """What is Ada's."""

    account_id: str
    machine: Machine
    ids: dict[str, list[str]]
    """By route, what may stand in it."""
    secrets: list[str]
    """What nobody else may read."""


@pytest.fixture
async def hers(service: Service, browser: Browser) -> Hers:
    account_id = await somebody(service)
    await browser.sign_in()
    machine = await linked(browser, "Ada's secret studio")
    report = upload(a_report(name="ada_secret.wav"), project="Ada secret project", made_at=MADE_AT)
    answer = await machine.ask("PUT", f"/v1/reports/{REPORT}", report.model_dump_json().encode())
    assert answer.status == 201
    secret = MEANT.model_copy(update={"rule": "low.secret"})
    answer = await machine.ask(
        "PUT", f"/v1/projects/{report.project.key}/dismissals/low.secret", secret.model_dump_json().encode()
    )
    assert answer.status == 200
    await take(service, account_id, id=UPLOAD, name="ada_secret_upload.wav", project_name="Ada secret upload")
    await asking(browser, "Waiting machine")
    (device,) = await service.devices.of(account_id)
    (session,) = await service.sessions.of(account_id)
    (project,) = await service.reports.projects(account_id)
    ids = {
        "/account/sessions/": [session.id],
        "/devices/": [device.id],
        "/projects/": [project.id],
        "/reports/": [REPORT],
        "/compare/": [REPORT],
        "/v1/reports/": [REPORT],
        "/v1/projects/": [report.project.key],
        "/uploads/": [UPLOAD],
        "/v1/uploads/": [UPLOAD],
    }
    return Hers(account_id, machine, ids, ["secret", ADA, account_id, "Waiting machine"])


def filled(path: str, hers: Hers) -> str:
    ids = next((known for start, known in hers.ids.items() if path.startswith(start)), ["0" * 32])
    return re.sub(r"\{\w+\}", ids[0], path)


async def kept(service: Service, hers: Hers) -> dict[str, Any]:
    tables: dict[str, Any] = (await export.document(service.database, hers.account_id))["tables"]
    return {
        name: [{key: value for key, value in row.items() if key != "seen_at"} for row in rows]
        for name, rows in tables.items()
    }


def assert_hidden(answer: Answer, hers: Hers, where: str) -> None:
    text = unpacked(answer.body) if answer.body.startswith(b"PK") else answer.body.decode(errors="replace")
    for secret in hers.secrets:
        assert secret not in text, f"{where} tells {secret!r}"


def unpacked(archive: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return "".join(name + packed.read(name).decode(errors="replace") for name in packed.namelist())


async def test_another_person_sees_and_changes_nothing_of_hers(service: Service, browser: Browser, hers: Hers) -> None:
    await somebody(service, BOB, ANOTHER)
    before = await kept(service, hers)
    for method, path in PERSONAL:
        browser.cookies.clear()
        assert (await browser.sign_in(BOB, ANOTHER)).status == 303
        where = filled(path, hers)
        answer = await (browser.get(where) if method == "GET" else browser.post(where))
        if "{" in path:
            assert answer.status == 404, where
        assert_hidden(answer, hers, f"{method} {where}")
        assert await kept(service, hers) == before, where


@pytest.mark.parametrize("why", ["nobody", "too old", "signed out"])
async def test_who_is_not_signed_in_any_more_sees_and_changes_nothing(
    service: Service, browser: Browser, hers: Hers, clock: Clock, why: str
) -> None:
    cookies = dict(browser.cookies)
    if why == "nobody":
        cookies = {}
    elif why == "too old":
        clock.move(days=7, seconds=1)
    else:
        await browser.post("/sign-out")
    before = await kept(service, hers)
    for method, path in PERSONAL:
        browser.cookies = dict(cookies)
        where = filled(path, hers)
        answer = await (browser.get(where) if method == "GET" else browser.post(where))
        assert (answer.status, (answer.to or "").partition("?")[0]) == (303, "/sign-in"), where
        assert_hidden(answer, hers, f"{method} {where}")
        after = await kept(service, hers)
        assert {name: rows for name, rows in after.items() if name not in CHANGING} == {
            name: rows for name, rows in before.items() if name not in CHANGING
        }, where


async def machine_of_bob(service: Service, browser: Browser, _hers: Hers, _clock: Clock) -> str:
    await somebody(service, BOB, ANOTHER)
    browser.cookies.clear()
    await browser.sign_in(BOB, ANOTHER)
    return (await linked(browser, "Bob's")).tokens.access_token


async def machine_that_was_ended(service: Service, _browser: Browser, hers: Hers, _clock: Clock) -> str:
    (device,) = await service.devices.of(hers.account_id)
    await service.devices.unlink(hers.account_id, device.id)
    return hers.machine.tokens.access_token


async def machine_with_an_old_token(_service: Service, _browser: Browser, hers: Hers, clock: Clock) -> str:
    clock.move(hours=1)
    return hers.machine.tokens.access_token


async def machine_with_the_other_token(_service: Service, _browser: Browser, hers: Hers, _clock: Clock) -> str:
    return hers.machine.tokens.refresh_token


async def a_cookie_as_a_token(_service: Service, browser: Browser, _hers: Hers, _clock: Clock) -> str:
    return browser.token or ""


STRANGERS = [
    machine_of_bob,
    machine_that_was_ended,
    machine_with_an_old_token,
    machine_with_the_other_token,
    a_cookie_as_a_token,
]


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda stranger: stranger.__name__)
async def test_another_machine_sees_and_changes_nothing_of_hers(
    service: Service, browser: Browser, hers: Hers, clock: Clock, stranger: Any
) -> None:
    token = await stranger(service, browser, hers, clock)
    before = await kept(service, hers)
    for method, path in MACHINES:
        where = filled(path, hers)
        body = None
        if method == "PUT" and path.startswith("/v1/projects/"):
            where = f"{where.rpartition('/')[0]}/{MEANT.about}"
            body = MEANT.model_dump_json().encode()
        elif method == "PUT":
            body = upload(a_report(name="another.wav")).model_dump_json().encode()
        answer = await browser.ask(method, where, body, {"Authorization": f"Bearer {token}"}, program=True)
        if stranger is not machine_of_bob:
            assert answer.status == 401, where
        assert_hidden(answer, hers, f"{method} {where}")
        assert await kept(service, hers) == before, where


async def test_her_cookie_opens_nothing_that_is_for_machines(browser: Browser, hers: Hers) -> None:
    for method, path in MACHINES:
        answer = await browser.ask(method, filled(path, hers), None)
        assert answer.status == 401, (method, path)
        assert_hidden(answer, hers, path)


async def test_her_machine_opens_no_page(browser: Browser, hers: Hers) -> None:
    for _method, path in PERSONAL:
        where = filled(path, hers)
        answer = await hers.machine.ask("GET", where)
        assert answer.status in {303, 403, 404, 405}, where
        assert_hidden(answer, hers, where)
    assert (await browser.tell(TOKEN_PATH, grant_type="password", username=ADA)).status == 400


async def test_neither_her_cookie_nor_her_machine_opens_what_stripe_signs(
    service: Service, browser: Browser, hers: Hers
) -> None:
    before = await kept(service, hers)
    for method, path in HOOKS:
        assert (await browser.ask(method, path, b"{}")).status == 404
        assert (await hers.machine.ask(method, path, b"{}")).status == 404
    assert await kept(service, hers) == before


def test_every_route_is_walked() -> None:
    walked = len(PERSONAL) + len(MACHINES) + len(HOOKS)
    assert walked + sum(access in {"anybody", "any program"} for *_, access in ROUTES) == len(ROUTES)
    assert len(PERSONAL) >= 30
    assert len(HOOKS) == 1
    assert len(MACHINES) >= 11
