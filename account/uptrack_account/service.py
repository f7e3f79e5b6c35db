"""The service as a block: everything a page or a sweep asks, open inside it and closed after it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from uptrack_account.accounts import Accounts
from uptrack_account.bell import Bell
from uptrack_account.changes import Changes
from uptrack_account.devices import Devices
from uptrack_account.dismissals import Dismissals
from uptrack_account.letters import FolderSender, Postman, SmtpSender
from uptrack_account.passwords import Passwords
from uptrack_account.reports import Reports
from uptrack_account.sessions import Sessions
from uptrack_account.settings import AccountSettings
from uptrack_account.store import Clock, Database, open_database, utc_now
from uptrack_account.throttle import Throttle
from uptrack_account.tokens import Keyed, kept_secret

log = logging.getLogger(__name__)

POST_EVERY_S, SWEEP_EVERY_S = 2.0, 3_600.0


@dataclass(frozen=True, slots=True)
class Service:
    settings: AccountSettings
    database: Database
    accounts: Accounts
    sessions: Sessions
    devices: Devices
    reports: Reports
    dismissals: Dismissals
    changes: Changes
    bell: Bell
    throttle: Throttle
    postman: Postman

    async def sweep(self) -> None:
        """Delete what has ended: sessions, machines, links, counts, old changes, accounts that nobody proved."""
        await self.sessions.sweep()
        await self.devices.sweep()
        await self.throttle.sweep()
        await self.changes.sweep()
        await self.accounts.sweep()


@asynccontextmanager
async def open_service(
    settings: AccountSettings, *, clock: Clock = utc_now, keeper: Passwords | None = None
) -> AsyncIterator[Service]:
    """Open the database, made or migrated first if need be.

    Raises
    ------
    BadInput, Unavailable
        As ``open_database``.
    """
    given = settings.secret
    secret = given.get_secret_value().encode() if given else kept_secret(settings.home / "secret")
    sender = (
        SmtpSender(
            settings.smtp_host, settings.smtp_port, settings.smtp_user, settings.smtp_password.get_secret_value()
        )
        if settings.smtp_host
        else FolderSender(settings.home / "letters")
    )
    keyed = Keyed(secret)
    async with open_database(settings.database_url, clock=clock) as database:
        bell = Bell(database)
        changes = Changes(database, bell)
        yield Service(
            settings,
            database,
            Accounts(database, keeper or Passwords(), settings.origin),
            Sessions(database),
            Devices(database, keyed, settings.origin, bell),
            Reports(database, changes),
            Dismissals(database, changes),
            changes,
            bell,
            Throttle(database, keyed),
            Postman(database, sender, settings.mail_from),
        )


@asynccontextmanager
async def at_work(service: Service) -> AsyncIterator[None]:
    """Letters go out, sweeps are made and other processes are heard while the block runs."""
    async with service.bell.listening(), asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_again(service.postman.deliver, POST_EVERY_S), name="post"),
            tasks.create_task(_again(service.sweep, SWEEP_EVERY_S), name="sweep"),
        ]
        try:
            yield
        finally:
            for task in running:
                task.cancel()


async def _again(work: Callable[[], Awaitable[object]], every_s: float) -> None:
    while True:
        try:
            await work()
        except Exception:
            # A database that is away for a minute must not end the service; what was not done is due next time.
            log.exception("%s failed", work.__qualname__ if hasattr(work, "__qualname__") else work)
        await asyncio.sleep(every_s)
