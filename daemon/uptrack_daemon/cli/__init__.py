"""The ``uptrack`` command: a registry that imports a command only when it is called.

To add a command, write ``cli/<module>.py`` with a function ``register(app: typer.Typer) -> None`` that attaches it
(``app.command("analyze")(analyze)``, or ``app.add_typer(daemon_app, name="daemon")`` for a group), and add one line to
``COMMANDS``. Three rules keep the command line quick and its errors alike:

- A command's module imports at its top only the standard library, typer and this package's ``cli`` modules; numpy,
  aiohttp, rich and our other packages wait inside the function that runs, because ``uptrack --help`` imports every
  module of ``COMMANDS``.
- A command raises the errors of ``uptrack_analysis.errors``, or ``typer.BadParameter`` for wrong usage, and lets them
  through: ``main`` turns them into one sentence and an exit code. To end with another code, raise ``typer.Exit``.
- Results go to stdout, everything else (progress, notes, errors) to stderr.

Exit codes: 0 done; 1 nothing to measure; 2 usage; 3 bad input; 4 daemon, network or disk; 70 a fault of ours (set
``UPTRACK_DEBUG=1`` to see the traceback); 130 interrupted; 141 nobody reads the output any more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from uptrack_daemon.cli import errors
from uptrack_daemon.threads import ONE_BLAS_THREAD

COMMANDS: dict[str, str] = {
    "analyze": "uptrack_daemon.cli.analyze",
    "daemon": "uptrack_daemon.cli.daemon",
    "reports": "uptrack_daemon.cli.reports",
    "references": "uptrack_daemon.cli.references",
    "rules": "uptrack_daemon.cli.rules",
    "watch": "uptrack_daemon.cli.watch",
    "install": "uptrack_daemon.cli.install",
    "doctor": "uptrack_daemon.cli.doctor",
    "demo": "uptrack_daemon.cli.demo",
    "link": "uptrack_daemon.cli.link",
    "unlink": "uptrack_daemon.cli.unlink",
    "sync": "uptrack_daemon.cli.sync",
    "account": "uptrack_account.cli",
}
"""Name on the command line to the module that registers it, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never raises for what a user can do wrong.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; ``sys.argv[1:]`` by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    errors.make_output_robust()
    for name, count in ONE_BLAS_THREAD.items():
        os.environ.setdefault(name, count)
    try:
        code = _run(words or ["--help"])
        sys.stdout.flush()
    except BrokenPipeError:
        errors.silence_stdout()
        return errors.BROKEN_PIPE
    except (KeyboardInterrupt, typer.Abort):
        return errors.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last door: every fault becomes a sentence and a code
        return errors.tell(error, as_json="--json" in words)
    return code


def application(names: Sequence[str]) -> typer.Typer:
    """The typer application with the commands named."""
    app = typer.Typer(
        name="uptrack",
        help="Mix feedback measured on your own machine: nothing leaves it unless you link an account.",
        add_completion=False,
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in names:
        import_module(COMMANDS[name]).register(app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed_version

        typer.echo(f"uptrack {installed_version('uptrack')}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
    ),
) -> None:
    """What stands before a command; typer reads it and ``_show_version`` has answered already."""


def _run(words: list[str]) -> int:
    # Only the command that is called is imported; help and a name nobody knows need them all.
    names = [] if words[0] == "--version" else [words[0]] if words[0] in COMMANDS else list(COMMANDS)
    command = typer.main.get_command(application(names))
    # Not ``command.main``: that has its own idea of a broken pipe and of what Ctrl-C looks like.
    try:
        with command.make_context("uptrack", list(words)) as context:
            command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    return errors.DONE
