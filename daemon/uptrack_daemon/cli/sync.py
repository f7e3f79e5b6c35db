"""``uptrack sync``: which account this machine is linked to."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("sync")(sync)


def sync(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say which account this machine is linked to."""
    asyncio.run(_sync(as_json=as_json))


async def _sync(*, as_json: bool) -> None:
    from uptrack_daemon.cli.errors import write_json
    from uptrack_daemon.home import Home
    from uptrack_daemon.store import AccountLinks, open_store

    home = Home.of_user()
    home.create()
    async with open_store(home.database) as store:
        link = await AccountLinks(store).get()
    if as_json:
        write_json(json.dumps({"linked": link is not None and link.trouble is None}))
    elif link is None:
        typer.echo("Not linked: nothing leaves this machine. `uptrack link` links it to an account.")
    else:
        typer.echo(f"Linked to {link.account_name} at {link.site} as {link.device_name}.")
