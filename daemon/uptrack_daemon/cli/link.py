"""``uptrack link``: this machine's reports, from now on, into an account of yours: numbers, no audio."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from uptrack_bridges.account import DeviceAuthorization
    from uptrack_daemon.store import AccountLink


def register(app: typer.Typer) -> None:
    app.command("link")(link)


def link(
    site: Annotated[str | None, typer.Option("--site", metavar="URL", help="Another account's site.")] = None,
    names: Annotated[
        bool | None,
        typer.Option("--names/--no-names", help="Send names of files, stems and projects, too; else it asks."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What to call this machine in the account.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the account's page.")] = True,
) -> None:
    """Link this machine to your account: reports made from now on are put there, numbers, and audio only if you say so.

    It shows a code; type it on the account's page, where you are signed in. `uptrack unlink` ends it.
    """
    if names is None:
        names = _asked_for_names()
    linked, notice = asyncio.run(_link(site, with_names=names, name=name, browser=browser and sys.stdin.isatty()))
    what = "with" if linked.with_names else "without"
    typer.echo(
        f"Linked to {linked.account_name} at {linked.site}: reports made from now on go there, {what} names. "
        "`uptrack sync` says how far it is, `uptrack unlink` ends it."
    )
    if notice:
        typer.echo(notice, err=True)


def _asked_for_names() -> bool:
    if not sys.stdin.isatty():
        return False
    return typer.confirm(
        "Reports hold numbers, no audio. Send the names of files, stems and projects along, to tell them apart?",
        default=False,
    )


async def _link(
    site: str | None, *, with_names: bool, name: str | None, browser: bool
) -> tuple[AccountLink, str | None]:
    from uptrack_daemon.account import linking
    from uptrack_daemon.account.site import checked_site, open_site
    from uptrack_daemon.account.token_place import choose_place
    from uptrack_daemon.account.turn import turn
    from uptrack_daemon.home import Home
    from uptrack_daemon.settings import load
    from uptrack_daemon.store import open_store

    home = Home.of_user()
    home.create()
    settings = load(home)
    origin = checked_site(settings.account_site if site is None else site)

    def show(asked: DeviceAuthorization) -> None:
        address = asked.verification_uri_complete or asked.verification_uri
        typer.echo(f"Open {asked.verification_uri} and type {asked.user_code}, or open {address}")
        if browser and address.startswith(f"{origin}/"):
            import webbrowser

            webbrowser.open(address)

    async with open_store(home.database) as store, turn(home), open_site(origin) as reached:
        await linking.refuse_second(store)
        place, notice = await asyncio.to_thread(choose_place, home, keychain=settings.keychain)
        linked = await linking.link(
            store, reached, place, name=name or linking.machine_name(), with_names=with_names, show=show
        )
        return linked, notice
