"""True peak after a round trip through the encoders that listeners meet: AAC, Opus and MP3 at usual bit rates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.round_trip import CODECS, Codec, RoundTrip
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.errors import Unavailable
from uptrack_analysis.measure.one_pass import front_pair
from uptrack_analysis.measure.peaks import PeakMeter
from uptrack_analysis.measure.results import CodecPeak, Codecs

Heard = Callable[[float], None]
"""Called with the fraction done, 0 to 1, after each block; what it raises ends everything."""


def measure_codecs(path: Path, limits: Limits, heard: Heard, *, follow_links: bool = True) -> Codecs:
    """Encode and decode a file's front pair once a codec, and measure what comes out.

    A codec that this machine's ffmpeg lacks is left out; ``reason`` says why where none is left.

    Raises
    ------
    BadInput
        The file cannot be read any more.
    """
    peaks: list[CodecPeak] = []
    reason: str | None = None
    for number, codec in enumerate(CODECS):

        def part(fraction: float, number: int = number) -> None:
            heard((number + fraction) / len(CODECS))

        try:
            peaks.append(_peak(path, limits, codec, part, follow_links=follow_links))
        except Unavailable as error:
            reason = str(error)
    return Codecs(tuple(peaks), None if peaks else reason)


def _peak(path: Path, limits: Limits, codec: Codec, heard: Heard, *, follow_links: bool) -> CodecPeak:
    with open_audio(path, limits, follow_links=follow_links) as source:
        rows = list(front_pair(source.info.layout))
        pairs = (block[rows] for block in source.blocks())
        expected = source.frames_expected
        with RoundTrip(pairs, source.info.sample_rate_hz, len(rows), codec) as trip:
            meter = PeakMeter(trip.rate_hz, len(rows))
            frames = 0
            for block in trip.blocks():
                meter.push(block)
                frames += block.shape[1]
                done_s = frames / trip.rate_hz
                heard(min(1.0, done_s * source.info.sample_rate_hz / expected) if expected else 0.5)
            delay_s = codec.delay_frames / trip.rate_hz
        found = meter.finish()
    channel = int(found.true_dbtp.argmax())
    return CodecPeak(
        codec.name, float(found.true_dbtp[channel]), max(0.0, float(found.true_s[channel]) - delay_s), rows[channel]
    )
