"""``uptrack reports list|show|export|compare|dismiss|dismissed|delete``: what was measured, found again afterwards.

The store is opened directly, so that none of this needs a running daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from uptrack_analysis.errors import BadInput
from uptrack_daemon.cli.paths import named_path

if TYPE_CHECKING:
    from uptrack_analysis.compare.versions import Comparison
    from uptrack_analysis.report import Report
    from uptrack_daemon.home import Home
    from uptrack_daemon.store import Reports, ReportSummary, Store, StoredReport
    from uptrack_daemon.versions import Weighed

T = TypeVar("T")

PAGE_SUFFIXES = {".html", ".htm"}

ReportId = Annotated[str, typer.Argument(help="A report's id, or its first digits (at least 4).", metavar="ID")]


def register(app: typer.Typer) -> None:
    """Add the command group to ``app``."""
    group = typer.Typer(help="Find, show, export and erase what was measured before.", no_args_is_help=True)
    group.command("list")(list_reports)
    group.command()(show)
    group.command()(export)
    group.command()(compare)
    group.command()(dismiss)
    group.command()(dismissed)
    group.command()(delete)
    app.add_typer(group, name="reports")


def list_reports(
    name: Annotated[str | None, typer.Argument(help="Only files and projects whose name contains this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List reports, newest first."""
    found, total = _with_reports(lambda reports: _list(reports, name, limit))
    if as_json:
        from uptrack_daemon.cli.errors import write_json

        write_json(json.dumps([_plain(report) for report in found], ensure_ascii=False))
        return
    if not found:
        typer.echo("No report yet." if name is None else f"No report's file or project is named like {name!r}.")
        return
    from uptrack_analysis.findings.families import genre_name
    from uptrack_analysis.present.wording import plain

    for report in found:
        score = "  –" if report.score is None else f"{report.score:3.0f}"
        when = report.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
        project = f"  [{report.project_name}]" if report.project_name else ""
        judged = f"{genre_name(report.genre)}, {report.target}"
        line = f"{report.id[:8]}  {when}  {score}  {judged}  {report.source_name}{project}"
        typer.echo(plain(line))
    if total > len(found):
        typer.echo(f"… and {total - len(found)} older: --limit {total} shows all.")


def show(
    report: ReportId,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report's JSON, byte for byte.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every finding.")] = False,
) -> None:
    """Show one report as `uptrack analyze` did."""
    from uptrack_daemon.cli.errors import write_json

    if as_json:
        write_json(_with_reports(lambda reports: reports.get(report)).document)
        return
    from rich.console import Console

    from uptrack_analysis.present.text import print_report

    weighed = _weighed(report)
    print_report(weighed.report, Console(), every_finding=everything, since=weighed.since)


