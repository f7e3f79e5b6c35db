"""``uptrack analyze``: measure files here and now, no daemon needed; text, JSON or a page."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import re
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from uptrack_daemon.cli import errors
from uptrack_daemon.cli.paths import named_path
from uptrack_daemon.cli.stem_folder import stems_in

if TYPE_CHECKING:
    from uptrack_analysis.report import Analysis, Report
    from uptrack_analysis.settings import Settings

PAGE_SUFFIXES = {".html", ".htm"}

Progress = Callable[[float, str], None]


class DeliveryTarget(StrEnum):
    """The report's ``Target``, as choices of an option."""

    CLUB = "club"
    STREAM = "stream"
    PREMASTER = "premaster"


def register(app: typer.Typer) -> None:
    app.command("analyze")(analyze)


def analyze(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", parser=named_path, help="WAV, AIFF, FLAC, OGG or MP3 files; M4A with ffmpeg."),
    ],
    genre: Annotated[
        str | None, typer.Option(metavar="GENRE", help="Judge as this genre, such as techno or liquid; else guessed.")
    ] = None,
    target: Annotated[DeliveryTarget, typer.Option(help="What the file is for.")] = DeliveryTarget.CLUB,
    bpm: Annotated[
        float | None, typer.Option(metavar="BPM", min=1, max=2_000, help="The project's tempo, if you know it.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help='The project\'s key, such as "F# minor" or Bbm.')
    ] = None,
    stems: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", parser=named_path, help="A folder with the mix's stems: findings then name the guilty one."
        ),
    ] = None,
    stems_in_full: Annotated[
        bool,
        typer.Option("--stems-in-full", help="Measure each stem as fully as the mix; each takes as long as a mix."),
    ] = False,
    codecs: Annotated[
        bool, typer.Option("--codecs", help="Measure overs after AAC, Opus and MP3 as well; takes ffmpeg and time.")
    ] = False,
    crate: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=named_path,
            help="Compare level and tone with the tracks in DIR.",
        ),
    ] = None,
    references: Annotated[
        list[str] | None,
        typer.Option(
            "--reference",
            metavar="FILE|FOLDER|NAME",
            help="Hold it against a track of your own, a folder of them, or a stored profile; repeat for more.",
        ),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Keep the report as a version of this project and compare it with the one before."
        ),
    ] = None,
    keep: Annotated[
        bool | None,
        typer.Option(
            "--keep/--no-keep",
            show_default=False,
            help="The same, for the project that folder and file name say (without v2, final …). Once a version of it "
            "is kept, so are the next ones, unless you say --no-keep.",
        ),
    ] = None,
    crosscheck: Annotated[
        bool,
        typer.Option("--crosscheck", help="Show what pyloudnorm and ffmpeg, where installed, measure as loudness."),
    ] = False,
    every_finding: Annotated[bool, typer.Option("--all", help="Show every finding, not the first 12.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON; several files: an array.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT", parser=named_path, help="Write a page to OUT.html; several files: a folder OUT of pages."
        ),
    ] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Show on stderr how long each stage took.")] = False,
) -> None:
    """Measure a mix: what to fix, where, and a score.

    Exit codes: 0 done, 1 nothing to measure, 2 usage, 3 bad input, 4 disk, 70 a fault of ours;
    of several files the highest.
    """
    if as_json and html is not None:
        raise typer.BadParameter("--json and --html exclude each other; run twice for both")
    if crosscheck and (as_json or html is not None):
        raise typer.BadParameter(
            "--crosscheck prints a table below the report's text; run once more without --json or --html"
        )
    if stems is not None and len(files) > 1:
        raise typer.BadParameter(f"--stems belongs to one mix; got {len(files)} files: run once for each")
    if stems_in_full and stems is None:
        raise typer.BadParameter("--stems-in-full needs the stems: name their folder with --stems DIR")
    if crate is not None and not crate.is_dir():
        raise typer.BadParameter(f"--crate: expected a folder of tracks, got {crate}")
    settings = replace(
        _settings(genre, target, bpm, key),
        codecs=codecs,
        crate=None if crate is None else str(crate.absolute()),
        stems=() if stems is None else stems_in(stems, files[0]),
        stems_in_full=stems_in_full,
    )
    if project is not None and not project.strip():
        raise typer.BadParameter("--project: expected a name, got an empty one")
    settings = _with_references(settings, references or [], several=len(files) > 1)
    if project is not None and keep is False:
        raise typer.BadParameter("--project keeps the report and --no-keep does not; say one of them")
    shelf = _Shelf(project, keep=True if project is not None else keep)
    pages = None if html is None else _page_paths(files, html)
    output: _Output = _JsonOutput(several=len(files) > 1) if as_json else _TextOutput(every_finding, pages, crosscheck)
    worst = errors.DONE
    for number, path in enumerate(files):
        worst = max(worst, _analyze_one(number, path, settings, output, shelf, timings=timings))
    output.close()
    if worst:
        raise typer.Exit(worst)


