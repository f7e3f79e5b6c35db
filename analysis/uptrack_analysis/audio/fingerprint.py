"""SHA-256 of a file's bytes, made piece by piece while the file is decoded.

So each piece is read a second time while the system still has it in its cache, and no thread is needed.
"""

from __future__ import annotations

import hashlib
import os

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.errors import BadInput

_CHUNK = 1 << 20


class Fingerprint:
    """Of the bytes the file has when it is opened.

    Raises
    ------
    OSError
        The file cannot be opened a second time.
    """

    def __init__(self, file: AudioFile) -> None:
        self._name = file.name
        self._size = file.size
        self._digest = hashlib.sha256()
        self._done = 0
        self._failure: OSError | None = None
        self._descriptor = file.second_descriptor()

    def follow(self, share: float) -> None:
        """Take whole chunks up to ``share`` of the file, 0 to 1; what goes wrong is told by ``value``."""
        while self._size - self._done >= _CHUNK and self._done + _CHUNK <= share * self._size:
            if not self._take(_CHUNK):
                return

    def value(self) -> str:
        """64 hexadecimal digits; what was not taken yet is taken now.

        Raises
        ------
        BadInput
            The file could not be read to its end.
        """
        while self._done < self._size and self._take(min(_CHUNK, self._size - self._done)):
            pass
        if self._failure is not None:
            raise BadInput(f"{self._name} could not be read to its end: {self._failure}.", code="input.unreadable")
        return self._digest.hexdigest()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _take(self, count: int) -> bool:
        """Whether there was anything to take: a file cut short meanwhile ends early, which the source notes."""
        if self._failure is not None:
            return False
        try:
            # A duplicate shares its position with the decoder, so read by offset wherever that exists.
            of_offset = hasattr(os, "pread")
            chunk = os.pread(self._descriptor, count, self._done) if of_offset else os.read(self._descriptor, count)
        except OSError as error:
            self._failure = error
            return False
        self._digest.update(chunk)
        self._done += len(chunk)
        return bool(chunk)
