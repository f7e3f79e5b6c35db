"""The push channel from this side: while it is open, what changes in the account is asked for at once.

It says only that something has changed; without it changes are asked for every ten minutes or so, and nothing is
missed. So whatever goes wrong here is no trouble: it is opened again, by chance within a bound that doubles.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, Never

from uptrack_analysis.errors import UpTrackError
from uptrack_daemon.account.site import SiteUnavailable, TokenRefused
from uptrack_daemon.account.sync import LONGEST_ASKED_FOR_S, LOOK_EVERY_S, Pusher
from uptrack_daemon.account.turn import Busy
from uptrack_daemon.store import AccountLink, AccountLinks, Store

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 900.0


class Listener:
    """Listens to the account of one store.

    Parameters
    ----------
    pusher : Pusher
        Woken when something has changed.
    chance : callable
        A number from 0 to 1, for the jitter.
    """

    def __init__(self, store: Store, pusher: Pusher, *, chance: Callable[[], float] = random.random) -> None:
        self._links = AccountLinks(store)
        self._pusher = pusher
        self._chance = chance
        self._failures = 0
        self._renew = False

    async def listen(self, *, look_every_s: float = LOOK_EVERY_S) -> float:
        """Listen until the channel ends, if this machine is linked; how long to wait before the next time, in s."""
        link = await self._links.get()
        if link is None or link.trouble is not None:
            self._failures = 0
            return look_every_s
        try:
            await self._hear(link, look_every_s)
        except Busy:
            return look_every_s  # a command is at it
        except UpTrackError as error:
            return self._wait_s(error)
        return look_every_s

    async def _hear(self, link: AccountLink, look_every_s: float) -> None:
        token = await self._pusher.key(link, renewed=self._renew)
        self._renew = False
        if token is None:
            return
        async with self._pusher.reach(link.site) as site, site.push_channel(token) as channel:
            self._pusher.wake()  # for what has changed before it was open
            while (now := await self._links.get()) is not None and now == link:
                if await channel.changed(within_s=look_every_s):
                    self._pusher.wake()
                self._failures = 0

    def _wait_s(self, error: UpTrackError) -> float:
        # A key that looks good and is not taken: it was renewed elsewhere, or we are unlinked, which its renewal tells.
        self._renew = isinstance(error, TokenRefused)
        self._failures += 1
        asked_s = error.retry_after_s if isinstance(error, SiteUnavailable) else None
        bound_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self._failures, 20))
        wait_s = self._chance() * bound_s + min(asked_s or 0.0, LONGEST_ASKED_FOR_S)
        log.info("No push channel, trying again in %.0f s: %s", wait_s, error.sentence)
        return wait_s


async def keep_listening(listener: Listener, *, sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep) -> Never:
    """Listen, for ever; a machine that is not linked looks into its own store and no further."""
    while True:
        await sleep(await listener.listen())