def _analyze_one(number: int, path: Path, settings: Settings, output: _Output, shelf: _Shelf, *, timings: bool) -> int:
    from uptrack_analysis.analyze import analyze_file

    try:
        with _progress_bar(path) as progress:
            analysis = analyze_file(path, settings, progress)
        shown = shelf.shown(path, analysis)
        output.show(number, path, shown)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - one bad file must not stop the others
        output.fail(path, error)
        return errors.exit_code_of(error)
    if timings:
        _show_timings(path, analysis)
    return errors.DONE


# -- versions of a project ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shown:
    """A report on its way out."""

    report: Report
    since: tuple[str, ...] = ()
    """What changed since the project's version before."""


@dataclass
class _Shelf:
    """Where reports are kept as versions of their projects, if they are."""

    project: str | None
    keep: bool | None
    """``None``: if another version of its project was."""

    def shown(self, path: Path, analysis: Analysis) -> _Shown:
        """The report as it is to be shown; kept first, so that what was shown is what the next one is held against."""
        path, keep = path.absolute(), self.keep
        known = _NOTHING if keep else _known(path, analysis.report.source.sha256)
        if keep is None:
            keep = known.versions
        if not keep and not known.dismissals:
            return _Shown(analysis.report)
        return asyncio.run(self._weighed(path, analysis.report, keep=keep))

    async def _weighed(self, path: Path, report: Report, *, keep: bool) -> _Shown:
        from uptrack_analysis.report import to_json
        from uptrack_daemon.cli.measuring import measured_beside
        from uptrack_daemon.home import Home
        from uptrack_daemon.projects import project_of
        from uptrack_daemon.settings import load
        from uptrack_daemon.store import NewReport, Reports, new_id, open_store
        from uptrack_daemon.versions import Versions, weigh, with_today

        home = Home.of_user()
        home.create()
        async with open_store(home.database) as store:
            reports = Reports(store)
            project = project_of(None, path) if self.project is None else await reports.project_called(self.project)
            document = to_json(report)
            past = await Versions(store).past(project.key, report.source.sha256)
            past = await with_today(past, document, path, measured_beside)
            weighed = weigh(document, past)
            if not keep:
                return _Shown(weighed.report, weighed.since)
            kept = NewReport(
                weighed.document,
                new_id(),
                path,
                project_name=project.name,
                project_key=project.key,
                dismissed=weighed.dismissed,
                fixes={result.fix: result.model_dump_json() for result in weighed.fixes},
                audio=load(home).account_audio == "always",
            )
            await reports.save(kept)
        typer.echo(f"Kept as report {kept.id[:8]} of {project.name}.", err=True)
        return _Shown(weighed.report, weighed.since)


class _Known(NamedTuple):
    """What the store holds that a run has to know of."""

    dismissals: bool
    """Of any project."""
    versions: bool
    """Of this run's project, and none of them is this very file."""


_NOTHING = _Known(dismissals=False, versions=False)


