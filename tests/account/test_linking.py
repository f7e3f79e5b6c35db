"""A Companion's side of the link, against the real site: made, kept, renewed, ended."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import keyring
import pytest
from aiohttp import web
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring

from support.account_site import SITE, Browser, linked, somebody, upload
from support.stores import Clock, a_store
from uptrack_account.service import Service
from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.account import DeviceAuthorization, ReportKept, Tokens
from uptrack_daemon.account import linking
from uptrack_daemon.account.site import (
    GrantEnded,
    Site,
    SiteRefused,
    SiteUnavailable,
    TokenRefused,
    checked_site,
    open_site,
)
from uptrack_daemon.account.token_place import Keychain, TokenFile, choose_place, kept_in, place_called
from uptrack_daemon.account.turn import Busy, turn
from uptrack_daemon.home import Home
from uptrack_daemon.store import AccountLink, AccountLinks, Store


class MemoryKeyring(KeyringBackend):
    """A keychain that works, for as long as the test runs."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "companion")
    home.create()
    return home


@pytest.fixture
async def store(home: Home, clock: Clock) -> AsyncIterator[Store]:
    async with a_store(home.database, clock=clock) as store:
        yield store


@pytest.fixture
async def site(browser: Browser) -> AsyncIterator[Site]:
    async with open_site(SITE, address=f"http://127.0.0.1:{browser.port}") as site:
        yield site


