"""P3: what leaves a linked machine are technical results; names of files, stems and projects only with consent."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.account_site import account_service, served, somebody
from support.companion import companion
from support.reports import a_finding, a_report
from support.stores import Clock

NAMES = ("Unreleased Anthem", "Secret Bass", "Famous Track", "Warehouse")


@pytest.mark.parametrize("consent", [False, True])
async def test_no_byte_of_the_accounts_database_holds_a_name_without_consent(tmp_path: Path, consent: bool) -> None:
    report = a_report(name="Unreleased Anthem v7.wav")
    finding = a_finding(title="Secret Bass hides the kick", stem="Secret Bass", advice="Compare with Famous Track.wav.")
    context = dataclasses.replace(report.context, stems=("Secret Bass",), references=("Famous Track.wav",))
    clock = Clock()
    async with (
        account_service(tmp_path / "site", "", clock) as service,
        served(service) as browser,
        companion(tmp_path / "companion", clock, browser.port) as mine,
    ):
        await somebody(service)
        await browser.sign_in()
        await mine.link(browser, with_names=consent)
        await mine.measure(dataclasses.replace(report, findings=(finding,), context=context))
        assert (await mine.pusher.push()).sent == 1
    with closing(sqlite3.connect(tmp_path / "site" / "account.sqlite")) as connection:
        kept = "\n".join(connection.iterdump())
    assert [name for name in NAMES if name in kept] == (list(NAMES) if consent else [])
    assert "/music" not in kept, "where a file lies is told in no case"
