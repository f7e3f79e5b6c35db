"""What changed in the account is carried out here: what was deleted there is not sent again, what is meant is meant.

A machine that was never here, or for long, reads the state; then it follows change by change. What the account has
deleted stays on this machine, unless its owner has set that it goes here, too.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from uptrack_analysis.errors import BadInput
from uptrack_bridges.account_changes import RESYNC, AccountState, ChangeList, Decision
from uptrack_daemon.account.envelope import project_key
from uptrack_daemon.account.site import Site, SiteRefused
from uptrack_daemon.erase import erase_report
from uptrack_daemon.home import Home
from uptrack_daemon.store import AccountFeed, AccountLink, Store

log = logging.getLogger(__name__)

Answered = TypeVar("Answered")


class Asks(Protocol):
    """Asks a site as the linked machine."""

    @property
    def site(self) -> Site: ...

    @property
    def link(self) -> AccountLink: ...

    async def ask(self, question: Callable[[str], Awaitable[Answered]]) -> Answered: ...


class Follower:
    """Follows the account of one store.

    Parameters
    ----------
    deletes_here : bool
        Erase here what was deleted in the account.
    """

    def __init__(self, home: Home, store: Store, *, deletes_here: bool) -> None:
        self._home = home
        self._store = store
        self._feed = AccountFeed(store)
        self._deletes_here = deletes_here

    async def follow(self, caller: Asks) -> int:
        """Carry out all that has changed; how much that was.

        Raises
        ------
        Unavailable, SiteRefused
        """
        heard = 0
        cursor = await self._feed.cursor()
        while True:
            if cursor is None:
                cursor, read = await self._read_state(caller)
                heard += read
            try:
                page = await caller.ask(partial(_changes, caller.site, cursor))
            except SiteRefused as refused:
                if refused.code != RESYNC:
                    raise
                await self._feed.start_again()
                cursor, read = await self._read_state(caller)
                return heard + read
            deleted = [one.report for one in page.changes if one.report is not None]
            decisions = [(one.project, one.decision) for one in page.changes if one.project and one.decision]
            await self._carry_out(caller, page.cursor, deleted, decisions)
            cursor, heard = page.cursor, heard + len(page.changes)
            if not page.more:
                return heard

    async def _read_state(self, caller: Asks) -> tuple[int, int]:
        """Where to go on from: where the first page was made, for what came while we read comes again."""
        after: str | None = None
        begun: int | None = None
        read = 0
        while True:
            page = await caller.ask(partial(_state, caller.site, after))
            begun = page.cursor if begun is None else begun
            read += len(page.deleted) + len(page.decisions)
            decisions = [(one.project, one.decision) for one in page.decisions]
            await self._carry_out(caller, begun if page.next is None else None, page.deleted, decisions)
            if page.next is None:
                return begun, read
            after = page.next

    async def _carry_out(
        self, caller: Asks, cursor: int | None, deleted: Sequence[str], decisions: Sequence[tuple[str, Decision]]
    ) -> None:
        if self._deletes_here:
            # Before it is noted: a crash between the two erases what is erased already.
            for report_id in await self._feed.known(deleted):
                try:
                    await erase_report(self._home, self._store, report_id, keep_on_account=True)
                    log.info("A report was deleted in the account, and here")
                except BadInput:
                    pass  # somebody was quicker
        await self._feed.followed(
            cursor, deleted=deleted, decisions=decisions, key_of=lambda key: project_key(key, caller.link)
        )


async def _changes(site: Site, cursor: int, token: str) -> ChangeList:
    return await site.changes(cursor, token)


async def _state(site: Site, after: str | None, token: str) -> AccountState:
    return await site.state(after, token)
