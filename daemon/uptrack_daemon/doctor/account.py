"""The account: whether one is linked, when it last answered, and what waits for it; all from our own store."""

from __future__ import annotations

import asyncio

from uptrack_analysis.errors import Unavailable
from uptrack_daemon.account.standing import standing_of
from uptrack_daemon.doctor.check import Check
from uptrack_daemon.home import Home
from uptrack_daemon.store import open_store
from uptrack_daemon.store.migrate import is_current


async def check_account(home: Home) -> Check:
    """What can be said without asking anybody."""
    if not home.database.exists():
        return Check("account", "ok", "No account is linked: nothing leaves this machine.")
    try:
        if not await asyncio.to_thread(is_current, home.database):
            return Check(
                "account", "ok", "The store is of another version: `uptrack sync` says which account it knows."
            )
        async with open_store(home.database) as store:
            standing = await standing_of(store)
    except Unavailable as error:
        return Check("account", "problem", error.sentence)
    return Check("account", "warning" if standing.trouble else "ok", standing.sentence)
