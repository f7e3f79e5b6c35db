"""A version of before measured again, where the command line compares: in its own process, and said on stderr."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from uptrack_analysis.errors import UpTrackError

if TYPE_CHECKING:
    from uptrack_analysis.report import Report
    from uptrack_analysis.settings import Settings


def measured_again(path: Path, settings: Settings) -> Report | None:
    """The file by today's rules; ``None`` where there is none that can be measured."""
    from uptrack_analysis.analyze import analyze_file
    from uptrack_analysis.present.wording import plain

    if not path.is_file():
        return None
    typer.echo(plain(f"Measuring {path.name} again: rules have changed since it was judged."), err=True)
    try:
        return analyze_file(path, settings).report
    except UpTrackError:
        return None


async def measured_beside(path: Path, settings: Settings) -> str | None:
    """The same as JSON, for whoever waits for it."""
    from uptrack_analysis.report import to_json

    report = await asyncio.to_thread(measured_again, path, settings)
    return None if report is None else to_json(report)
