"""What would be sent to the account now, byte for byte, and nothing of it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from uptrack_analysis.errors import BadInput
from uptrack_bridges.account import REPORTS_PATH
from uptrack_daemon.account.envelope import project_key, upload_of
from uptrack_daemon.account.site import body_of, decision_path
from uptrack_daemon.store import AccountLink, Outbox, Reports, Store


@dataclass(frozen=True, slots=True)
class Planned:
    """A request that would be made."""

    method: str
    path: str
    body: bytes | None
    """JSON in UTF-8, without a line break in it; ``None`` where nothing is sent but the path."""


async def rehearse(store: Store, link: AccountLink, *, everything: bool = False) -> AsyncIterator[Planned]:
    """Every request that waits, in order.

    Parameters
    ----------
    everything : bool
        Also for reports from before the link, and for those that were refused.
    """
    outbox, reports = Outbox(store), Reports(store)
    for outgoing in await outbox.waiting(everything=everything):
        path = f"{REPORTS_PATH}/{outgoing.report_id}"
        if outgoing.wish == "gone":
            yield Planned("DELETE", path, None)
        elif outgoing.wish == "decided":
            found = await outbox.decision(outgoing.report_id)
            if found is not None:
                project, decision = found
                yield Planned("PUT", decision_path(project_key(project, link), decision), body_of(decision))
        else:
            try:
                stored = await reports.get(outgoing.report_id)
                upload = await asyncio.to_thread(upload_of, stored, link)
            except (BadInput, ValueError):
                continue  # erased meanwhile, or one that cannot be sent
            yield Planned("PUT", path, await asyncio.to_thread(body_of, upload))
