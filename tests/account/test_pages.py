"""The pages, over HTTP as a browser speaks it: forms, cookie, gate; every route as everybody."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from aiohttp import web

from support.account_site import (
    ADA,
    ANOTHER,
    BOB,
    PASSWORD,
    SITE,
    Browser,
    account_service,
    letters,
    link_in,
    served,
    somebody,
)
from support.page_reader import objections
from support.stores import Clock
from uptrack_account.letters import HELP
from uptrack_account.machines.reports import Reports
from uptrack_account.service import Service
from uptrack_account.store import ACCOUNT_TABLES
from uptrack_account.web import gate
from uptrack_account.web.gate import COOKIE, access_of
from uptrack_account.web.server import PAGES, make_app

ROUTES = sorted((route.method, route.path) for route in PAGES if isinstance(route, web.RouteDef))
OPEN = {
    *((method, path) for path in ("/sign-up", "/sign-in", "/forgotten") for method in ("GET", "POST")),
    *((method, f"/{purpose}/{{token}}") for purpose in ("verify", "reset", "address") for method in ("GET", "POST")),
    *(
        ("GET", path)
        for path in (
            "/",
            "/style.css",
            "/report.css",
            "/healthz",
            "/readyz",
            "/openapi.json",
            "/privacy",
            "/favicon.svg",
        )
    ),
}


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "0" * 32, path)


async def test_from_signing_up_to_leaving(service: Service, browser: Browser) -> None:
    assert (await browser.get("/")).status == 200
    answer = await browser.post("/sign-up", email=ADA, display_name="Ada", password=PASSWORD)
    assert "A letter is on its way to ada@example.org" in answer.text
    await service.postman.deliver()
    link = link_in(letters(service.settings.home)[-1])
    assert "Give the password" in (await browser.get(link)).text
    assert (await browser.post(link, password=ANOTHER)).status == 422
    entered = await browser.post(link, password=PASSWORD)
    assert (entered.status, entered.to) == (303, "/")
    page = (await browser.get("/account")).text
    assert "Firefox on Linux (this one)" in page
    assert "Nothing is here yet" in (await browser.get("/")).text
    assert (await browser.post("/account/name", display_name="Ada Lovelace")).to == "/account"
    assert 'value="Ada Lovelace"' in (await browser.get("/account")).text
    assert (await browser.post("/account/erase", password=ANOTHER)).status == 422
    erased = await browser.post("/account/erase", password=PASSWORD)
    assert "Everything about ada@example.org was deleted on 29 November 2026" in erased.text
    assert browser.token is None
    assert (await browser.sign_in()).status == 422


async def test_the_cookie_is_the_only_one_and_no_script_other_site_or_plain_connection_gets_it(
    service: Service, browser: Browser
) -> None:
    await somebody(service)
    cookie = (await browser.sign_in()).headers["Set-Cookie"]
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax; Secure", cookie), (
        cookie
    )
    assert COOKIE.startswith("__Host-")
    assert "Set-Cookie" not in (await browser.get("/account")).headers


async def test_every_sign_in_has_a_session_of_its_own(service: Service, browser: Browser) -> None:
    account_id = await somebody(service)
    await browser.sign_in()
    first = browser.token
    await browser.sign_in()
    assert browser.token not in (None, first)
    assert len(await service.sessions.of(account_id)) == 1


async def test_signing_out_ends_the_session_and_not_only_the_cookie(service: Service, browser: Browser) -> None:
    await somebody(service)
    await browser.sign_in()
    kept = browser.token
    assert (await browser.post("/sign-out")).headers["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.token is None
    browser.cookies[COOKIE] = kept or ""
    assert (await browser.get("/account")).to == "/sign-in"


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_who_is_not_signed_in_gets_what_is_open_and_no_more(browser: Browser, method: str, path: str) -> None:
    answer = await browser.ask(method, filled(path), {} if method == "POST" else None, {"Origin": SITE})
    if (method, path) in OPEN:
        assert answer.status in {200, 422}, answer.text
    else:
        assert (answer.status, answer.to) == (303, "/sign-in?link=" if path == "/link" else "/sign-in")


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route[0] == "POST"])
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {}],
    ids=str,
)
async def test_no_form_of_another_site_does_anything(
    service: Service, browser: Browser, method: str, path: str, headers: dict[str, str]
) -> None:
    await somebody(service)
    await browser.sign_in()
    answer = await browser.ask(method, filled(path), {}, headers)
    assert answer.status == 403
    assert "nothing was done" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1:8765"])
async def test_only_its_own_address_is_answered(browser: Browser, host: str) -> None:
    assert (await browser.get("/", Host=host)).status == 421


async def test_nobody_ends_anothers_session_by_its_name(service: Service, browser: Browser) -> None:
    ada = await somebody(service)
    await somebody(service, BOB, ANOTHER)
    token = await service.sessions.begin(ada, "")
    (session,) = await service.sessions.of(ada)
    await browser.sign_in(BOB, ANOTHER)
    assert (await browser.post(f"/account/sessions/{session.id}/end")).status == 404
    assert await service.sessions.person(token) is not None


async def test_whether_an_address_has_an_account_is_told_by_no_page(service: Service, browser: Browser) -> None:
    await somebody(service)
    for path, form in (
        ("/sign-in", {"password": ANOTHER}),
        ("/forgotten", {}),
        ("/sign-up", {"password": ANOTHER, "display_name": "Somebody"}),
    ):
        there, not_there = [await browser.post(path, email=email, **form) for email in (ADA, BOB)]
        assert there.status == not_there.status
        assert there.text.replace(ADA, "") == not_there.text.replace(BOB, ""), path


async def test_guessing_a_password_ends_after_ten_tries_whatever_the_password(
    service: Service, browser: Browser, clock: Clock
) -> None:
    await somebody(service)
    assert [(await browser.sign_in(password=f"guess {number}")).status for number in range(10)] == [422] * 10
    refused = await browser.sign_in()
    assert refused.status == 429
    assert refused.headers["Retry-After"] == "901"
    assert "Wait 15 minutes" in refused.text
    clock.move(minutes=16)
    assert (await browser.sign_in()).status == 303


async def test_letters_to_an_address_that_did_not_ask_end_after_five(service: Service, browser: Browser) -> None:
    await somebody(service)
    answers = [(await browser.post("/forgotten", email=ADA)).status for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2
    await service.postman.deliver()
    assert len(letters(service.settings.home)) == 1 + 5


async def test_everything_kept_is_shown_and_can_be_taken_along(service: Service, browser: Browser) -> None:
    await somebody(service)
    await somebody(service, BOB, ANOTHER)
    await browser.sign_in()
    page = (await browser.get("/account/data")).text
    with zipfile.ZipFile(io.BytesIO((await browser.get("/account/data.zip")).body)) as packed:
        found = json.loads(packed.read("account.json"))
    assert set(found["tables"]) == {"accounts", *(table.name for table in ACCOUNT_TABLES)}
    (account,) = found["tables"]["accounts"]
    assert (account["email"], account["password_hash"]) == (ADA, "kept, and shown to nobody")
    (session,) = found["tables"]["sessions"]
    for told in (page, json.dumps(found)):
        assert ADA in told
        assert session["id"] in told
        assert BOB not in told
        assert "$argon2" not in told


async def test_what_is_typed_in_is_never_html_and_passwords_are_not_given_back(browser: Browser) -> None:
    answer = await browser.post(
        "/sign-up", email="<script>@x", display_name='"><script>alert(1)</script>', password="secret secret"
    )
    assert answer.status == 422
    assert "<script" not in answer.text
    assert "secret secret" not in answer.text


async def test_every_page_forbids_scripts_frames_and_copies(service: Service, browser: Browser) -> None:
    await somebody(service)
    await browser.sign_in()
    for path in ("/", "/account", "/account/data", "/sign-in", "/nowhere", "/style.css"):
        headers = (await browser.get(path)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"], path
        assert "script-src" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_every_page_is_marked_with_who_may_call_it(service: Service) -> None:
    for route in make_app(service).router.routes():
        assert access_of(route.handler) is not None, route


async def test_a_page_that_is_marked_for_nobody_answers_nobody(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "_ACCESS", {})
    async with served(service) as browser:
        assert [(await browser.get(path)).status for path in ("/", "/account")] == [403, 403]


@pytest.mark.parametrize("spelling", ["ADA@example.org", " ada@example.org\t", "ada@ｅxample.org"], ids=ascii)
async def test_another_spelling_of_an_address_is_no_new_chance_to_guess(
    service: Service, browser: Browser, spelling: str
) -> None:
    await somebody(service)
    for number in range(10):
        await browser.sign_in(password=f"guess {number}")
    refused = await browser.sign_in(spelling)
    assert refused.status == 429


async def test_guesses_are_counted_by_where_they_come_from_before_a_proxy_too(
    migrated_url: str, tmp_path: Path, clock: Clock
) -> None:
    async with (
        account_service(tmp_path / "proxied", migrated_url, clock, behind_proxy=True) as service,
        served(service) as browser,
    ):

        async def guess(number: int, come_from: str) -> int:
            form = {"email": f"nobody{number}@example.org", "password": ANOTHER}
            headers = {"Origin": SITE, "X-Forwarded-For": come_from}
            return (await browser.ask("POST", "/sign-in", form, headers)).status

        # What stands before the last, the client has said itself.
        assert [await guess(number, f"10.0.0.{number}, 192.0.2.1") for number in range(61)] == [422] * 60 + [429]
        assert await guess(61, "10.0.0.1, 192.0.2.2") == 422


async def test_a_database_that_is_away_is_a_sentence_with_the_same_headers(
    service: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_arguments: object) -> None:
        raise ConnectionError("inside")

    monkeypatch.setattr(type(service.sessions), "person", gone)
    browser.cookies[COOKIE] = "x"
    answer = await browser.get("/")
    assert answer.status == 500
    assert "Try again in a while" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_form_that_is_too_large_is_refused(browser: Browser) -> None:
    assert (await browser.post("/sign-in", email="x" * 100_000, password="")).status == 413


async def test_it_says_whether_it_is_alive_and_whether_its_database_answers(
    service: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await browser.get("/healthz")).text == "alive\n"
    assert (await browser.get("/readyz")).text == "ready\n"
    await service.database.engine.dispose()

    async def gone() -> None:
        raise ConnectionError

    monkeypatch.setattr(type(service.database), "ask", lambda _self: gone())
    assert (await browser.get("/readyz")).status == 503
    assert (await browser.get("/healthz")).status == 200


async def test_a_fault_of_ours_is_a_sentence_and_never_its_trace(
    service: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_arguments: object, **_more: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(type(service.accounts), "reset", broken)
    answer = await browser.post("/reset/a-secret-token", password=PASSWORD)
    assert answer.status == 500
    assert "inside" not in answer.text
    assert "a-secret-token" not in caplog.text


async def test_who_needs_help_is_told_where(browser: Browser) -> None:
    assert HELP in (await browser.get("/")).text


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/nothing", 404, "There is nothing at this address."),
        ("GET", "/sign-out", 405, "This address only takes what one of our forms sends."),
        ("POST", "/sign-out", 403, "That did not come from one of our own pages, and nothing was done."),
        ("GET", "/", 500, "Something went wrong here, and nothing was done."),
    ],
)
async def test_why_there_is_no_page_is_a_page_to_who_reads_pages_and_a_sentence_to_others(
    service: Service,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    status: int,
    sentence: str,
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the disk with secret things on it is full")

    await somebody(service)
    await browser.sign_in()
    monkeypatch.setattr(Reports, "projects", broken)
    page = await browser.ask(method, path, None, {"Accept": "text/html,*/*;q=0.8"})
    assert (page.status, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert sentence in page.text
    assert objections(page.text) == []
    plain = await browser.ask(method, path, None)
    assert (plain.status, plain.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert plain.text.startswith(sentence)
    for answer in (page, plain):
        assert "secret things" not in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers.get("Allow") == ("POST" if status == 405 else None)
