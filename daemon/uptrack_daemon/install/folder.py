"""A folder replaced as a whole: built beside the old one, on the disk before the names are swapped.

No system swaps two folders in one portable step, so the old one stands aside for a moment under a hidden name. An error
in that moment puts it back; after a crash in it, ``settle`` does, and until then ``standing`` says where it is. At no
moment is there less than one whole folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def standing(target: Path) -> Path | None:
    """The folder that holds what ``target`` should: itself, or the one a crash left aside; ``None`` for neither."""
    return next((path for path in (target, _aside(target)) if os.path.lexists(path)), None)


def settle(target: Path) -> None:
    """Put back what a crash left aside, and clear away what it left half made."""
    if not os.path.lexists(target) and _aside(target).is_dir():
        _aside(target).rename(target)
    shutil.rmtree(_draft(target), ignore_errors=True)
    shutil.rmtree(_aside(target), ignore_errors=True)


def replace_folder(target: Path, fill: Callable[[Path, Path | None], None]) -> None:
    """Let ``fill(draft, old)`` build a new folder, then put it in the old one's place.

    Parameters
    ----------
    target : Path
        Need not exist; the folder around it must.
    fill : callable
        Writes the new content into its first argument; the second is the folder as it is, ``None`` if there is none.

    Raises
    ------
    OSError
        The disk refused something; ``target`` is as it was before.
    """
    settle(target)
    draft, aside = _draft(target), _aside(target)
    draft.mkdir()
    try:
        fill(draft, target if target.exists() else None)
        _sync_below(draft)
        if target.exists():
            target.rename(aside)
        try:
            draft.rename(target)
        except BaseException:
            if aside.exists() and not target.exists():
                aside.rename(target)
            raise
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(target.parent)
    # The new one stands: if a scanner holds a file of the old one, the next run clears it away.
    shutil.rmtree(aside, ignore_errors=True)


def write_whole(path: Path, content: bytes) -> None:
    """Replace one file in one step, through a link if it is one; its permissions stay."""
    path = path.resolve()
    draft = path.with_name(f".{path.name}.uptrack")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, draft)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` on the disk; a no-op where folders cannot be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sync_below(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if not path.is_symlink():
                with path.open("r+b") as file:
                    os.fsync(file.fileno())
        sync_folder(Path(place))


def _draft(target: Path) -> Path:
    return target.with_name(f".{target.name}.new")


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")
