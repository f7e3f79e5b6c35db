"""The service as a block: everything a page or a sweep asks, open inside it and closed after it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from uptrack_account.accounts import Accounts
from uptrack_account.addresses import Addresses
from uptrack_account.bell import Bell
from uptrack_account.billing import Billing
from uptrack_account.changes import Changes
from uptrack_account.devices import Devices
from uptrack_account.dismissals import Dismissals
from uptrack_account.errands import Errands
from uptrack_account.letters import FolderSender, Postman, SmtpSender
from uptrack_account.metrics import Metrics
from uptrack_account.passwords import Passwords
from uptrack_account.policy import Policy
from uptrack_account.reports import Reports
from uptrack_account.sessions import Sessions
from uptrack_account.settings import AccountSettings
from uptrack_account.store import Clock, Database, open_database, utc_now
from uptrack_account.stripe_site import open_stripe
from uptrack_account.throttle import Throttle
from uptrack_account.tokens import Keyed, kept_secret

log = logging.getLogger(__name__)

POST_EVERY_S, ERRANDS_EVERY_S, SWEEP_EVERY_S = 2.0, 10.0, 3_600.0


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
    billing: Billing
    errands: Errands
    addresses: Addresses
    policy: Policy
    metrics: Metrics = field(default_factory=Metrics)

    async def sweep(self) -> None:
        """Delete what has ended: sessions, machines, links, counts, old changes, unproved accounts; tell of a policy."""
        await self.sessions.sweep()
        await self.devices.sweep()
        await self.throttle.sweep()
        await self.changes.sweep()
        await self.accounts.sweep()
        await self.billing.sweep()
        await self.policy.tell()


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
    keyed, keeper = Keyed(secret), keeper or Passwords()
    async with open_database(settings.database_url, clock=clock) as database, open_stripe(settings) as stripe:
        accounts = Accounts(database, keeper, settings.origin)
        bell = Bell(database)
        changes = Changes(database, bell)
        yield Service(
            settings,
            database,
            accounts,
            Sessions(database),
            Devices(database, keyed, settings.origin, bell),
            Reports(database, changes),
            Dismissals(database, changes),
            changes,
            bell,
            Throttle(database, keyed),
            Postman(database, sender, settings.mail_from),
            Billing(database, settings, stripe),
            Errands(database, stripe),
            Addresses(database, accounts, keeper, settings.origin),
            Policy(database, settings.origin),
        )


@asynccontextmanager
async def at_work(service: Service) -> AsyncIterator[None]:
    """Letters go out, sweeps are made and other processes are heard while the block runs."""
    noting, clock = service.metrics.noting, service.database.clock
    async with service.bell.listening(), asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_again(noting("post", service.postman.deliver, clock), POST_EVERY_S), name="post"),
            tasks.create_task(_again(noting("sweep", service.sweep, clock), SWEEP_EVERY_S), name="sweep"),
            tasks.create_task(_again(noting("errands", service.errands.run, clock), ERRANDS_EVERY_S), name="errands"),
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
