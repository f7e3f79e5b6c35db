"""Erase everything this machine remembers of anybody's music: reports, audio of ours, messages, logs.

The user's own audio files are not ours to touch, and an analysis that is running or waiting keeps its job: its report
is yet to come. What stays of a watched folder is one keyed digest a file (``store.watched``), which names nothing:
without it the next start would measure the whole folder again. The daemon may be running meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from uptrack_daemon.home import Home
from uptrack_daemon.store import Artifacts, Erased, Reports, Store


async def erase_everything(home: Home, store: Store) -> Erased:
    """Do so; what is gone, as ``Reports.delete_all`` counts it.

    Raises
    ------
    Unavailable
        The store cannot be written.
    """
    erased = await Reports(store).delete_all()
    artifacts = Artifacts(store)
    in_use = {artifact.name for artifact in await artifacts.list() if artifact.in_use}
    for name in await asyncio.to_thread(_remove_audio, home.audio, in_use):
        await artifacts.remove(name)
    await asyncio.to_thread(_remove_messages, home.mailbox)
    await asyncio.to_thread(_empty_logs, home.logs)
    return erased


def _remove_audio(folder: Path, keep: set[str]) -> list[str]:
    gone: list[str] = []
    for path in folder.iterdir():
        if path.name in keep or (path.is_dir() and not path.is_symlink()):
            continue
        with contextlib.suppress(OSError):  # Windows, while somebody reads it: the sweeper comes by
            path.unlink()
            gone.append(path.name)
    return gone


def _remove_messages(mailbox: Path) -> None:
    for message in mailbox.glob("*/to_*/*.json"):
        with contextlib.suppress(OSError):
            message.unlink()


def _empty_logs(folder: Path) -> None:
    for log in folder.iterdir():
        # A running daemon holds the current one open and goes on writing at the end, so it is emptied, not removed.
        with contextlib.suppress(OSError):
            if log.suffix == ".log":
                os.truncate(log, 0)
            else:
                log.unlink()
