"""``uptrack unlink``: nothing leaves this machine any more."""

from __future__ import annotations

import asyncio

import typer


def register(app: typer.Typer) -> None:
    app.command("unlink")(unlink)


def unlink() -> None:
    """End this machine's link to an account: nothing leaves it any more. What was put there stays there."""
    asyncio.run(_unlink())


async def _unlink() -> None:
    from uptrack_daemon.account import linking
    from uptrack_daemon.account.site import open_site
    from uptrack_daemon.account.turn import turn
    from uptrack_daemon.home import Home
    from uptrack_daemon.store import AccountLinks, Outbox, open_store

    home = Home.of_user()
    home.create()
    async with open_store(home.database) as store:
        found = await AccountLinks(store).get()
        if found is None:
            typer.echo("This machine is not linked to an account.")
            return
        async with turn(home), open_site(found.site) as site:
            waiting = (await Outbox(store).counts()).waiting
            told = await linking.unlink(home, store, site)
    typer.echo(f"Unlinked from {found.account_name} at {found.site}: nothing leaves this machine any more.")
    if waiting:
        were = "was" if waiting == 1 else "were"
        typer.echo(f"{waiting} {were} still waiting to be sent or deleted there, and will not be.", err=True)
    if not told:
        typer.echo(
            f"{found.site} could not be told: end {found.device_name} there as well, under {found.site}/devices.",
            err=True,
        )