def _known(path: Path, sha256: str) -> _Known:
    """Asked of the file itself: most runs have no version before, and need not wait for the store to be loaded."""
    import sqlite3
    from contextlib import closing

    from uptrack_daemon.home import Home
    from uptrack_daemon.projects import project_of

    database, key = Home.of_user().database, project_of(None, path).key
    if not database.is_file():
        return _NOTHING
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as store:
            dismissed = store.execute("SELECT 1 FROM dismissals LIMIT 1").fetchone() is not None
            kept = {of for (of,) in store.execute("SELECT sha256 FROM reports WHERE project_key = ?", (key,))}
            return _Known(dismissed, bool(kept) and sha256 not in kept)
    except sqlite3.Error:
        return _NOTHING  # no store of ours, or an older one


# -- where reports go --------------------------------------------------------------------------------------------------


class _Output(ABC):
    """Takes each file's report or error, in the order given."""

    @abstractmethod
    def show(self, number: int, path: Path, shown: _Shown) -> None: ...

    def fail(self, path: Path, error: Exception) -> None:
        errors.tell(error, file=path)

    def close(self) -> None:  # noqa: B027 - most outputs have nothing left to do
        """All files are done."""


@dataclass
class _TextOutput(_Output):
    every_finding: bool
    pages: list[Path] | None
    crosscheck: bool

    def show(self, number: int, path: Path, shown: _Shown) -> None:
        if self.pages is not None:
            _write_page(self.pages[number], shown)
            return
        from rich.console import Console

        from uptrack_analysis.present.text import print_report, print_wide

        if number:
            sys.stdout.write("\n")
        print_report(shown.report, Console(), every_finding=self.every_finding, since=shown.since)
        if self.crosscheck:
            from uptrack_analysis.crosscheck import crosscheck
            from uptrack_analysis.present.crosscheck import crosscheck_table

            print_wide(crosscheck_table(shown.report, crosscheck(path)), Console())
        sys.stdout.flush()


class _JsonOutput(_Output):
    def __init__(self, *, several: bool) -> None:
        self.several = several
        self.documents: list[str] = []

    def show(self, number: int, path: Path, shown: _Shown) -> None:
        from uptrack_analysis.report import to_json

        self.documents.append(to_json(shown.report))

    def fail(self, path: Path, error: Exception) -> None:
        import json

        self.documents.append(json.dumps(errors.problem(error, name=path.name), ensure_ascii=False))

    def close(self) -> None:
        if self.several:
            errors.write_json("[" + ",\n".join(self.documents) + "]")
        else:
            errors.write_json(self.documents[0])


def _write_page(page: Path, shown: _Shown) -> None:
    """The page whole or not at all: written beside its place and moved there."""
    from uptrack_analysis.present.html import report_page
    from uptrack_analysis.present.wording import plain
    from uptrack_daemon.feedback import status_line

    part = page.with_name(f".{page.name}.part")
    try:
        part.write_text(report_page(shown.report, since=shown.since), "utf-8")
        part.replace(page)
    finally:
        part.unlink(missing_ok=True)
    typer.echo(f"{plain(str(page))}: {status_line(shown.report)}")


def _page_paths(files: list[Path], out: Path) -> list[Path]:
    """Where each file's page goes, known to be writable before anything is measured.

    Raises
    ------
    typer.BadParameter
        ``out`` is neither a page nor, for several files, a folder.
    BadInput
        The folder cannot be written to.
    """
    in_folder = out.is_dir() or len(files) > 1
    if in_folder and out.exists() and not out.is_dir():
        raise typer.BadParameter(f"--html needs a folder for {len(files)} files; {out} is a file")
    if not in_folder and out.suffix.lower() not in PAGE_SUFFIXES:
        # Also what keeps a slip of the hand from writing a page over a mix.
        raise typer.BadParameter(f"--html needs a name that ends in .html, or a folder that exists; got {out}")
    folder = out if in_folder else out.parent
    _check_writable(folder, make=in_folder)
    if not in_folder:
        return [out]
    pages: list[Path] = []
    for path in files:
        name, count = f"{path.name}.html", 1
        while folder / name in pages:
            count += 1
            name = f"{path.name}-{count}.html"
        pages.append(folder / name)
    return pages


