"""What a script inside a DAW has to know of this installation: the home, and the command that starts the daemon.

Lua opens files by C's ``fopen``, which on Windows takes bytes of the machine's code page: there a home is written down
in ASCII, by its short (8.3) name if its own has other letters.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from uptrack_analysis.errors import BadInput


def launch_command(home: str, *, python: str = sys.executable) -> list[str]:
    """The words to which a script adds ``daemon start``; they name the home, for a DAW has no ``UPTRACK_HOME``."""
    return [python, "-m", "uptrack_daemon.cli.at_home", home]


def short_path(path: Path) -> str | None:
    """Windows' short name of something that exists; ``None`` elsewhere, and on volumes that keep none."""
    if sys.platform == "win32":
        import ctypes

        room = ctypes.create_unicode_buffer(32_768)
        length = ctypes.windll.kernel32.GetShortPathNameW(str(path), room, len(room))
        if 0 < length < len(room):
            return room.value
    return None


def home_as_written(
    root: Path, *, windows: bool = sys.platform == "win32", shorten: Callable[[Path], str | None] = short_path
) -> str:
    """The home folder as a script can open it.

    Raises
    ------
    BadInput
        On Windows, its name has letters beyond ASCII and no short form; anywhere, it is not text at all.
    """
    text = str(root)
    if windows and not text.isascii():
        # Only what exists has a short name, and the home itself may not have been made yet.
        standing = next((folder for folder in (root, *root.parents) if folder.exists()), root)
        short = shorten(standing)
        shortened = None if short is None else str(Path(short, root.relative_to(standing)))
        if shortened is None or not shortened.isascii():
            raise BadInput(
                f"Scripts in a DAW on Windows can open folders in plain letters only, and {text} has others and no "
                r"short name: set UPTRACK_HOME to a folder such as C:\UpTrack, and install again.",
                code="install.home_not_ascii",
            )
        return shortened
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput(
            f"The name of UpTrack's folder {text!r} is not UTF-8, so no script can be told it: set UPTRACK_HOME to "
            "another one, and install again.",
            code="install.home_not_text",
        ) from None
    return text
