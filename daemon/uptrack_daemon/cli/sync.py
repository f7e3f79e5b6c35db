"""``uptrack sync``: which account this machine is linked to, how far it has what is here, and audio sent by choice."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from uptrack_bridges.account import UploadState
    from uptrack_daemon.account.audio import Mix
    from uptrack_daemon.account.rehearsal import Planned
    from uptrack_daemon.store import AccountLink, OutboxCounts


def register(app: typer.Typer) -> None:
    app.command("sync")(sync)


def sync(
    now: Annotated[bool, typer.Option("--now", help="Send what waits, without waiting for the daemon.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Send reports from before the link, too.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent, byte for byte, and send nothing.")
    ] = False,
    audio: Annotated[
        str | None,
        typer.Option("--audio", metavar="REPORT", help="Send this report's audio, to be analysed there, too."),
    ] = None,
    keep_days: Annotated[
        int, typer.Option("--keep-days", min=0, max=7, help="With --audio: how long it is kept after its analysis.")
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --audio: do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which account this machine is linked to, and how far it has the reports made since.

    A running daemon sends them by itself; `--now` does so once, at once. `--dry-run` prints the body of each request on
    a line of its own, and which request that is to stderr. Audio is sent with `--audio`, which names a report by its id
    or first digits, or of every report where `account_audio = "always"` is set, and else never.
    """
    if audio is not None and (now or everything or as_json):
        raise typer.BadParameter("--audio goes with --keep-days, --yes and --dry-run alone")
    if dry_run:
        asyncio.run(_rehearse(everything=everything, audio=audio, keep_days=keep_days))
        return
    if audio is not None:
        _send_audio(audio, keep_days=keep_days, yes=yes)
        return
    asyncio.run(_sync(now=now, everything=everything, as_json=as_json))


async def _rehearse(*, everything: bool, audio: str | None, keep_days: int) -> None:
    from uptrack_daemon.account.rehearsal import rehearse, rehearse_audio
    from uptrack_daemon.home import Home
    from uptrack_daemon.settings import load
    from uptrack_daemon.store import AccountLinks, Reports, open_store

    home = Home.of_user()
    home.create()
    async with open_store(home.database) as store:
        link = await AccountLinks(store).get()
        if link is None or link.trouble is not None:
            typer.echo("Not linked: nothing would be sent.", err=True)
            return
        planned = 0
        if audio is not None:
            for request in await rehearse_audio(store, link, await Reports(store).get(audio), keep_days):
                planned += 1
                _show(request, link)
        else:
            always = load(home).account_audio == "always"
            async for request in rehearse(store, link, everything=everything, audio=always):
                planned += 1
                _show(request, link)
        typer.echo(f"{planned} would be sent to {link.account_name} at {link.site}; nothing was.", err=True)


def _show(request: Planned, link: AccountLink) -> None:
    typer.echo(f"{request.method} {link.site}{request.path}", err=True)
    if request.audio is not None:
        typer.echo(f"  with the {request.audio.bytes} bytes of {request.audio.path}, as they are", err=True)
    if request.body is not None:
        sys.stdout.buffer.write(request.body + b"\n")
        sys.stdout.buffer.flush()


def _send_audio(report: str, *, keep_days: int, yes: bool) -> None:
    from uptrack_analysis.present.wording import plain

    link, mix = asyncio.run(_look(report))
    typer.echo(plain(_what_would_be_sent(link, mix, keep_days)))
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("nobody is here to be asked whether to send audio: say --yes")
        typer.confirm("Send it?", abort=True)
    typer.echo(plain(_what_became_of(asyncio.run(_send(report, link, keep_days)), link, mix)))


async def _look(report: str) -> tuple[AccountLink, Mix]:
    from uptrack_analysis.errors import BadInput
    from uptrack_daemon.account.audio import mix_of
    from uptrack_daemon.home import Home
    from uptrack_daemon.store import AccountLinks, Reports, open_store

    home = Home.of_user()
    home.create()
    async with open_store(home.database) as store:
        link = await AccountLinks(store).get()
        if link is None or link.trouble is not None:
            raise BadInput(
                "No account is linked that audio could be sent to: `uptrack link` links one.", code="account.none"
            )
        return link, await asyncio.to_thread(mix_of, await Reports(store).get(report))


async def _send(report: str, link: AccountLink, keep_days: int) -> UploadState:
    from uptrack_daemon.account.by_hand import send_audio
    from uptrack_daemon.account.sync import Pusher
    from uptrack_daemon.home import Home
    from uptrack_daemon.settings import load
    from uptrack_daemon.store import open_store

    home = Home.of_user()
    settings = load(home)
    async with open_store(home.database) as store:
        pusher = Pusher(
            home,
            store,
            deletes_here=settings.account_deletes_here,
            sends_audio=settings.account_audio == "always",
        )
        return await send_audio(pusher, store, report, link, keep_days=keep_days)


def _what_would_be_sent(link: AccountLink, mix: Mix, keep_days: int) -> str:
    kept = "once it is analysed" if keep_days == 0 else f"{keep_days} day{'s'[: keep_days > 1]} after its analysis"
    names = "with its name and its project's" if link.with_names else "without its name"
    return (
        f"{mix.path} ({mix.bytes / 1_000_000:.1f} MB) goes to {link.account_name}'s account at {link.site} as it is, "
        f"with tags that are written inside it, {names}, and so does its report. It is analysed there and deleted "
        f"{kept}, or after seven days if it could not be."
    )


def _what_became_of(state: UploadState, link: AccountLink, mix: Mix) -> str:
    if state.deleted_at is not None:
        why = state.sentence or "its report is among your projects"
        return f"{mix.name} was sent to {link.site} before, and was deleted there on {state.deleted_at:%Y-%m-%d}: {why}"
    return (
        f"{mix.name} is at {link.site} ({state.state}), and is deleted there by {state.delete_by:%Y-%m-%d %H:%M} UTC "
        f"at the latest. {link.site}/uploads says what became of it."
    )


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
            settings = load(home)
            pusher = Pusher(
                home,
                store,
                deletes_here=settings.account_deletes_here,
                sends_audio=settings.account_audio == "always",
            )
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
        "audio_waiting": counts.audio_waiting,
        "audio_refused": counts.audio_refused,
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
    if counts.audio_waiting or counts.audio_refused:
        lines.append(f"Audio: {counts.audio_waiting} waiting, {counts.audio_refused} refused.")
    if counts.last_sentence and (counts.waiting or counts.refused or counts.audio_waiting or counts.audio_refused):
        lines.append(f"Last: {counts.last_sentence}")
    return lines
