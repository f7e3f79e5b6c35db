"""``uptrack doctor``: look at everything UpTrack needs on this machine, and say what to do where something is amiss."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uptrack_daemon.cli.paths import named_path

if TYPE_CHECKING:
    from uptrack_daemon.doctor.check import Check


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("doctor")(doctor)


def doctor(
    resource_path: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=named_path,
            help="Look at this REAPER as well (the folder with reaper.ini), for a portable one.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
) -> None:
    """Check Python, the home folder, the daemon and what is installed in REAPER; repairs nothing.

    Ends with 4 if anything is a problem; a warning keeps nothing from working.
    """
    import json
    from dataclasses import asdict

    from uptrack_analysis.present.wording import plain
    from uptrack_daemon.cli.errors import UNAVAILABLE, write_json
    from uptrack_daemon.doctor.check import worst

    named = None
    if resource_path is not None:
        from uptrack_daemon.install.reaper_places import choose_reaper, this_machine

        named = choose_reaper(this_machine(), resource_path)
    checks = asyncio.run(_checks(named))
    status = worst(checks)
    if as_json:
        write_json(json.dumps({"status": status, "checks": [asdict(check) for check in checks]}, ensure_ascii=False))
    else:
        for check in checks:
            typer.echo(f"{check.status:<8} {plain(check.sentence)}")
    if status == "problem":
        raise typer.Exit(UNAVAILABLE)


async def _checks(named: Path | None) -> list[Check]:
    from importlib.metadata import version as installed_version

    from uptrack_daemon.doctor import environment
    from uptrack_daemon.doctor.account import check_account
    from uptrack_daemon.doctor.local_daemon import check_daemon
    from uptrack_daemon.doctor.reaper import check_reapers
    from uptrack_daemon.home import Home
    from uptrack_daemon.install.reaper import FOLDER
    from uptrack_daemon.install.reaper_places import this_machine
    from uptrack_daemon.install.shipped import files_below, shipped_scripts

    version = installed_version("uptrack")
    home = Home.of_user()
    files = files_below(shipped_scripts("reaper") / FOLDER)
    return [
        environment.check_python(),
        environment.check_packages(),
        environment.check_ffmpeg(),
        *environment.check_home(home),
        *[check async for check in check_daemon(home, version)],
        await check_account(home),
        *check_reapers(this_machine(), home, version, files, named=named),
    ]
