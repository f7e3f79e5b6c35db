"""The store does not grow for ever: jobs long ended and feedback no DAW came back for are dropped. Reports stay."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Never

from uptrack_analysis.errors import Unavailable
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.store import Deliveries, Store

log = logging.getLogger(__name__)

KEPT = timedelta(days=30)
"""Longer than a holiday; a report holds all that its job and its feedback say, and is kept until it is erased."""

EVERY_S = 6 * 3_600.0


async def keep_house(
    store: Store, *, every_s: float = EVERY_S, sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
) -> Never:
    """Drop what is older than ``KEPT``, now and then for ever."""
    while True:
        before = store.clock() - KEPT
        try:
            deliveries = await Deliveries(store).forget(created_before=before)
            jobs = await Queue(store).forget(ended_before=before)
        except Unavailable as error:
            log.warning("Old jobs and feedback could not be dropped: %s", error)
        else:
            if deliveries or jobs:
                log.info("dropped %d ended jobs and %d feedbacks nobody came for", jobs, deliveries)
        await sleep(every_s)
