"""``uptrack demo``: hear, measure and mend a track made on the spot, to see what a DAW would get."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

import typer

from uptrack_daemon.cli.paths import named_path


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("demo")(demo)


def demo(
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=named_path, help="Keep the synthesised audio in DIR, to listen to it."),
    ] = None,
) -> None:
    """Synthesise a mix with planted faults, analyse it as two DAWs would, and show the markers they get.

    Runs in a temporary home: a running daemon and your own reports are never touched.
    """
    from uptrack_daemon.demo.play import play

    width = min(max(shutil.get_terminal_size().columns, 60), 120)
    asyncio.run(play(typer.echo, width=width, keep=keep.resolve() if keep else None))
