"""Either side is killed with no chance to tidy up, in the middle of sending: all arrives, once."""

from __future__ import annotations

import asyncio
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
import pytest

from support.account_site import ADA, PASSWORD, Browser, letters, link_in
from support.companion import Companion, companion
from support.daemon_process import GENEROUS_S, environment_of, uptrack
from support.reports import a_report
from support.stores import Clock
from uptrack_daemon.store import utc_now

REPORTS = 60


class Site:
    """The account as a process of its own, on SQLite."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.home = home
        self.origin = f"http://localhost:{self.port}"
        self.environment = environment_of(home) | {
            "UPTRACK_ACCOUNT_HOME": str(home),
            "UPTRACK_ACCOUNT_PORT": str(self.port),
            "UPTRACK_ACCOUNT_SITE": self.origin,
        }

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "uptrack_daemon.cli", "account", "serve"]
        with subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("The account is at"), "it did not start"
            try:
                yield process
            finally:
                process.kill()

    def ids(self) -> list[str]:
        with closing(sqlite3.connect(self.home / "account.sqlite")) as connection:
            return [row[0] for row in connection.execute("SELECT id FROM reports")]


def sending(environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Somebody who sends what waits."""
    command = [sys.executable, "-m", "uptrack_daemon.cli", "sync", "--now"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


async def until(there: Site, count: int) -> None:
    """As soon as so many have arrived: another process has no event to wait for."""
    async with asyncio.timeout(GENEROUS_S):
        while len(there.ids()) < count:
            await asyncio.sleep(0)


@pytest.fixture
async def mine(tmp_path: Path) -> AsyncIterator[Companion]:
    async with companion(tmp_path / "companion", Clock(utc_now()), 0) as mine:
        yield mine


async def sign_up(there: Site, browser: Browser) -> None:
    await browser.post("/sign-up", email=ADA, display_name="Ada", password=PASSWORD)
    async with asyncio.timeout(GENEROUS_S):
        while not (found := letters(there.home)):
            await asyncio.sleep(0.01)  # the letter is written by another process
    assert (await browser.post(link_in(found[0]), password=PASSWORD)).status == 303


async def test_a_sender_and_a_site_that_are_killed_lose_and_double_nothing(tmp_path: Path, mine: Companion) -> None:
    there = Site(tmp_path / "site")
    mine.port = there.port
    environment = environment_of(mine.home.root, keychain="false")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        browser = Browser(there.port, http, there.origin)
        with there.running() as site:
            await sign_up(there, browser)
            await mine.link(browser, site=there.origin)
            expected = {await mine.measure(a_report(name=f"mix {number}.wav")) for number in range(REPORTS)}
            with sending(environment) as sender:
                await until(there, 3)
                sender.send_signal(signal.SIGKILL)
            assert 3 <= len(there.ids()) < REPORTS, "it was killed in the middle"
            with sending(environment) as sender:
                await until(there, len(there.ids()) + 3)
                site.send_signal(signal.SIGKILL)
                site.wait()
                assert sender.stderr is not None
                said = sender.stderr.read()
            assert sender.returncode == 4
            assert "does not answer" in said, said
        assert len(there.ids()) < REPORTS, "it was killed in the middle"
        with there.running():
            ended = await asyncio.to_thread(uptrack, "sync", "--now", environment=environment)
            assert ended.returncode == 0, ended.stderr
            assert ended.stdout.endswith(f"{REPORTS} there, 0 waiting, 0 refused.\n")
    assert sorted(there.ids()) == sorted(expected)
