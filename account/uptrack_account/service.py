"""The service as a block: everything a page or a sweep asks, open inside it and closed after it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from uptrack_account.audio.isolated import Isolation
from uptrack_account.audio.jobs import Jobs, open_jobs
from uptrack_account.audio.objects import Objects, open_objects
from uptrack_account.audio.uploads import SWEEP_EVERY_S as UPLOADS_EVERY_S
from uptrack_account.audio.uploads import Uploads
from uptrack_account.audio.worker import Analyst, sweep_folders
from uptrack_account.audio.worker import at_work as analysing
from uptrack_account.every import every
from uptrack_account.letters import FolderSender, Postman, SmtpSender
from uptrack_account.machines.bell import Bell
from uptrack_account.machines.changes import Changes
from uptrack_account.machines.devices import Devices
from uptrack_account.machines.dismissals import Dismissals
from uptrack_account.machines.reports import Reports
from uptrack_account.metrics import Metrics
from uptrack_account.money.billing import Billing
from uptrack_account.money.errands import Errands
from uptrack_account.money.stripe_site import open_stripe
from uptrack_account.people.accounts import Accounts
from uptrack_account.people.addresses import Addresses
from uptrack_account.people.passwords import Passwords
from uptrack_account.people.policy import Policy
from uptrack_account.people.sessions import Sessions
from uptrack_account.settings import AccountSettings
from uptrack_account.store import Clock, Database, open_database, utc_now
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
    objects: Objects
    jobs: Jobs
    uploads: Uploads
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def folder(self) -> Path:
        """Where audio lies while it is analysed."""
        return self.settings.home / "analysing"

    @property
    def packing_folder(self) -> Path:
        """Where archives lie while they are downloaded."""
        return self.settings.home / "packing"

    def analyst(self) -> Analyst:
        isolation = Isolation.of(self.settings)
        return Analyst(self.uploads, self.objects, self.jobs, isolation, self.folder)

    async def sweep(self) -> None:
        """Delete what has ended, from sessions to audio that nobody knows, and tell people of a new policy.

        Raises
        ------
        ExceptionGroup
            Of all that failed, once the rest is done.
        """
        await every(
            self.sessions.sweep,
            self.devices.sweep,
            self.throttle.sweep,
            self.changes.sweep,
            self.accounts.sweep,
            self.sweep_folders,
            self.uploads.sweep_orphans,
            self.billing.sweep,
            self.policy.tell,
        )

    async def sweep_folders(self) -> None:
        """Delete what analyses that were cut off on this machine have left."""
        await asyncio.to_thread(sweep_folders, self.folder)


@asynccontextmanager
async def open_service(
    settings: AccountSettings, *, clock: Clock = utc_now, keeper: Passwords | None = None
) -> AsyncIterator[Service]:
    """Open the database, made or migrated first if need be.

    Raises
    ------
    BadInput, Unavailable
        As ``open_database`` and ``open_objects``.
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
    keyed, keeper, objects = Keyed(secret), keeper or Passwords(), open_objects(settings)
    async with (
        open_database(settings.database_url, clock=clock) as database,
        open_jobs(settings, database) as jobs,
        open_stripe(settings) as stripe,
    ):
        bell = Bell(database)
        changes = Changes(database, bell)
        reports = Reports(database, changes)
        uploads = Uploads(database, objects, jobs, reports, settings)
        accounts = Accounts(database, keeper, settings.origin, bell, leaving=(uploads.leave,))
        yield Service(
            settings,
            database,
            accounts,
            Sessions(database),
            Devices(database, keyed, settings.origin, bell),
            reports,
            Dismissals(database, changes),
            changes,
            bell,
            Throttle(database, keyed),
            Postman(database, sender, settings.mail_from),
            Billing(database, settings, stripe),
            Errands(database, stripe),
            Addresses(database, accounts, keeper, settings.origin),
            Policy(database, settings.origin),
            objects,
            jobs,
            uploads,
        )


@asynccontextmanager
async def at_work(service: Service) -> AsyncIterator[None]:
    """Letters go out, uploads are analysed, sweeps are made and other processes are heard while the block runs."""
    noting, clock = service.metrics.noting, service.database.clock
    async with (
        service.bell.listening(),
        analysing(service.analyst(), service.settings.workers),
        asyncio.TaskGroup() as tasks,
    ):
        running = [
            tasks.create_task(_again(noting("post", service.postman.deliver, clock), POST_EVERY_S), name="post"),
            tasks.create_task(_again(noting("sweep", service.sweep, clock), SWEEP_EVERY_S), name="sweep"),
            tasks.create_task(_again(noting("errands", service.errands.run, clock), ERRANDS_EVERY_S), name="errands"),
            tasks.create_task(_again(noting("uploads", service.uploads.sweep, clock), UPLOADS_EVERY_S), name="uploads"),
        ]
        try:
            yield
        finally:
            for task in running:
                task.cancel()


@asynccontextmanager
async def only_analysing(service: Service, slots: int) -> AsyncIterator[None]:
    """Uploads are analysed, and deleted when they are due, while the block runs: a process beside those with pages."""
    noting, clock = service.metrics.noting, service.database.clock
    async with analysing(service.analyst(), slots), asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_again(noting("uploads", service.uploads.sweep, clock), UPLOADS_EVERY_S), name="uploads"),
            tasks.create_task(_again(noting("folders", service.sweep_folders, clock), SWEEP_EVERY_S), name="folders"),
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
