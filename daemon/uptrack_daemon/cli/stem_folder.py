"""The stems in a folder, for ``uptrack analyze --stems``: every audio file in it, by the name its track had."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from uptrack_bridges.export_names import is_export_name, track_name

if TYPE_CHECKING:
    from uptrack_analysis.settings import StemFile

_NUMBERING = re.compile(r"\d{1,3}[\s._-]+(?=\S)")


def stems_in(folder: Path, mix: Path) -> tuple[StemFile, ...]:
    """Stems of ``mix``, in the order of their file names; the mix itself may lie among them.

    Raises
    ------
    typer.BadParameter
        No folder, no audio in it, or more stems than a mix may have.
    """
    from uptrack_analysis.settings import StemFile, unused_name
    from uptrack_bridges.messages import MAX_STEMS

    if not folder.is_dir():
        raise typer.BadParameter(f"--stems: expected a folder of stems; {folder} is none")
    paths = sorted(
        (path for path in folder.iterdir() if is_export_name(path.name) and path.is_file() and not _same(path, mix)),
        key=lambda path: path.name.casefold(),
    )
    if not paths:
        raise typer.BadParameter(f"--stems: expected stems in {folder}, found no audio file beside the mix")
    if len(paths) > MAX_STEMS:
        raise typer.BadParameter(f"--stems: expected at most {MAX_STEMS} stems, found {len(paths)} in {folder}")
    files: list[StemFile] = []
    taken: set[str] = set()
    for path in paths:
        name = unused_name(_track(path, mix), taken)
        taken.add(name)
        files.append(StemFile(name, os.fspath(path)))
    return tuple(files)


def _track(path: Path, mix: Path) -> str:
    own = _shown(path.stem)
    rest = track_name(own, _shown(mix.stem))
    return _NUMBERING.sub("", rest, count=1) if _NUMBERING.match(rest) else rest


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
