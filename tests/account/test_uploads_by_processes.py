"""Uploads over real processes: one command with files; many with PostgreSQL, S3, procrastinate, by settings alone."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import aiohttp
import pytest
from pydantic import HttpUrl

from support.account_site import Browser, cheap_passwords, somebody
from support.postgres import new_database
from support.s3 import KEY, SECRET, new_bucket
from support.uploaded import audio, held, send
from uptrack_account.service import open_service
from uptrack_account.settings import AccountSettings
from uptrack_account.web.gate import COOKIE

GENEROUS_S = 120.0
COMMAND = [sys.executable, "-m", "uptrack_daemon.cli", "account"]


@contextmanager
def running(settings: Mapping[str, str], *words: str) -> Iterator[str]:
    """A process of the account, until the block ends; the first line it said."""
    own = {f"UPTRACK_ACCOUNT_{name.upper()}": value for name, value in settings.items()}
    with subprocess.Popen([*COMMAND, *words], env={**os.environ, **own}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(GENEROUS_S) == 0


@pytest.fixture(params=["one command", "many processes"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    alone = {"home": str(tmp_path / "home"), "port": "0"}
    if request.param == "one command":
        return {**alone, "database": f"sqlite:///{tmp_path / 'account.sqlite'}"}
    s3: HttpUrl = request.getfixturevalue("s3")
    postgres = request.getfixturevalue("postgres")
    return {
        **alone,
        "database": new_database(postgres.socket, postgres.migrated),
        "objects": f"s3://{new_bucket(s3)}",
        "objects_endpoint": str(s3),
        "objects_key": KEY,
        "objects_secret": SECRET,
        "jobs": "procrastinate",
        "workers": "0",
    }


async def test_what_is_sent_to_any_is_analysed_by_one_and_deleted_for_all(settings: dict[str, str]) -> None:
    together = "jobs" in settings
    async with (
        open_service(AccountSettings.model_validate(settings), keeper=cheap_passwords()) as service,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        ada = await somebody(service)
        token = await service.sessions.begin(ada, "")
        with ExitStack() as processes:
            said = [processes.enter_context(running(settings, "serve")) for _ in range(2 if together else 1)]
            if together:
                for _ in range(2):
                    line = processes.enter_context(running(settings, "worker", "--slots", "2"))
                    assert line == "Analysing what comes to http://localhost:8765, 2 at once.\n"
            ports = [int(match[1]) for line in said if (match := re.search(r"port (\d+)\)", line))]
            browsers = [Browser(port, http, cookies={COOKIE: token}) for port in ports]
            sent = 4
            for number in range(sent):
                answer = await send(browsers[number % len(browsers)], audio(seconds=4, seed=number), keep_days="0")
                assert answer.status == 303, answer.text
            async with asyncio.timeout(GENEROUS_S):
                # Processes of their own do it, and tell nobody but the database.
                while any(upload.is_held for upload in await service.uploads.of(ada)):
                    await asyncio.sleep(0.1)
        assert [upload.state for upload in await service.uploads.of(ada)] == ["done"] * sent
        assert len(await service.reports.projects(ada)) == sent
        assert await held(service) == []