def _check_writable(folder: Path, *, make: bool) -> None:
    from uptrack_analysis.errors import BadInput

    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        # Asking the file system beats guessing from permission bits: read-only disks and /proc have bits, too.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise BadInput(
            f"Expected a folder that takes the page, but {folder} does not ({why}): give --html another place.",
            code="output.unwritable",
        ) from None


# -- what the project knows --------------------------------------------------------------------------------------------


def _settings(genre: str | None, target: DeliveryTarget, bpm: float | None, key: str | None) -> Settings:
    from uptrack_analysis.errors import BadInput
    from uptrack_analysis.findings.families import find_family
    from uptrack_analysis.report import ProjectFacts
    from uptrack_analysis.settings import Settings

    if bpm is not None and not math.isfinite(bpm):
        raise typer.BadParameter(f"--bpm: expected a tempo in beats per minute, such as 128; got {bpm}")
    if genre is not None:
        try:
            find_family(genre)
        except BadInput as error:
            raise typer.BadParameter(f"--genre: {error.sentence}") from None
    facts = ProjectFacts(bpm=bpm, key=None if key is None else _key_name(key))
    return Settings(genre=genre, target=target.value, project=facts)


def _with_references(settings: Settings, words: list[str], *, several: bool) -> Settings:
    """``settings`` with what the user named as references; the store is asked only for what is no path.

    Several mixes are held against the same references, which are measured here once.
    """
    if not all(words):
        raise typer.BadParameter("--reference: expected a path or a profile's name, got an empty one")
    if not words:
        return settings
    from uptrack_analysis.references import measure_references
    from uptrack_daemon.home import Home
    from uptrack_daemon.references import Named, files_behind, with_profiles
    from uptrack_daemon.store import References, open_store

    looked, database = files_behind(words), Home.of_user().database

    async def found() -> Named:
        if not looked.names or not database.is_file():
            return await with_profiles(looked, None)
        async with open_store(database) as store:
            return await with_profiles(looked, References(store))

    named = asyncio.run(found())
    tracks, notes = measure_references(named.files, settings) if several else ((), ())
    return dataclasses.replace(
        settings,
        references=(*named.tracks, *tracks),
        reference_files=() if several else tuple(str(path) for path in named.files),
        reference_notes=(*named.notes, *notes),
    )


def _key_name(text: str) -> str:
    """A key as the report writes it ("F# minor"), from that, "F#m", "f# min" or "Bb maj"."""
    found = re.fullmatch(r"([A-Ga-g])([#b♯♭]?)\s*(m|min|minor|maj|major|)", text.strip())
    if found is None:
        raise typer.BadParameter(f'--key: expected a key such as "F# minor", Bbm or "C major"; got {text!r}')
    letter, accidental, mode = found.groups()
    accidental = {"♯": "#", "♭": "b"}.get(accidental, accidental)
    return f"{letter.upper()}{accidental} {'minor' if mode in {'m', 'min', 'minor'} else 'major'}"


# -- what stderr shows -------------------------------------------------------------------------------------------------


@contextmanager
def _progress_bar(path: Path) -> Iterator[Progress]:
    """A bar on a terminal, gone when done; nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _fraction, _stage: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from uptrack_analysis.present.wording import plain

    columns = (
        TextColumn("{task.fields[file]}", markup=False),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("opening", total=1.0, file=_shortened(plain(path.name), 32))
        yield lambda fraction, stage: bar.update(task, completed=fraction, description=stage)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length // 2 - 1]}…{text[-(length // 2) :]}"


def _show_timings(path: Path, analysis: Analysis) -> None:
    from uptrack_analysis.present.wording import plain

    lines = [f"  {stage:<20} {seconds:8.3f} s" for stage, seconds in analysis.timings_s.items()]
    sys.stderr.write("\n".join([f"{plain(path.name)}: seconds by stage", *lines]) + "\n")
