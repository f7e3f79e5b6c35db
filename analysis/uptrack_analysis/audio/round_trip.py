"""What a lossy encoder makes of audio: samples into ffmpeg, an encoder and a decoder in a row, samples out.

Two ffmpeg processes joined by pipes, so nothing lies on a disk at any time. They see samples and never a path. Ours are
written by a thread, because an encoder answers while it is still being fed.
"""

from __future__ import annotations

import contextlib
import shutil
import struct
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Self

import numpy as np

from uptrack_analysis.errors import Unavailable
from uptrack_analysis.signal import Block

_AU_HEADER = struct.Struct(">4sIIIII")
_READ_FRAMES = 65_536


@dataclass(frozen=True, slots=True)
class Codec:
    """One encoder setting."""

    name: str
    encoder: str
    bit_rate: str
    stream: str
    """ffmpeg's name of a container that needs no seeking."""
    delay_frames: int
    """What comes out this many frames late, at the decoder's rate, because such a stream cannot say so."""


CODECS = (
    Codec("AAC 256 kbit/s", "aac", "256k", "adts", 1024),
    Codec("Opus 128 kbit/s", "libopus", "128k", "ogg", 0),
    Codec("MP3 320 kbit/s", "libmp3lame", "320k", "mp3", 1105),
)


class RoundTrip:
    """Audio through one codec; a context manager that leaves neither process nor thread behind.

    Parameters
    ----------
    blocks : iterable of array, shape (channels, frames)
        Read by another thread until the block ends.
    rate_hz, channels : int
        Of those; one or two channels.
    codec : Codec

    Raises
    ------
    Unavailable
        ffmpeg is not installed, or was built without this encoder.
    """

    rate_hz: int
    """Of what comes out: Opus always runs at 48 kHz."""

    def __init__(self, blocks: Iterable[Block], rate_hz: int, channels: int, codec: Codec) -> None:
        program = shutil.which("ffmpeg")
        if program is None:
            raise Unavailable("A round trip through encoders takes ffmpeg, which is not installed.")
        quiet = [program, "-nostdin", "-hide_banner", "-loglevel", "error"]
        only_pipes = ["-protocol_whitelist", "pipe"]
        encode = [*quiet, *only_pipes, "-f", "f32le", "-ar", str(rate_hz), "-ac", str(channels), "-i", "pipe:0"]
        encode += ["-c:a", codec.encoder, "-b:a", codec.bit_rate, "-f", codec.stream, "pipe:1"]
        demuxer = "aac" if codec.stream == "adts" else codec.stream
        decode = [*quiet, *only_pipes, "-f", demuxer, "-i", "pipe:0", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
        self._blocks = blocks
        self._failure: BaseException | None = None
        self._codec = codec
        self._channels = channels
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            encoder = self._start(encode, subprocess.PIPE)
            decoder = self._start(decode, _open(encoder.stdout))
            _open(encoder.stdout).close()  # the decoder's now: it must see the end when the encoder is gone
            self._fed, self._heard = _open(encoder.stdin), _open(decoder.stdout)
        except BaseException:
            self._kill()
            raise
        self._feeder = threading.Thread(target=self._feed, name="round-trip", daemon=True)
        self._feeder.start()

    def __enter__(self) -> Self:
        try:
            self._read_header()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def blocks(self) -> Iterator[Block]:
        """What came out, shape (channels, n) each.

        Raises
        ------
        UpTrackError
            Whatever ended the audio that went in.
        """
        frame = 4 * self._channels
        while data := self._heard.read(_READ_FRAMES * frame):
            frames = len(data) // frame
            samples = np.frombuffer(data, dtype=">f4", count=frames * self._channels).reshape(frames, self._channels)
            yield np.ascontiguousarray(samples.T, dtype=np.float32)
        self._feeder.join()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """End both processes and the thread, whatever they are doing; safe to call twice."""
        self._kill()
        self._feeder.join()
        self._heard.close()

    def _start(self, command: list[str], stdin: int | IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except OSError as error:
            raise Unavailable(f"ffmpeg cannot be started ({error.strerror}).") from error
        self._processes.append(process)
        return process

    def _read_header(self) -> None:
        header = self._heard.read(_AU_HEADER.size)
        if len(header) < _AU_HEADER.size:
            raise Unavailable(f"ffmpeg cannot encode {self._codec.name} here.")
        _magic, start, _size, _encoding, self.rate_hz, self._channels = _AU_HEADER.unpack(header)
        self._heard.read(start - _AU_HEADER.size)

    def _feed(self) -> None:
        # A broken pipe is the other end's end: an encoder this ffmpeg lacks, or ``close``.
        with contextlib.suppress(BrokenPipeError), self._fed:
            try:
                for block in self._blocks:
                    self._fed.write(np.ascontiguousarray(block.T, dtype="<f4").tobytes())
            except BrokenPipeError:
                raise
            except BaseException as error:  # noqa: BLE001 - told to the thread that reads
                self._failure = error

    def _kill(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("ffmpeg was started without a pipe")
    return stream
