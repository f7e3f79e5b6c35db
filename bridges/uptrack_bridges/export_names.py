"""Which files in a folder of exports are audio, and which of them are stems of which mix, judged by name and time.

A stem is named after its mix: ``Song - Bass.wav``, ``Song_Bass.wav``, ``Song-Bass.wav`` (REAPER's
``$project-$track``) or ``Song Bass.wav`` (Live's "All Individual Tracks") beside ``Song.wav``; or it lies in
``Song stems/`` beside it. Where there is no ``Song.wav``, a ``Song Master.wav`` (or Main, Mix, Mixdown, Premaster,
Stereo Out) is the mix. Names that say "another version of the whole" (``Song v2``, ``Song Remix``, ``Song Radio
Edit``) are mixes of their own. Stems written long before or after their mix belong to another export and are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

AUDIO_SUFFIXES = frozenset(
    {
        ".wav",
        ".wave",
        ".w64",
        ".rf64",
        ".bwf",
        ".aif",
        ".aiff",
        ".aifc",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".m4a",
    }
)
"""Everything else is not listened to: ``.asd`` and ``.reapeaks`` (Live's and REAPER's own notes), ``.part``, ``.tmp``
and ``.crdownload`` (somebody is still writing), documents, projects."""

TOGETHER_S = 900.0
"""A mix and its stems are written within a quarter of an hour of each other, or they are not one export."""

_SEPARATOR = re.compile(r"(?:\s+-\s+|\s*[_-]\s*|\s+)(?=\S)")
_STEMS_FOLDER = re.compile(r"(?P<mix>.+?)(?:\s+-\s+|[\s_-]+)\(?stems?\)?", re.IGNORECASE)
_MIX_NAMES = frozenset({"main", "master", "mix", "mixdown", "full mix", "premaster", "stereo out", "2mix", "2 mix"})
_VERSION = re.compile(
    r"\(?(?:(?:v|ver|version|rev|r|take|draft|bounce|export|mix|master|mixdown|final|demo|pre-?master)?[\s._-]*\d[\d._\s-]*"
    r"|.*\b(?:remix|rework|edit|mix|master|mixdown|premaster|version|final|demo|rough|extended|instrumental|acapella"
    r"|a cappella|dub|vip|bootleg|remaster(?:ed)?|preview|normali[sz]ed|limited|dithered)\b.*)\)?"
)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file as it lay there: what tells a new export from one that was analysed already."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class ExportedStem:
    path: Path
    name: str
    """What the file name adds to the mix's: "Bass"."""


@dataclass(frozen=True, slots=True)
class Export:
    """A mix that has appeared, with the stems that were exported with it, by name."""

    mix: Path
    stems: tuple[ExportedStem, ...]
    files: tuple[FileFacts, ...]
    """The mix first, then the stems: what to remember once the export was analysed."""


def is_export_name(name: str) -> bool:
    """Whether a file of this name could be an export: an audio suffix, and not hidden."""
    return not name.startswith((".", "~")) and Path(name).suffix.lower() in AUDIO_SUFFIXES


def stems_folder_of(name: str) -> str | None:
    """The mix a folder holds stems for, as a key ("song" for ``Song Stems``); ``None`` for other folders."""
    match = _STEMS_FOLDER.fullmatch(name)
    return _key(match["mix"]) if match else None


def track_name(stem: str, mix: str) -> str:
    """What a stem's name (without suffix) adds to its mix's: "Bass" of ``Song - Bass``; else all of it."""
    return _without_prefix(stem, _key(mix))


def group(files: Iterable[FileFacts], folder: Path) -> list[Export]:
    """Sort settled files into exports, by name of the mix.

    Parameters
    ----------
    files : iterable of FileFacts
        Files directly in ``folder``, or in a stems folder directly in it.
    """
    files = sorted(files, key=lambda facts: (_key(facts.path.stem), facts.path))
    beside = [facts for facts in files if facts.path.parent == folder]
    inside = [facts for facts in files if facts.path.parent != folder]
    keys = {_key(facts.path.stem) for facts in beside}
    stand_ins = {
        split[0]: _key(facts.path.stem)
        for facts in beside
        for split in _splits(facts.path.stem)
        if split[0] not in keys and _key(split[1]) in _MIX_NAMES
    }
    mixes = {_key(facts.path.stem): facts for facts in beside if not _owners(facts.path.stem, keys, stand_ins)}
    owner: dict[Path, tuple[str, str]] = {}
    for facts in beside:
        # The longest name that is a mix: "Song v2 Bass" belongs to "Song v2", "Song Bass DI" to "Song".
        whole = [(key, rest) for key, rest in _owners(facts.path.stem, keys, stand_ins) if key in mixes]
        if whole:
            owner[facts.path] = whole[-1]
    for facts in inside:
        key = stems_folder_of(facts.path.parent.name)
        if key is not None and (mix_key := key if key in mixes else stand_ins.get(key)) in mixes:
            owner[facts.path] = (str(mix_key), _without_prefix(facts.path.stem, key))
    return [_export(mix, key, [*beside, *inside], owner) for key, mix in mixes.items()]


def _export(mix: FileFacts, key: str, candidates: list[FileFacts], owner: dict[Path, tuple[str, str]]) -> Export:
    together = [
        (facts, owner[facts.path][1])
        for facts in candidates
        if facts.path in owner
        and owner[facts.path][0] == key
        and abs(facts.mtime_ns - mix.mtime_ns) <= TOGETHER_S * 1e9
    ]
    stems = tuple(ExportedStem(facts.path, name) for facts, name in together)
    return Export(mix.path, stems, (mix, *(facts for facts, _ in together)))


def _owners(stem: str, keys: set[str], stand_ins: dict[str, str]) -> list[tuple[str, str]]:
    """Every file a name could be a stem of, shortest name first, each with what the name adds to it."""
    return [
        (key, rest)
        for prefix, rest in _splits(stem)
        if (key := prefix if prefix in keys else stand_ins.get(prefix)) is not None
        and key != _key(stem)
        and not _VERSION.fullmatch(_key(rest))
    ]


def _splits(stem: str) -> list[tuple[str, str]]:
    """Every way to read a name as a mix's key and what it adds, shortest mix first."""
    stem = unicodedata.normalize("NFC", stem)
    return [
        (_key(stem[: match.start()]), stem[match.end() :].strip())
        for match in _SEPARATOR.finditer(stem)
        if match.start() > 0
    ]


def _without_prefix(stem: str, key: str) -> str:
    return next((rest for prefix, rest in _splits(stem) if prefix == key), unicodedata.normalize("NFC", stem))


def _key(name: str) -> str:
    """Names compare without case, and as one spelling of accents (macOS stores another than everybody else)."""
    return unicodedata.normalize("NFC", name).strip().casefold()
