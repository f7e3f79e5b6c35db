"""A Companion's store and home, linked to an account of a test, and what it is asked to do there."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from support.account_site import SITE, Browser, linked
from support.reports import a_report
from support.stores import Clock, a_store
from uptrack_analysis.report import Report, to_json
from uptrack_daemon.account.linking import keep
from uptrack_daemon.account.site import Site, open_site
from uptrack_daemon.account.sync import Pusher
from uptrack_daemon.account.token_place import TokenFile
from uptrack_daemon.home import Home
from uptrack_daemon.store import AccountLink, AccountLinks, NewReport, Outbox, Reports, Store


@dataclass
class Companion:
    home: Home
    store: Store
    clock: Clock
    port: int
    """Where the site is reached; a test may put something in between."""
    chance: float = 1.0
    deletes_here: bool = False
    sends_audio: bool = False
    pusher: Pusher = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """What was only remembered is forgotten."""
        self.pusher = Pusher(
            self.home,
            self.store,
            reach=self.reach,
            chance=lambda: self.chance,
            deletes_here=self.deletes_here,
            sends_audio=self.sends_audio,
        )

    def reach(self, origin: str) -> AbstractAsyncContextManager[Site]:
        return open_site(origin, address=f"http://127.0.0.1:{self.port}")

    @property
    def key(self) -> TokenFile:
        return TokenFile(self.home.account_key_file)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.store)

    @property
    def reports(self) -> Reports:
        return Reports(self.store)

    async def link(self, browser: Browser, *, with_names: bool = True, site: str = SITE) -> AccountLink:
        """To the account of who is signed in."""
        machine = await linked(browser)
        keep(self.key, machine.tokens, self.clock)
        async with self.reach(site) as reached:
            device = await reached.device(machine.tokens.access_token)
        return await AccountLinks(self.store).save(
            site=site,
            device_id=device.id,
            device_name=device.name,
            account_id=device.account_id,
            account_name=device.account,
            with_names=with_names,
            token_place=self.key.name,
        )

    @staticmethod
    def document(report: Report | str | None = None) -> str:
        return report if isinstance(report, str) else to_json(report or a_report())

    async def measure(
        self,
        report: Report | str | None = None,
        *,
        passage_of: str | None = None,
        dismissed: Mapping[str, str] = MappingProxyType({}),
        project: str = "Warehouse",
        path: Path = Path("/music/warehouse_v7.wav"),
    ) -> str:
        """A report that was just made; its id."""
        document = self.document(report)
        new = NewReport(
            document=document,
            job_id="0" * 16,
            source_path=path,
            project_name=project,
            passage_of=passage_of,
            dismissed=dismissed,
            audio=self.sends_audio,
        )
        return (await self.reports.save(new)).id

    async def measure_file(self, path: Path, *, kind: str = "WAV", passage_of: str | None = None) -> str:
        """A report that was just made of a file that is there; its id."""
        report = a_report(name=path.name)
        source = dataclasses.replace(report.source, format=kind, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        return await self.measure(dataclasses.replace(report, source=source), passage_of=passage_of, path=path)


@asynccontextmanager
async def companion(folder: Path, clock: Clock, port: int) -> AsyncIterator[Companion]:
    home = Home(folder)
    home.create()
    async with a_store(home.database, clock=clock) as store:
        yield Companion(home, store, clock, port)
