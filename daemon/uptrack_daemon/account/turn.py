"""One at a time: while the daemon or a command says something to the account, no other process of this user does.

Two that renewed the key at once would look to the account like a thief.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from filelock import FileLock, Timeout

from uptrack_analysis.errors import Unavailable
from uptrack_daemon.home import Home

PATIENCE_S = 120.0
"""Longer than one request may take, after which the other's turn ends."""


class Busy(Unavailable):
    """Another process has the turn."""

    default_code = "account.busy"


@asynccontextmanager
async def turn(home: Home, *, wait_s: float = PATIENCE_S) -> AsyncIterator[None]:
    """Hold the turn while the block runs; it ends with the process, too.

    Raises
    ------
    Busy
        Another has held it for ``wait_s``.
    """
    lock = FileLock(home.account_lock_file, mode=0o600, thread_local=False)
    try:
        await asyncio.to_thread(lock.acquire, timeout=wait_s)
    except Timeout:
        raise Busy("Another UpTrack is speaking to your account just now: try again in a minute.") from None
    try:
        yield
    finally:
        lock.release()
