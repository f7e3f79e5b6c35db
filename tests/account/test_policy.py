"""The privacy policy: read by everybody, seen once by who is signed in, and a letter about a new one (promise P19)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest

from support.account_site import ADA, ANOTHER, BOB, Browser, letters, served, somebody
from support.stores import Clock
from uptrack_account.people.policy import VERSION, Policy
from uptrack_account.service import Service

BANNER = 'A new <a href="/privacy">privacy policy</a> is in force'
NEXT = "2027-01-01"
SUBJECT = "UpTrack's privacy policy has changed"


def told(service: Service, email: str) -> int:
    return sum(one["To"] == email and one["Subject"] == SUBJECT for one in letters(service.settings.home))


@pytest.fixture
def renewed(service: Service) -> Service:
    """The same with the next version, that holds from the first day of 2027."""
    return dataclasses.replace(service, policy=Policy(service.database, service.settings.origin, NEXT))


@pytest.fixture
async def reader(renewed: Service) -> AsyncIterator[Browser]:
    await somebody(renewed)
    async with served(renewed) as browser:
        await browser.sign_in()
        yield browser


async def test_everybody_can_read_which_version_is_in_force_since_when(browser: Browser) -> None:
    page = (await browser.get("/privacy")).text
    assert f'<time datetime="{VERSION}">' in page
    assert f"version {VERSION}" in page


async def test_who_signs_up_has_agreed_to_the_one_in_force(service: Service, browser: Browser) -> None:
    assert "privacy policy" in (await browser.get("/sign-up")).text
    await somebody(service)
    await browser.sign_in()
    assert BANNER not in (await browser.get("/")).text
    assert await service.policy.tell() == 0


async def test_a_new_one_is_told_on_every_page_from_its_day_until_it_was_seen(reader: Browser, clock: Clock) -> None:
    pages = ("/", "/account", "/account/data", "/devices", "/link", "/privacy", "/nowhere")
    assert BANNER not in (await reader.get("/")).text
    clock.now = clock.now.replace(year=2027, month=1, day=1, hour=0)
    await reader.sign_in()
    for path in pages:
        assert BANNER in (await reader.ask("GET", path, None, {"Accept": "text/html"})).text, path
    assert (await reader.post("/privacy/seen")).to == "/"
    for path in pages:
        assert BANNER not in (await reader.ask("GET", path, None, {"Accept": "text/html"})).text, path
    reader.cookies.clear()
    assert BANNER not in (await reader.get("/")).text


async def test_a_letter_tells_everybody_once_from_its_day_whatever_letters_they_want(
    renewed: Service, service: Service, clock: Clock
) -> None:
    await somebody(renewed)
    await somebody(renewed, BOB, ANOTHER)
    await renewed.sweep()
    await renewed.postman.deliver()
    assert (told(renewed, ADA), told(renewed, BOB)) == (0, 0)
    clock.now = clock.now.replace(year=2027, month=1, day=1, hour=0)
    await renewed.accounts.sign_up("eve@example.org", "Not proved yet", ANOTHER)
    await renewed.sweep()
    await renewed.sweep()
    # Another process, or the same after a restart, knows it from the database.
    again = Policy(service.database, service.settings.origin, NEXT)
    assert await again.tell() == 0
    await renewed.postman.deliver()
    assert (told(renewed, ADA), told(renewed, BOB), told(renewed, "eve@example.org")) == (1, 1, 0)


async def test_several_processes_write_to_everybody_once(
    renewed: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uptrack_account.people.policy.AT_ONCE", 2)
    for number in range(5):
        await somebody(renewed, f"reader{number}@example.org")
    clock.now = clock.now.replace(year=2027, month=1, day=1)
    assert sum(await asyncio.gather(*(renewed.policy.tell() for _ in range(3)))) == 5
    await renewed.postman.deliver()
    assert [told(renewed, f"reader{number}@example.org") for number in range(5)] == [1] * 5
