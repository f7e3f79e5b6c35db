"""A look at the headers of WAV and its larger relatives: RIFF, RIFX, RF64, BW64 and Sony Wave64.

Sources: Microsoft "Multiple channel audio data and WAVE files" (2007) for WAVE_EXTENSIBLE; EBU Tech 3306 (RF64) and
ITU-R BS.2088 (BW64) for the 64-bit sizes; Sony "Wave64" for GUID chunks. Recorders that crash and programs that write
to a pipe leave sizes behind that are not sizes; which ones is said below.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.head import (
    EXPORT_INSTEAD,
    MAX_CHUNKS,
    Head,
    damaged,
    is_chunk_id,
    length_never_written,
    walk_chunks,
)
from uptrack_analysis.audio.view import Piece, Span
from uptrack_analysis.errors import NotAudio

# What writers that cannot seek back leave in the data size: ffmpeg and most others; SoX (0x7FFFFFFF less a page).
STREAMED_SIZES = frozenset({0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000})
_LARGEST_RIFF = 0xFFFF0000

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_UNDECODED = {
    0x0050: "MPEG audio", 0x0055: "MP3", 0x0092: "Dolby AC-3", 0x00FF: "AAC", 0x0160: "Windows Media Audio",
    0x0161: "Windows Media Audio", 0x0162: "Windows Media Audio", 0x0163: "Windows Media Audio Lossless",
    0x1600: "AAC", 0x1610: "AAC", 0x2000: "Dolby AC-3", 0x2001: "DTS", 0x674F: "Ogg Vorbis", 0x6750: "Ogg Vorbis",
    0x6751: "Ogg Vorbis", 0x676F: "Ogg Vorbis", 0x6770: "Ogg Vorbis", 0x6771: "Ogg Vorbis", 0xF1AC: "FLAC",
}  # fmt: skip

W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_WAVE = bytes.fromhex("77617665f3acd3118cd100c04f8edb8a")
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")


@dataclass(frozen=True, slots=True)
class _Fmt:
    tag: int
    channels: int
    rate_hz: int
    block_align: int
    bits: int
    valid_bits: int | None
    mask: int | None
    raw: bytes

    @property
    def frame_bytes(self) -> int | None:
        """Bytes a frame, from bits and channels; ``None`` unless every sample has its own bytes."""
        if self.tag not in (_PCM, _FLOAT) or not (0 < self.bits <= 64 and self.channels):
            return None
        return -(-self.bits // 8) * self.channels


@dataclass(slots=True)
class _Found:
    """What the walk over the chunks found."""

    fmt: _Fmt | None = None
    data_start: int | None = None
    data_claimed: int = 0
    streamed: bool = False
    fact_frames: int | None = None
    unknown_tail: bool = False
    """What follows the data is no chunk."""


def look_at_wave(file: AudioFile) -> Head:
    """RIFF, RIFX, RF64 or BW64 with a WAVE form.

    Raises
    ------
    NotAudio
        No format or data chunk, or an encoding that is not decoded here.
    """
    magic = file.read_at(0, 12)
    kind = {b"RF64": "RF64", b"BW64": "BW64"}.get(magic[:4], "WAV")
    if magic[8:12] != b"WAVE":
        what = "AVI video" if magic[8:12] == b"AVI " else "no WAVE data"
        raise NotAudio(f"{file.name} is a RIFF file that holds {what}: {EXPORT_INSTEAD}.")
    big_endian = magic[:4] == b"RIFX"
    found = _walk_riff(file, big_endian=big_endian, sizes_in_ds64=kind != "WAV")
    return _judge(file, kind, found, big_endian=big_endian)


def look_at_wave64(file: AudioFile) -> Head:
    """Sony Wave64: 16-byte names, 64-bit sizes that count their own header, chunks aligned to 8.

    Raises
    ------
    NotAudio
        No format or data chunk, or an encoding that is not decoded here.
    """
    if file.read_at(24, 16) != _W64_WAVE:
        raise damaged(file, "Wave64", "its header is damaged")
    found = _Found()
    at = 40
    for _ in range(MAX_CHUNKS):
        header = file.read_at(at, 24)
        if len(header) < 24:
            break
        size = int.from_bytes(header[16:], "little")
        name = header[:4] if header[4:16] == _W64_TAIL else b""
        if name == b"fmt ":
            found.fmt = _read_fmt(file, at + 24, size - 24, "<")
        elif name == b"data":
            found.data_start, found.data_claimed = at + 24, max(size - 24, 0)
        if size < 24:
            break
        at += -(-size // 8) * 8
    return _judge(file, "W64", found, big_endian=False)


def _walk_riff(file: AudioFile, *, big_endian: bool, sizes_in_ds64: bool) -> _Found:
    found = _Found()
    ds64_data: int | None = None
    for chunk in walk_chunks(file, 12, big_endian=big_endian):
        if chunk.id == b"ds64" and sizes_in_ds64:
            body = file.read_at(chunk.start, 24)
            ds64_data = int.from_bytes(body[8:16], "little") if len(body) == 24 else None
        elif chunk.id == b"fmt " and found.fmt is None:
            found.fmt = _read_fmt(file, chunk.start, chunk.size, ">" if big_endian else "<")
        elif chunk.id == b"fact":
            body = file.read_at(chunk.start, 4)
            found.fact_frames = int.from_bytes(body, "big" if big_endian else "little") if len(body) == 4 else None
        elif chunk.id == b"data" and found.data_start is None:
            found.data_start, found.data_claimed = chunk.start, chunk.size
            if sizes_in_ds64 and chunk.size == 0xFFFFFFFF:
                # A ds64 that was never filled in is a stream, or a crash, like the 32-bit marks.
                found.data_claimed = ds64_data or 0
                found.streamed = not ds64_data
                break
            if chunk.size in STREAMED_SIZES:
                found.streamed = True
                break
    if found.data_start is not None and not found.streamed:
        end = found.data_start + found.data_claimed
        found.unknown_tail = not _is_chunk(file, end + (end & 1), big_endian=big_endian)
    return found


def _is_chunk(file: AudioFile, at: int, *, big_endian: bool) -> bool:
    """Whether a chunk that fits into the file stands at ``at``, or the file ends there.

    The size matters: the bytes of one loud sample in fifty look like a name.
    """
    header = file.read_at(at, 8)
    if len(header) < 8:
        return True
    size = int.from_bytes(header[4:], "big" if big_endian else "little")
    return is_chunk_id(header[:4]) and at + 8 + size <= file.size + 1


def _read_fmt(file: AudioFile, start: int, size: int, order: str) -> _Fmt | None:
    raw = file.read_at(start, min(max(size, 0), 64))
    if len(raw) < 16:
        return None
    tag, channels, rate, _byte_rate, align, bits = struct.unpack_from(f"{order}HHIIHH", raw)
    valid_bits = mask = None
    if tag == _EXTENSIBLE and len(raw) >= 40:
        valid_bits, mask, tag = struct.unpack_from(f"{order}HIH", raw, 18)
    return _Fmt(tag, channels, rate, align, bits, valid_bits, mask or None, raw)


def _judge(file: AudioFile, kind: str, found: _Found, *, big_endian: bool) -> Head:
    fmt = found.fmt
    if fmt is None:
        raise damaged(file, kind, "its format chunk is missing or cut short")
    if fmt.tag in _UNDECODED:
        raise NotAudio(
            f"{file.name} is a {kind} file with {_UNDECODED[fmt.tag]} inside, not decoded here: {EXPORT_INSTEAD}."
        )
    if found.data_start is None:
        raise damaged(file, kind, "it ends before its audio data")
    valid = fmt.valid_bits
    head = Head(
        format=kind,
        channels=fmt.channels,
        rate_hz=fmt.rate_hz,
        bit_depth=valid if valid and valid <= fmt.bits else None,
        channel_mask=fmt.mask,
    )
    frame_bytes = fmt.frame_bytes
    if frame_bytes is None:
        return replace(head, frames_claimed=None if found.streamed else found.fact_frames, claim_tolerance=1)
    there = file.size - found.data_start
    notes: list[str] = []
    pieces: tuple[Piece, ...] | None = None
    claimed: int | None = found.data_claimed
    if found.streamed:
        claimed, present = None, there
        if there > _LARGEST_RIFF:  # the decoder believes 32-bit sizes, so give it 64-bit ones
            pieces = _rebuilt(fmt, found.data_start, there, big_endian=big_endian)
    elif found.data_claimed == 0 and there >= frame_bytes and found.unknown_tail:
        claimed, present = None, there
        pieces = _rebuilt(fmt, found.data_start, there, big_endian=big_endian)
        notes.append(length_never_written(file, there // frame_bytes / max(fmt.rate_hz, 1)))
    else:
        present = min(there, found.data_claimed)
        more_s = (there - present) / frame_bytes / max(fmt.rate_hz, 1)
        if found.unknown_tail and more_s >= 1:
            notes.append(
                f"{file.name} goes on for {more_s:.2f} s after the audio its header counts; that part is not measured."
            )
    if fmt.block_align != frame_bytes:
        notes.append(
            f"{file.name} says a frame takes {fmt.block_align} bytes, but {fmt.channels} × {fmt.bits} bits take "
            f"{frame_bytes}: read by channels and bits."
        )
    packed = fmt.tag == _PCM and fmt.bits == 24 and fmt.block_align == frame_bytes and not big_endian
    return replace(
        head,
        packed_start=found.data_start if packed and pieces is None else None,
        frames_claimed=None if claimed is None else claimed // frame_bytes,
        frames_present=present // frame_bytes,
        notes=tuple(notes),
        pieces=pieces,
    )


def _rebuilt(fmt: _Fmt, data_start: int, data_bytes: int, *, big_endian: bool) -> tuple[Piece, ...]:
    """The same samples behind a header with true sizes."""
    samples = Span(data_start, data_bytes)
    if big_endian:
        body = (
            b"WAVEfmt "
            + struct.pack(">I", len(fmt.raw))
            + fmt.raw
            + b"data"
            + struct.pack(">I", min(data_bytes, _LARGEST_RIFF))
        )
        return (b"RIFX" + struct.pack(">I", min(len(body) + data_bytes, _LARGEST_RIFF)) + body, samples)
    chunk = b"fmt " + struct.pack("<I", len(fmt.raw)) + fmt.raw + b"\0" * (len(fmt.raw) & 1)
    if data_bytes <= _LARGEST_RIFF:
        body = b"WAVE" + chunk + b"data" + struct.pack("<I", data_bytes)
        return (b"RIFF" + struct.pack("<I", min(len(body) + data_bytes, 0xFFFFFFFF)) + body, samples)
    head_bytes = 12 + 36 + len(chunk) + 8
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, head_bytes - 8 + data_bytes, data_bytes, 0, 0)
    return (b"RF64\xff\xff\xff\xffWAVE" + ds64 + chunk + b"data\xff\xff\xff\xff", samples)
