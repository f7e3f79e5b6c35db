"""The daemon's own desk over a store, without workers and pages."""

from __future__ import annotations

from typing import Any

from uptrack_daemon.desk import Desk
from uptrack_daemon.home import Home
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.live.capture import Captures
from uptrack_daemon.live.streams import Streams
from uptrack_daemon.requests import Requests
from uptrack_daemon.retention import Retention
from uptrack_daemon.store import Deliveries, References, Store
from uptrack_daemon.versions import Versions


def a_desk(
    store: Store,
    *,
    queue: Queue | None = None,
    deliveries: Deliveries | None = None,
    captures: Captures | None = None,
    kind: type[Desk] = Desk,
    **more: Any,
) -> Desk:
    """A desk whose cancelling reaches waiting jobs; ``more`` goes to its constructor."""
    waiting = queue or Queue(store)

    async def cancel(job: str) -> bool:
        return await waiting.cancel(job) is not None

    home = Home(store.path.parent / "home")
    versions = Versions(store)
    requests = Requests(waiting, versions, References(store), home=home.root)
    heard = captures or Captures(Streams(home.cache), Retention(home, store, days=7))
    return kind(
        waiting, deliveries or Deliveries(store), requests, versions, heard, cancel=cancel, page_url=str, **more
    )
