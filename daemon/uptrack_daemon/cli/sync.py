"""``uptrack sync``: which account this machine is linked to, and how far it has what is here."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from uptrack_daemon.store import AccountLink, OutboxCounts


def register(app: typer.Typer) -> None:
    app.command("sync")(sync)


def sync(
    now: Annotated[bool, typer.Option("--now", help="Send what waits, without waiting for the daemon.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Send reports from before the link, too.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent, byte for byte, and send nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which account this machine is linked to, and how far it has the reports made since.

    A running daemon sends them by itself; `--now` does so once, at once. `--dry-run` prints the body of each request on
    a line of its own, and which request that is to stderr.
    """
    if dry_run:
        asyncio.run(_rehearse(everything=everything))
        return
    asyncio.run(_sync(now=now, everything=everything, as_json=as_json))


async def _rehearse(*, everything: bool) -> None:
    import sys

    from uptrack_daemon.account.rehearsal import rehearse
    from uptrack_daemon.home import Home
    from uptrack_daemon.store import AccountLinks, open_store

    home = Home.of_user()
    home.create()
    async with open_store(home.database) as store:
        link = await AccountLinks(store).get()
        if link is None or link.trouble is not None:
            typer.echo("Not linked: nothing would be sent.", err=True)
            return
        planned = 0
        async for request in rehearse(store, link, everything=everything):
            planned += 1
            typer.echo(f"{request.method} {link.site}{request.path}", err=True)
            if request.body is not None:
                sys.stdout.buffer.write(request.body + b"\n")
                sys.stdout.buffer.flush()
        typer.echo(f"{planned} would be sent to {link.account_name} at {link.site}; nothing was.", err=True)


async def _sync(*, now: bool, everything: bool, as_json: bool) -> None:
    from uptrack_analysis.errors import Unavailable
    from uptrack_daemon.account.sync import Pusher
    from uptrack_daemon.account.turn import PATIENCE_S
    from uptrack_daemon.cli.errors import write_json
    from uptrack_daemon.home import Home
    from uptrack_daemon.settings import load
    from uptrack_daemon.store import AccountLinks, Outbox, open_store

    home = Home.of_user()
    home.create()
    trouble = None
    async with open_store(home.database) as store:
        if everything:
            await Outbox(store).add_all()
        if now:
            pusher = Pusher(home, store, deletes_here=load(home).account_deletes_here)
            trouble = (await pusher.push(now=True, wait_s=PATIENCE_S)).trouble
        link, counts = await AccountLinks(store).get(), await Outbox(store).counts()
    if as_json:
        write_json(json.dumps(_document(link, counts), ensure_ascii=False))
    else:
        for line in _lines(link, counts):
            typer.echo(line)
    if trouble is not None and (link is None or link.trouble is None):
        raise Unavailable(trouble, code="account.unavailable")


def _document(link: AccountLink | None, counts: OutboxCounts) -> dict[str, object]:
    return {
        "linked": link is not None and link.trouble is None,
        "site": link.site if link else None,
        "account": link.account_name if link else None,
        "machine": link.device_name if link else None,
        "names": link.with_names if link else None,
        "trouble": link.trouble if link else None,
        "waiting": counts.waiting,
        "sent": counts.sent,
        "refused": counts.refused,
        "last_sentence": counts.last_sentence,
    }


def _lines(link: AccountLink | None, counts: OutboxCounts) -> list[str]:
    if link is None:
        return ["Not linked: nothing leaves this machine. `uptrack link` links it to an account."]
    if link.trouble is not None:
        return [
            f"Not linked any more to {link.account_name} at {link.site}: {link.trouble}",
            f"{counts.waiting} waiting: `uptrack link` links it again, `uptrack unlink` forgets them.",
        ]
    names = "with" if link.with_names else "without"
    lines = [
        f"Linked to {link.account_name} at {link.site} as {link.device_name}, {names} names.",
        f"{counts.sent} there, {counts.waiting} waiting, {counts.refused} refused.",
    ]
    if counts.last_sentence and (counts.waiting or counts.refused):
        lines.append(f"Last: {counts.last_sentence}")
    return lines
