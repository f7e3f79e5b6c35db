"""``uptrack watch DIR``: analyse what is exported into a folder, as it appears, and say so here."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uptrack_analysis.errors import BadInput

if TYPE_CHECKING:
    from uptrack_bridges.client import Conversation
    from uptrack_bridges.export_names import Export
    from uptrack_bridges.messages import Feedback

QUIET_S = 3.0


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("watch")(watch)


def watch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where your DAW exports to.")],
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
    asyncio.run(_watch(folder.resolve(), quiet, once=once))


async def _watch(folder: Path, quiet_s: float, *, once: bool) -> None:
    from uptrack_bridges.client import converse
    from uptrack_bridges.watch_folder import watch_folder
    from uptrack_daemon import control
    from uptrack_daemon.home import Home
    from uptrack_daemon.store import Watched, open_store
    from uptrack_daemon.watching import seen_in

    home = Home.of_user()
    bridge, started = await control.start(home)
    try:
        async with open_store(home.database) as store, converse(bridge, host="watch") as conversation:
            watched = Watched(store)
            typer.echo(f"Watching {folder}; Ctrl-C ends. Page: {conversation.welcome.url}")
            exports = watch_folder(
                folder, seen=seen_in(watched), quiet_s=quiet_s, say=lambda line: typer.echo(line, err=True)
            )
            async for export in exports:
                await _analyse(conversation, export)
                await watched.remember(export.files)
                if once:
                    return
    finally:
        if started:
            await control.stop(home)


async def _analyse(conversation: Conversation, export: Export) -> str | None:
    """Have one export analysed and show what came of it; the job's id, if there was one."""
    from uptrack_analysis.present.wording import plain
    from uptrack_bridges.messages import Feedback, FeedbackApplied, JobFailed, JobQueued, Refused
    from uptrack_daemon.watching import request_for

    try:
        request = request_for(export, request_id=secrets.token_hex(8))
    except BadInput as error:
        typer.echo(error.sentence, err=True)
        return None
    await conversation.say(request)
    job: str | None = None
    while True:
        match message := await conversation.hear():
            case JobQueued():
                job = message.job
            case Feedback() if message.job == job:
                await conversation.say(FeedbackApplied(run=message.run, skipped=[m.id for m in message.markers]))
                _show(export, message)
                return job
            case Refused() | JobFailed():
                typer.echo(plain(f"{export.mix.name}: {message.sentence}"), err=True)
                return job
            case _:
                pass


def _show(export: Export, feedback: Feedback) -> None:
    from uptrack_analysis.figures import clock
    from uptrack_analysis.present.wording import plain

    count = len(export.stems)
    stems = f" with {count} {'stem' if count == 1 else 'stems'}" if count else ""
    line = f"{export.mix.name}{stems}: {feedback.status}   (uptrack reports show {feedback.report[:8]})"
    typer.echo(plain(line))
    for marker in feedback.markers:
        typer.echo(f"  {clock(marker.start_s, 3)}  {marker.severity:<8}  {marker.text}")
