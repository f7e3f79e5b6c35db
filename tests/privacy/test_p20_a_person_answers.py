"""P20: support@uptrack.pro stands on the privacy page, on every other, and in what goes wrong on our side."""

from __future__ import annotations

import pytest

from support.account_site import Browser, somebody
from uptrack_account.letters import HELP
from uptrack_account.machines.reports import Reports
from uptrack_account.service import Service


async def test_the_address_is_on_the_privacy_page_and_where_we_are_at_fault(
    service: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    assert HELP == "support@uptrack.pro"
    assert HELP in (await browser.get("/privacy")).text
    await somebody(service)
    await browser.sign_in()
    monkeypatch.setattr(Reports, "projects", broken)
    for accept in ("text/html", "*/*"):
        answer = await browser.ask("GET", "/", None, {"Accept": accept})
        assert answer.status == 500
        assert f"write to {HELP}, and name " in answer.text
