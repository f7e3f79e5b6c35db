"""An audio file as a stream of float blocks, opened safely and bounded whatever its header claims.

Samples are float32, shape (channels, frames), full scale 1.0; non-finite samples become 0 and are counted. What is
wrong with a file but leaves audio to measure ends up in ``AudioSource.notes``, one sentence each; what leaves none is
refused with one. Headers are read next door (``containers.py`` and a file a format), libsndfile decodes
(``decoder.py``; ``packed.py`` unpacks 24-bit WAV faster), or ffmpeg what libsndfile does not know (``ffmpeg.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from uptrack_analysis.audio.containers import look
from uptrack_analysis.audio.decoder import Decoder
from uptrack_analysis.audio.ffmpeg import FfmpegDecoder
from uptrack_analysis.audio.files import AudioFile, open_regular
from uptrack_analysis.audio.fingerprint import Fingerprint
from uptrack_analysis.audio.head import EXPORT_INSTEAD, Head, damaged
from uptrack_analysis.audio.layout import Speaker, speaker_layout
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.packed import PackedDecoder
from uptrack_analysis.errors import BadInput, InvalidSignal, NotAudio, TooLarge
from uptrack_analysis.signal import Block

__all__ = ["AudioInfo", "AudioSource", "Limits", "Speaker", "open_audio", "probe"]

AnyDecoder = Decoder | PackedDecoder | FfmpegDecoder

LOUDEST_PLAUSIBLE = 1e4
"""+80 dBFS: a float beyond it is a broken plug-in's number, like NaN, and no sound."""


MOST_BROKEN_STRETCHES = 200
"""Located in each channel; the count is of all."""


