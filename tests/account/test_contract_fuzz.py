"""The contract, tried by chance: what programs may send, what they may not, and what only nearly is a report.

schemathesis makes requests from ``/openapi.json`` alone. It does not know what a report is, nor that one answer's
cursor is the next question: for those there are tests of their own.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks as openapi_checks

from support.account_site import PASSWORD, Answer, upload
from support.live_account import LiveAccount, live_account
from support.postgres import new_database
from support.reports import a_report
from support.stores import Clock
from uptrack_account.web import api
from uptrack_account.web.openapi import document
from uptrack_analysis.report import to_json
from uptrack_bridges.account import AUTHORIZE_PATH, CLIENT_ID, MOST_LISTED, REPORTS_PATH, AccountProblem, ReportList

SOAK = os.environ.get("UPTRACK_SOAK") == "1"
pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("contract")]
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much]


def examples(few: int, many: int) -> settings:
    """The same every time in ``make test``, others each time in ``make soak``."""
    return settings(
        max_examples=many if SOAK else few, derandomize=not SOAK, suppress_health_check=QUIET, deadline=None
    )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveAccount]:
    folder = tmp_path_factory.mktemp("live")
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite'), folder / 'account.sqlite')}"
    else:
        postgres = request.getfixturevalue("postgres")
        url = new_database(postgres.socket, postgres.migrated)
    with live_account(folder / "home", url, Clock(datetime(2026, 11, 29, 12, tzinfo=UTC))) as account:
        yield account


# -- from the document alone -------------------------------------------------------------------------------------------

schema = schemathesis.openapi.from_dict(
    document((route.method, route.path, route.handler) for route in api.routes if isinstance(route, web.RouteDef))
)
NOT_WANTED: list[Any] = [
    # Strictness that we do not want: unknown fields of a newer program, and numbers out of bounds, are taken.
    openapi_checks.negative_data_rejection,
    openapi_checks.positive_data_acceptance,
]


@schema.parametrize()
@examples(10, 400)
def test_whatever_a_program_sends_is_answered_as_the_document_says(
    case: schemathesis.Case[Any], live: LiveAccount
) -> None:
    live.forget_tries()
    answer = case.call(base_url=live.url, headers={"Authorization": f"Bearer {live.machine.tokens.access_token}"})
    case.validate_response(answer, excluded_checks=NOT_WANTED)


# -- what the document does not say ------------------------------------------------------------------------------------

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**63, 10**400, 1e308, -1e308, 1e-320, "", "\ud800", "\0", "x" * 5_000, [], {}, [[]]]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40),
)
"""What a field may hold instead, as far as JSON goes."""
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def places(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a document."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [way, *(place for key, value in inside for place in places(value, (*way, key)))]


WHOLE = json.loads(to_json(a_report()))
PLACES = [place for place in places(WHOLE) if place]


@st.composite
def nearly_reports(draw: st.DrawFn) -> str:
    """A report in which a few values are others, missing, or where they do not belong."""
    changed = copy.deepcopy(WHOLE)
    for way in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=4)):
        node = changed
        try:
            for key in way[:-1]:
                node = node[key]
            match draw(st.sampled_from(["set", "drop", "add"])):
                case "set":
                    node[way[-1]] = draw(ODD)
                case "drop":
                    del node[way[-1]]
                case _:
                    node[draw(st.text(max_size=10))] = draw(ODD)
        except (KeyError, IndexError, TypeError):
            continue  # the way went through what was changed before
    return json.dumps(changed)


def is_problem(answer: Answer, *statuses: int) -> bool:
    return answer.status in statuses and AccountProblem.model_validate_json(answer.body).status == answer.status


@given(document=nearly_reports(), newer=st.booleans(), number=st.integers(0, 2**64 - 1))
@examples(25, 3_000)
def test_what_only_nearly_is_a_report_is_refused_in_a_sentence_or_kept_and_every_page_can_show_it(
    live: LiveAccount, document: str, newer: bool, number: int
) -> None:
    live.forget_tries()
    if newer:
        document = document.replace('"schema": "uptrack.report/1"', '"schema": "uptrack.report/2"')
    report_id = f"{number:016x}"
    sent = upload(document, project="Nearly").model_dump_json().encode()
    answer = live.do(live.machine.ask("PUT", f"{REPORTS_PATH}/{report_id}", sent))
    if is_problem(answer, 409, 410, 422):
        return
    assert answer.status in {200, 201}, answer.text
    asked = live.do(live.machine.ask("GET", f"{REPORTS_PATH}?limit={MOST_LISTED}"))
    assert ReportList.model_validate_json(asked.body)
    for page in ("/", f"/reports/{report_id}", f"/reports/{report_id}/report.json", "/account/data"):
        assert live.do(live.site.wire.get(page)).status == 200, page
    assert live.do(live.machine.ask("DELETE", f"{REPORTS_PATH}/{report_id}")).status == 204


def cursor_of(*parts: str) -> str:
    return base64.urlsafe_b64encode("".join(parts).encode()).decode()


CURSORS = st.one_of(
    ANY_TEXT,
    st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    st.tuples(
        st.sampled_from(["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "2026-11-29T12:00:00", "2026-W48", ""]),
        st.sampled_from(["", "Z", "+00:00", "+23:59", "-23:59", "+24:00"]),
        st.sampled_from([" 0", f" {'f' * 32}", f" {'f' * 33}", " ", "", " 0 0", " \0"]),
    ).map(lambda parts: cursor_of(*parts)),
)


@given(cursor=CURSORS, limit=st.one_of(st.integers(), st.text(max_size=6), st.just("9" * 5_000)))
@example(cursor=cursor_of("0001-01-01T00:00:00", "+23:59", " 0"), limit=1)
@example(cursor=cursor_of("9999-12-31T23:59:59", "-23:59", " 0"), limit=1)
@examples(25, 2_000)
def test_a_cursor_or_limit_that_was_given_out_by_nobody_is_refused_or_means_something(
    live: LiveAccount, cursor: str, limit: int | str
) -> None:
    asked = f"{REPORTS_PATH}?after={quote(cursor, safe='')}&limit={quote(str(limit), errors='ignore', safe='')}"
    answer = live.do(live.machine.ask("GET", asked))
    assert is_problem(answer, 400) or ReportList.model_validate_json(answer.body)


IDS = st.one_of(ANY_TEXT, st.sampled_from(["\0", "0" * 33, "0" * 5_000, "g" * 16, ".", "..", "%00", "\u0660" * 16]))
PAGES_WITH_IDS = [
    ("GET", "/projects/{}"),
    ("GET", "/reports/{}"),
    ("GET", "/reports/{}/report.json"),
    ("POST", "/reports/{}/delete"),
    ("GET", "/compare/{}/{}"),
    ("POST", "/devices/{}/end"),
    ("POST", "/account/sessions/{}/end"),
]


@given(odd=IDS, route=st.sampled_from(PAGES_WITH_IDS))
@examples(25, 2_000)
def test_an_id_that_is_none_is_not_there(live: LiveAccount, odd: str, route: tuple[str, str]) -> None:
    method, pattern = route
    path = pattern.replace("{}", quote(odd, safe=""))
    answer = live.do(live.site.wire.ask(method, path, None, {"Origin": live.url}))
    assert answer.status in {404, 405}, (answer.status, path)
    asked = live.do(live.machine.ask("DELETE", f"{REPORTS_PATH}/{quote(odd, safe='')}"))
    assert is_problem(asked, 404, 405, 422), asked.text


@given(token=st.binary(min_size=1, max_size=80).filter(lambda raw: min(raw) >= 32 and 127 not in raw))
@example(token=b"\xff\xfe")
@examples(20, 1_000)
def test_a_token_that_is_none_opens_nothing(live: LiveAccount, token: bytes) -> None:
    host = urlsplit(live.url).netloc
    # aiohttp's client would not send such bytes.
    with closing(HTTPConnection("127.0.0.1", live.site.wire.port)) as wire:
        for path, header, value, statuses in (
            (REPORTS_PATH, "Authorization", b"Bearer " + token, {401}),
            ("/account", "Cookie", b"__Host-uptrack=" + token, {303}),
        ):
            wire.putrequest("GET", path, skip_host=True)
            wire.putheader("Host", host)
            wire.putheader(header, value)
            wire.endheaders()
            answer = wire.getresponse()
            answer.read()
            assert answer.status in statuses, path


@given(
    made_at=st.datetimes(datetime.min, datetime.max).map(lambda at: at.isoformat()),  # noqa: DTZ901
    zone=st.sampled_from(["Z", "+23:59", "-23:59", "", "+99:99"]),
    name=ANY_TEXT,
    number=st.integers(0, 2**64 - 1),
)
@example(made_at="0001-01-01T00:00:00", zone="+23:59", name="x", number=1)
@example(made_at="9999-12-31T23:59:59", zone="-23:59", name="x", number=1)
@examples(25, 2_000)
def test_any_moment_and_any_name_is_kept_or_refused(
    live: LiveAccount, made_at: str, zone: str, name: str, number: int
) -> None:
    live.forget_tries()
    said = json.loads(upload().model_dump_json())
    said["made_at"], said["project"]["name"] = made_at + zone, name
    answer = live.do(live.machine.ask("PUT", f"{REPORTS_PATH}/{number:016x}", json.dumps(said).encode()))
    assert answer.status in {200, 201} or is_problem(answer, 409, 410, 422), answer.text
    assert live.do(live.site.wire.get("/")).status == 200
    live.do(live.machine.ask("DELETE", f"{REPORTS_PATH}/{number:016x}"))


@given(name=ANY_TEXT, system=ANY_TEXT, email=ANY_TEXT)
@examples(15, 1_000)
def test_any_name_of_a_machine_or_a_person_is_taken_or_refused(
    live: LiveAccount, name: str, system: str, email: str
) -> None:
    live.forget_tries()
    form = {"client_id": CLIENT_ID, "device_name": name, "device_system": system}
    asked = live.do(live.site.wire.ask("POST", AUTHORIZE_PATH, form, program=True))
    assert asked.status in {200, 400}, asked.text
    for path, fields in (
        ("/account/name", {"display_name": name}),
        ("/sign-in", {"email": email, "password": name}),
        ("/sign-up", {"email": email, "display_name": name, "password": PASSWORD}),
        ("/forgotten", {"email": email}),
        ("/link", {"user_code": name}),
    ):
        answer = live.do(live.site.wire.ask("POST", path, fields, {"Origin": live.url}))
        assert answer.status in {200, 303, 422}, (path, answer.status)
