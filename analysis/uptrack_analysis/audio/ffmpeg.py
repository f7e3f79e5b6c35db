"""Formats that libsndfile does not know, through the ``ffmpeg`` program where it is installed: AAC, ALAC in MPEG-4.

ffmpeg sees one descriptor of a file we opened, is told which demuxer to use (so no playlist or script can pass for
audio) and may open nothing else, no network either. It answers with a Sun .au stream: a header of 24 bytes says rate
and channels, 32-bit floats follow.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.head import EXPORT_INSTEAD, Head
from uptrack_analysis.errors import NotAudio

_AU_HEADER = struct.Struct(">4sIIIII")
_AU_FLOAT = 6
_DESCRIPTORS = Path("/dev/fd")
_ENDED_WITHIN_S = 10.0


class FfmpegDecoder:
    """One file being decoded by a child process; attributes as in ``decoder.Decoder``."""

    bit_depth: int | None = None
    may_be_non_finite = True
    frames: int | None = None

    def __init__(self, file: AudioFile, head: Head) -> None:
        """Start decoding ``file`` with the demuxer and codec that ``head`` names.

        Raises
        ------
        NotAudio
            ffmpeg is not installed, or does not take the file.
        """
        self.format = head.format
        self.codec = head.codec or "unknown"
        self.failed = False
        self._name = file.name
        program = shutil.which("ffmpeg")
        if program is None:
            raise NotAudio(
                f"{file.name} is {head.format} with {self.codec} audio, which takes ffmpeg to decode, and ffmpeg is "
                f"not installed: install it, or {EXPORT_INSTEAD}.",
                code="input.needs_ffmpeg",
            )
        by_descriptor = _DESCRIPTORS.is_dir()
        shared = (file.descriptor,) if by_descriptor else ()
        source = _DESCRIPTORS / str(file.descriptor) if by_descriptor else file.path.absolute()
        if sys.platform == "darwin":
            # There a descriptor under /dev/fd keeps the position of the one it was made from.
            os.lseek(file.descriptor, 0, os.SEEK_SET)
        # Not a pipe: nobody reads it while ffmpeg works. ``close`` closes it.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        command = [program, "-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1"]
        command += ["-protocol_whitelist", "file,pipe", "-f", str(head.ffmpeg_demuxer), "-i", f"file:{source}"]
        command += ["-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._said, pass_fds=shared
            )
        except OSError as error:
            self._said.close()
            raise NotAudio(
                f"{file.name} takes ffmpeg to decode, which cannot be started ({error.strerror}): {EXPORT_INSTEAD}."
            ) from error
        try:
            self.rate_hz, self.channels = self._read_header()
        except BaseException:
            self.close()
            raise

    def read(self, out: NDArray[np.float32]) -> int:
        """Decode into ``out``, shape (frames, channels), C-contiguous; returns how many frames, 0 at the end."""
        if self.failed:
            return 0
        data = self._stream.read(4 * out.size)
        if len(data) < 4 * out.size:
            self.failed = bool(self._last_words())
        frames = len(data) // (4 * self.channels)
        out[:frames] = np.frombuffer(data, dtype=">f4", count=frames * self.channels).reshape(frames, self.channels)
        return frames

    def close(self) -> None:
        """End the child, whatever it is doing; safe to call twice."""
        self._stream.close()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._said.close()

    @property
    def _stream(self) -> IO[bytes]:
        stream = self._process.stdout
        if stream is None:
            raise ValueError("ffmpeg was started without a pipe to hear it by")
        return stream

    def _read_header(self) -> tuple[int, int]:
        header = self._stream.read(_AU_HEADER.size)
        if len(header) < _AU_HEADER.size:
            said = self._last_words() or "nothing"
            raise NotAudio(
                f"{self._name} is {self.format} with {self.codec} audio, but cannot be decoded (ffmpeg says: {said}); "
                f"{EXPORT_INSTEAD}.",
                code="input.damaged",
            )
        magic, start, _size, encoding, rate_hz, channels = _AU_HEADER.unpack(header)
        if magic != b".snd" or encoding != _AU_FLOAT:
            raise NotAudio(f"{self._name} cannot be decoded (ffmpeg answered in another format); {EXPORT_INSTEAD}.")
        self._stream.read(start - _AU_HEADER.size)
        return rate_hz, channels

    def _last_words(self) -> str:
        """What ffmpeg complained of last, once it has ended; empty if all went well."""
        try:
            status = self._process.wait(_ENDED_WITHIN_S)
        except subprocess.TimeoutExpired:
            return "it stopped in the middle"
        self._said.seek(0)
        lines = [line for line in self._said.read().decode("utf-8", "replace").splitlines() if line.strip()]
        if lines:
            return "".join(letter for letter in lines[-1] if letter.isprintable()).strip().rstrip(".")[-200:]
        return f"it ended with status {status}" if status else ""
