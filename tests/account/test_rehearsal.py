"""`uptrack sync --dry-run` prints what would be sent, and sends nothing; doctor and status know of the account."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from support.account_site import SITE, Browser, somebody
from support.companion import Companion
from support.daemon_process import environment_of, running_daemon, uptrack
from support.reports import a_finding, a_report
from support.stores import Clock
from uptrack_account.service import Service
from uptrack_daemon.account.site import Site
from uptrack_daemon.account.standing import standing_of
from uptrack_daemon.doctor.account import check_account
from uptrack_daemon.home import Home
from uptrack_daemon.store import AccountLinks
from uptrack_daemon.store.migrate import upgrade
from uptrack_daemon.versions import Versions


@pytest.fixture
def migrated_url(sqlite: Path, tmp_path: Path) -> str:
    """What is tried here is on the machine's side, whichever database the site has."""
    return f"sqlite:///{shutil.copy(sqlite, tmp_path / 'account.sqlite')}"


@pytest.mark.parametrize("with_names", [True, False])
async def test_what_is_printed_is_what_is_sent_then(
    service: Service,
    browser: Browser,
    mine: Companion,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    *,
    with_names: bool,
) -> None:
    await somebody(service)
    await browser.sign_in()
    before = await mine.measure(a_report(name="before ½.wav"))
    await mine.link(browser, with_names=with_names)
    gone = await mine.measure()
    await mine.pusher.push()
    clock.move(seconds=1)
    await mine.reports.delete(gone)
    report_id = await mine.measure(a_report(name="Unreleased ½.wav", findings=(a_finding(),)))
    clock.move(seconds=1)
    await Versions(mine.store).dismiss(await mine.reports.get(report_id), "low.sub_balance", whole_rule=True)
    environment = environment_of(mine.home.root)
    ended = await asyncio.to_thread(uptrack, "sync", "--dry-run", "--all", environment=environment)
    assert ended.returncode == 0, ended.stderr
    printed = ended.stdout.encode().splitlines()
    requests = ended.stderr.splitlines()
    sent = list[tuple[str, bytes | None]]()
    ask = Site.ask

    async def overheard(self: Site, method: str, path: str, access_token: str, body: bytes | None = None) -> object:
        if method != "GET":
            sent.append((f"{method} {SITE}{path}", body))
        return await ask(self, method, path, access_token, body)

    monkeypatch.setattr(Site, "ask", overheard)
    clock.move(seconds=1)
    assert await mine.outbox.add_all() == 1, "nothing was written down either"
    await mine.pusher.push(now=True)
    assert requests[:-1] == [request for request, _ in sent]
    assert printed == [body for _, body in sent if body is not None]
    assert requests[-1].startswith(f"{len(sent)} would be sent to ")
    assert any(before in request for request in requests)
    assert ("Unreleased" in ended.stdout) == with_names


async def test_without_a_link_nothing_would_be_sent(tmp_path: Path) -> None:
    ended = await asyncio.to_thread(uptrack, "sync", "--dry-run", environment=environment_of(tmp_path / "home"))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "Not linked: nothing would be sent.\n")


async def test_the_doctor_says_how_this_machine_stands_with_its_account_and_asks_nobody(
    service: Service, browser: Browser, mine: Companion
) -> None:
    assert (await check_account(mine.home)).sentence == "No account is linked: nothing leaves this machine."
    await somebody(service, "eve@example.org")
    await browser.sign_in("eve@example.org")
    await mine.link(browser)
    await mine.measure()
    mine.port = 1
    check = await check_account(mine.home)
    assert (check.status, check.sentence) == (
        "ok",
        f"Linked to Eve at {SITE}; last in step: never; 1 waiting, 0 refused.",
    )
    mine.port = browser.port
    await mine.pusher.push()
    assert "last in step: 2026-11-29 12:00 UTC; 0 waiting" in (await check_account(mine.home)).sentence
    await AccountLinks(mine.store).ended("It was lost.")
    check = await check_account(mine.home)
    assert (check.status, check.sentence.endswith("It was lost.")) == ("warning", True)


async def test_the_doctor_brings_no_store_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home")
    assert (await check_account(home)).status == "ok"
    home.create()
    upgrade(home.database)
    monkeypatch.setattr("uptrack_daemon.store.migrate.HEAD", "9999")
    assert "of another version" in (await check_account(home)).sentence


def test_a_running_daemon_says_so_too(tmp_path: Path) -> None:
    with running_daemon(tmp_path / "home") as daemon:
        said = uptrack("daemon", "status", environment=daemon.environment)
    assert "Account: No account is linked: nothing leaves this machine.\n" in said.stdout


async def test_a_standing_without_a_link_has_no_trouble(mine: Companion) -> None:
    assert (await standing_of(mine.store)).trouble is None
