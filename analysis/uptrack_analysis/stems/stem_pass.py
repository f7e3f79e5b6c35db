"""One stem in a single decode: what is needed to say how much of the mix it is, where, and in which band.

Of the meters of a whole mix only those run that a stem is asked for. Its beat, key and arrangement are the mix's; its
peak between samples is of no consequence until it is summed; and faults of the signal are looked for only where the mix
has some. A stem costs less than a third of what a mix does.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from uptrack_analysis.audio.source import AudioSource
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.levels import RmsMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.one_pass import front_pair
from uptrack_analysis.measure.probes import ProbeMeter
from uptrack_analysis.measure.stem_levels import StemLevelMeter
from uptrack_analysis.measure.stereo_curve import StereoCurveMeter, rms_dbfs
from uptrack_analysis.stems.results import LowSignal, StemMeasured

# 12 s at 44.1 kHz: whole chunks of most meters, which then read them where they lie, and few turns at the lock of the
# interpreter, for which two stems measured side by side wait longer than for memory.
_BLOCK_FRAMES = 524_288


def measure_stem(source: AudioSource, *, defects: bool, heard: Callable[[], None] = lambda: None) -> StemMeasured:
    """Run a stem's meters over ``source``.

    Parameters
    ----------
    source : AudioSource
        Open, and not read from yet.
    defects : bool
        Look for faults of the signal, too; it costs about as much again.
    heard : callable
        Called after every block; what it raises ends the measurement.

    Raises
    ------
    NothingToMeasure
        The file holds no frames.
    """
    info = source.info
    rate_hz, channels = info.sample_rate_hz, info.channels
    front = front_pair(info.layout)
    rows = len(front)
    loudness = LoudnessMeter(rate_hz, info.layout)
    levels = StemLevelMeter(channels)
    bands = BandMeter(rate_hz, rows, stem=True)
    stereo = StereoCurveMeter(rate_hz, rows, exact=False)
    probes = ProbeMeter(rate_hz, rows)
    rms = RmsMeter(channels) if channels != 2 else None
    faults = DefectMeter(rate_hz, channels, info.bit_depth) if defects else None
    for block in source.blocks(_BLOCK_FRAMES):
        pair = block if channels <= 2 else block[list(front)]
        loudness.push(block)
        levels.push(block)
        bands.push(pair)
        stereo.push(pair)
        probes.push(pair)
        if rms is not None:
            rms.push(block)
        if faults is not None:
            faults.push(block)
        heard()
    if source.frames_read == 0:
        raise NothingToMeasure("Expected audio, but the file ends before its first sample: export it again.")
    levels.finish()
    return StemMeasured(
        sample_rate_hz=rate_hz,
        frames=source.frames_read,
        layout=info.layout,
        loudness=loudness.finish(),
        bands=bands.finish(),
        stereo=(curve := stereo.finish()),
        rms_dbfs=rms.finish() if rms is not None else rms_dbfs(curve, source.frames_read),
        peak_dbfs=20 * math.log10(levels.peak) if levels.peak > 0 else None,
        dc_offset=levels.dc_offset,
        lead_silence_s=levels.lead_frames / rate_hz,
        tail_silence_s=levels.tail_frames / rate_hz,
        defects=None if faults is None else faults.finish(),
        probes=probes.finish(),
        low=LowSignal(bands.low_rate_hz, bands.low_signal),
        unmeasured=dict(loudness.unmeasured),
    )
