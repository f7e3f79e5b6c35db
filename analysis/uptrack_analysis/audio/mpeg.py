"""A walk over the frames of an MP3: how long it really is, and which bytes are frames at all.

Without a Xing header the decoder guesses a length from the first frame, and stops there; ID3 tags, junk and a frame
cut in half make it write complaints to the terminal. So the frames are counted here, and unless the file is in
perfect order the decoder sees a view: one information frame with the true count, then whole frames and nothing else.

Frame headers after ISO/IEC 11172-3, 2.4.2.3, and 13818-3; the Xing and LAME fields after Gabriel Bouvigne's
"MP3 Info Tag" page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.head import Head
from uptrack_analysis.audio.view import Piece, Span

_RATES = ((11025, 12000, 8000), (), (22050, 24000, 16000), (44100, 48000, 32000))  # by version bits
_KBPS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAME_STREAM = 0xFFFE0C00
"""Bits of a header that no frame of one stream changes: sync, version, layer, rate."""

_JUNK_BEFORE = 65_536
_MOST_CANDIDATES = 200_000
_WINDOW = 1 << 20
_SYNC = re.compile(rb"\xff[\xe2-\xff]")
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")


@dataclass(frozen=True, slots=True)
class FrameHeader:
    version: int
    """1, or 2 for the low rates of MPEG-2 and 2.5"""
    layer: int
    rate_hz: int
    channels: int
    length: int
    frames: int
    """Sample frames in it."""

    @property
    def side_info_bytes(self) -> int:
        return {(1, 1): 17, (1, 2): 32, (2, 1): 9, (2, 2): 17}[self.version, self.channels]


@lru_cache(maxsize=4096)
def read_frame_header(word: int) -> FrameHeader | None:
    """Decode a 32-bit frame header; ``None`` if it is none, or of the free bit rate that nobody uses."""
    version_bits, layer_bits = word >> 19 & 3, word >> 17 & 3
    rate_index, kbps_index = word >> 10 & 3, word >> 12 & 15
    if word >> 21 != 0x7FF or version_bits == 1 or layer_bits == 0 or rate_index == 3 or kbps_index in (0, 15):
        return None
    version, layer = (1 if version_bits == 3 else 2), 4 - layer_bits
    rate_hz = _RATES[version_bits][rate_index]
    bits_per_second = _KBPS[version, layer][kbps_index - 1] * 1000
    padding = word >> 9 & 1
    if layer == 1:
        frames, length = 384, (12 * bits_per_second // rate_hz + padding) * 4
    else:
        frames = 576 if layer == 3 and version == 2 else 1152
        length = frames // 8 * bits_per_second // rate_hz + padding
    return FrameHeader(version, layer, rate_hz, 1 if word >> 6 & 3 == 3 else 2, length, frames)


def end_of_id3(file: AudioFile, start: int = 0) -> int:
    """Where content begins behind the ID3v2 tags at ``start``, after id3.org "ID3v2.4 structure" 3.1."""
    for _ in range(16):
        tag = file.read_at(start, 10)
        if len(tag) < 10 or tag[:3] != b"ID3" or any(byte & 0x80 for byte in tag[6:]):
            break
        size = tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]
        start += 10 + size + (10 if tag[5] & 0x10 else 0)
    return start


@dataclass(slots=True)
class _Walk:
    spans: list[Span] = field(default_factory=list[Span])
    count: int = 0
    damaged: int = 0
    """Stretches between frames that are none."""
    cut: bool = False
    """The last frame reaches past the end."""


def look_at_mpeg(file: AudioFile, start: int, *, walk: bool = True) -> Head | None:
    """The MPEG audio stream that begins near ``start`` (behind ID3v2), or ``None`` if there is none.

    Parameters
    ----------
    walk : bool
        ``False`` for a quick look: only the first frames and the claim in them.
    """
    found = _first_frame(file, start)
    if found is None:
        return None
    at, word, header = found
    information = _Information.read(file.read_at(at, min(header.length, 512)), header)
    claimed = information.sample_frames(header.frames) if information else None
    first = at + header.length if information else at
    if not walk:
        pieces = None
        if information is not None:
            # With the size as it is: the decoder complains on the terminal about a tag that disagrees.
            all_of_it = _Walk([Span(first, max(0, file.size - first))], information.frames or 0)
            pieces = _view(information.raw, header, all_of_it)
        return Head(
            "MP3",
            header.channels,
            header.rate_hz,
            frames_claimed=claimed,
            claim_tolerance=2 * header.frames,
            pieces=pieces,
        )
    walked = _walk(file, first, word)
    in_order = (
        information is not None
        and at == 0
        and information.frames == walked.count
        and not walked.damaged
        and not walked.cut
    )
    notes: list[str] = []
    if walked.damaged:
        places = "one place" if walked.damaged == 1 else f"{walked.damaged} places"
        notes.append(f"{file.name} is damaged in {places}: what is no MP3 frame was skipped, so times after it shift.")
    if walked.cut and claimed is None:
        notes.append(f"{file.name} breaks off inside its last frame: it may have been longer.")
    tag = (
        (information.without_padding() if walked.cut else information.raw) if information else _information_frame(word)
    )
    return Head(
        "MP3",
        header.channels,
        header.rate_hz,
        frames_claimed=claimed,
        frames_present=walked.count * header.frames,
        claim_tolerance=2 * header.frames,
        notes=tuple(notes),
        pieces=None if in_order else _view(tag, header, walked),
    )


@dataclass(frozen=True, slots=True)
class _Information:
    """The Xing (or Info) frame that encoders put first; it holds no sound."""

    raw: bytes
    frames: int | None
    trimmed: int
    """Sample frames of encoder delay and padding, which the decoder removes."""
    gap_at: int
    """Where the three bytes that say so stand in ``raw``."""

    @classmethod
    def read(cls, frame: bytes, header: FrameHeader) -> _Information | None:
        at = 4 + header.side_info_bytes
        if header.layer != 3 or frame[at : at + 4] not in (b"Xing", b"Info") or len(frame) < at + 16:
            return None
        flags = int.from_bytes(frame[at + 4 : at + 8], "big")
        frames = int.from_bytes(frame[at + 8 : at + 12], "big") if flags & 1 else None
        gap_at = at + 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1) + 21
        gap = frame[gap_at : gap_at + 3]
        trimmed = (gap[0] << 4 | gap[1] >> 4) + ((gap[1] & 15) << 8 | gap[2]) if len(gap) == 3 else 0
        return cls(frame[: header.length], frames, trimmed, gap_at)

    def without_padding(self) -> bytes:
        """The frame for a stream that lost its end, and the padding with it."""
        raw = bytearray(self.raw)
        if len(raw) >= self.gap_at + 3:
            raw[self.gap_at + 1] &= 0xF0
            raw[self.gap_at + 2] = 0
        return bytes(raw)

    def sample_frames(self, per_frame: int) -> int | None:
        return None if not self.frames else max(0, self.frames * per_frame - self.trimmed)


def _first_frame(file: AudioFile, start: int) -> tuple[int, int, FrameHeader] | None:
    """The first of three frames in a row; two or one will do if the file ends there."""
    window = file.read_at(start, _JUNK_BEFORE)
    for match in _SYNC.finditer(window):
        at = start + match.start()
        word = int.from_bytes(file.read_at(at, 4), "big")
        header = read_frame_header(word)
        if header is None:
            continue
        follower, good = at + header.length, 1
        while good < 3 and follower < file.size:
            other_word = int.from_bytes(file.read_at(follower, 4), "big")
            other = read_frame_header(other_word)
            if other is None or (other_word ^ word) & _SAME_STREAM:
                break
            follower, good = follower + other.length, good + 1
        if good == 3 or (follower >= file.size and (good > 1 or match.start() == 0)):
            return at, word, header
    return None


def _walk(file: AudioFile, start: int, like: int) -> _Walk:
    walked = _Walk()
    run_start = at = start
    candidates = 0
    window_at, window = start, b""
    while True:
        offset = at - window_at
        if not 0 <= offset <= len(window) - 4:
            window_at, window, offset = at, file.read_at(at, _WINDOW), 0
        word = int.from_bytes(window[offset : offset + 4], "big")
        header = read_frame_header(word) if not (word ^ like) & _SAME_STREAM and len(window) - offset >= 4 else None
        if header is not None and at + header.length <= file.size:
            at += header.length
            walked.count += 1
            continue
        if at > run_start:
            walked.spans.append(Span(run_start, at - run_start))
        if header is not None:
            walked.cut = True
            return walked
        rest = file.read_at(at, 128)
        if (not any(rest) and not any(file.read_at(at, _WINDOW))) or rest.startswith(_TAGS):
            return walked
        # Something that is no frame: go on behind it, if two frames in a row come again.
        found = None
        scan = at
        while found is None and scan < file.size and candidates < _MOST_CANDIDATES:
            block = file.read_at(scan, _WINDOW)
            for match in _SYNC.finditer(block):
                candidates += 1
                position = scan + match.start()
                if _two_frames(file, position, like):
                    found = position
                    break
                if candidates >= _MOST_CANDIDATES:
                    break
            scan += max(len(block) - 1, 1)
        if found is None:
            walked.cut = True
            return walked
        walked.damaged += 1
        run_start = at = found


def _two_frames(file: AudioFile, at: int, like: int) -> bool:
    for _ in range(2):
        word = int.from_bytes(file.read_at(at, 4), "big")
        header = read_frame_header(word)
        if header is None or (word ^ like) & _SAME_STREAM:
            return False
        at += header.length
        if at >= file.size:
            return at == file.size
    return True


def _information_frame(like: int) -> bytes:
    """An empty Info frame for a stream that has none: no checksum, a bit rate with room for the fields."""
    word = (like | 0x00010000) & ~0x0000F200 | 0x00009000
    header = read_frame_header(word)
    if header is None or header.layer != 3:
        return b""
    frame = bytearray(header.length)
    frame[:4] = word.to_bytes(4, "big")
    at = 4 + header.side_info_bytes
    frame[at : at + 8] = b"Info\0\0\0\x03"
    return bytes(frame)


def _view(tag: bytes, header: FrameHeader, walked: _Walk) -> tuple[Piece, ...]:
    if not walked.spans:
        return (tag,)
    if header.layer != 3 or not tag:
        return tuple(walked.spans)
    frame = bytearray(tag)
    at = 4 + (read_frame_header(int.from_bytes(tag[:4], "big")) or header).side_info_bytes
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    if flags & 1:
        frame[at + 8 : at + 12] = walked.count.to_bytes(4, "big")
    if flags & 2:
        size = len(tag) + sum(span.length for span in walked.spans)
        place = at + 8 + 4 * (flags & 1)
        frame[place : place + 4] = min(size, 0xFFFFFFFF).to_bytes(4, "big")
    return (bytes(frame), *walked.spans)