@pytest.fixture
def keychain(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


def person(
    browser: Browser, clock: Clock, answer: str = "allow", after: int = 2
) -> tuple[Callable[[DeviceAuthorization], None], Callable[[float], Awaitable[None]]]:
    """Somebody who sees the code and answers on the page, when the machine has asked ``after`` times."""
    seen: list[str] = []
    left = [after]

    async def sleep(seconds: float) -> None:
        clock.move(seconds=seconds)
        left[0] -= 1
        if left[0] == 0:
            await browser.post("/link/answer", user_code=seen[0], answer=answer)

    return lambda asked: seen.append(asked.user_code), sleep


async def link(
    store: Store, site: Site, home: Home, browser: Browser, clock: Clock, *, with_names: bool = True
) -> AccountLink:
    show, sleep = person(browser, clock)
    place = TokenFile(home.account_key_file)
    return await linking.link(store, site, place, name="Studio", with_names=with_names, show=show, sleep=sleep)


async def test_a_machine_is_linked_once_its_owner_confirms_the_code(
    service: Service, browser: Browser, store: Store, site: Site, home: Home, clock: Clock
) -> None:
    account_id = await somebody(service)
    await browser.sign_in()
    found = await link(store, site, home, browser, clock)
    assert (found.site, found.account_name, found.device_name) == (SITE, "Ada", "Studio")
    assert found == await AccountLinks(store).get()
    assert [device.id for device in await service.devices.of(account_id)] == [found.device_id]
    kept = kept_in(place_called(found.token_place, home))
    assert (await site.device(kept.access_token)).account == "Ada"
    assert (kept.access_until - clock.now).total_seconds() == 3_600
    assert kept.access_token.encode() not in home.database.read_bytes()


async def test_a_machine_that_is_refused_is_not_linked_and_keeps_nothing(
    service: Service, browser: Browser, store: Store, site: Site, home: Home, clock: Clock
) -> None:
    await somebody(service)
    await browser.sign_in()
    show, sleep = person(browser, clock, answer="refuse")
    with pytest.raises(GrantEnded, match="owner refused"):
        await linking.link(
            store, site, TokenFile(home.account_key_file), name="Studio", with_names=True, show=show, sleep=sleep
        )
    assert await AccountLinks(store).get() is None
    assert not home.account_key_file.exists()


async def test_a_code_that_nobody_confirms_ends_in_a_sentence(
    store: Store, site: Site, home: Home, browser: Browser, clock: Clock
) -> None:
    show, sleep = person(browser, clock, after=10_000)
    with pytest.raises(GrantEnded, match="in time"):
        await linking.link(
            store, site, TokenFile(home.account_key_file), name="Studio", with_names=True, show=show, sleep=sleep
        )


async def test_a_second_link_is_refused_before_anybody_is_asked(
    service: Service, browser: Browser, store: Store, site: Site, home: Home, clock: Clock
) -> None:
    await somebody(service)
    await browser.sign_in()
    await link(store, site, home, browser, clock)
    with pytest.raises(BadInput, match="is linked to Ada at http://localhost:8765: `uptrack unlink` ends that first"):
        await link(store, site, home, browser, clock)


async def test_unlinking_ends_it_on_both_sides(
    service: Service, browser: Browser, store: Store, site: Site, home: Home, clock: Clock
) -> None:
    account_id = await somebody(service)
    await browser.sign_in()
    await link(store, site, home, browser, clock)
    assert await linking.unlink(home, store, site)
    assert await service.devices.of(account_id) == []
    assert await AccountLinks(store).get() is None
    assert not home.account_key_file.exists()
    assert await linking.unlink(home, store, site), "there is nothing left to end"


async def test_unlinking_without_the_site_ends_it_here_and_says_that_it_could_not_be_told(
    service: Service, browser: Browser, store: Store, site: Site, home: Home, clock: Clock
) -> None:
    await somebody(service)
    await browser.sign_in()
    await link(store, site, home, browser, clock)
    async with open_site(SITE, address="http://127.0.0.1:1") as gone:
        assert not await linking.unlink(home, store, gone)
    assert await AccountLinks(store).get() is None
    assert not home.account_key_file.exists()


async def test_a_site_that_is_away_while_the_person_confirms_is_asked_again(
    service: Service,
    browser: Browser,
    store: Store,
    site: Site,
    home: Home,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await somebody(service)
    await browser.sign_in()
    fetch, failures = Site.fetch, [2]

    async def unreliable(self: Site, device_code: str) -> object:
        if failures[0]:
            failures[0] -= 1
            raise SiteUnavailable("gone")
        return await fetch(self, device_code)

    monkeypatch.setattr(Site, "fetch", unreliable)
    assert (await link(store, site, home, browser, clock)).account_name == "Ada"


async def test_a_key_in_a_file_is_its_owners_alone_and_replaced_whole(home: Home) -> None:
    place = TokenFile(home.account_key_file)
    assert place.read() is None
    place.write("one")
    place.write("two")
    assert place.read() == "two"
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    assert [path.name for path in home.root.iterdir() if "key" in path.name] == ["account.key"]
    place.erase()
    place.erase()
    assert place.read() is None


def test_a_keychain_that_works_is_preferred_and_leaves_no_file(home: Home, keychain: MemoryKeyring) -> None:
    place, notice = choose_place(home, keychain=True)
    assert (place.name, notice, keychain.kept) == ("keychain", None, {})
    place.write("key")
    assert place_called("keychain", home).read() == "key"
    assert Keychain("another home").read() is None
    place.erase()
    place.erase()
    assert keychain.kept == {}
    assert not home.account_key_file.exists()


@pytest.mark.parametrize("backend", [NoKeyring, NullKeyring])
def test_without_a_keychain_the_key_goes_into_a_file_and_a_sentence_says_so(
    home: Home, monkeypatch: pytest.MonkeyPatch, backend: type[KeyringBackend]
) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend())
    place, notice = choose_place(home, keychain=True)
    assert place.name == "file"
    assert notice == (
        f"No keychain answers here, so the key to your account is kept in {home.account_key_file}, which only you can "
        "read."
    )


def test_a_keychain_that_is_switched_off_is_not_asked(home: Home, keychain: MemoryKeyring) -> None:
    place, notice = choose_place(home, keychain=False)
    assert place.name == "file"
    assert notice is not None
    assert notice.startswith("The keychain is switched off")


def test_a_key_that_is_gone_is_a_sentence(home: Home) -> None:
    with pytest.raises(Unavailable, match="link it again with `uptrack link`"):
        kept_in(TokenFile(home.account_key_file))


async def test_only_one_process_at_a_time_speaks_to_the_account(home: Home) -> None:
    async with turn(home):
        with pytest.raises(Busy, match="try again in a minute"):
            async with turn(home, wait_s=0):
                pass
    async with turn(home, wait_s=0):
        pass


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://uptrack.pro", "https://uptrack.pro"),
        ("https://uptrack.pro/some/page?x=1", "https://uptrack.pro"),
        ("account.example.org", "https://account.example.org"),
        ("http://localhost:8765", "http://localhost:8765"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
    ],
)
def test_a_site_is_its_origin(text: str, origin: str) -> None:
    assert checked_site(text) == origin


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Expected a site like"),
        ("ftp://uptrack.pro", "Expected a site like"),
        ("https://", "Expected a site like"),
        ("http://uptrack.pro", "Expected https:// before uptrack.pro"),
        ("http://192.168.0.2", "Expected https:// before 192.168.0.2"),
    ],
)
def test_what_is_no_site_or_would_be_spoken_to_in_the_open_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        checked_site(text)


