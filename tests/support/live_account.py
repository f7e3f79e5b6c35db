"""A hosted account that is served beside the test, for what asks it without a loop of its own: a fuzz."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import delete

from support.account_pages import Site, open_site
from support.account_site import Machine, linked, somebody
from support.stores import Clock
from uptrack_account.store.models import TryRow

T = TypeVar("T")


@dataclass(frozen=True)
class LiveAccount:
    """Ada's, who is signed in and has a machine linked."""

    site: Site
    machine: Machine
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return self.site.service.settings.origin

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def forget_tries(self) -> None:
        """A fuzz tries more often than anybody may."""
        self.do(self._forget())

    async def _forget(self) -> None:
        async with self.site.service.database.writing() as session:
            await session.execute(delete(TryRow))

    def link_again(self) -> None:
        """One that was unlinked by what came by chance."""
        self.do(self._link())

    async def _link(self) -> None:
        await self.site.wire.sign_in()
        self.machine.tokens = (await linked(self.site.wire)).tokens


@contextmanager
def live_account(folder: Path, database: str, clock: Clock) -> Iterator[LiveAccount]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="account")
    thread.start()
    stack = AsyncExitStack()

    async def start() -> LiveAccount:
        site = await stack.enter_async_context(open_site(folder, database, clock))
        await somebody(site.service)
        await site.wire.sign_in()
        return LiveAccount(site, await linked(site.wire), loop)

    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
