"""One direction of a mailbox: a folder into which one side puts messages and from which the other takes them.

A message is one file of JSON, ``<number>[-anything].json``. It is written under a ``.tmp`` name and renamed, so a
reader never meets half a message; numbers only grow and names are never used twice, because a rename onto an existing
file fails on Windows. Readers take messages in the order of the numbers and delete each one after it was acted on.

Whatever else lies in the folder is not ours to follow: links, pipes, sockets and devices with a message's name are
unlinked unread, and so is a file that belongs to another user; directories are removed only when empty, and other names
are left alone. The functions here block on the disk for a moment; asyncio code calls them in a thread.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from uptrack_bridges.messages import BadMessage
from uptrack_bridges.wire import WireClosed

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 64 * 1024
STALE_AFTER_S = 3_600.0
TO_DAEMON = "to_daemon"
TO_HOST = "to_host"

_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WINDOWS_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})
_DIGITS = re.compile(r"(\d+)", re.ASCII)


def instance_allowed(name: str) -> bool:
    """Whether ``name`` may be a host's folder: ASCII letters, digits, ``.``, ``_``, ``-``, portable everywhere."""
    return (
        _INSTANCE.fullmatch(name) is not None
        and not name.endswith(".")
        and name.split(".", 1)[0].lower() not in _WINDOWS_DEVICES
    )


def is_real_folder(path: Path) -> bool:
    """Whether ``path`` itself is a directory, and not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def make_private_folder(path: Path) -> None:
    """Make ``path`` if it is not there, mode 0700, parents included.

    Raises
    ------
    OSError
        It cannot be made, or something that is not a directory (a link, say) has its name.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_real_folder(path):
        raise NotADirectoryError(20, "it is a link, not a folder", str(path))


@dataclass(frozen=True, slots=True)
class Letter:
    """One message file; ``text`` is ``None`` where there is only a refusal to give."""

    path: Path
    text: bytes | None
    refusal: BadMessage | None = None
    written_s: float = 0.0
    """UNIX time at which the file was last written."""


def this_user() -> int | None:
    """Whose files are acted on; ``None`` where files have no owner of this kind (Windows)."""
    return os.geteuid() if hasattr(os, "geteuid") else None


class Inbox:
    """The reading end of one direction.

    Parameters
    ----------
    grace_s : float
        How long a file that does not end like a JSON object may stay, for writers that do not rename.
    stale_after_s : float
        A file last written longer ago is nobody's wish any more and is deleted unread.
    owner : int, optional
        The user whose files are read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_files: int = 64,
        max_file_bytes: int = MAX_FILE_BYTES,
        grace_s: float = 1.0,
        stale_after_s: float = STALE_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        owner: int | None = None,
    ) -> None:
        self.folder = folder
        self._owner = this_user() if owner is None else owner
        self._max_files = max_files
        self._max_file_bytes = max_file_bytes
        self._grace_s = grace_s
        self._stale_after_s = stale_after_s
        self._clock = clock
        self._wall_clock = wall_clock
        self._unfinished_since_s: dict[str, float] = {}
        self._done: set[str] = set()
        """Acted on, and could not be deleted yet (on Windows a scanner may hold the file for a moment)."""

    def take(self) -> list[Letter]:
        """The next messages, oldest first, at most ``max_files``; each stays until ``done``.

        Raises
        ------
        FileNotFoundError
            The folder is gone, or is not a real directory any more: the conversation is over.
        """
        if not is_real_folder(self.folder):
            raise FileNotFoundError(2, "the mailbox folder is gone", str(self.folder))
        letters: list[Letter] = []
        for entry in self._entries():
            if len(letters) >= self._max_files:
                break
            try:
                letter = self._open(entry)
            except FileNotFoundError:
                continue
            except PermissionError:
                break  # being written or scanned (Windows): later ones must not overtake it
            if letter is None:
                if entry.name in self._unfinished_since_s:
                    break
                continue
            letters.append(letter)
        return letters

    def done(self, letter: Letter) -> None:
        """Delete a message that was acted on; if the disk will not have it, remember not to act again."""
        try:
            letter.path.unlink(missing_ok=True)
        except OSError:
            self._done.add(letter.path.name)

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self.folder) as found:
            entries = sorted(found, key=lambda entry: order_of(entry.name))
        names = {entry.name for entry in entries}
        self._done &= names
        self._unfinished_since_s = {
            name: since_s for name, since_s in self._unfinished_since_s.items() if name in names
        }
        for entry in entries:
            if entry.name.endswith(".json"):
                yield entry
            elif entry.name.endswith(".tmp") and self._is_stale(entry):
                remove_odd(entry)

    def _is_stale(self, entry: os.DirEntry[str]) -> bool:
        try:
            return self._wall_clock() - entry.stat(follow_symlinks=False).st_mtime > self._stale_after_s
        except OSError:
            return False

    def _open(self, entry: os.DirEntry[str]) -> Letter | None:
        path = Path(entry.path)
        if entry.name in self._done:
            self.done(Letter(path, None))
            return None
        if not entry.is_file(follow_symlinks=False) or self._is_stale(entry):
            remove_odd(entry)
            return None
        # Before it is opened, which another user's file may refuse; and once more then, because names can be swapped.
        if self._is_foreign(path, entry.stat(follow_symlinks=False).st_uid):
            remove_odd(entry)
            return None
        read = self._read(path)
        if read is None:
            remove_odd(entry)
            return None
        data, written_s = read
        if len(data) > self._max_file_bytes:
            sentence = f"Expected a file of at most {self._max_file_bytes} bytes, got a larger one: send it in parts."
            return Letter(path, None, BadMessage(sentence, code="message.too_large"))
        if not data.rstrip().endswith(b"}"):
            since_s = self._unfinished_since_s.setdefault(entry.name, self._clock())
            if self._clock() - since_s < self._grace_s:
                return None
        self._unfinished_since_s.pop(entry.name, None)
        return Letter(path, data, written_s=written_s)

    def _is_foreign(self, path: Path, uid: int) -> bool:
        """Whether a file is another user's, said in the log."""
        if self._owner is None or uid == self._owner:
            return False
        logger.warning(
            "mailbox %s: a message that belongs to another user (%d, not %d) was thrown away unread: check who may "
            "write there with `uptrack doctor`, and run the DAW as the user who runs the daemon",
            path.parent.parent.name,
            uid,
            self._owner,
        )
        self._done.add(path.name)  # also where it cannot be deleted
        return True

    def _read(self, path: Path) -> tuple[bytes, float] | None:
        """At most one byte over the cap, and when it was written; ``None`` if what is opened is no regular file."""
        # Between the listing and here the name may have become a link or a pipe: follow nothing, wait for nobody.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            handle = os.open(path, flags)
        except (FileNotFoundError, PermissionError):
            raise
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return None
            if self._is_foreign(path, status.st_uid):
                return None
            return file.read(self._max_file_bytes + 1), status.st_mtime


