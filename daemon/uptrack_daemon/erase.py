"""Erase what this machine remembers of somebody's music, one report or all: store, audio of ours, messages, logs.

The user's own audio files are not ours to touch, and an analysis that is running or waiting keeps its job: its report
is yet to come. What stays of a watched folder is one keyed digest a file (``store.watched``), which names nothing:
without it the next start would measure the whole folder again. The daemon may be running meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from uptrack_analysis.audio.files import display_name
from uptrack_bridges.mailbox_folder import TO_DAEMON, TO_HOST, instance_allowed, is_real_folder
from uptrack_daemon.home import Home
from uptrack_daemon.store import Artifacts, Erased, Reports, ReportSummary, Store

_RECORD = re.compile(
    rb"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*\n(?:(?!\d{4}-\d\d-\d\d \d\d:\d\d:\d\d).*\n)*|.*\n", re.MULTILINE
)
"""An entry of a log with the lines of its traceback; or a line before the first entry."""


async def erase_everything(home: Home, store: Store, *, keep_on_account: bool = False) -> Erased:
    """Do so; what is gone, as ``Reports.delete_all`` counts it. A linked account is to do the same with what it has.

    Raises
    ------
    Unavailable
        The store cannot be written.
    """
    erased = await Reports(store).delete_all(keep_on_account=keep_on_account)
    artifacts = Artifacts(store)
    known = {artifact.name: artifact.in_use for artifact in await artifacts.list()}
    for name in await asyncio.to_thread(_remove_audio, home.audio, known):
        await artifacts.remove(name)
    await asyncio.to_thread(_remove_messages, home.mailbox)
    await asyncio.to_thread(_empty_logs, home.logs)
    return erased


async def erase_report(home: Home, store: Store, id_or_prefix: str, *, keep_on_account: bool = False) -> Erased:
    """Erase one report with its job and its feedback, also what lies unread in a mailbox, and the log's lines about it.

    Raises
    ------
    BadInput
        As ``Reports.get``.
    Unavailable
        The store cannot be written.
    """
    reports = Reports(store)
    summary = (await reports.get(id_or_prefix)).summary
    erased = await reports.delete(summary.id, keep_on_account=keep_on_account)
    await asyncio.to_thread(_remove_feedback, home.mailbox, {summary.id, summary.run_id, summary.job_id})
    await asyncio.to_thread(_blank_logs, home.logs, _names(summary))
    return erased


def _names(summary: ReportSummary) -> list[bytes]:
    """What a line about the report holds at least one of."""
    path = summary.source_path
    names = {summary.id, summary.run_id, summary.job_id, summary.source_name, path.name, display_name(path)}
    return [name.encode("utf-8", "surrogateescape") for name in names if name]


def _remove_audio(folder: Path, known: Mapping[str, bool]) -> list[str]:
    """``known`` says of each file and folder that is registered whether a job needs it."""
    gone: list[str] = []
    for path in folder.iterdir():
        render = is_real_folder(path)
        if known.get(path.name, False) or (render and path.name not in known):
            continue  # what nobody has registered is being rendered at this moment, or the sweeper's
        with contextlib.suppress(OSError):  # Windows, while somebody reads it: the sweeper comes by
            if render:
                shutil.rmtree(path)
            else:
                path.unlink()
            gone.append(path.name)
    return gone


# -- mailbox -----------------------------------------------------------------------------------------------------------


def _remove_messages(mailbox: Path) -> None:
    for side in (TO_DAEMON, TO_HOST):
        for folder in _folders(mailbox, side):
            for message in folder.glob("*.json"):
                with contextlib.suppress(OSError):
                    message.unlink()


def _remove_feedback(mailbox: Path, ids: set[str]) -> None:
    """Remove what is about one of ``ids`` and was not read yet.

    Of a message in parts whose beginning was read already nobody can tell what it is about, so it goes too: feedback
    that is not acknowledged is sent again.
    """
    for folder in _folders(mailbox, TO_HOST):
        for slices in _messages(folder):
            text = "".join(slices[number][1] for number in sorted(slices))
            if min(slices) > 1 or any(name in text for name in ids):
                for path, _ in slices.values():
                    with contextlib.suppress(OSError):
                        path.unlink()


def _folders(mailbox: Path, side: str) -> Iterator[Path]:
    """One direction of every host's mailbox; links are not followed."""
    for host in mailbox.iterdir():
        if instance_allowed(host.name) and is_real_folder(host) and is_real_folder(host / side):
            yield host / side


def _messages(folder: Path) -> Iterator[dict[int, tuple[Path, str]]]:
    """Each message's files with their text by the number of the part; whole messages are their own first part."""
    parts: dict[str, dict[int, tuple[Path, str]]] = defaultdict(dict)
    for path in folder.glob("*.json"):
        try:
            text = path.read_text("utf-8")
            said = json.loads(text)
        except (OSError, ValueError):
            continue  # read and removed meanwhile, or nothing we wrote
        match said:
            case {"type": "part", "id": str(message), "part": int(number), "data": str(data)}:
                parts[message][number] = (path, data)
            case _:
                yield {1: (path, text)}
    yield from parts.values()


# -- logs --------------------------------------------------------------------------------------------------------------


def _empty_logs(folder: Path) -> None:
    for log in folder.iterdir():
        # A running daemon holds the current one open and goes on writing at the end, so it is emptied, not removed.
        with contextlib.suppress(OSError):
            if log.suffix == ".log":
                os.truncate(log, 0)
            else:
                log.unlink()


def _blank_logs(folder: Path, names: list[bytes]) -> None:
    """Write dashes over every entry that holds one of ``names``.

    In place and of the same length: a running daemon goes on writing at the end of the same file.
    """
    for path in folder.iterdir():
        with contextlib.suppress(OSError), path.open("r+b") as log:
            for entry in _RECORD.finditer(log.read()):
                if any(name in entry[0] for name in names):
                    log.seek(entry.start())
                    log.write(re.sub(rb"[^\n]", b"-", entry[0]))
