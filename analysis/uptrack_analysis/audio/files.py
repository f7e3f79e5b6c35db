"""The way from a path to bytes: one descriptor, opened so that nothing but a regular file can be behind it.

What a path names can change between a look and an open, so the look that counts is ``fstat`` on the descriptor we
then read from. Reads are bounded, by offset, and never memory-mapped: a file cut short by another program while we
read must end early, not kill the process.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from pathlib import Path

from uptrack_analysis.errors import BadInput

_LONGEST_NAME = 80
_KINDS = (
    (stat.S_ISDIR, "a folder", "name the files inside it"),
    (stat.S_ISFIFO, "a pipe", "write the audio to a file first"),
    (stat.S_ISSOCK, "a socket", "name a file on disk"),
    (stat.S_ISCHR, "a device", "name a file on disk"),
    (stat.S_ISBLK, "a device", "name a file on disk"),
)


def display_name(path: Path | str) -> str:
    """The last component of ``path``, fit for a sentence on any terminal.

    Control characters (a name may hold terminal escapes), text-direction marks and undecodable bytes become U+FFFD;
    long names lose their middle.
    """
    text = Path(path).name or str(path)
    clean = "".join("\ufffd" if unicodedata.category(letter) in {"Cc", "Cf", "Cs"} else letter for letter in text)
    if len(clean) <= _LONGEST_NAME:
        return clean
    return f"{clean[:50]}…{clean[-25:]}"


class AudioFile:
    """A regular file open for reading by offset.

    Attributes
    ----------
    name : str
        For sentences: the last path component, cleaned.
    size : int
        Bytes when it was opened; reading never goes past it.
    """

    def __init__(self, path: Path, descriptor: int, status: os.stat_result) -> None:
        self.path = path
        self.name = display_name(path)
        self.size = status.st_size
        self._opened = status
        self._descriptor = descriptor

    @property
    def descriptor(self) -> int:
        if self._descriptor < 0:
            raise ValueError(f"{self.name} is closed")
        return self._descriptor

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer, or none, at the end or when the disk fails.

        Not for two threads at once where the system has no ``pread``.
        """
        count = min(count, self.size - offset)
        if offset < 0 or count <= 0:
            return b""
        try:
            if hasattr(os, "pread"):
                return os.pread(self.descriptor, count, offset)
            os.lseek(self.descriptor, offset, os.SEEK_SET)
            return os.read(self.descriptor, count)
        except OSError:
            # A disk that stops answering looks like a file that ends: the decoder says how far it came.
            return b""

    def second_descriptor(self) -> int:
        """Another descriptor of the same file, for a second reader with its own position.

        Raises
        ------
        OSError
            The path names something else by now.
        """
        if hasattr(os, "pread"):
            return os.dup(self.descriptor)
        other = os.open(self.path, _open_flags())
        if not os.path.samestat(os.fstat(other), self._opened):
            os.close(other)
            raise OSError(errno.ESTALE, "the path names another file by now")
        return other

    def changes(self) -> tuple[str, ...]:
        """Sentences on what happened to the file since it was opened; none if nothing did."""
        try:
            now = os.fstat(self.descriptor)
        except OSError:
            return (f"{self.name} could not be checked after reading: its disk stopped answering.",)
        if now.st_size > self.size:
            note = f"{self.name} was still growing while it was read: only what was there at the start is measured"
            return (f"{note}, so analyse it again once it is finished.",)
        if now.st_size < self.size or now.st_mtime_ns != self._opened.st_mtime_ns:
            return (f"{self.name} was changed by another program while it was read: analyse it again to be sure.",)
        # Windows counts no links on an open descriptor of some file systems, before as little as after.
        if now.st_nlink == 0 and self._opened.st_nlink > 0:
            return (f"{self.name} was deleted while it was read; the measurement is whole.",)
        return ()

    def close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def __del__(self) -> None:
        # Only for a constructor that failed half-way above us; owners close.
        if getattr(self, "_descriptor", -1) >= 0:
            self.close()


def open_regular(path: Path, *, follow_links: bool = True) -> AudioFile:
    """Open a file that holds bytes, and nothing else that a path can name. Never waits for another program.

    Symbolic links are followed, and what counts is the file they end at; without ``follow_links`` the path, absolute
    and resolved once before, must hold none.

    Raises
    ------
    BadInput
        Missing, not a regular file, not readable, or empty.
    """
    name = display_name(path)
    try:
        # Opening some devices does something (a tape rewinds, a watchdog starts), so look before touching.
        _refuse_special(path.stat(follow_symlinks=follow_links), name)
        descriptor = os.open(path, _open_flags(follow_links=follow_links))
    except ValueError as error:
        raise BadInput(f"{name} is not a usable file name: it holds a zero byte.", code="input.missing") from error
    except OSError as error:
        # O_NOFOLLOW has this number for a link that was put there after the look.
        raise (_link(name) if error.errno == errno.ELOOP and not follow_links else _refusal(error, name)) from error
    try:
        status = os.fstat(descriptor)
        if not follow_links:
            _refuse_links(path, name, status)
        _refuse_special(status, name)
        _refuse_empty(status, name)
    except BaseException:
        os.close(descriptor)
        raise
    return AudioFile(path, descriptor, status)


def _open_flags(*, follow_links: bool = True) -> int:
    # O_NONBLOCK: should a pipe have taken the file's place, open returns and fstat refuses it.
    names = ("O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "O_BINARY", "O_NOINHERIT")
    flags = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in names)
    return flags if follow_links else flags | getattr(os, "O_NOFOLLOW", 0)


def _refuse_links(path: Path, name: str, opened: os.stat_result) -> None:
    """Refuse what was reached through a link: in a folder of the path, or in its end where O_NOFOLLOW is not known."""
    straight = os.path.normcase(os.path.realpath(path)) == os.path.normcase(path)
    if not (straight and os.path.samestat(opened, path.lstat())):
        raise _link(name)


def _link(name: str) -> BadInput:
    return BadInput(
        f"{name} is a link by now, or lies behind one, and links are not followed: name the file itself.",
        code="input.link",
    )


def _refuse_special(status: os.stat_result, name: str) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISLNK(status.st_mode):
        raise _link(name)
    for is_kind, kind, advice in _KINDS:
        if is_kind(status.st_mode):
            raise BadInput(f"{name} is {kind}, not an audio file: {advice}.", code="input.not_a_file")
    raise BadInput(f"{name} is not a regular file: name a file on disk.", code="input.not_a_file")


def _refuse_empty(status: os.stat_result, name: str) -> None:
    if status.st_size == 0:
        raise BadInput(f"{name} is empty (0 bytes): export it again.", code="input.empty")


def _refusal(error: OSError, name: str) -> BadInput:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return BadInput(f"{name} is not there: check the path.", code="input.missing")
        case errno.EACCES | errno.EPERM:
            return BadInput(f"{name} may not be read by this user: check its permissions.", code="input.unreadable")
        case errno.ELOOP:
            return BadInput(f"{name} is a link that leads back to itself: name the file.", code="input.missing")
        case errno.ENAMETOOLONG:
            return BadInput(f"{name} has too long a name for this system: use a shorter one.", code="input.missing")
        case errno.ENXIO:
            return BadInput(
                f"{name} is a pipe or socket, not an audio file: name a file on disk.", code="input.not_a_file"
            )
        case _:
            reason = error.strerror or "the system gave no reason"
            return BadInput(f"{name} cannot be opened: {reason}.", code="input.unreadable")