@dataclass(frozen=True, slots=True)
class BrokenStretch:
    """Consecutive samples of one channel that are no sound; ``end`` is exclusive."""

    start: int
    end: int
    channel: int


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header says.

    Attributes
    ----------
    format : str
        The container: WAV, RF64, BW64, W64, AIFF, AIFF-C, FLAC, Ogg, MP3, CAF; with ffmpeg also MPEG-4, ADTS.
    codec : str
        PCM, float, u-law, A-law, MS ADPCM, FLAC, Vorbis, Opus, MP3, ALAC, AAC …
    bit_depth : int or None
        ``None`` for lossy encodings.
    frames_claimed : int or None
        ``None`` if the header was written before the length was known, or says nothing of it.
    layout : tuple of str
        One loudspeaker a channel, in the order of the file; names in ``layout.py``.
    """

    format: str
    codec: str
    sample_rate_hz: int
    channels: int
    bit_depth: int | None
    frames_claimed: int | None
    layout: tuple[Speaker, ...]


class AudioSource:
    """One open audio file, read once from front to back.

    Use as a context manager. ``frames_read``, ``non_finite_samples``, ``broken_stretches`` and ``notes`` are whole once
    ``blocks`` is exhausted.

    Attributes
    ----------
    info : AudioInfo
    name : str
        The last path component, fit to be shown.
    frames_expected : int or None
        How many frames will probably come: for progress, and never for allocation.
    frames_read : int
    non_finite_samples : int
        Samples that were NaN, infinite or beyond +80 dBFS, counted in every channel.
    notes : tuple of str
        Sentences about the file itself.
    """

    def __init__(
        self, file: AudioFile, head: Head, decoder: AnyDecoder, limits: Limits, *, fingerprint: bool = False
    ) -> None:
        self.info = _info(head, decoder)
        self.name = file.name
        self.frames_read = 0
        self.non_finite_samples = 0
        self.notes: tuple[str, ...] = head.notes
        self.frames_expected = _expected(head, decoder)
        self._broken: list[list[BrokenStretch]] = [[] for _ in range(self.info.channels)]
        self._file = file
        self._head = head
        self._decoder = decoder
        self._limits = limits
        self._fingerprint: Fingerprint | None = None
        self._early_fingerprint = fingerprint
        self._started = False

    def blocks(self, frames: int = 65_536) -> Iterator[Block]:
        """Decode: arrays of shape (channels, n), n = ``frames`` but for the last, each one the caller's to keep.

        Samples do not depend on ``frames``. Memory is bounded by it.

        Raises
        ------
        InvalidSignal
            ``frames`` is below 1, or the file was already read.
        TooLarge
            More audio came out than the limits allow.
        """
        if frames < 1:
            raise InvalidSignal(f"expected blocks of at least 1 frame, got {frames}")
        if self._started:
            raise InvalidSignal(f"{self.name} was already read: open it again for a second pass")
        self._started = True
        return self._decode(frames)

    @property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes, 64 hexadecimal digits.

        Raises
        ------
        BadInput
            The file could not be read to its end.
        """
        return self._begun_fingerprint().value()

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        if self._fingerprint is not None:
            self._fingerprint.close()
        self._decoder.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begun_fingerprint(self) -> Fingerprint:
        if self._fingerprint is None:
            try:
                self._fingerprint = Fingerprint(self._file)
            except OSError as error:
                raise BadInput(f"{self.name} cannot be read a second time: {error.strerror}.") from error
        return self._fingerprint

    def _decode(self, frames: int) -> Iterator[Block]:
        channels = self.info.channels
        rows = _rows_of(self._decoder, frames)
        while True:
            block = np.empty((channels, frames), dtype=np.float32)
            filled = 0
            # A decoder may stop short in the middle of a file; blocks stay whole all the same.
            while filled < frames:
                got = rows(block[:, filled:])
                if got == 0:
                    break
                filled += got
            if filled == 0:
                break
            self.frames_read += filled
            self._check_unfolding()
            if self._early_fingerprint and self.frames_expected:
                self._begun_fingerprint().follow(self.frames_read / self.frames_expected)
            if filled < frames:
                block = block[:, :filled].copy()
            if self._decoder.may_be_non_finite:
                self._silence_non_finite(block)
            yield block
            if filled < frames:
                break
        self.notes = (*self._head.notes, *self._closing_notes())

    def _check_unfolding(self) -> None:
        samples = self.frames_read * self.info.channels
        _refuse_samples(self._file, samples, self._limits, "decodes to")

    def _silence_non_finite(self, block: Block) -> None:
        # Extremes pass NaN on, so two quick looks decide; the masks are made only for a file that has something.
        with np.errstate(invalid="ignore"):
            if block.max() <= LOUDEST_PLAUSIBLE and block.min() >= -LOUDEST_PLAUSIBLE:
                return
            broken = ~(np.abs(block) <= LOUDEST_PLAUSIBLE)
        block[broken] = 0.0
        self.non_finite_samples += int(np.count_nonzero(broken))
        first = self.frames_read - block.shape[1]
        for channel, (row, known) in enumerate(zip(broken, self._broken, strict=True)):
            borders = np.flatnonzero(np.diff(row, prepend=False, append=False)) + first
            for start, end in borders.reshape(-1, 2).tolist():
                if known and known[-1].end == start:  # it began in the block before
                    known[-1] = BrokenStretch(known[-1].start, end, channel)
                elif len(known) == MOST_BROKEN_STRETCHES:
                    break
                else:
                    known.append(BrokenStretch(start, end, channel))

    @property
    def broken_stretches(self) -> tuple[BrokenStretch, ...]:
        """Where samples are that ``non_finite_samples`` counts, in order of time, the first 200 of each channel."""
        every = [stretch for known in self._broken for stretch in known]
        return tuple(sorted(every, key=lambda stretch: (stretch.start, stretch.channel)))

    def _closing_notes(self) -> Iterator[str]:
        rate_hz = self.info.sample_rate_hz
        there_s = self.frames_read / rate_hz
        claimed = self._head.frames_claimed
        if claimed is None:
            claimed = self._decoder.frames
        short = claimed is not None and self.frames_read < claimed - self._head.claim_tolerance
        if self._decoder.failed:
            promised = f" of {claimed / rate_hz:.2f} s" if claimed else ""
            yield (
                f"{self.name} is damaged or cut short at {there_s:.2f} s{promised}: measured up to there, "
                "export it again for the rest."
            )
        elif short and claimed is not None:
            yield (
                f"{self.name} is shorter than its header says, {there_s:.2f} s instead of {claimed / rate_hz:.2f} s: "
                "measured as far as it goes."
            )
        if self.non_finite_samples:
            one = self.non_finite_samples == 1
            yield (
                f"{self.name} holds {self.non_finite_samples} {'sample that is' if one else 'samples that are'} "
                "no sound (NaN, infinite or beyond +80 dBFS): measured as silence; look for a broken plug-in."
            )
        yield from self._file.changes()


def open_audio(
    path: Path, limits: Limits = Limits(), *, follow_links: bool = True, fingerprint: bool = False
) -> AudioSource:
    """Open ``path`` for decoding. What the file is decides its content, never its name.

    Without ``follow_links`` a path that is a link, or lies behind one, is refused. With ``fingerprint`` the file's
    SHA-256 is made while it is decoded, and not when it is asked for.

    Raises
    ------
    BadInput
        Missing, a directory, a pipe, a device, unreadable, empty; no channels, or a rate below the limits.
    NotAudio
        Readable, but nothing we decode.
    TooLarge
        Over one of ``limits``.
    """
    return _open(Path(path), limits, quick=False, follow_links=follow_links, fingerprint=fingerprint)


def probe(path: Path, limits: Limits = Limits()) -> AudioInfo:
    """Look at the header only, with every refusal of ``open_audio``; what shows only while decoding is not seen.

    Raises
    ------
    BadInput, NotAudio, TooLarge
        As ``open_audio``.
    """
    with _open(Path(path), limits, quick=True) as source:
        return source.info