def export(
    report: Annotated[str | None, typer.Argument(help="A report's id; leave it out for --all.", metavar="[ID]")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="PATH", parser=named_path, help="File (.json or .html), or folder for --all."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every report, one JSON file each.")] = False,
) -> None:
    """Write a report to a file: its JSON, or a page if the file's name ends in .html."""
    if everything == (report is not None):
        raise typer.BadParameter("expected a report's id, or --all with --out FOLDER")
    if everything:
        if out is None or str(out) == "-":
            raise typer.BadParameter("--all needs a folder to write to, such as --out reports/")
        count = _with_reports(lambda reports: _export_all(reports, out))
        typer.echo(f"{count} {'report' if count == 1 else 'reports'} in {out}")
        return
    document = _with_reports(lambda reports: reports.get(report or "")).document
    if out is None or str(out) == "-":
        from uptrack_daemon.cli.errors import write_json

        write_json(document)
        return
    if out.suffix.lower() not in {*PAGE_SUFFIXES, ".json"}:
        # Also what keeps a slip of the hand from writing a report over a mix.
        raise typer.BadParameter(f"--out needs a name that ends in .json or .html; got {out}")
    if out.suffix.lower() in PAGE_SUFFIXES:
        from uptrack_analysis.present.html import report_page

        weighed = _weighed(report or "")
        document = report_page(weighed.report, since=weighed.since)
    _write(out, document)
    typer.echo(str(out))


def compare(
    old: Annotated[str, typer.Argument(help="The older version: a report's id, or a report's .json file.")],
    new: Annotated[
        str | None,
        typer.Argument(metavar="[NEW]", help="The newer one; without it OLD is held against the version before it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every finding, not the first 12.")] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again/--as-judged",
            help="Where rules have changed, measure the files again under today's, or leave those rules out.",
        ),
    ] = True,
) -> None:
    """Say what became of each finding from one version to the next: fixed, new, worse, better or unchanged.

    Times follow the music, though phrases were put in or taken out; a change of gain is no change of tone, low end or
    stereo. Both versions are held to today's rules: a file whose rules have changed since is measured again. Where it
    is gone, what was not judged alike is left out and named.
    """
    from uptrack_analysis.compare.versions import compare as compared
    from uptrack_analysis.compare.versions import to_document
    from uptrack_analysis.findings.rule import ruleset_hash
    from uptrack_daemon.cli.errors import write_json

    older, newer = _two_versions(old, new)
    comparison = _under_todays_rules(older, newer) if again else None
    if comparison is None:
        why_not = _why_not_again(older, newer) if again else ""
        comparison = compared(older.report, newer.report, today=ruleset_hash(), why_changed=why_not)
    if as_json:
        write_json(json.dumps(to_document(comparison), ensure_ascii=False, allow_nan=False))
        return
    from rich.console import Console

    from uptrack_analysis.present.comparison import print_comparison

    print_comparison(comparison, Console(), every_change=everything)


def dismiss(
    run: Annotated[str, typer.Argument(help="The report's id, or its first digits.", metavar="RUN")],
    finding: Annotated[
        str, typer.Argument(help="The finding's id as the report shows it, or how it begins.", metavar="FINDING")
    ],
    rule: Annotated[bool, typer.Option("--rule", help="Everything this finding's rule finds in this project.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take it back.")] = False,
) -> None:
    """Say that a finding is meant: later runs of its project leave it out of text, markers and score.

    What is worse than it was when you said so, a finding or the worst of a rule, is told again.
    """
    from uptrack_analysis.present.wording import plain
    from uptrack_analysis.report import SEVERITIES
    from uptrack_daemon.store import Reports
    from uptrack_daemon.versions import Dismissed, Versions

    async def done(_home: Home, store: Store) -> Dismissed:
        stored = await Reports(store).get(run)
        return await Versions(store).dismiss(stored, finding, whole_rule=rule, undo=undo)

    meant = _with_store(done)
    what = f"The rule {meant.rule}" if meant.finding is None else f"{meant.title} ({meant.finding})"
    said = "counts again" if undo else "is left out from now on"
    grows = "" if meant.severity in (None, SEVERITIES[-1]) else f", unless it grows worse than {meant.severity}"
    typer.echo(plain(f"{what} {said} in {meant.project}{grows}."))


