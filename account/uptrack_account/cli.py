"""``uptrack account``: the hosted account, served from this machine."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import asyncio

    from uptrack_account.settings import AccountSettings

EXTRA = (
    "argon2", "email_validator", "obstore", "procrastinate", "prometheus_client", "psycopg", "stripe", "zxcvbn",
)  # fmt: skip
"""What ``uptrack[account]`` brings."""

account_app = typer.Typer(help="The hosted account: serve it, and look after it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(account_app, name="account")


@account_app.command("serve")
def serve() -> None:
    """Serve the account until interrupted. Settings are UPTRACK_ACCOUNT_* in the environment."""
    import asyncio

    asyncio.run(_serve())


@account_app.command("worker")
def worker(
    slots: Annotated[int, typer.Option(min=1, max=64, help="How many analyses at once.")] = 1,
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="/metrics of this process, on 127.0.0.1 alone; 0 for none.")
    ] = 0,
) -> None:
    """Analyse what was uploaded, until interrupted: beside `serve`, on this machine or another, as many as need be."""
    import asyncio

    asyncio.run(_work(slots, metrics_port))


@account_app.command("migrate")
def migrate() -> None:
    """Make the database's tables, or bring them up to date; `serve` does it by itself."""
    import asyncio

    asyncio.run(_migrate())


@account_app.command("sign-out")
def sign_out(
    email: Annotated[str, typer.Argument(help="Whose browsers.")] = "",
    everybody: Annotated[bool, typer.Option("--everybody", help="All browsers of all people.")] = False,
) -> None:
    """End sessions from here: a key is out, or somebody cannot do it themselves. Machines stay linked."""
    import asyncio

    asyncio.run(_sign_out(email, everybody))


async def _serve() -> None:
    from uptrack_account import logs
    from uptrack_account.service import at_work, open_service
    from uptrack_account.web.observe import serve_metrics
    from uptrack_account.web.server import serve

    settings, stop = _settings(), _told_to_stop()
    logs.set_up(settings.log)
    async with (
        open_service(settings) as service,
        serve(service) as port,
        serve_metrics(service, settings.metrics_port),
        at_work(service),
    ):
        typer.echo(f"The account is at {settings.origin} (listening on {settings.host}, port {port}).")
        if not settings.smtp_host:
            typer.echo(f"Letters are written into {settings.home / 'letters'}: no mail server is set.", err=True)
        await stop.wait()


async def _work(slots: int, metrics_port: int) -> None:
    from uptrack_account import logs
    from uptrack_account.service import only_analysing, open_service
    from uptrack_account.web.observe import serve_metrics

    settings, stop = _settings(), _told_to_stop()
    logs.set_up(settings.log)
    async with (
        open_service(settings) as service,
        serve_metrics(service, metrics_port),
        only_analysing(service, slots),
    ):
        typer.echo(f"Analysing what comes to {settings.origin}, {slots} at once.")
        await stop.wait()


def _told_to_stop() -> asyncio.Event:
    """Set by Ctrl-C, or by who manages services."""
    import asyncio
    import signal

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows ends the loop by Ctrl-C itself
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _migrate() -> None:
    from uptrack_account.store import open_database

    async with open_database(_settings().database_url):
        typer.echo("The account's database is up to date.")


async def _sign_out(email: str, everybody: bool) -> None:
    from uptrack_account.people.accounts import known_as
    from uptrack_account.people.sessions import Sessions
    from uptrack_account.store import open_database
    from uptrack_analysis.errors import BadInput

    if bool(email) == everybody:
        raise BadInput("Expected an e-mail address, or --everybody, and not both.", code="account.sign_out")
    async with open_database(_settings().database_url) as database:
        ended = await Sessions(database).end_of(known_as(email) if email else None)
        typer.echo(f"{ended} browser{'s' if ended != 1 else ''} signed out.")


def _settings() -> AccountSettings:
    from pydantic import ValidationError

    from uptrack_analysis.errors import BadInput, Unavailable

    if missing := [name for name in EXTRA if find_spec(name) is None]:
        raise Unavailable(
            f"Expected what the hosted account needs, but {missing[0]} is not installed: install uptrack[account].",
            code="account.extra",
        )
    from uptrack_account.settings import AccountSettings

    try:
        return AccountSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        said = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"UPTRACK_ACCOUNT_{name or '*'}: {said}.", code="account.settings") from error
