"""A hosted account at work for a test: its clock, its letters, and a browser that keeps its cookie."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from pydantic import HttpUrl
from yarl import URL

from support.reports import a_report
from support.stores import Clock
from uptrack_account.people.passwords import Passwords
from uptrack_account.service import Service, open_service
from uptrack_account.settings import AccountSettings
from uptrack_account.web.gate import COOKIE
from uptrack_account.web.server import serve
from uptrack_analysis.report import Report, to_json
from uptrack_bridges.account import (
    AUTHORIZE_PATH,
    CLIENT_ID,
    DEVICE_GRANT,
    TOKEN_PATH,
    DeviceAuthorization,
    ReportProject,
    ReportUpload,
    Tokens,
)

ADA, BOB = "ada@example.org", "bob@example.org"
PASSWORD, ANOTHER = "kick snare hat loop", "four bars of silence"
SITE = "http://localhost:8765"
MADE_AT = datetime(2026, 11, 29, 3, tzinfo=UTC)


def cheap_passwords() -> Passwords:
    """The same hash, with as little work as it can have."""
    return Passwords(PasswordHasher.from_parameters(CHEAPEST))


@asynccontextmanager
async def account_service(
    home: Path, database: str, clock: Clock, *, behind_proxy: bool = False, port: int = 0, **more: Any
) -> AsyncIterator[Service]:
    """With a ``port``, at that address; else at ``SITE``, which it only seems to listen at; ``more`` are settings."""
    site = HttpUrl(f"http://localhost:{port}") if port else HttpUrl(SITE)
    settings = AccountSettings(home=home, database=database, port=port, site=site, behind_proxy=behind_proxy, **more)
    async with open_service(settings, clock=clock, keeper=cheap_passwords()) as service:
        yield service


def letters(home: Path) -> list[EmailMessage]:
    """All that were sent, in order."""
    paths = sorted((home / "letters").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    read = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    return [message for message in read if isinstance(message, EmailMessage)]


def link_in(letter: EmailMessage) -> str:
    """Its path."""
    (link,) = re.findall(r"http://localhost:\d+(/\S+)", letter.get_content())
    return str(link)


@dataclass
class Browser:
    """Speaks to the service as a browser at its address does; redirects are not followed."""

    port: int
    http: aiohttp.ClientSession
    site: str = SITE
    cookies: dict[str, str] = field(default_factory=dict)
    agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, None, headers)

    async def post(self, path: str, /, **form: str) -> Answer:
        return await self.ask("POST", path, form, {"Origin": self.site})

    async def ask(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | bytes | AsyncIterator[bytes] | None,
        headers: Mapping[str, str] | None = None,
        *,
        program: bool = False,
    ) -> Answer:
        # aiohttp's own jar would not send a Secure cookie over HTTP, which browsers do to this machine.
        sent = {"Host": self.site.removeprefix("http://"), "User-Agent": self.agent, **(headers or {})}
        if self.cookies and not program:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        url = URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)
        data = io.BytesIO(form) if isinstance(form, bytes) else form
        async with self.http.request(method, url, data=data, headers=sent, allow_redirects=False) as response:
            for name, cookie in response.cookies.items():
                if cookie.value and cookie["max-age"] != "0":
                    self.cookies[name] = cookie.value
                else:
                    self.cookies.pop(name, None)
            return Answer(response.status, await response.read(), response.headers.copy())

    async def tell(self, path: str, /, **form: str) -> Answer:
        """As a program does, that wants something of the device grant."""
        return await self.ask("POST", path, {"client_id": CLIENT_ID, **form}, {"User-Agent": "uptrack"}, program=True)

    @property
    def token(self) -> str | None:
        return self.cookies.get(COOKIE)

    async def sign_in(self, email: str = ADA, password: str = PASSWORD) -> Answer:
        return await self.post("/sign-in", email=email, password=password)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def to(self) -> str | None:
        return self.headers.get("Location")


@asynccontextmanager
async def served(service: Service) -> AsyncIterator[Browser]:
    async with serve(service) as port, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Browser(port, http, service.settings.origin)


async def somebody(service: Service, email: str = ADA, password: str = PASSWORD) -> str:
    """An account whose address is proved; its id."""
    await service.accounts.sign_up(email, email.partition("@")[0].title(), password)
    await service.postman.deliver()
    (letter,) = [one for one in letters(service.settings.home) if one["To"] == email]
    return await service.accounts.verify(link_in(letter).removeprefix("/verify/"), password)


@dataclass
class Machine:
    """A linked one: its tokens, and what it asks with them."""

    browser: Browser
    tokens: Tokens

    async def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {self.tokens.access_token}", **headers}
        return await self.browser.ask(method, path, body, sent, program=True)


async def asking(browser: Browser, name: str = "Studio", system: str = "Linux") -> DeviceAuthorization:
    """A machine that has asked and not been answered."""
    answer = await browser.tell(AUTHORIZE_PATH, device_name=name, device_system=system)
    assert answer.status == 200, answer.text
    return DeviceAuthorization.model_validate_json(answer.body)


async def linked(browser: Browser, name: str = "Studio") -> Machine:
    """A machine of whom the browser is signed in as."""
    asked = await asking(browser, name)
    assert (await browser.post("/link/answer", user_code=asked.user_code, answer="allow")).status == 200
    answer = await browser.tell(TOKEN_PATH, grant_type=DEVICE_GRANT, device_code=asked.device_code)
    return Machine(browser, Tokens.model_validate_json(answer.body))


def upload(
    report: Report | str | None = None, *, project: str | None = "Warehouse", made_at: datetime = MADE_AT
) -> ReportUpload:
    """A report as a machine sends it; a ``str`` is a document as it stands."""
    document = report if isinstance(report, str) else to_json(report or a_report())
    return ReportUpload(
        made_at=made_at,
        project=ReportProject(key=hashlib.sha256((project or "").encode()).hexdigest(), name=project),
        sha256=hashlib.sha256(document.encode()).hexdigest(),
        document=document,
    )
