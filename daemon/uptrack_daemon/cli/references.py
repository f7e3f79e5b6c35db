"""``uptrack references add|list|show|delete``: your own tracks as the target, kept as numbers under a name."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from uptrack_daemon.cli.paths import named_path

if TYPE_CHECKING:
    from uptrack_analysis.findings.reference_profile import Range
    from uptrack_daemon.store import References

T = TypeVar("T")

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the profile is called.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the command group to ``app``."""
    group = typer.Typer(
        help="Keep reference tracks as numbers under a name, for `analyze --reference NAME`.", no_args_is_help=True
    )
    group.command()(add)
    group.command("list")(list_profiles)
    group.command()(show)
    group.command()(delete)
    app.add_typer(group, name="references")


def add(
    name: Name,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES...", parser=named_path, help="Audio files, or folders of them.")
    ],
) -> None:
    """Measure tracks and add their numbers to the profile NAME. The audio is neither kept nor changed.

    Exit codes: 0 at least one track was added, 3 none could be.
    """
    from uptrack_analysis.errors import BadInput
    from uptrack_analysis.present.wording import plain
    from uptrack_analysis.references import measure_references
    from uptrack_analysis.settings import Settings
    from uptrack_daemon.projects import folded
    from uptrack_daemon.references import files_behind, with_profiles

    if not folded(name):
        raise typer.BadParameter("expected a name for the profile, got an empty one")
    named = asyncio.run(with_profiles(files_behind(map(str, files)), None))
    tracks, refused = measure_references(named.files, Settings())
    for note in (*named.notes, *refused):
        typer.echo(plain(note), err=True)
    if not tracks:
        raise BadInput("None of these files could be measured as a reference.", code="references.none")
    profile = _with_references(lambda references: references.add(name, tracks))
    count = len(profile.tracks)
    typer.echo(plain(f"{profile.name}: {count} {'track' if count == 1 else 'tracks'}."))


def list_profiles(as_json: Json = False) -> None:
    """List the profiles."""
    from uptrack_analysis.present.wording import plain
    from uptrack_daemon.cli.errors import write_json

    profiles = _with_references(lambda references: references.list())
    if as_json:
        rows = [{"name": profile.name, "tracks": [track.name for track in profile.tracks]} for profile in profiles]
        write_json(json.dumps(rows, ensure_ascii=False))
        return
    if not profiles:
        typer.echo("No reference profile yet: `uptrack references add NAME FILES...` makes one.")
    for profile in profiles:
        typer.echo(plain(f"{profile.name}  {len(profile.tracks)}  {', '.join(track.name for track in profile.tracks)}"))


def show(name: Name, as_json: Json = False) -> None:
    """Show what a profile holds: its range for each figure, and each track."""
    from uptrack_analysis.findings.reference_profile import ReferenceProfile
    from uptrack_analysis.present.wording import plain
    from uptrack_daemon.cli.errors import write_json

    stored = _with_references(lambda references: references.get(name))
    if as_json:
        document = {"name": stored.name, "tracks": [dataclasses.asdict(track) for track in stored.tracks]}
        write_json(json.dumps(document, ensure_ascii=False, allow_nan=False))
        return
    profile = ReferenceProfile.of(stored.tracks)
    typer.echo(plain(f"{stored.name}: {', '.join(track.name for track in stored.tracks)}"))
    for label, figure, unit in (
        ("Integrated loudness", "integrated_lufs", "LUFS"),
        ("Peak to loudness (PLR)", "plr_db", "dB"),
        ("PSR in the loud passage", "psr_db", "dB"),
        ("Loudness range", "range_lu", "LU"),
        ("Spectral tilt", "tilt_db_per_octave", "dB/oct"),
        ("Sub over mids", "sub_db", "dB"),
        ("Lowest correlation", "correlation_low", ""),
    ):
        found = None if profile is None else profile.range_of(figure)
        typer.echo(f"  {label:<24} {_spread(found)} {unit}".rstrip())


def delete(name: Name) -> None:
    """Erase a profile for good. Your audio files are never touched."""
    from uptrack_analysis.present.wording import plain

    stored = _with_references(lambda references: references.get(name))
    _with_references(lambda references: references.delete(name))
    typer.echo(plain(f"Erased {stored.name}."))


def _spread(found: Range | None) -> str:
    from uptrack_analysis.figures import digits

    if found is None:
        return "not measured"
    low, high = digits(found.low, 2), digits(found.high, 2)
    return low if low == high else f"{low} to {high} (mean {digits(found.mean, 2)})"


def _with_references(work: Callable[[References], Coroutine[Any, Any, T]]) -> T:
    from uptrack_daemon.home import Home
    from uptrack_daemon.store import References, open_store

    async def opened() -> T:
        home = Home.of_user()
        home.create()
        async with open_store(home.database) as store:
            return await work(References(store))

    return asyncio.run(opened())
