"""The door for paths: what a host names is looked at once, here, before anything is queued.

A host on this machine may name any file of the user's, so the door refuses whatever is not plainly an audio file on
a local disk: relative paths, network shares, devices, pipes, links, and UpTrack's own home but for the audio we made.
The decoder looks again when the worker opens the file (``uptrack_analysis.audio.source``), and follows no link that has
taken the place of the file or of one of its folders since; what passes here is cheap to refuse, what fails there is
still only a failed job.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import TypeVar

from uptrack_analysis.audio.files import display_name
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import AudioInfo, probe
from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_daemon.home import Home

T = TypeVar("T")

LONGEST_PATH = 32_767 if os.name == "nt" else 4_096
"""Characters on Windows, bytes elsewhere: the system's own limit, said before it says something less clear."""

LOOK_TIMEOUT_S = 10.0
"""A spun-down disk answers within this; a network mount that hangs does not."""

MAX_HANGING_LOOKS = 8
"""Threads that may be stuck in the file system at once; they cannot be ended, only counted."""

_WINDOWS_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", "conin$", "conout$", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789"))
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that may be queued, as it was when it was looked at."""

    path: Path
    """Absolute, with every link in its folders resolved."""
    size: int
    mtime_ns: int
    info: AudioInfo

    @property
    def duration_s(self) -> float | None:
        """What the header claims; ``None`` if it does not say."""
        frames = self.info.frames_claimed
        return None if frames is None else frames / self.info.sample_rate_hz


async def examine(
    path: str, *, home: Path | None = None, limits: Limits | None = None, timeout_s: float = LOOK_TIMEOUT_S
) -> Accepted:
    """Decide whether ``path`` may be analysed; ``home`` is UpTrack's own folder, closed but for its ``audio``.

    The look happens in a thread of its own, so that a disk that hangs holds up this one request and nothing else.

    Raises
    ------
    BadInput
        The path cannot be used (codes ``input.path``, ``input.remote``, ``input.link``, ``input.private``,
        ``input.missing``, ``input.not_a_file`` ...), or as ``probe``: ``NotAudio``, ``TooLarge``.
    Unavailable
        The disk did not answer in time (``input.timeout``).
    """
    return await in_a_thread(lambda: look(path, home=home, limits=limits or Limits()), display_name(path), timeout_s)


def look(path: str, *, home: Path | None, limits: Limits) -> Accepted:
    """``examine`` without the thread: blocks as long as the disk does."""
    refuse_wording(path, windows=os.name == "nt")
    named = Path(path)
    shown = display_name(named)
    try:
        if named.is_symlink():
            raise BadInput(f"{shown} is a link, and links are not followed: name the file itself.", code="input.link")
        real = named.resolve(strict=True)
        status = real.stat()
    except RuntimeError as error:  # Python 3.11 and 3.12 say so of folders that link in a circle
        raise BadInput(f"A folder of {shown} links back to itself: name the real folder.", code="input.link") from error
    except OSError:
        status = None
        real = named  # probe finds the same and has the sentences
    if home is not None and _inside(real, home) and not _inside(real, Home(home).audio):
        raise BadInput(f"{shown} lies in UpTrack's own folder, which holds no audio of yours.", code="input.private")
    info = probe(real, limits)
    if status is None:
        status = real.stat()
    return Accepted(real, status.st_size, status.st_mtime_ns, info)


def refuse_wording(path: str, *, windows: bool) -> None:
    """Refuse what can be seen from the text alone, before any file system is asked.

    Asking Windows about ``\\\\server\\share`` already sends the user's credentials there, so this comes first.

    Raises
    ------
    BadInput
        Not one absolute path on this machine.
    """
    shown = display_name(path)
    if not path:
        raise BadInput("Expected the path of an audio file; it was empty.", code="input.path")
    if "\0" in path:
        raise BadInput(f"{shown}: a path cannot hold a zero byte.", code="input.path")
    length = len(path) if windows else len(os.fsencode(path))
    if length > LONGEST_PATH:
        raise BadInput(
            f"The path of {shown} is {length} long; this system takes {LONGEST_PATH}: move the file up some folders.",
            code="input.path",
        )
    if windows:
        _refuse_windows_wording(path, shown)
    elif not path.startswith("/"):
        raise BadInput(f"Expected an absolute path, got {shown}: write it out from the root.", code="input.path")


def _refuse_windows_wording(path: str, shown: str) -> None:
    pure = PureWindowsPath(path)
    if pure.drive.startswith("\\\\"):
        raise BadInput(
            f"{shown} lies on the network or is a device path, and UpTrack opens no connection: copy the file to "
            "this machine.",
            code="input.remote",
        )
    if not pure.is_absolute():
        raise BadInput(f"Expected an absolute path such as C:\\Music\\mix.wav, got {shown}.", code="input.path")
    for part in pure.parts[1:]:
        stem = part.split(".", 1)[0].rstrip(" ").lower()
        if ":" in part or stem in _WINDOWS_DEVICES:
            raise BadInput(f"{shown} names a device or a hidden stream, not a file on disk.", code="input.not_a_file")


def _inside(path: Path, folder: Path) -> bool:
    # By identity, not by spelling: macOS and Windows have many spellings of one folder.
    return any(_same(parent, folder) for parent in (path, *path.parents))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


_hanging = threading.BoundedSemaphore(MAX_HANGING_LOOKS)


async def in_a_thread(work: Callable[[], T], shown: str, timeout_s: float = LOOK_TIMEOUT_S) -> T:
    """Look at the disk in a thread that may hang without holding anybody up.

    Raises
    ------
    Unavailable
        It did not answer in time (``input.timeout``); otherwise what ``work`` raises.
    """
    # Not the loop's executor: a thread that never returns would hold up the daemon's end.
    if not _hanging.acquire(blocking=False):
        raise Unavailable("The disk is not answering; try again when it does.", code="input.timeout")
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        elif result is not None:
            answer.set_result(result)

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as failure:  # noqa: BLE001 - it is raised again where it is awaited
            error = failure
        finally:
            _hanging.release()
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="uptrack-look", daemon=True).start()
    try:
        async with asyncio.timeout(timeout_s):
            return await answer
    except TimeoutError:
        raise Unavailable(
            f"{shown} could not be looked at within {timeout_s:g} s: its disk does not answer. Try again.",
            code="input.timeout",
        ) from None
