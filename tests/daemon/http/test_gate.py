"""The loopback web server lets in who holds a key and comes from here; everybody else gets one sentence."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from uptrack_daemon.http.gate import PORT
from uptrack_daemon.http.keys import CODE_LIFE_S, Keys
from uptrack_daemon.http.server import serve_http

TOKEN = "a-token-of-this-test-1234567890"


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Door:
    """A running server with one readable and one writable route."""

    port: int
    keys: Keys
    clock: Clock
    session: aiohttp.ClientSession
    token: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {TOKEN}"})

    async def knock(self, method: str = "GET", path: str = "/secret", **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=named, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async def secret(_request: web.Request) -> web.Response:
        return web.Response(text="the secret")

    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError("the secret is in this message")

    routes = [web.get("/", secret), web.get("/secret", secret), web.post("/write", secret), web.get("/broken", broken)]
    clock = Clock()
    keys = Keys(TOKEN, clock=clock)
    async with (
        serve_http(keys, routes, port=0) as app,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield Door(app[PORT][0], keys, clock, session)


async def test_the_token_opens_every_route(door: Door) -> None:
    assert await door.knock(**door.token) == (200, "the secret")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic " + TOKEN, f"Bearer {TOKEN}x"])
async def test_without_the_token_nothing_is_shown(door: Door, authorization: str) -> None:
    status, text = await door.knock(Authorization=authorization)
    assert status == 401
    assert "the secret" not in text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"]
)
async def test_a_name_that_was_rebound_to_loopback_is_refused_even_with_the_token(door: Door, host: str) -> None:
    assert (await door.knock(Host=host, **door.token))[0] == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://"])
async def test_a_page_of_another_origin_is_refused_even_with_the_token(door: Door, origin: str) -> None:
    assert (await door.knock(Origin=origin, **door.token))[0] == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_request_a_browser_calls_foreign_is_refused_even_with_the_token(door: Door, site: str) -> None:
    assert (await door.knock(Sec_Fetch_Site=site, **door.token))[0] == 403


async def test_our_own_page_may_ask(door: Door) -> None:
    own = f"http://127.0.0.1:{door.port}"
    assert (await door.knock(Origin=own, Sec_Fetch_Site="same-origin", **door.token))[0] == 200


async def test_a_code_buys_one_cookie_and_leaves_the_address_bar(door: Door) -> None:
    code = door.keys.new_code()
    async with door.session.get(f"http://127.0.0.1:{door.port}/?code={code}", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert (await door.knock(Cookie=cookie.partition(";")[0])) == (200, "the secret")
    assert (await door.knock(path=f"/?code={code}"))[0] == 401, "the same code a second time"


async def test_a_code_is_worth_nothing_after_ten_minutes(door: Door) -> None:
    code = door.keys.new_code()
    door.clock.now_s = CODE_LIFE_S + 1
    assert (await door.knock(path=f"/?code={code}"))[0] == 401


async def test_a_made_up_cookie_or_code_opens_nothing(door: Door) -> None:
    assert (await door.knock(Cookie="uptrack=made-up"))[0] == 401
    assert (await door.knock(path="/?code=made-up"))[0] == 401


async def test_writes_take_json_only(door: Door) -> None:
    url = f"http://127.0.0.1:{door.port}/write"
    async with door.session.post(url, headers=door.token, data={"a": "form"}) as form:
        assert form.status == 415
    async with door.session.post(url, headers=door.token, json={"a": 1}) as as_json:
        assert as_json.status == 200


async def test_a_write_that_carries_nothing_needs_no_type_and_an_empty_form_is_not_nothing(door: Door) -> None:
    url = f"http://127.0.0.1:{door.port}/write"
    # Left to itself the client would name a type where there is nothing to name.
    async with door.session.post(url, headers=door.token, skip_auto_headers=["Content-Type"]) as empty:
        assert empty.status == 200
    for form in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        assert (await door.knock("POST", "/write", Content_Type=form, **door.token))[0] == 415
    async with door.session.post(
        url, headers=door.token, data=io.BytesIO(b"{}"), skip_auto_headers=["Content-Type"]
    ) as bare:
        assert bare.status == 415, "a body of no type"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_write_without_a_body_is_refused_to_strangers_like_any_other(door: Door, method: str) -> None:
    assert (await door.knock(method, "/write"))[0] == 401, "no key"
    assert (await door.knock(method, "/write", Origin="https://evil.example", **door.token))[0] == 403
    assert (await door.knock(method, "/write", Sec_Fetch_Site="cross-site", **door.token))[0] == 403
    assert (await door.knock(method, "/write", Host="evil.example", **door.token))[0] == 421


async def test_a_body_over_one_mebibyte_is_refused(door: Door) -> None:
    async def read(request: web.Request) -> web.Response:
        return web.json_response(await request.json())

    async with serve_http(Keys(TOKEN), [web.post("/echo", read)], port=0) as app:
        url = f"http://127.0.0.1:{app[PORT][0]}/echo"
        headers = {**door.token, "Content-Type": "application/json"}
        async with door.session.post(url, headers=headers, data=io.BytesIO(b'"' + b"x" * (1 << 20) + b'"')) as answer:
            assert answer.status == 413
            assert answer.content_type == "application/problem+json"


async def test_an_error_inside_tells_the_asker_nothing_of_its_cause(door: Door) -> None:
    status, text = await door.knock(path="/broken", **door.token)
    assert status == 500
    assert "the secret" not in text


async def test_every_answer_forbids_scripts_framing_and_caching(door: Door) -> None:
    for path, headers in (("secret", door.token), ("secret", {}), ("nowhere", door.token), ("broken", door.token)):
        async with door.session.get(f"http://127.0.0.1:{door.port}/{path}", headers=headers) as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"


async def test_codes_that_are_never_used_do_not_pile_up(door: Door) -> None:
    first = door.keys.new_code()
    for _ in range(1_000):
        last = door.keys.new_code()
    assert door.keys.redeem(first) is None
    assert door.keys.redeem(last) is not None