def dismissed(
    name: Annotated[str | None, typer.Argument(help="Only projects whose name contains this.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what is dismissed, project by project."""
    from uptrack_analysis.present.wording import plain
    from uptrack_daemon.cli.errors import write_json
    from uptrack_daemon.projects import folded
    from uptrack_daemon.store import Dismissals

    found = [
        one
        for one in _with_store(lambda _home, store: Dismissals(store).list())
        if name is None or folded(name) in folded(one.project_name)
    ]
    if as_json:
        rows = [
            {
                "project": one.project_name,
                "rule": one.rule,
                "finding": None if one.whole_rule else one.findings[-1],
                "title": one.title,
                "severity": one.severity,
                "report": one.report_id,
                "created_at": one.created_at.isoformat(),
            }
            for one in found
        ]
        write_json(json.dumps(rows, ensure_ascii=False))
        return
    if not found:
        typer.echo("Nothing is dismissed.")
    for one in found:
        what = f"every {one.rule}" if one.whole_rule else f"{one.title} ({one.findings[-1]})"
        when = one.created_at.astimezone().strftime("%Y-%m-%d")
        worst = f", up to {one.severity}" if one.severity else ""
        typer.echo(plain(f"{one.report_id[:8]}  {when}  [{one.project_name}]  {what}{worst}"))


def delete(
    report: Annotated[str | None, typer.Argument(help="A report's id; leave it out for --all.", metavar="[ID]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Erase every report and all it left behind.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep-on-account", help="Leave in a linked account what is there already.")
    ] = False,
) -> None:
    """Erase a report for good: the store's own bytes are overwritten. Your audio files are never touched.

    Where this machine is linked to an account, it is deleted there, too.
    """
    if everything == (report is not None):
        raise typer.BadParameter("expected a report's id, or --all")
    if everything:
        from uptrack_daemon.control import forget_live
        from uptrack_daemon.erase import erase_everything
        from uptrack_daemon.home import Home

        if not yes:
            if not sys.stdin.isatty():
                raise typer.BadParameter("nobody is here to be asked whether to erase every report: say --yes")
            typer.confirm(f"Erase every report on this machine{'' if keep else _and_account()}?", abort=True)
        erased = _with_store(lambda home, store: erase_everything(home, store, keep_on_account=keep))
        asyncio.run(forget_live(Home.of_user()))
    else:
        from uptrack_daemon.erase import erase_report

        erased = _with_store(lambda home, store: erase_report(home, store, report or "", keep_on_account=keep))
    typer.echo(f"Erased {erased.reports} {'report' if erased.reports == 1 else 'reports'}.")
    if erased.on_account:
        typer.echo(
            f"{erased.on_account} of them may be in your account: deleted there as well, once the daemon reaches it "
            "(`uptrack sync --now` does so at once)."
        )
    if not erased.traceless:
        typer.echo(
            "The store was being read: the last traces are overwritten with the next report that is erased, "
            "or when the daemon stops.",
            err=True,
        )


def _and_account() -> str:
    """Where else they are erased, if this machine is linked."""
    from uptrack_daemon.store import AccountLinks

    link = _with_store(lambda _home, store: AccountLinks(store).get())
    return "" if link is None else f", and from {link.account_name}'s account at {link.site} those it has put there"


def _with_store(work: Callable[[Home, Store], Coroutine[Any, Any, T]]) -> T:
    from uptrack_daemon.home import Home
    from uptrack_daemon.store import open_store

    async def opened() -> T:
        home = Home.of_user()
        home.create()
        async with open_store(home.database) as store:
            return await work(home, store)

    return asyncio.run(opened())


def _with_reports(work: Callable[[Reports], Coroutine[Any, Any, T]]) -> T:
    from uptrack_daemon.store import Reports

    return _with_store(lambda _home, store: work(Reports(store)))


def _weighed(report: str) -> Weighed:
    """A stored report, held against the version before it."""
    from uptrack_daemon.store import Reports
    from uptrack_daemon.versions import Versions

    async def found(_home: Home, store: Store) -> Weighed:
        return await Versions(store).of(await Reports(store).get(report))

    return _with_store(found)


@dataclasses.dataclass(frozen=True)
class _Version:
    report: Report
    path: Path | None
    """Where its audio was, if anybody remembers."""


def _two_versions(old: str, new: str | None) -> tuple[_Version, _Version]:
    if new is not None:
        return _one_version(old), _one_version(new)
    stored = _with_reports(lambda reports: reports.get(old))
    summary = stored.summary
    before = _with_reports(
        lambda reports: reports.version_before(summary.project_key, summary.sha256, before=summary.created_at)
    )
    if before is None:
        raise BadInput(
            f"{summary.source_name} is the first version of {summary.project_name}: name a report to compare it with.",
            code="report.first",
        )
    return _read_version(before), _read_version(stored)


def _one_version(named: str) -> _Version:
    """A stored report by its id, or one in a file."""
    if not named.lower().endswith(".json"):
        return _read_version(_with_reports(lambda reports: reports.get(named)))
    from uptrack_analysis.report import from_json

    try:
        return _Version(from_json(Path(named).read_bytes()), None)
    except OSError as error:
        raise BadInput(f"{named} cannot be read ({error.strerror or error}).", code="report.unreadable") from None
    except ValueError:
        raise BadInput(
            f"Expected a report in {named}, as `uptrack analyze --json` prints one.", code="report.unreadable"
        ) from None


def _read_version(stored: StoredReport) -> _Version:
    from uptrack_analysis.report import from_json

    return _Version(from_json(stored.document), stored.summary.source_path)


def _under_todays_rules(older: _Version, newer: _Version) -> Comparison | None:
    """Both under the rules in force, measured again where they have changed and the audio is still there.

    ``None`` where neither can or need be measured again. As they were judged, where only one can be and more rules are
    the same then.
    """
    from uptrack_analysis.compare.again import judged_again
    from uptrack_analysis.compare.versions import compare
    from uptrack_analysis.findings.rule import ruleset_hash

    again = _measured_again(older), _measured_again(newer)
    if again == (None, None):
        return None
    # Each beside what the other was, so that what both were held against in the same way stays.
    old = older.report if again[0] is None else judged_again(older.report, again[0], newer.report)
    new = newer.report if again[1] is None else judged_again(newer.report, again[1], older.report)
    why_not = _why_not_again(older, newer)
    under_todays = compare(old, new, today=ruleset_hash(), why_changed=why_not)
    as_judged = compare(older.report, newer.report, today=ruleset_hash(), why_changed=why_not)
    if as_judged.rules_compared > under_todays.rules_compared:
        return as_judged
    names = [version.report.source.name for version, one in zip((older, newer), again, strict=True) if one is not None]
    note = f"{' and '.join(names)} {'was' if len(names) == 1 else 'were'} measured again under today's rules."
    return dataclasses.replace(under_todays, notes=(note, *under_todays.notes))


def _why_not_again(*versions: _Version) -> str:
    from uptrack_daemon.versions import GONE

    from_file = any(version.path is None for version in versions)
    return "a report in a file does not say where its audio lies" if from_file else GONE


def _measured_again(version: _Version) -> Report | None:
    """A version by today's rules; ``None`` where they are the ones it was judged by, or its file is not there."""
    from uptrack_analysis.compare.again import is_outdated, settings_again
    from uptrack_analysis.findings.rule import rule_digests, ruleset_hash
    from uptrack_daemon.cli.measuring import measured_again

    context, engine = version.report.context, version.report.engine
    today = dataclasses.replace(
        engine, ruleset=ruleset_hash(), rules=rule_digests(context.genre.family, context.target)
    )
    if version.path is None or not is_outdated(dataclasses.asdict(engine), dataclasses.asdict(today)):
        return None
    again = measured_again(version.path, settings_again(context))
    return again if again is not None and again.source.sha256 == version.report.source.sha256 else None


async def _list(reports: Reports, name: str | None, limit: int) -> tuple[list[ReportSummary], int]:
    return await reports.list(limit=limit, name=name), await reports.count(name=name)


async def _export_all(reports: Reports, folder: Path) -> int:
    found = await reports.list(limit=1_000_000)
    for report in found:
        stored = await reports.get(report.id)
        await asyncio.to_thread(_write, folder / f"{report.id}.json", stored.document)
    return len(found)


def _plain(report: ReportSummary) -> dict[str, Any]:
    return {
        "id": report.id,
        "created_at": report.created_at.isoformat(),
        "name": report.source_name,
        "path": str(report.source_path),
        "project": report.project_name,
        "score": report.score,
        "coverage": report.coverage,
        "genre": report.genre,
        "target": report.target,
    }


def _write(path: Path, text: str) -> None:
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # a full disk is no fault of the place that was named
        raise BadInput(
            f"Expected to write {path}, but {error.strerror or error}: choose another place with --out.",
            code="export.unwritable",
        ) from error
