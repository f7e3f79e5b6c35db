"""Linking this machine to an account, and ending it.

Nobody types a password here: the machine shows a code, its owner confirms it where they are signed in (RFC 8628).
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from uptrack_analysis.errors import BadInput, UpTrackError
from uptrack_bridges.account import DEVICE_NAME_LENGTH, SYSTEM_LENGTH, DeviceAuthorization, Tokens
from uptrack_daemon.account.site import GrantEnded, Site, SiteUnavailable
from uptrack_daemon.account.token_place import KeptTokens, TokenPlace, kept_in, place_called
from uptrack_daemon.home import Home
from uptrack_daemon.store import AccountLink, AccountLinks, Clock, Store

SLOWER_BY_S = 5  # RFC 8628, 3.5


async def link(
    store: Store,
    site: Site,
    place: TokenPlace,
    *,
    name: str,
    with_names: bool,
    show: Callable[[DeviceAuthorization], None],
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> AccountLink:
    """Link this machine.

    Parameters
    ----------
    place : TokenPlace
        Where the keys are kept.
    with_names : bool
        Whether names of files, stems and projects may be sent.
    show : callable
        Shows a person the code.

    Raises
    ------
    BadInput
        Linked already (code ``account.linked``), or the person refused.
    SiteUnavailable
        Nobody there when we first asked, or nobody confirmed in time.
    """
    await refuse_second(store)
    asked = await site.authorize(name, system_name())
    show(asked)
    tokens = await _confirmed(site, asked, sleep)
    keep(place, tokens, store.clock)
    found = await site.device(tokens.access_token)
    return await AccountLinks(store).save(
        site=site.origin,
        device_id=found.id,
        device_name=found.name,
        account_id=found.account_id,
        account_name=found.account,
        with_names=with_names,
        token_place=place.name,
    )


async def refuse_second(store: Store) -> None:
    """Raise ``BadInput`` (code ``account.linked``) where the machine is linked, and well."""
    before = await AccountLinks(store).get()
    if before is not None and before.trouble is None:
        raise BadInput(
            f"This machine is linked to {before.account_name} at {before.site}: `uptrack unlink` ends that first.",
            code="account.linked",
        )


async def unlink(home: Home, store: Store, site: Site) -> bool:
    """Forget the account and its keys here, and have the site do the same; whether it could be told.

    What waited to be sent is not sent any more.
    """
    links = AccountLinks(store)
    found = await links.get()
    if found is None:
        return True
    place = place_called(found.token_place, home)
    try:
        await site.revoke(kept_in(place).refresh_token)
        told = True
    except UpTrackError:
        told = False
    await links.remove()
    place.erase()
    return told


def keep(place: TokenPlace, tokens: Tokens, clock: Clock) -> KeptTokens:
    """Keep a pair before it is used: the one before it is good no longer once this is."""
    kept = KeptTokens(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        access_until=clock() + timedelta(seconds=tokens.expires_in),
    )
    place.write(kept.model_dump_json())
    return kept


def machine_name() -> str:
    """What this machine is called on its network, or "This machine"."""
    name = "".join(letter for letter in platform.node() if letter.isprintable()).strip()
    return name[:DEVICE_NAME_LENGTH] or "This machine"


def system_name() -> str:
    return {"Darwin": "macOS"}.get(platform.system(), platform.system() or "unknown")[:SYSTEM_LENGTH]


async def _confirmed(site: Site, asked: DeviceAuthorization, sleep: Callable[[float], Awaitable[Any]]) -> Tokens:
    interval_s, waited_s = asked.interval, 0
    while waited_s < asked.expires_in:
        await sleep(interval_s)
        waited_s += interval_s
        try:
            answer = await site.fetch(asked.device_code)
        except SiteUnavailable:
            interval_s += SLOWER_BY_S
            continue
        if isinstance(answer, Tokens):
            return answer
        if answer.slower:
            interval_s += SLOWER_BY_S
    raise GrantEnded("Nobody confirmed in time: run `uptrack link` again.", status=400, code="account.expired_token")
