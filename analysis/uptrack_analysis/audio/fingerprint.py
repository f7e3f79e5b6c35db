"""SHA-256 of a file's bytes, made on a thread of its own: beside the decoding, where it is known that it is wanted.

``hashlib`` lets go of the interpreter lock, so one small thread reads the file a second time (from the system's
cache) while the decoder has it.
"""

from __future__ import annotations

import hashlib
import os
import threading

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.errors import BadInput

_CHUNK = 1 << 20


class Fingerprint:
    """Starts at once; ``value()`` waits for the end, ``cancel()`` gives up early. Both leave no thread behind."""

    def __init__(self, file: AudioFile) -> None:
        self._name = file.name
        self._size = file.size
        self._digest = ""
        self._failure: OSError | None = None
        self._cancelled = threading.Event()
        descriptor = file.second_descriptor()
        self._thread = threading.Thread(target=self._run, args=(descriptor,), name="fingerprint", daemon=True)
        self._thread.start()

    def value(self) -> str:
        """64 hexadecimal digits over the bytes the file had when it was opened.

        Raises
        ------
        BadInput
            The file could not be read to its end.
        """
        self._thread.join()
        if self._failure is not None or not self._digest:
            raise BadInput(f"{self._name} could not be read to its end: {self._failure}.", code="input.unreadable")
        return self._digest

    def cancel(self) -> None:
        self._cancelled.set()
        self._thread.join()

    def _run(self, descriptor: int) -> None:
        try:
            digest = hashlib.sha256()
            done = 0
            while done < self._size and not self._cancelled.is_set():
                count = min(_CHUNK, self._size - done)
                # A duplicate shares its position with the decoder, so read by offset wherever that exists.
                chunk = os.pread(descriptor, count, done) if hasattr(os, "pread") else os.read(descriptor, count)
                if not chunk:
                    break  # cut short meanwhile: the source notes it
                digest.update(chunk)
                done += len(chunk)
            if not self._cancelled.is_set():
                self._digest = digest.hexdigest()
        except OSError as error:
            self._failure = error
        finally:
            os.close(descriptor)
