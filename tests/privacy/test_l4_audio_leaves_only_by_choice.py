"""L4: no byte of audio leaves a linked machine unless its owner names the report, or has set that all audio goes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from support.account_site import account_service, served, somebody
from support.companion import companion
from support.stores import Clock
from support.uploaded import audio, held
from uptrack_daemon.account.by_hand import send_audio
from uptrack_daemon.account.site import Site
from uptrack_daemon.settings import DaemonSettings


def test_by_default_it_is_set_that_none_goes() -> None:
    assert DaemonSettings().account_audio == "never"


@pytest.mark.parametrize("choice", ["never", "this report", "always"])
async def test_of_a_linked_machines_files_the_account_gets_those_that_were_chosen(
    tmp_path: Path, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies, ask = list[object](), Site.ask

    async def overheard(self: Site, method: str, path: str, access_token: str, body: Any = None) -> object:
        bodies.append(body)
        return await ask(self, method, path, access_token, body)

    monkeypatch.setattr(Site, "ask", overheard)
    first, second = tmp_path / "first.wav", tmp_path / "second.wav"
    first.write_bytes(audio())
    second.write_bytes(audio(seed=2))
    clock = Clock()
    async with (
        account_service(tmp_path / "site", "", clock) as service,
        served(service) as browser,
        companion(tmp_path / "companion", clock, browser.port) as mine,
    ):
        account_id = await somebody(service)
        await browser.sign_in()
        link = await mine.link(browser)
        mine.sends_audio = choice == "always"
        mine.restart()
        await mine.measure_file(first)
        clock.move(seconds=1)
        chosen = await mine.measure_file(second)
        if choice == "this report":
            await send_audio(mine.pusher, mine.store, chosen, link, keep_days=7)
        assert await mine.outbox.add_all() == 0
        await mine.pusher.push(now=True)
        await mine.reports.delete(chosen, keep_on_account=True)
        await mine.pusher.push(now=True)
        there = [upload.sha256 for upload in await service.uploads.of(account_id)]
        expected = {"never": [], "this report": [second], "always": [first, second]}[choice]
        assert sorted(there) == sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in expected)
        assert len(await held(service)) == len(expected)
    streamed = [body for body in bodies if body is not None and not isinstance(body, bytes)]
    assert len(streamed) == len(expected), "what is streamed is audio"
    samples = audio()[1_000:1_064], audio(seed=2)[1_000:1_064]
    assert not [body for body in bodies if isinstance(body, bytes) and any(piece in body for piece in samples)]