def _open(
    path: Path, limits: Limits, *, quick: bool, follow_links: bool = True, fingerprint: bool = False
) -> AudioSource:
    file = open_regular(path, follow_links=follow_links)
    decoder: AnyDecoder | None = None
    try:
        head = look(file, quick=quick)
        _refuse_shape(file.name, head.channels, head.rate_hz, limits)
        claimed = head.frames_present if head.frames_present is not None else head.frames_claimed
        if claimed is not None and head.channels:
            _refuse_samples(file, claimed * head.channels, limits, "claims")
        decoder = FfmpegDecoder(file, head) if head.ffmpeg_demuxer else _decoder(file, head)
        _refuse_shape(file.name, decoder.channels, decoder.rate_hz, limits)
        _refuse_ruin(file, head, decoder)
        return AudioSource(file, head, decoder, limits, fingerprint=fingerprint)
    except BaseException:
        if decoder is not None:
            decoder.close()
        file.close()
        raise


def _decoder(file: AudioFile, head: Head) -> Decoder | PackedDecoder:
    decoder = Decoder(file, head.pieces)
    start, frames = head.packed_start, head.frames_present
    if start is None or frames is None or not decoder.agrees("PCM", 24, head.channels, frames):
        return decoder
    return PackedDecoder(file, decoder, start, frames)


def _rows_of(decoder: AnyDecoder, frames: int) -> Callable[[Block], int]:
    """A function that decodes into rows, shape (channels, up to ``frames``), and returns how many frames."""
    if isinstance(decoder, PackedDecoder):
        return decoder.read_rows
    interleaved = np.empty((frames, decoder.channels), dtype=np.float32)

    def read(rows: Block) -> int:
        got = decoder.read(interleaved[: rows.shape[1]])
        rows[:, :got] = interleaved[:got].T
        return got

    return read


def _refuse_shape(name: str, channels: int | None, rate_hz: float | None, limits: Limits) -> None:
    if channels is not None:
        if channels < 1:
            raise NotAudio(f"{name} has {channels} channels in its header: {EXPORT_INSTEAD}.", code="input.damaged")
        if channels > limits.max_channels:
            raise TooLarge(
                f"{name} has {channels} channels, more than the {limits.max_channels} that are measured: "
                "export a stereo or surround mix."
            )
    if rate_hz is not None:
        shown = f"{rate_hz:,.0f} Hz" if math.isfinite(rate_hz) else "no number"
        allowed = f"{limits.min_rate_hz / 1000:g} to {limits.max_rate_hz / 1000:g} kHz"
        sentence = f"{name} has a sample rate of {shown}, expected {allowed}: export it at 44.1 or 48 kHz."
        if not rate_hz >= limits.min_rate_hz:  # NaN too
            raise BadInput(sentence, code="input.rate")
        if rate_hz > limits.max_rate_hz:
            raise TooLarge(sentence, code="input.rate")


def _refuse_ruin(file: AudioFile, head: Head, decoder: AnyDecoder) -> None:
    if head.pieces is not None and decoder.frames == 0:
        raise damaged(file, head.format, "no whole stretch of audio is left in it")


def _refuse_samples(file: AudioFile, samples: int, limits: Limits, verb: str) -> None:
    if samples > limits.max_samples:
        raise TooLarge(
            f"{file.name} {verb} {samples:,} samples, more than the {limits.max_samples:,} that are measured: "
            "export a shorter part."
        )
    if samples > limits.free_samples and samples > limits.max_samples_per_byte * file.size:
        raise TooLarge(
            f"{file.name} {verb} {samples:,} samples from {file.size:,} bytes, which no music does: export it again."
        )


def _info(head: Head, decoder: AnyDecoder) -> AudioInfo:
    exact = decoder.codec in {"PCM", "FLAC", "ALAC"} and decoder.bit_depth is not None
    return AudioInfo(
        format=head.format,
        codec=decoder.codec,
        sample_rate_hz=decoder.rate_hz,
        channels=decoder.channels,
        bit_depth=head.bit_depth if exact and head.bit_depth else decoder.bit_depth,
        frames_claimed=head.frames_claimed if head.frames_claimed is not None else _own_claim(head, decoder),
        layout=speaker_layout(decoder.channels, mask=head.channel_mask, ogg_order=head.ogg_order),
    )


def _own_claim(head: Head, decoder: AnyDecoder) -> int | None:
    """The decoder's count, where the header's own was not looked up (Ogg, packed WAV encodings)."""
    return decoder.frames if head.frames_present is None and head.format != "MP3" else None


def _expected(head: Head, decoder: AnyDecoder) -> int | None:
    known = [count for count in (decoder.frames, head.frames_present, head.frames_claimed) if count is not None]
    return known[0] if known else None
