"""What a look at a file's header tells, before and beside the decoder's own opinion of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.view import Piece
from uptrack_analysis.errors import NotAudio

EXPORT_INSTEAD = "export it as WAV, AIFF or FLAC"

MAX_CHUNKS = 10_000
"""More chunks than any program writes; a hostile header gets no further."""


@dataclass(frozen=True, slots=True)
class Head:
    """Facts of one header; ``None`` where it says nothing."""

    format: str
    channels: int | None = None
    rate_hz: float | None = None
    bit_depth: int | None = None
    channel_mask: int | None = None
    frames_claimed: int | None = None
    """What the header promises; ``None`` also for one that was written before the length was known."""
    frames_present: int | None = None
    """What the file has bytes for, where that is arithmetic (PCM)."""
    claim_tolerance: int = 0
    """Frames a healthy file may fall short of its claim (MP3 padding)."""
    ogg_order: bool = False
    notes: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] | None = None
    """What the decoder should see instead of the file as it stands."""
    packed_start: int | None = None
    """First byte of samples of 24 bits, little-endian and packed, that lie in the file in one piece."""
    ffmpeg_demuxer: str | None = None
    """ffmpeg's name for the format, where libsndfile does not know it."""
    codec: str | None = None
    """Where the decoder does not tell."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of an IFF-like file; ``size`` is what it claims, its content starts at ``start``."""

    id: bytes
    start: int
    size: int


def walk_chunks(file: AudioFile, start: int, *, big_endian: bool) -> Iterator[Chunk]:
    """The chunks of a RIFF or IFF file from ``start``: four letters, a 32-bit size, content padded to even.

    Ends at the first chunk that reaches past the end of the file (which is still given) or has no printable name.
    """
    order = "big" if big_endian else "little"
    at = start
    for _ in range(MAX_CHUNKS):
        header = file.read_at(at, 8)
        if len(header) < 8 or not is_chunk_id(header[:4]):
            return
        chunk = Chunk(header[:4], at + 8, int.from_bytes(header[4:], order))  # type: ignore[arg-type]
        yield chunk
        at = chunk.start + chunk.size + (chunk.size & 1)
        if at >= file.size:
            return


def is_chunk_id(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= letter < 127 for letter in name)


def shown_code(code: bytes) -> str:
    """Four letters that name an encoding, fit for a sentence on any terminal whatever bytes are there."""
    return "".join(chr(letter) if 32 <= letter < 127 else "\ufffd" for letter in code)


def damaged(file: AudioFile, format_name: str, what: str) -> NotAudio:
    """The refusal of a file that starts like audio and then is not."""
    return NotAudio(f"{file.name} starts like {format_name} audio, but {what}: export it again.", code="input.damaged")


def length_never_written(file: AudioFile, seconds: float) -> str:
    """The note on a header whose sizes are still zero while samples follow."""
    return (
        f"{file.name} says it holds no audio, but {seconds:.2f} s follow its header: the recorder stopped before it "
        "wrote the length, or is still writing; all of it is measured."
    )
