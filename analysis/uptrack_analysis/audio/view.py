"""A file as the decoder should see it: pieces of the real one, and bytes of ours where its header is wrong.

Repairs never touch the user's file. A recorder that crashed leaves a size of zero in the header; the view puts a
right header in front of the samples that are there, and the decoder reads on as if nothing had happened.
"""

from __future__ import annotations

import bisect
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass

from uptrack_analysis.audio.files import AudioFile


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``start`` to ``start + length`` of the real file."""

    start: int
    length: int

    def __len__(self) -> int:
        return self.length


Piece = bytes | Span


class View:
    """The read-only file object that ``soundfile`` asks for: ``readinto``, ``seek`` and ``tell``.

    Its methods are called from C, which cannot pass an exception on: an unreadable stretch reads as the end.
    """

    def __init__(self, file: AudioFile, pieces: Sequence[Piece]) -> None:
        self._file = file
        self._pieces = [piece for piece in pieces if len(piece)]
        self._starts = [0, *itertools.accumulate(len(piece) for piece in self._pieces)]
        self._at = 0

    @property
    def length(self) -> int:
        return self._starts[-1]

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence, self.length)
        self._at = min(max(base + offset, 0), self.length)
        return self._at

    def readinto(self, buffer: memoryview) -> int:
        done = 0
        while done < len(buffer) and self._at < self.length:
            index = bisect.bisect_right(self._starts, self._at) - 1
            within = self._at - self._starts[index]
            piece = self._pieces[index]
            count = min(len(buffer) - done, len(piece) - within)
            if isinstance(piece, Span):
                data = self._file.read_at(piece.start + within, count)
            else:
                data = piece[within : within + count]
            if not data:
                break
            buffer[done : done + len(data)] = data
            done += len(data)
            self._at += len(data)
        return done

    def read(self, count: int) -> bytes:
        buffer = bytearray(max(0, min(count, self.length - self._at)))
        return bytes(buffer[: self.readinto(memoryview(buffer))])
