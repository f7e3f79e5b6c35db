"""Where the scripts we ship for a DAW lie: inside the installed package, or in the source tree beside it."""

from __future__ import annotations

from pathlib import Path

from uptrack_analysis.errors import Unavailable

PACKAGE = Path(__file__).parents[1]
SOURCE_FOLDERS = {"reaper": "reaper_scripts", "ableton": "ableton_remote"}
"""DAW to its folder in the source tree; the wheel holds the same under ``daw_scripts`` (see ``pyproject.toml``)."""


def shipped_scripts(daw: str, *, package: Path = PACKAGE) -> Path:
    """The folder of scripts for ``daw``.

    Raises
    ------
    Unavailable
        Neither the package nor a source tree around it holds them.
    """
    packed = package / "daw_scripts" / daw
    if packed.is_dir():
        return packed
    # An editable install: the package lies at daemon/uptrack_daemon in the tree.
    source = package.parents[1] / SOURCE_FOLDERS[daw]
    if source.is_dir() and (package.parents[1] / "pyproject.toml").is_file():
        return source
    raise Unavailable(
        f"Expected UpTrack's scripts for {daw} in {packed}, but they are not there: install UpTrack again.",
        code="install.no_scripts",
    )


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file in ``folder`` by its path with slashes; hidden ones and what Python compiled are not shipped."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
    }
