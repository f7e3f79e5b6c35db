"""What a user calls a reference: a file, a folder of files, or the name of a stored profile.

A reference that cannot be used costs one sentence and never the analysis, so nothing here raises for one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from uptrack_analysis.audio.files import display_name
from uptrack_analysis.errors import BadInput
from uptrack_analysis.reference_track import ReferenceTrack
from uptrack_daemon.intake import refuse_wording
from uptrack_daemon.store.references import References

AUDIO = frozenset(
    ".wav .wave .w64 .rf64 .bwf .aif .aiff .aifc .flac .ogg .oga .opus .mp3 .m4a .mp4 .caf".split()  # noqa: SIM905
)
MOST_OF_A_FOLDER = 64


@dataclass(frozen=True, slots=True)
class Named:
    """What the words stand for."""

    files: tuple[Path, ...] = ()
    """Still to be measured."""
    tracks: tuple[ReferenceTrack, ...] = ()
    """Numbers of stored profiles."""
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Words that are no path: perhaps names of profiles."""


def files_behind(words: Iterable[str]) -> Named:
    """Files, and the audio of folders, that a user at a prompt named; blocks as long as the disk does."""
    return _sorted_out(words, lambda word: Path(word).expanduser(), lambda path: path.exists())


def files_named_by_a_host(words: Iterable[str]) -> Named:
    """The same for a host, for whom only absolute paths are paths; files are handed on unseen, for ``intake``."""

    def as_path(word: str) -> Path | None:
        try:
            refuse_wording(word, windows=os.name == "nt")
        except BadInput:
            return None
        return Path(word)

    return _sorted_out(words, as_path, lambda _path: True)


async def with_profiles(named: Named, stored: References | None) -> Named:
    """``named`` with its names looked up; one that no profile has becomes a sentence."""
    tracks, notes = [*named.tracks], [*named.notes]
    for name in named.names:
        profile = None if stored is None else await stored.find(name)
        if profile is None:
            notes.append(
                f"The reference {display_name(name)} was left out: it is neither a file or folder that is there nor a "
                "stored profile (`uptrack references list`)."
            )
        else:
            tracks += profile.tracks
    return Named(named.files, tuple(tracks), tuple(notes))


def _sorted_out(words: Iterable[str], as_path: Callable[[str], Path | None], is_file: Callable[[Path], bool]) -> Named:
    files: list[Path] = []
    notes: list[str] = []
    names: list[str] = []
    for word in words:
        path = as_path(word)
        try:
            if path is not None and path.is_dir():
                found, note = audio_in(path)
                files += found
                notes += [note] if note else []
                continue
            is_a_file = path is not None and is_file(path)
        except (OSError, ValueError):
            is_a_file = False
        if path is not None and is_a_file:
            files.append(path)
        else:
            names.append(word)
    return Named(tuple(files), notes=tuple(notes), names=tuple(names))


def audio_in(folder: Path) -> tuple[list[Path], str | None]:
    """Audio files of a folder by name, of itself only; and a sentence where there are none, or too many."""
    shown = display_name(folder)
    try:
        found = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in AUDIO and not path.name.startswith(".") and path.is_file()
        )
    except OSError as error:
        return [], f"The folder of references {shown} was left out: {(error.strerror or str(error)).lower()}."
    if not found:
        return [], f"The folder {shown} holds no audio that could be a reference."
    if len(found) > MOST_OF_A_FOLDER:
        return found[:MOST_OF_A_FOLDER], (
            f"Of the {len(found)} files in {shown} the first {MOST_OF_A_FOLDER} were taken as references."
        )
    return found, None