class Outbox:
    """The writing end of one direction."""

    def __init__(self, folder: Path, *, wall_clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._wall_clock = wall_clock
        self._last = 0

    def waiting(self) -> int:
        """Messages the other side has not taken yet."""
        try:
            return sum(path.suffix == ".json" for path in self.folder.iterdir())
        except OSError:
            return 0

    def put(self, text: str) -> Path:
        """Leave one message.

        Raises
        ------
        WireClosed
            The folder is gone, or the disk will not take the message.
        """
        data = text.encode()
        if not is_real_folder(self.folder):
            raise WireClosed("The mailbox folder is gone; the host has to make it again and say hello.")
        draft = self.folder / f"{self._next_number():015d}.tmp"
        try:
            # O_EXCL: never write through a name that is already there, least of all a link.
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            return draft.rename(draft.with_suffix(".json"))
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise WireClosed(
                f"Expected to leave a message in {self.folder}, but {error.strerror or error}: check the disk."
            ) from error

    def sweep(self, older_than_s: float) -> None:
        """Delete messages nobody took for so long that nobody will."""
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if not entry.name.endswith((".json", ".tmp")) or entry.is_dir(follow_symlinks=False):
                    continue
                with contextlib.suppress(OSError):
                    if self._wall_clock() - entry.stat(follow_symlinks=False).st_mtime > older_than_s:
                        Path(entry.path).unlink()

    def _next_number(self) -> int:
        if self._last == 0:
            # Start above whatever an earlier run left, also when the clock was set back since.
            with contextlib.suppress(OSError):
                self._last = max((_leading_number(path.name) for path in self.folder.iterdir()), default=0)
        self._last = max(self._last + 1, int(self._wall_clock() * 1000))
        return self._last


def order_of(name: str) -> tuple[tuple[int, str], ...]:
    """Sorting key that reads numbers as numbers: ``9.json`` comes before ``10.json``."""
    return tuple((int(run), "") if run.isdecimal() else (-1, run) for run in _DIGITS.split(name[:100]) if run)


def _leading_number(name: str) -> int:
    digits = _DIGITS.match(name)
    return min(int(digits[0]), 10**15 - 2) if digits and len(digits[0]) <= 30 else 0


def remove_odd(entry: os.DirEntry[str]) -> None:
    """Remove one entry without following it; a directory only when empty, for we delete nothing we did not make."""
    with contextlib.suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            Path(entry.path).rmdir()
        else:
            Path(entry.path).unlink()


def sweep_host_folder(folder: Path) -> bool:
    """Remove a dead host's folder if it holds nothing but a mailbox; says whether it is gone.

    Files that are no messages, and directories nobody expects, stay, and so does the folder around them.
    """
    for direction in (TO_DAEMON, TO_HOST):
        side = folder / direction
        if not is_real_folder(side):
            continue
        with contextlib.suppress(OSError), os.scandir(side) as entries:
            for entry in entries:
                if entry.name.endswith((".json", ".tmp")):
                    remove_odd(entry)
        with contextlib.suppress(OSError):
            side.rmdir()
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def last_touched_s(folder: Path) -> float:
    """When anything in a host's folder was last made, renamed or removed, in seconds of the wall clock; 0 if gone."""
    times_s = [0.0]
    for path in (folder, folder / TO_DAEMON, folder / TO_HOST):
        with contextlib.suppress(OSError):
            times_s.append(path.lstat().st_mtime)
    return max(times_s)
