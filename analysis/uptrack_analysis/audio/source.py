"""An audio file as a stream of float blocks, opened safely and bounded whatever its header claims.

Samples are float32, shape (channels, frames), full scale 1.0; non-finite samples become 0 and are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from uptrack_analysis.signal import Block

Speaker = str
"""BS.1770 / WAVE_EXTENSIBLE name of a loudspeaker: M, L, R, C, LFE, Ls, Rs, Lrs, Rrs, Cs ..."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that protect the machine; a file over one is refused, while decoding if the header lied."""

    max_channels: int = 8
    min_rate_hz: int = 8_000
    max_rate_hz: int = 192_000
    max_samples: int = 4_000_000_000
    """frames x channels: 5 h 45 min of 96 kHz stereo"""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header says."""

    format: str
    codec: str
    sample_rate_hz: int
    channels: int
    bit_depth: int | None
    frames_claimed: int | None
    layout: tuple[Speaker, ...]


class AudioSource:
    """One open audio file.

    Use as a context manager. ``frames_read``, ``non_finite_samples`` and ``notes`` are whole once ``blocks`` is
    exhausted.
    """

    info: AudioInfo
    frames_read: int
    non_finite_samples: int
    notes: tuple[str, ...]

    def blocks(self, frames: int = 65_536) -> Iterator[Block]: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_audio(path: Path, limits: Limits = Limits()) -> AudioSource:  # noqa: B008
    """Open ``path`` for decoding.

    Raises
    ------
    BadInput
        Missing, a directory, a pipe, a device, unreadable, empty.
    NotAudio
        Readable, but nothing we decode.
    TooLarge
        Over one of ``limits``.
    """
    raise NotImplementedError
