"""A look at the pages of Ogg (RFC 3533): which codec the first one opens, and where the last whole one ends."""

from __future__ import annotations

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.head import EXPORT_INSTEAD, Head, damaged
from uptrack_analysis.audio.view import Span
from uptrack_analysis.errors import NotAudio

_UNDECODED = {
    b"Speex   ": "Speex speech",
    b"\x80theora": "Theora video",
    b"fishead\0": "more than one stream",
    b"BBCD\0": "Dirac video",
    b"OVP80": "VP8 video",
}
_TAIL = 3 * 65_307
"""Three times the longest page."""


def look_at_ogg(file: AudioFile) -> Head:
    """A file that begins with ``OggS``.

    The decoder finds the length of a stream on its last page, and finds none when that page is cut. The view then
    ends with the last page that is whole.

    Raises
    ------
    NotAudio
        A codec that is not decoded here, or no whole page.
    """
    first = file.read_at(0, 27 + 255 + 64)
    packet = first[27 + first[26] :] if len(first) > 27 else b""
    for magic, what in _UNDECODED.items():
        if packet.startswith(magic):
            raise NotAudio(f"{file.name} is an Ogg file with {what} inside, not decoded here: {EXPORT_INSTEAD}.")
    channels = rate_hz = None
    if packet.startswith(b"\x01vorbis") and len(packet) >= 16:
        channels, rate_hz = packet[11], int.from_bytes(packet[12:16], "little")
    elif packet.startswith(b"OpusHead") and len(packet) >= 10:
        channels, rate_hz = packet[9], 48_000  # Opus always decodes at 48 kHz
    elif not packet.startswith(b"\x7fFLAC"):
        raise damaged(file, "Ogg", "its first page opens no stream we know")
    end = _end_of_last_page(file)
    if end is None:
        raise damaged(file, "Ogg", "no whole page of audio is left in it")
    if end == file.size:
        return Head("Ogg", channels, rate_hz, ogg_order=not packet.startswith(b"\x7fFLAC"))
    return Head(
        "Ogg",
        channels,
        rate_hz,
        ogg_order=not packet.startswith(b"\x7fFLAC"),
        notes=(f"{file.name} breaks off in the middle of a page: measured up to there, export it again for the rest.",),
        pieces=(Span(0, end),),
    )


def _end_of_last_page(file: AudioFile) -> int | None:
    """Where the last whole page ends; the file's size if only padding or nothing follows it."""
    start = max(0, file.size - _TAIL)
    tail = file.read_at(start, _TAIL)
    at = tail.rfind(b"OggS")
    while at >= 0:
        segments = tail[at + 27 : at + 27 + tail[at + 26]] if len(tail) > at + 27 else b""
        if segments and len(segments) == tail[at + 26]:
            end = at + 27 + len(segments) + sum(segments)
            if end <= len(tail):
                return file.size if not any(tail[end:]) or tail[end : end + 3] == b"TAG" else start + end
        at = tail.rfind(b"OggS", 0, at)
    return None
