"""Which project a run belongs to: the DAW's word for it, or else the file's folder and its name without the version.

A project is a *key*, equal for all its versions, and a name for people. The DAW's own id comes first, then where its
project file lies, then its name; a file that nobody says anything about is known by its folder and by what is left of
its name once ``versionless`` has taken "v2", "final", "2026-03-01" and the like off its end.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line asks for projects, and need not wait for the vocabulary of the wires
    from uptrack_bridges.messages import Project

_GAP = r"[\s._\-–—]"
_TIME = r"(?:[ T_.\-](?:[01]\d|2[0-3])[.:\-_h]?[0-5]\d(?:[.:\-_m]?[0-5]\d)?)?"
_DATE = (
    r"(?:(?:19|20)\d\d(?P<between>[\-._ ]?)(?:0[1-9]|1[0-2])(?P=between)(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[1-9]|[12]\d|3[01])(?P<too>[\-._])(?:0[1-9]|1[0-2])(?P=too)(?:19|20)?\d\d)"
)
_VERSION = r"(?:v|ver|vers|version|rev|revision|take)[\s._\-]?\d+(?:\.\d+)*[a-z]?"
_WORD = r"(?:(?:final)+|finished|latest|newest|draft|wip|copy|kopie|copie|fixed|updated)\d*"
# After these a number counts bounces; after another word ("Track 02") it tells one piece from the next.
_BOUNCE = r"(?:mix|mixdown|master|premaster|bounce|render|export|final|draft|copy)"

_ENDINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_GAP}*[(\[](?:{_DATE}{_TIME}|{_VERSION}|{_WORD}(?:\s*\d+)?|\d+)[)\]]$",
        rf"(?:^|{_GAP}+)(?:{_DATE}{_TIME}|{_VERSION}|{_WORD})$",
        rf"(?P<kept>(?:^|{_GAP}){_BOUNCE}){_GAP}*v?\d+$",
        rf"(?P<kept>^.*\S){_GAP}+v\d+(?:\.\d+)*(?=[\s_\-–—])",
    )
)
"""What a version leaves on a name: in brackets, as its last word, as a bounce's number, as "v2" between two words."""


@dataclass(frozen=True, slots=True)
class RunProject:
    """``key`` is the same for all versions of one project; ``name`` is for people."""

    key: str
    name: str


def project_of(said: Project | None, mix: Path) -> RunProject:
    """The project of a run.

    Parameters
    ----------
    said : Project or None
        What the DAW told of its project; parts of it may be missing.
    mix : Path
        The file that is measured, absolute.
    """
    of_file = _by_place(mix)
    if said is None:
        return of_file
    name = versionless(said.name or "")
    if said.id:
        return RunProject(f"id:{said.id}", name or of_file.name)
    if said.path:
        by_project_file = _by_place(Path(said.path))
        return RunProject(by_project_file.key, name or by_project_file.name)
    return named(said.name) if said.name and name else of_file


def named(name: str) -> RunProject:
    """The project a person calls ``name``."""
    shown = versionless(name) or name.strip()
    return RunProject(f"name:{folded(shown)}", shown)


def versionless(name: str) -> str:
    """A name without what tells its versions apart; empty when nothing else is left.

    Only endings go, one after the other, and a "v2" between words: "Warehouse_v2_final" and "Warehouse 2026-03-01
    (3)" are both "Warehouse", "Warehouse_v2_master" is "Warehouse_master".
    """
    left = name.strip()
    while True:
        shorter = left
        for ending in _ENDINGS:
            shorter = ending.sub(lambda found: found.groupdict().get("kept") or "", shorter, count=1)
        shorter = re.sub(rf"{_GAP}+$", "", shorter.strip())
        if shorter == left:
            return left
        left = shorter


def folded(name: str) -> str:
    """A name as it is compared: case, accents' spelling and separators do not count."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return re.sub(rf"{_GAP}+", " ", plain).strip()


def _by_place(path: Path) -> RunProject:
    """By folder and name; the folder alone where the name says nothing but a version."""
    folder = path.parent
    name = versionless(_as_text(path.stem))
    # Digested: a folder may hold bytes that are no text, and the key is only ever compared.
    place = os.fsencode(os.path.normcase(folder)) + b"\0" + folded(name).encode()
    return RunProject(f"file:{hashlib.sha256(place).hexdigest()[:32]}", name or _as_text(folder.name) or "mix")


def _as_text(name: str) -> str:
    """A file's name as text that can be stored: bytes that are none become U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")
