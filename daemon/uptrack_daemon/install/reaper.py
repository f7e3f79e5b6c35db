"""``uptrack install reaper``: what it will do to ``<resource path>/Scripts``, decided before anything is done.

``Scripts/UpTrack`` becomes a copy of our scripts with our stamp. What the user added there is carried over, what the
user changed of ours is kept beside the new file as ``NAME.edited``. ``Scripts/__startup.lua`` gets a block of ours if
that was asked for. Nothing else of REAPER's is written.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from uptrack_analysis.errors import BadInput
from uptrack_daemon.install import folder
from uptrack_daemon.install.marked_block import block_in, with_block, without_block
from uptrack_daemon.install.reaper_startup import STARTUP_FILE, action_scripts, startup_lines
from uptrack_daemon.install.stamp import STAMP_NAME, Stamp, new_stamp, read_stamp, still_ours
from uptrack_daemon.install.steps import Step

FOLDER = "UpTrack"


@dataclass(frozen=True, slots=True)
class Reaper:
    """One REAPER, by its resource path."""

    resources: Path

    @property
    def scripts(self) -> Path:
        return self.resources / "Scripts"

    @property
    def ours(self) -> Path:
        """The folder we install."""
        return self.scripts / FOLDER

    @property
    def startup(self) -> Path:
        return self.scripts / STARTUP_FILE

    def startup_content(self) -> bytes | None:
        """What REAPER runs at its start; ``None`` for no such file."""
        try:
            return self.startup.read_bytes()
        except FileNotFoundError:
            return None

    def startup_block(self) -> str | None:
        """Our lines in it; ``None`` for none, ``BadInput`` if their marks are broken."""
        content = self.startup_content()
        return None if content is None else block_in(content, str(self.startup))


@dataclass(frozen=True, slots=True)
class Edition:
    """What is to be installed."""

    version: str
    home: str
    command: list[str]
    files: Mapping[str, bytes]
    """Path inside the folder, with slashes, to content."""

    @property
    def actions(self) -> list[str]:
        return action_scripts(self.files)

    def startup(self, before: str | None) -> str:
        """What is to register them, in place of the lines ``before``."""
        return startup_lines(self.version, self.actions, before)


def plan_install(reaper: Reaper, edition: Edition, *, startup: bool | None) -> list[Step]:
    """The steps to install ``edition``; reads, and changes nothing.

    Parameters
    ----------
    startup : bool, optional
        Whether our lines are to be in ``__startup.lua``; ``None`` leaves that as it is, and brings lines that are there
        up to date.

    Raises
    ------
    BadInput
        A folder or file of the name we need is not ours, or cannot be told apart from it.
    """
    old = _our_folder(reaper)
    before = None if old is None else read_stamp(old)
    carried = {} if old is None or before is None else kept(old, before, edition.files)
    steps: list[Step] = []
    if not reaper.scripts.is_dir():
        steps.append(Step(f"Make the folder {reaper.scripts}.", partial(reaper.scripts.mkdir, exist_ok=True)))
    replacing = "" if before is None else f" in place of version {before.version}"
    steps.append(
        Step(
            f"Copy {len(edition.files)} files of UpTrack {edition.version} to {reaper.ours}{replacing}.",
            partial(_put, reaper.ours, edition),
        )
    )
    steps += [Step(_kept_sentence(reaper.ours, name, kept_as)) for name, kept_as in carried.items()]
    block = reaper.startup_block()
    wanted = block is not None if startup is None else startup
    steps += _startup_steps(reaper, edition.startup(block) if wanted else None)
    return steps


def plan_uninstall(reaper: Reaper) -> list[Step]:
    """The steps to take out what we installed, and only that; ``BadInput`` as ``plan_install``."""
    old = _our_folder(reaper)
    stamp = None if old is None else read_stamp(old)
    steps = _startup_steps(reaper, None)
    if old is not None and stamp is not None:
        steps.append(Step(f"Remove UpTrack {stamp.version} from {reaper.ours}.", partial(_take_out, reaper.ours)))
        steps += [Step(f"Keep {reaper.ours / name}: it is yours, or you changed it.") for name in _users(old, stamp)]
    return steps


def kept(old: Path, stamp: Stamp, coming: Collection[str]) -> dict[str, str]:
    """What in an installed folder is the user's, to the name it will have beside the files that come.

    Raises
    ------
    BadInput
        A file the user added has a name we need now.
    """
    names: dict[str, str] = {}
    taken = {name.casefold() for name in (*coming, STAMP_NAME)}
    for name in _users(old, stamp):
        if name in stamp.files:
            copies = (f"{name}.edited{number if number > 1 else ''}" for number in range(1, 10_000))
            names[name] = next(copy for copy in copies if copy.casefold() not in taken and not (old / copy).exists())
        elif name.casefold() in taken:
            raise BadInput(
                f"You have a file {old / name}, and this version of UpTrack brings one of that name: rename or move "
                "yours, and install again.",
                code="install.name_taken",
            )
        else:
            names[name] = name
        taken.add(names[name].casefold())
    return names


def _our_folder(reaper: Reaper) -> Path | None:
    """The folder with our stamp; ``None`` if there is none yet."""
    old = folder.standing(reaper.ours)
    if old is None or (old.is_dir() and not old.is_symlink() and not any(old.iterdir())):
        return None
    if old.is_symlink() or not old.is_dir():
        raise BadInput(
            f"Expected {old} to be a folder UpTrack may replace, got a link or a file: move it away, and try again.",
            code="install.not_ours",
        )
    if read_stamp(old) is None:
        raise BadInput(
            f"{old} was not put there by this command (it holds no {STAMP_NAME}): move it away, and try again.",
            code="install.not_ours",
        )
    return old


def _users(old: Path, stamp: Stamp) -> list[str]:
    """Every file that we did not put there, or not as it is now."""
    found: list[str] = []
    for place, folders, files in os.walk(old):
        linked = [name for name in folders if Path(place, name).is_symlink()]
        found += [Path(place, name).relative_to(old).as_posix() for name in (*files, *linked)]
    return sorted(name for name in found if name != STAMP_NAME and not still_ours(old, name, stamp))


def _kept_sentence(ours: Path, name: str, kept_as: str) -> str:
    if name == kept_as:
        return f"Keep {ours / name}: it is yours."
    return f"Keep your changes to {name} as {ours / kept_as}."


def _put(ours: Path, edition: Edition) -> None:
    def fill(draft: Path, old: Path | None) -> None:
        for name, content in edition.files.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_bytes(content)
        # Looked at again, for the plan may have been read for a while before it was carried out.
        before = None if old is None else read_stamp(old)
        if old is not None and before is not None:
            for name, kept_as in kept(old, before, edition.files).items():
                (draft / kept_as).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(old / name, draft / kept_as, follow_symlinks=False)
        stamp = new_stamp(edition.version, edition.home, edition.command, edition.files)
        (draft / STAMP_NAME).write_bytes(stamp.text())

    folder.replace_folder(ours, fill)


def _take_out(ours: Path) -> None:
    folder.settle(ours)
    stamp = read_stamp(ours)
    if stamp is None:
        return
    removed = [name for name in stamp.files if still_ours(ours, name, stamp)]
    for name in removed:
        (ours / name).unlink()
    # Last, so that a removal that was cut off can be taken up again.
    (ours / STAMP_NAME).unlink()
    around = {parent for name in stamp.files for parent in (ours / name).parents if parent.is_relative_to(ours)}
    for place in sorted(around | {ours}, key=lambda path: len(path.parts), reverse=True):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def _startup_steps(reaper: Reaper, lines: str | None) -> list[Step]:
    """Make the block in ``__startup.lua`` what it should be; ``None`` takes it out."""
    before, path = reaper.startup_content(), reaper.startup
    if lines is None:
        after = None if before is None else without_block(before, str(path))
        doing = f"Take UpTrack's lines out of {path}."
    else:
        after = with_block(before, lines, str(path))
        doing = f"Let {path} register UpTrack's actions when REAPER starts; your own lines there stay as they are."
    if after == before:
        return []
    if after is None:
        return [Step(f"Delete {path}, which UpTrack had made.", path.unlink)]
    return [Step(doing, partial(folder.write_whole, path, after))]
