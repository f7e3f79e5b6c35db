"""Fixtures: the account on both databases, SQLite in a file and a PostgreSQL of the test run's own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser as Chromium
from pydantic import HttpUrl

from support.account_pages import Site, furnish, open_site
from support.account_site import Browser, account_service, served, somebody
from support.chromium import chromium as running_chromium
from support.companion import Companion, companion
from support.postgres import new_database, running_postgres
from support.s3 import running_s3
from support.stores import Clock
from uptrack_account.service import Service
from uptrack_account.store import open_database

__all__ = [
    "ada",
    "browser",
    "chromium",
    "clock",
    "database_url",
    "furnished",
    "migrated_url",
    "mine",
    "postgres",
    "s3",
    "service",
    "sqlite",
]
"""For a folder's conftest, which has them all by a star."""


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 29, 12, 0, tzinfo=UTC))


@dataclass(frozen=True)
class Postgres:
    socket: Path
    migrated: str
    """A database with our tables: to make them takes longer than most tests."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as socket:
        url = new_database(socket)
        asyncio.run(migrated(url))
        yield Postgres(socket, urlsplit(url).path.removeprefix("/"))


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables."""
    path = tmp_path_factory.mktemp("sqlite") / "account.sqlite"
    asyncio.run(migrated(f"sqlite:///{path}"))
    return path


async def migrated(url: str) -> None:
    async with open_database(url):
        pass


@pytest.fixture(scope="session")
def s3() -> Iterator[HttpUrl]:
    """Where S3 is spoken."""
    with running_s3() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'account.sqlite'}"
    return new_database(request.getfixturevalue("postgres").socket)


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of one with our tables."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite'), tmp_path / 'account.sqlite')}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return new_database(postgres.socket, postgres.migrated)


@pytest.fixture
async def service(migrated_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Service]:
    async with account_service(tmp_path / "home", migrated_url, clock) as service:
        yield service


@pytest.fixture
async def browser(service: Service) -> AsyncIterator[Browser]:
    async with served(service) as browser:
        yield browser


@pytest.fixture
async def ada(service: Service, browser: Browser) -> str:
    """Her account's id; she is signed in."""
    account_id = await somebody(service)
    await browser.sign_in()
    return account_id


@pytest.fixture
async def mine(tmp_path: Path, clock: Clock, browser: Browser) -> AsyncIterator[Companion]:
    """A machine's Companion, of the person whose browser it is."""
    async with companion(tmp_path / "companion", clock, browser.port) as mine:
        yield mine


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Chromium]:
    """For tests that run in the session's loop: to start one takes longer than most tests."""
    async with running_chromium() as chromium:
        yield chromium


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def furnished(sqlite: Path, chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A site with something of everything on it, which every page is looked at on."""
    folder = tmp_path_factory.mktemp("furnished")
    url = f"sqlite:///{shutil.copy(sqlite, folder / 'account.sqlite')}"
    async with open_site(folder / "home", url, Clock(datetime(2026, 11, 29, 12, 0, tzinfo=UTC))) as site:
        await furnish(site, chromium)
        yield site
