"""``uptrack.json`` in a folder we installed: whose it is, which version, and what its scripts need to know.

Scripts in the DAW read ``home`` (where ``bridge.json`` and the mailbox are) and ``command`` (the words to which they
add ``daemon start``). ``files`` is for us: every file we put there with its SHA-256, so that what the user added or
changed is told from what is ours. The text is ASCII, whatever it names.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from uptrack_analysis.errors import BadInput

STAMP_NAME = "uptrack.json"


def _inside(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or re.search(r"[\\:\0]", name):
        raise ValueError("a path that leaves its folder")
    return name


class Stamp(BaseModel):
    """What the file holds; fields a newer version adds are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    version: Annotated[str, Field(min_length=1)]
    home: Annotated[str, Field(min_length=1)]
    command: Annotated[list[str], Field(min_length=1)]
    files: dict[Annotated[str, AfterValidator(_inside)], str] = {}

    def text(self) -> bytes:
        """The stamp as it is written."""
        return (json.dumps(self.model_dump(), indent=2) + "\n").encode("ascii")


def new_stamp(version: str, home: str, command: Sequence[str], files: Mapping[str, bytes]) -> Stamp:
    """The stamp of ``files``."""
    return Stamp(
        version=version, home=home, command=list(command), files={name: digest(files[name]) for name in sorted(files)}
    )


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_stamp(folder: Path) -> Stamp | None:
    """The stamp in ``folder``; ``None`` where there is none, and so nothing of ours.

    Raises
    ------
    BadInput
        There is one, and it cannot be read.
    """
    path = folder / STAMP_NAME
    try:
        return Stamp.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        raise BadInput(
            f"{path} is damaged, so what in {folder} is yours cannot be told: move the folder away, and install again.",
            code="install.stamp_damaged",
        ) from None


def still_ours(folder: Path, name: str, stamp: Stamp) -> bool:
    """Whether the file ``name`` is there as we left it; raises ``OSError`` where that cannot be seen."""
    path = folder / name
    return path.is_file() and not path.is_symlink() and digest(path.read_bytes()) == stamp.files.get(name)
