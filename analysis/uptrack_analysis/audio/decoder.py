"""libsndfile, through ``soundfile``, as a stream of interleaved frames that never raises while reading.

Two habits of ``soundfile`` are set aside. It seeks after every read, which in compressed formats means decoding
again. And when the decoder meets damage it raises and forgets how much it had decoded before that, so the place
where the damage begins would depend on the block size.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.head import EXPORT_INSTEAD
from uptrack_analysis.audio.view import Piece, Span, View
from uptrack_analysis.errors import NotAudio

_UNKNOWN_LENGTH = 1 << 60

_BY_DESCRIPTOR = os.name == "posix"
"""A C library on Windows may have its own table of descriptors; there the decoder gets callbacks."""

FORMATS = {"WAV": "WAV", "WAVEX": "WAV", "RF64": "RF64", "W64": "W64", "AIFF": "AIFF", "FLAC": "FLAC", "OGG": "Ogg",
           "MP3": "MP3", "CAF": "CAF"}  # fmt: skip

_CODECS = {
    "PCM_S8": ("PCM", 8), "PCM_U8": ("PCM", 8), "PCM_16": ("PCM", 16), "PCM_24": ("PCM", 24), "PCM_32": ("PCM", 32),
    "FLOAT": ("float", 32), "DOUBLE": ("float", 64), "ULAW": ("u-law", None), "ALAW": ("A-law", None),
    "IMA_ADPCM": ("IMA ADPCM", None), "MS_ADPCM": ("MS ADPCM", None), "GSM610": ("GSM 6.10", None),
    "VORBIS": ("Vorbis", None), "OPUS": ("Opus", None), "MPEG_LAYER_I": ("MPEG layer I", None),
    "MPEG_LAYER_II": ("MPEG layer II", None), "MPEG_LAYER_III": ("MP3", None), "ALAC_16": ("ALAC", 16),
    "ALAC_20": ("ALAC", 20), "ALAC_24": ("ALAC", 24), "ALAC_32": ("ALAC", 32),
}  # fmt: skip
_INTEGER_CODECS = {"PCM", "FLAC", "ALAC", "u-law", "A-law"}

# What libsndfile says, and what that means to somebody who exported a file. First match wins.
_PLAIN_WORDS = (
    ("not recognised", "its contents are no audio format that UpTrack decodes"),
    ("chunk", "a part of its header is missing or in the wrong place"),
    ("malformed", "its header contradicts itself"),
    ("marker", "a part of its header is missing or in the wrong place"),
    ("header", "its header is damaged or cut short"),
    ("channel", "its header names an impossible number of channels"),
    ("SF_INFO", "its header names an impossible rate or number of channels"),
    ("unsupported encoding", "it uses an encoding that is not decoded here"),
    ("not implemented", "it uses an encoding that is not decoded here"),
    ("unimplemented", "it uses an encoding that is not decoded here"),
    ("unknown format", "it uses an encoding that is not decoded here"),
)


class Decoder:
    """One file being decoded, float32.

    Attributes
    ----------
    format, codec : str
    bit_depth : int or None
        ``None`` where the encoding has none (lossy).
    rate_hz, channels : int
    frames : int or None
        What the decoder expects to deliver; ``None`` when it does not know.
    may_be_non_finite : bool
        The samples can be NaN, infinite or absurd.
    failed : bool
        Decoding stopped at damage.
    """

    def __init__(self, file: AudioFile, pieces: tuple[Piece, ...] | None) -> None:
        """Start decoding ``file``, or a view of it made of ``pieces``.

        Raises
        ------
        NotAudio
            libsndfile does not take it.
        """
        source: Any
        if pieces is None and _BY_DESCRIPTOR:
            # The position belongs to whoever duplicates the descriptor too: nobody else moves it.
            os.lseek(file.descriptor, 0, os.SEEK_SET)
            source = file.descriptor
        else:
            source = View(file, pieces or (Span(0, file.size),))
        try:
            self._stream: Any = soundfile.SoundFile(source, mode="r", closefd=False)
        except soundfile.LibsndfileError as error:
            raise NotAudio(_in_plain_words(file.name, error.error_string), code="input.damaged") from error
        self._stream.seekable = _never  # keeps it from seeking after each read
        codec, self.bit_depth = _CODECS.get(self._stream.subtype, (self._stream.subtype, None))
        self.format = FORMATS.get(self._stream.format, self._stream.format)
        self.codec = "FLAC" if self.format == "FLAC" else codec
        self.rate_hz = int(self._stream.samplerate)
        self.channels = int(self._stream.channels)
        frames = int(self._stream.frames)
        self.frames = frames if 0 <= frames < _UNKNOWN_LENGTH else None
        self.may_be_non_finite = self.codec not in _INTEGER_CODECS
        self.failed = False
        self._marks_unread = codec not in {"PCM", "float", "u-law", "A-law"} or self.codec == "FLAC"

    def agrees(self, codec: str, bit_depth: int, channels: int | None, frames: int) -> bool:
        """Whether it sees the file as somebody else does."""
        return (self.codec, self.bit_depth, self.channels, self.frames) == (codec, bit_depth, channels, frames)

    def read(self, out: NDArray[np.float32]) -> int:
        """Decode into ``out``, shape (frames, channels), C-contiguous; returns how many frames, 0 at the end."""
        if self.failed:
            return 0
        if self._marks_unread:
            out.fill(np.nan)
        try:
            return len(self._stream.read(out=out))
        except soundfile.LibsndfileError:
            self.failed = True
            if not self._marks_unread:
                return 0
            unread = np.isnan(out[:, 0])
            return int(unread.argmax()) if unread.any() else len(out)

    def close(self) -> None:
        self._stream.close()


def _never() -> bool:
    return False


def _in_plain_words(name: str, said: str) -> str:
    said = said.removeprefix("Error : ").rstrip(". ")
    for words, meaning in _PLAIN_WORDS:
        if words.lower() in said.lower():
            return f"{name} cannot be decoded: {meaning}; {EXPORT_INSTEAD}."
    return f"{name} cannot be decoded (the decoder says: {said}); {EXPORT_INSTEAD}."
