"""The page for people, from a real store."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from sqlalchemy import update

from support.stores import a_new_report, a_store
from uptrack_daemon.http.gate import PORT
from uptrack_daemon.http.keys import Keys
from uptrack_daemon.http.pages import Pages
from uptrack_daemon.http.server import serve_http
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.store import Reports
from uptrack_daemon.store.models import ReportRow
from uptrack_daemon.versions import Versions


async def test_the_list_names_the_genre_as_reports_do(tmp_path: Path) -> None:
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        await Reports(store).save(a_new_report())
        async with store.writing() as session:
            await session.execute(update(ReportRow).values(genre="fourfloor"))
        keys = Keys("a-token-of-this-test-1234567890")
        async with serve_http(keys, Pages(Queue(store), Reports(store), Versions(store)).routes(), port=0) as app:
            url = f"http://127.0.0.1:{app[PORT][0]}/?code={keys.new_code()}"
            async with (
                aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
                browser.get(url) as page,
            ):
                text = await page.text()
    assert "House, techno or trance, club" in text
    assert "fourfloor" not in text
