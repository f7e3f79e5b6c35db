"""``uptrack daemon run|start|stop|status``: the local process that DAW scripts talk to."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command group to ``app``."""
    group = typer.Typer(help="The local process that DAW scripts talk to.", no_args_is_help=True)
    group.command()(run)
    group.command()(start)
    group.command()(stop)
    group.command()(status)
    app.add_typer(group, name="daemon")


def run(
    quiet: Annotated[bool, typer.Option("--quiet", help="Log to the home's logs folder only.")] = False,
) -> None:
    """Run in the foreground until Ctrl-C or SIGTERM; logs to stderr and to the home's logs folder."""
    import os

    from uptrack_daemon import logs
    from uptrack_daemon.home import Home
    from uptrack_daemon.life import live
    from uptrack_daemon.settings import load

    os.umask(0o077)  # whatever the daemon writes is for its owner alone
    home = Home.of_user()
    home.create()
    settings = load(home)
    logs.set_up(home, verbose=not quiet)
    asyncio.run(live(home, settings))


def start() -> None:
    """Start in the background; returns once every port answers."""
    from uptrack_daemon import control
    from uptrack_daemon.home import Home

    bridge, started = asyncio.run(control.start(Home.of_user()))
    verb = "Started" if started else "Already running"
    typer.echo(f"{verb}: process {bridge.pid}, port {bridge.port}, OSC port {bridge.osc_port}")


def stop() -> None:
    """Let a running analysis finish for a few seconds, then end; what was cut off goes on at the next start."""
    from uptrack_daemon import control
    from uptrack_daemon.home import Home

    typer.echo("Stopped." if asyncio.run(control.stop(Home.of_user())) else "The daemon was not running.")


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything the daemon says, as JSON.")] = False,
) -> None:
    """Say whether the daemon runs, what it is doing, and where its page is."""
    import json

    from uptrack_daemon import control
    from uptrack_daemon.home import Home

    said = asyncio.run(control.status(Home.of_user()))
    if as_json:
        typer.echo(json.dumps(said, indent=2))
        return
    jobs = said["jobs"]
    typer.echo(f"Running, version {said['version']}")
    typer.echo(f"Page:    {said['page']}")
    typer.echo(f"Jobs:    {jobs['running']} running, {jobs['queued']} waiting, {jobs['failed']} failed")
    typer.echo(f"Reports: {said['reports']}")
    hosts = ", ".join(f"{host['host']} ({host['transport']}, {host['state']})" for host in said["hosts"])
    typer.echo(f"Hosts:   {hosts or 'none connected'}")
    typer.echo(f"Account: {said['account']}")
    for name, health in said["wires"].items():
        if health != "ok":
            typer.echo(f"Trouble: {name}: {health}")
