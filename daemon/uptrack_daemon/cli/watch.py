"""``uptrack watch DIR``: analyse what is exported into a folder, as it appears, and say so here."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_daemon.cli.paths import named_path

if TYPE_CHECKING:
    from uptrack_bridges.client import Conversation
    from uptrack_bridges.export_names import Export
    from uptrack_bridges.messages import Feedback
    from uptrack_daemon.store import Watched

QUIET_S = 3.0


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("watch")(watch)


def watch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", parser=named_path, help="Where your DAW exports to.")],
    quiet: Annotated[
        float, typer.Option(min=0.1, max=600, help="Seconds a file must not have changed before it is read.")
    ] = QUIET_S,
    once: Annotated[bool, typer.Option("--once", help="End after the first export has been analysed.")] = False,
) -> None:
    """Analyse mixes as they appear in DIR, until Ctrl-C. Starts the daemon if none is running.

    Stems beside a mix are grouped with it by name; what was analysed before is not analysed again.
    """
    if not folder.is_dir():
        raise BadInput(f"Expected a folder to watch, got {folder}: name the folder your DAW exports to.")
    try:
        asyncio.run(_watch(folder.resolve(), quiet, once=once))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _watch(folder: Path, quiet_s: float, *, once: bool) -> None:
    from uptrack_bridges.client import converse
    from uptrack_daemon import control
    from uptrack_daemon.home import Home
    from uptrack_daemon.store import Watched, open_store

    home = Home.of_user()
    _end_on_sigterm()
    bridge, started = await control.start(home)
    # The same folder is the same host: what a watch that was ended had asked for is taken up, not asked for again.
    instance = f"watch-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    try:
        async with (
            open_store(home.database) as store,
            converse(bridge, host="watch", instance=instance) as conversation,
        ):
            typer.echo(f"Watching {folder}; Ctrl-C ends. Page: {conversation.welcome.url}")
            await _follow(folder, conversation, Watched(store), quiet_s=quiet_s, once=once)
    finally:
        if started:
            await control.stop(home)


def _end_on_sigterm() -> None:
    """As on Ctrl-C: a daemon that was started for this watch ends with it, whoever ends it."""
    ending = asyncio.current_task()
    assert ending is not None  # noqa: S101 - called by a task
    with suppress(NotImplementedError):  # Windows has no such signal
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.cancel)


async def _follow(
    folder: Path,
    conversation: Conversation,
    watched: Watched,
    *,
    quiet_s: float,
    once: bool,
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> None:
    """Have each export analysed, and remember it once its answer is here; a lack that passes is waited out.

    Raises
    ------
    Unavailable
        The daemon is gone; the export it had not answered is not remembered, and comes again with the next watch.
    """
    from uptrack_bridges.watch_folder import watch_folder
    from uptrack_daemon.watching import insistently, seen_in

    known = seen_in(watched)

    async def seen(path: Path, size: int, mtime_ns: int, /) -> bool:
        return await insistently(lambda: known(path, size, mtime_ns), sleep, say=_complain)

    async for export in watch_folder(folder, seen=seen, quiet_s=quiet_s, say=_complain):
        analyse = partial(_analyse, conversation, export)
        if await insistently(analyse, sleep, despite=PutOff, say=_complain):
            await insistently(partial(watched.remember, export.files), sleep, say=_complain)
        if once:
            return


class PutOff(Unavailable):
    """The daemon takes no export at the moment and may take the same one later."""


async def _analyse(conversation: Conversation, export: Export) -> bool:
    """Have one export analysed and show what came of it; whether that is its last word on these files.

    Raises
    ------
    PutOff
        Asking again, a little later, may help.
    Unavailable
        The daemon is gone.
    """
    from uptrack_bridges.messages import Feedback, FeedbackApplied, JobFailed, JobQueued, Refused
    from uptrack_daemon.watching import request_for

    try:
        request = request_for(export, request_id=_request_id(export))
    except BadInput as error:
        _complain(error.sentence)
        return True
    await conversation.say(request)
    job: str | None = None
    while True:
        match message := await conversation.hear():
            case JobQueued():
                job = message.job
            case Feedback():
                # Also of an export that an earlier watch had asked for: nobody will ask for that again.
                await conversation.say(FeedbackApplied(run=message.run, skipped=[m.id for m in message.markers]))
                if message.job == job:
                    _show(export, message)
                    return True
            case Refused(retry=True):
                raise PutOff(f"{export.mix.name}: {message.sentence}", code=message.code)
            case Refused() | JobFailed():
                _complain(f"{export.mix.name}: {message.sentence}")
                return message.code != "internal"
            case _:
                pass


def _request_id(export: Export) -> str:
    """The same for the same files, unchanged: the daemon then starts nothing twice."""
    facts = [(os.fsencode(facts.path), facts.size, facts.mtime_ns) for facts in export.files]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def _complain(line: str) -> None:
    from uptrack_analysis.present.wording import plain

    typer.echo(plain(line), err=True)


def _show(export: Export, feedback: Feedback) -> None:
    from uptrack_analysis.figures import clock
    from uptrack_analysis.present.wording import plain

    count = len(export.stems)
    stems = f" with {count} {'stem' if count == 1 else 'stems'}" if count else ""
    line = f"{export.mix.name}{stems}: {feedback.status}   (uptrack reports show {feedback.report[:8]})"
    typer.echo(plain(line))
    for marker in feedback.markers:
        typer.echo(f"  {clock(marker.start_s, 3)}  {marker.severity:<8}  {marker.text}")