# -- a site that misbehaves --------------------------------------------------------------------------------------------


@pytest.fixture
async def odd() -> AsyncIterator[tuple[Site, list[web.Request], dict[str, web.Response]]]:
    """A site that answers what the test says."""
    asked: list[web.Request] = []
    answers: dict[str, web.Response] = {}

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request)  # type: ignore[arg-type]
        return answers["next"]

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with open_site(f"http://127.0.0.1:{runner.addresses[0][1]}") as site:
        yield site, asked, answers
    await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "headers", "retry_after_s"),
    [
        (500, {}, None),
        (503, {"Retry-After": "17"}, 17.0),
        (429, {"Retry-After": "120"}, 120.0),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0.0),
    ],
)
async def test_a_site_that_is_too_busy_says_when_to_come_again(
    odd: tuple[Site, list[web.Request], dict[str, web.Response]],
    status: int,
    headers: dict[str, str],
    retry_after_s: float | None,
) -> None:
    site, _asked, answers = odd
    answers["next"] = web.Response(status=status, headers=headers)
    with pytest.raises(SiteUnavailable, match=f"cannot take it now \\({status}\\)") as told:
        await site.device("token")
    assert told.value.retry_after_s == retry_after_s


async def test_a_redirect_is_not_followed_and_no_key_goes_elsewhere(
    odd: tuple[Site, list[web.Request], dict[str, web.Response]],
) -> None:
    site, asked, answers = odd
    answers["next"] = web.Response(status=307, headers={"Location": f"{site.origin}/elsewhere"})
    with pytest.raises(SiteRefused, match="answered 307"):
        await site.device("token")
    assert [request.path for request in asked] == ["/v1/device"]


async def test_a_page_that_answers_instead_of_the_site_is_as_good_as_nobody(
    odd: tuple[Site, list[web.Request], dict[str, web.Response]],
) -> None:
    site, _asked, answers = odd
    answers["next"] = web.Response(text="<html>Welcome to our hotel", content_type="text/html")
    with pytest.raises(SiteUnavailable, match="something else answered"):
        await site.authorize("Studio", "Linux")


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "<html>Welcome to our hotel"},
        {"text": "{}"},
        {"text": ReportKept(id="81c0" * 4, sha256="0" * 64, readable=True).model_dump_json()},
        {"status": 204},
    ],
    ids=str,
)
async def test_that_a_report_is_kept_is_believed_only_in_the_accounts_own_words(
    odd: tuple[Site, list[web.Request], dict[str, web.Response]], answer: dict[str, Any]
) -> None:
    site, _asked, answers = odd
    answers["next"] = web.Response(**answer)
    with pytest.raises(SiteUnavailable, match="something else answered"):
        await site.put_report("3f2a" * 4, upload(), "token")
    if "text" in answer:
        answers["next"] = web.Response(**answer)
        with pytest.raises(SiteUnavailable, match="something else answered"):
            await site.delete_report("3f2a" * 4, "token")


async def test_a_token_that_is_good_no_longer_is_told_from_a_request_that_is(
    odd: tuple[Site, list[web.Request], dict[str, web.Response]],
) -> None:
    site, _asked, answers = odd
    answers["next"] = web.Response(status=401)
    with pytest.raises(TokenRefused):
        await site.device("token")
    problem = {"title": "Too large", "status": 413, "detail": "Too large a report.", "code": "report.too_large"}
    answers["next"] = web.Response(status=413, text=json.dumps(problem))
    with pytest.raises(SiteRefused, match=r"Too large a report\.") as told:
        await site.device("token")
    assert (told.value.status, told.value.code) == (413, "report.too_large")


async def test_nobody_there_is_a_sentence() -> None:
    async with open_site("http://127.0.0.1:1") as site:
        with pytest.raises(SiteUnavailable, match=r"http://127\.0\.0\.1:1 does not answer"):
            await site.authorize("Studio", "Linux")


async def test_a_refreshed_machine_can_unlink_itself_and_is_then_told_so(
    browser: Browser, service: Service, site: Site
) -> None:
    await somebody(service)
    await browser.sign_in()
    machine = await linked(browser)
    after = await site.refresh(machine.tokens.refresh_token)
    assert isinstance(after, Tokens)
    await site.revoke(after.access_token)
    with pytest.raises(GrantEnded, match="not linked any more"):
        await site.refresh(after.refresh_token)
