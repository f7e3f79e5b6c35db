"""``uptrack install reaper``: put UpTrack's scripts where the DAW finds them, or take them out again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uptrack_daemon.cli.paths import named_path

if TYPE_CHECKING:
    from uptrack_daemon.install.reaper import Edition, Reaper


def register(app: typer.Typer) -> None:
    """Add the command group to ``app``."""
    group = typer.Typer(help="Put UpTrack's scripts into a DAW, or take them out.", no_args_is_help=True)
    group.callback()(_group)
    group.command("reaper")(reaper)
    app.add_typer(group, name="install")


def _group() -> None:
    """Put UpTrack's scripts into a DAW, or take them out."""  # with one command, typer would leave its name out


def reaper(
    resource_path: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=named_path,
            help="REAPER's resource path (the folder with reaper.ini), for a portable install or one of several.",
        ),
    ] = None,
    startup: Annotated[
        bool | None,
        typer.Option(
            "--startup/--no-startup",
            help="Register the actions when REAPER starts, by marked lines in its Scripts/__startup.lua.",
            show_default=False,
        ),
    ] = None,
    uninstall: Annotated[bool, typer.Option("--uninstall", help="Take out what was installed, and only that.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
) -> None:
    """Copy UpTrack's scripts into REAPER's Scripts/UpTrack; run it again after every update of UpTrack."""
    from uptrack_daemon.install.reaper import Reaper, plan_install, plan_uninstall
    from uptrack_daemon.install.reaper_places import choose_reaper, this_machine
    from uptrack_daemon.install.steps import carry_out, explained

    if uninstall and startup is not None:
        raise typer.BadParameter("--uninstall takes the startup lines out, too; leave --startup and --no-startup away")
    if uninstall and not dry_run and resource_path is not None and _is_gone(resource_path):
        typer.echo(f"No REAPER is in {resource_path} any more, and UpTrack has forgotten it.")
        return
    chosen = Reaper(choose_reaper(this_machine(), resource_path))
    edition = None if uninstall else _edition()
    with explained(f"read what is in {chosen.scripts}"):
        steps = plan_uninstall(chosen) if edition is None else plan_install(chosen, edition, startup=startup)
        registers = edition is not None and (chosen.startup_block() is not None if startup is None else startup)
    if not steps:
        if not dry_run:
            _note(chosen, installed=False)
        typer.echo(f"Nothing of UpTrack is installed in {chosen.resources}.")
        return
    if dry_run:
        typer.echo("This would happen; nothing was changed:")
        for step in steps:
            typer.echo(f"  {step.sentence}")
    else:
        carry_out(steps, typer.echo)
    typer.echo(_what_is_left(chosen, edition, registers=registers))
    if not dry_run:
        _note(chosen, installed=edition is not None)


def _is_gone(resources: Path) -> bool:
    """Whether a folder we once installed into is no REAPER's any more; it is forgotten then."""
    from uptrack_daemon.home import Home
    from uptrack_daemon.install.reaper_places import INI
    from uptrack_daemon.install.remembered import forget
    from uptrack_daemon.install.steps import explained

    if (resources / INI).is_file():
        return False
    with explained("note that it is gone"):
        return forget(Home.of_user(), resources.absolute())


def _note(reaper: Reaper, *, installed: bool) -> None:
    """Have the doctor know of this REAPER, or not any more."""
    from uptrack_daemon.home import Home
    from uptrack_daemon.install.remembered import forget, remember
    from uptrack_daemon.install.steps import explained

    with explained(f"note for `uptrack doctor` what is in {reaper.resources}"):
        (remember if installed else forget)(Home.of_user(), reaper.resources)


def _edition() -> Edition:
    """This installation's own version of the scripts."""
    from importlib.metadata import version

    from uptrack_daemon.home import Home
    from uptrack_daemon.install.launch import home_as_written, launch_command
    from uptrack_daemon.install.reaper import FOLDER, Edition
    from uptrack_daemon.install.shipped import files_below, shipped_scripts

    home = home_as_written(Home.of_user().root)
    files = files_below(shipped_scripts("reaper") / FOLDER)
    return Edition(version("uptrack"), home, launch_command(home), files)


def _what_is_left(reaper: Reaper, edition: Edition | None, *, registers: bool) -> str:
    """What only the user can do now."""
    if edition is None:
        return (
            "REAPER may still list the actions: Actions → Show action list, filter for UpTrack, select them, and "
            "delete them there."
        )
    if registers:
        return "Start REAPER anew: Actions → Show action list then has UpTrack's actions."
    scripts = "\n".join(f"  {reaper.ours / name}" for name in edition.actions)
    return (
        "In REAPER, once: Actions → Show action list → New action → Load ReaScript…, and choose\n"
        f"{scripts}\n"
        "Or let REAPER do that at its start: uptrack install reaper --startup"
    )
