"""The push channel: a machine hears at once that something has changed, from any process, while it is linked."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from aiohttp import web

from support.account_site import (
    ADA,
    ANOTHER,
    PASSWORD,
    Browser,
    Machine,
    account_service,
    letters,
    link_in,
    linked,
    served,
    somebody,
)
from support.companion import Companion
from support.stores import Clock
from uptrack_account.errors import GrantRefused
from uptrack_account.machines import bell
from uptrack_account.service import Service
from uptrack_account.web import push
from uptrack_daemon.account.listening import FIRST_WAIT_S, LONGEST_WAIT_S, Listener, keep_listening
from uptrack_daemon.account.site import PushChannel, SiteUnavailable, TokenRefused
from uptrack_daemon.account.sync import LOOK_EVERY_S
from uptrack_daemon.account.token_place import kept_in
from uptrack_daemon.store import AccountLinks

REPORT = "3f2a" * 4
AT_ONCE_S = 20.0
"""Of a machine that is busy with other tests; what is waited for is an event."""


@pytest.fixture
async def machine(browser: Browser, ada: str) -> Machine:
    return await linked(browser)


def channel(mine: Companion, machine: Machine, stack: AsyncExitStack, port: int) -> asyncio.Future[PushChannel]:
    async def opened() -> PushChannel:
        mine.port = port
        site = await stack.enter_async_context(mine.reach("http://localhost:8765"))
        return await stack.enter_async_context(site.push_channel(machine.tokens.access_token))

    return asyncio.ensure_future(opened())


async def test_a_change_is_heard_at_once_and_only_by_machines_of_that_account(
    service: Service, browser: Browser, ada: str, mine: Companion, machine: Machine
) -> None:
    async with AsyncExitStack() as stack, service.bell.listening():
        await somebody(service, "bob@example.org", "four bars of silence")
        bob = Browser(browser.port, browser.http)
        await bob.sign_in("bob@example.org", "four bars of silence")
        bobs = await channel(mine, await linked(bob, "Bob's"), stack, browser.port)
        hers = await channel(mine, machine, stack, browser.port)
        await service.reports.delete(ada, REPORT)
        assert await hers.changed(within_s=AT_ONCE_S)
        assert not await bobs.changed(within_s=0.05)
        assert not await hers.changed(within_s=0.05), "once"


async def test_what_was_rolled_back_is_not_heard(
    service: Service, browser: Browser, ada: str, mine: Companion, machine: Machine
) -> None:
    async with AsyncExitStack() as stack, service.bell.listening():
        hers = await channel(mine, machine, stack, browser.port)
        with suppress(RuntimeError):
            async with service.database.writing() as session:
                await service.changes.note(session, ada, "report_deleted", report=REPORT)
                raise RuntimeError
        await service.reports.delete(ada, "81c0" * 4)
        assert await hers.changed(within_s=AT_ONCE_S)
        assert not await hers.changed(within_s=0.05)


async def test_a_channel_ends_at_once_when_its_machine_is_unlinked(
    service: Service, browser: Browser, ada: str, mine: Companion, machine: Machine
) -> None:
    async with AsyncExitStack() as stack, service.bell.listening():
        hers = await channel(mine, machine, stack, browser.port)
        (device,) = await service.devices.of(ada)
        await service.devices.unlink(ada, device.id)
        with pytest.raises(TokenRefused):
            await hers.changed(within_s=AT_ONCE_S)
        assert service.bell.listeners(ada) == 0


@pytest.mark.parametrize("how", ["another password", "a reset", "a key used twice", "erased"])
async def test_a_channel_ends_at_once_however_its_machine_is_unlinked(
    service: Service, browser: Browser, ada: str, mine: Companion, machine: Machine, how: str
) -> None:
    async with AsyncExitStack() as stack, service.bell.listening():
        hers = await channel(mine, machine, stack, browser.port)
        match how:
            case "another password":
                await browser.post("/account/password", old=PASSWORD, new=ANOTHER, unlink="yes")
            case "a reset":
                await service.accounts.ask_for_reset(ADA)
                await service.postman.deliver()
                token = link_in(letters(service.settings.home)[-1]).removeprefix("/reset/")
                await service.accounts.reset(token, ANOTHER, unlink=True)
            case "a key used twice":
                # Once more is fine: its answer may have been lost, until the next key shows that it was not.
                renewed = await service.devices.refresh(machine.tokens.refresh_token)
                await service.devices.refresh(renewed.refresh_token)
                with pytest.raises(GrantRefused, match="used twice"):
                    await service.devices.refresh(machine.tokens.refresh_token)
            case _:
                await browser.post("/account/erase", password=PASSWORD)
        assert await service.devices.of(ada) == []
        with pytest.raises(TokenRefused):
            await hers.changed(within_s=AT_ONCE_S)


async def test_a_channel_ends_when_its_token_is_too_old(
    service: Service,
    browser: Browser,
    ada: str,
    mine: Companion,
    machine: Machine,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push, "LOOK_EVERY_S", 0.01)
    async with AsyncExitStack() as stack:
        hers = await channel(mine, machine, stack, browser.port)
        clock.move(hours=2)
        with pytest.raises(TokenRefused):
            await hers.changed(within_s=AT_ONCE_S)


async def test_a_server_that_stops_closes_its_channels_and_is_not_held_up(
    service: Service, ada: str, mine: Companion, clock: Clock
) -> None:
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(AT_ONCE_S), served(service) as browser:
            await browser.sign_in()
            hers = await channel(mine, await linked(browser), stack, browser.port)
        with pytest.raises(SiteUnavailable, match="has closed the push channel"):
            await hers.changed(within_s=AT_ONCE_S)


async def test_channels_of_one_account_are_bounded_and_a_plain_request_is_refused(
    service: Service, browser: Browser, mine: Companion, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await machine.ask("GET", "/v1/push")).status == 426
    monkeypatch.setattr(push, "MOST_CHANNELS", 2)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await channel(mine, machine, stack, browser.port)
        with pytest.raises(SiteUnavailable):
            await channel(mine, machine, stack, browser.port)


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)  # a SQLite file is served by one process
async def test_a_change_in_one_process_is_heard_in_another(
    tmp_path: Path, clock: Clock, migrated_url: str, service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    machine = await linked(browser)
    home = tmp_path / "second"
    home.mkdir()
    shutil.copy(tmp_path / "home" / "secret", home / "secret")
    async with AsyncExitStack() as stack:
        second = await stack.enter_async_context(account_service(home, migrated_url, clock))
        await stack.enter_async_context(second.bell.listening())
        other = await stack.enter_async_context(served(second))
        hers = await channel(mine, machine, stack, other.port)
        await service.reports.delete(ada, REPORT)
        assert await hers.changed(within_s=AT_ONCE_S)


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)  # SQLite rings in its own process
async def test_a_process_whose_database_was_away_listens_again_and_rings_for_what_it_missed(
    service: Service, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "AGAIN_AFTER_S", 0.01)
    async with service.bell.listening(), asyncio.timeout(AT_ONCE_S):
        with service.bell.heard(ada) as rings:
            async with service.database.engine.connect() as connection:
                await connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE starts_with(query, 'LISTEN') AND datname = current_database()"
                )
            await rings.wait()
            rings.clear()
            await service.reports.delete(ada, REPORT)
            await rings.wait()


# -- the machine -------------------------------------------------------------------------------------------------------


async def test_a_daemon_that_listens_follows_a_change_without_waiting(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    await mine.measure()
    await mine.pusher.push()
    woken, wake = asyncio.Queue[None](), mine.pusher.wake

    def rings() -> None:
        wake()
        woken.put_nowait(None)

    mine.pusher.wake = rings  # type: ignore[method-assign]
    async with asyncio.timeout(AT_ONCE_S), service.bell.listening(), asyncio.TaskGroup() as tasks:
        listening_on = tasks.create_task(keep_listening(Listener(mine.store, mine.pusher)))
        await woken.get()
        await mine.pusher.push()
        (report,) = await mine.reports.list()
        await browser.post(f"/reports/{report.id}/delete")
        await woken.get()
        assert (await mine.pusher.push()).heard == 1
        listening_on.cancel()


async def test_a_daemon_whose_machine_was_unlinked_stops_listening_and_says_so(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    link = await mine.link(browser)
    listener = Listener(mine.store, mine.pusher, chance=lambda: 0.0)
    async with asyncio.timeout(AT_ONCE_S), service.bell.listening(), asyncio.TaskGroup() as tasks:
        hearing = tasks.create_task(listener.listen())
        await until_heard(service, ada)
        await service.devices.unlink(ada, link.device_id)
        await hearing
        await listener.listen()
    ended = await AccountLinks(mine.store).get()
    assert ended is not None
    assert ended.trouble is not None
    mine.port = 1
    assert await listener.listen() == LOOK_EVERY_S, "and asks nobody any more"


async def test_a_daemon_that_is_unlinked_here_leaves_the_channel_though_the_site_was_not_told(
    service: Service, browser: Browser, ada: str, mine: Companion
) -> None:
    await mine.link(browser)
    async with asyncio.timeout(AT_ONCE_S), asyncio.TaskGroup() as tasks:
        hearing = tasks.create_task(Listener(mine.store, mine.pusher).listen(look_every_s=0.01))
        await until_heard(service, ada)
        await AccountLinks(mine.store).remove()
        await hearing


async def until_heard(service: Service, account_id: str) -> None:
    while not service.bell.listeners(account_id):
        await asyncio.sleep(0)


@pytest.mark.usefixtures("ada")
async def test_a_key_that_is_not_taken_is_renewed_for_the_next_time(browser: Browser, mine: Companion) -> None:
    await mine.link(browser)
    before = kept_in(mine.key)
    mine.key.write(before.model_copy(update={"access_token": "set back"}).model_dump_json())
    listener = Listener(mine.store, mine.pusher, chance=lambda: 0.0)
    await listener.listen()
    mine.port = 1
    await listener.listen()
    assert kept_in(mine.key).refresh_token == before.refresh_token, "nobody could be asked"
    mine.port = browser.port
    listener._renew = True
    async with asyncio.timeout(AT_ONCE_S), asyncio.TaskGroup() as tasks:
        hearing = tasks.create_task(listener.listen(look_every_s=0.01))
        while kept_in(mine.key).refresh_token == before.refresh_token:
            await asyncio.sleep(0)
        await AccountLinks(mine.store).remove()
        await hearing


@pytest.mark.usefixtures("ada")
async def test_where_there_is_no_channel_it_is_tried_ever_more_seldom(browser: Browser, mine: Companion) -> None:
    await mine.link(browser)
    mine.port = 1
    listener = Listener(mine.store, mine.pusher, chance=lambda: 1.0)
    waits = [await listener.listen() for _ in range(9)]
    assert waits[:3] == [FIRST_WAIT_S * 2, FIRST_WAIT_S * 4, FIRST_WAIT_S * 8]
    assert waits[-1] == LONGEST_WAIT_S


@pytest.mark.usefixtures("ada")
async def test_no_redirect_is_followed_with_the_key(browser: Browser, mine: Companion) -> None:
    await mine.link(browser)
    asked = list[str]()

    async def elsewhere(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/another"})

    runner = web.ServerRunner(web.Server(elsewhere))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        mine.port = runner.addresses[0][1]
        await Listener(mine.store, mine.pusher).listen()
    finally:
        await runner.cleanup()
    assert asked == ["/v1/push"]
