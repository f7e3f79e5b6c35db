"""``/openapi.json``: valid, of every route for programs, and true where it can be told without asking."""

from __future__ import annotations

import json
import re

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from support.account_site import Browser, Machine, linked, somebody
from uptrack_account.service import Service
from uptrack_account.web import openapi
from uptrack_account.web.gate import access_of, open_to
from uptrack_account.web.openapi import document
from uptrack_account.web.server import PROGRAMS
from uptrack_bridges.account import REPORT_ID, REPORTS_PATH, AccountProblem

FOR_PROGRAMS = [
    (route.method, route.path, route.handler)
    for route in PROGRAMS
    if isinstance(route, web.RouteDef) and access_of(route.handler) != "signed by Stripe"
]


def test_it_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(document(FOR_PROGRAMS)).validate()


async def test_it_is_served_to_everybody_and_has_every_route_for_programs_and_no_page(browser: Browser) -> None:
    answer = await browser.get("/openapi.json")
    assert answer.headers["Content-Type"].startswith("application/json")
    served = json.loads(answer.body)
    assert {(method, path) for path, item in served["paths"].items() for method in item} == {
        (method.lower(), path) for method, path, _ in FOR_PROGRAMS
    }
    assert served == document(FOR_PROGRAMS)


async def test_it_is_put_together_once(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await browser.get("/openapi.json")
    monkeypatch.delattr(openapi, "document")
    assert (await browser.get("/openapi.json")).body == first.body


def test_every_route_says_what_it_does_and_whether_it_asks_for_a_token() -> None:
    for path, item in document(FOR_PROGRAMS)["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert ("401" in operation["responses"]) == ("security" in operation), path


def test_a_route_that_says_nothing_is_no_route_for_programs() -> None:
    @open_to("linked machine")
    async def silent(_request: web.Request) -> web.Response:
        return web.Response()

    with pytest.raises(LookupError, match="expected GET /v1/new to say what it takes and answers"):
        document([("GET", "/v1/new", silent)])


def test_what_stands_in_an_address_is_told_with_its_pattern() -> None:
    for path, item in document(FOR_PROGRAMS)["paths"].items():
        for operation in item.values():
            told = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
            assert told == set(re.findall(r"\{(\w+)\}", path)), path
    (named,) = document(FOR_PROGRAMS)["paths"][f"{REPORTS_PATH}/{{id}}"]["put"]["parameters"]
    assert named["schema"]["pattern"] == f"^{REPORT_ID}$"


@pytest.fixture
async def machine(service: Service, browser: Browser) -> Machine:
    await somebody(service)
    await browser.sign_in()
    return await linked(browser)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("PATCH", "/v1/reports", 405), ("POST", "/v1/device", 405)],
)
async def test_what_is_not_there_is_a_problem_to_a_program(
    machine: Machine, method: str, path: str, status: int
) -> None:
    answer = await machine.ask(method, path)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json; charset=utf-8")
    assert AccountProblem.model_validate_json(answer.body).status == status
    assert ("Allow" in answer.headers) == (status == 405)


async def test_a_fault_of_ours_is_a_problem_to_a_program(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_arguments: object, **_more: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr("uptrack_account.machines.reports.Reports.listed", broken)
    answer = await machine.ask("GET", "/v1/reports")
    assert (answer.status, AccountProblem.model_validate_json(answer.body).status) == (500, 500)
    assert "inside" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded; charset=none-such"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ],
    ids=lambda headers: headers["Content-Type"],
)
@pytest.mark.parametrize("path", ["/v1/token", "/v1/revoke", "/v1/device_authorization"])
async def test_a_form_that_cannot_be_read_is_an_invalid_request(
    browser: Browser, path: str, headers: dict[str, str]
) -> None:
    answer = await browser.ask("POST", path, b"client_id=\xff\xfe", headers, program=True)
    assert answer.status == 400, answer.text
    assert json.loads(answer.body)["error"] in {"invalid_request", "invalid_client"}


async def test_a_form_that_cannot_be_read_is_a_sentence_to_a_person(browser: Browser) -> None:
    headers = {"Content-Type": "multipart/form-data", "Origin": browser.site}
    answer = await browser.ask("POST", "/sign-in", b"--x", headers)
    assert (answer.status, answer.text[:15]) == (400, "Expected a form")
