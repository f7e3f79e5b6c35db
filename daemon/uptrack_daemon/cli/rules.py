"""``uptrack rules``: what is judged, by which limits, and how far each number can be trusted."""

from __future__ import annotations

import json
import shutil
from typing import Annotated

import typer

WIDEST = 100

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the command group to ``app``; alone it lists."""
    group = typer.Typer(
        help="The rules a mix is judged by: what each measures, its limits, and where they come from.",
        invoke_without_command=True,
    )
    group.callback()(rules)
    group.command("list")(list_rules)
    group.command()(show)
    app.add_typer(group, name="rules")


def rules(context: typer.Context, as_json: Json = False) -> None:
    """The rules a mix is judged by: what each measures, its limits, and where they come from."""
    if context.invoked_subcommand is None:
        list_rules(as_json)


def list_rules(as_json: Json = False) -> None:
    """List every rule."""
    from uptrack_analysis.findings.rule import all_rules
    from uptrack_analysis.findings.rule_docs import rule_document
    from uptrack_analysis.present.rules import rule_list
    from uptrack_daemon.cli.errors import write_json

    if as_json:
        write_json(json.dumps([rule_document(rule) for rule in all_rules()], ensure_ascii=False))
        return
    typer.echo(rule_list(all_rules(), _width()))


def show(
    rule: Annotated[str, typer.Argument(help="A rule's id, such as low.mono, or how it begins.", metavar="ID")],
    as_json: Json = False,
) -> None:
    """Show one rule: what it measures, its limits by genre family, their sources and grades."""
    from uptrack_analysis.findings.rule_docs import find_rule, rule_document
    from uptrack_analysis.present.rules import rule_page
    from uptrack_daemon.cli.errors import write_json

    found = find_rule(rule)
    if as_json:
        write_json(json.dumps(rule_document(found), ensure_ascii=False))
        return
    typer.echo(rule_page(found, _width()))


def _width() -> int:
    return min(max(shutil.get_terminal_size().columns, 60), WIDEST)
