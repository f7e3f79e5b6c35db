"""One stem in a single decode: what is needed to say how much of the mix it is, where, and in which band.

Of the meters of a whole mix only those run that a stem is asked for. Its beat, key and arrangement are the mix's; its
peak between samples is of no consequence until it is summed; and faults of the signal are looked for only where the mix
has some. A stem costs less than a third of what a mix does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

from uptrack_analysis.audio.source import AudioSource, Speaker
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.breaks import BreakMeter, Kind
from uptrack_analysis.measure.lanes import Lane, Lanes
from uptrack_analysis.measure.levels import RmsMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.one_pass import front_pair
from uptrack_analysis.measure.probes import ProbeMeter
from uptrack_analysis.measure.results import Breaks, Envelope, Loudness, LowSignal, Measured, Transients
from uptrack_analysis.measure.stem_levels import StemLevelMeter
from uptrack_analysis.measure.stereo_curve import StereoCurveMeter, rms_dbfs
from uptrack_analysis.measure.transients import ANY_HIT, transients
from uptrack_analysis.stems.results import StemMeasured

# 12 s at 44.1 kHz: whole chunks of most meters, which then read them where they lie, and few turns at the lock of the
# interpreter, for which two stems measured side by side wait longer than for memory. Of more channels it is a quarter,
# for memory's sake.
_BLOCK_FRAMES, _SURROUND_BLOCK_FRAMES = 524_288, 131_072


def measure_stem(
    source: AudioSource,
    *,
    breaks: Collection[Kind] = (),
    heard: Callable[[], None] = lambda: None,
    lanes: Lanes | None = None,
) -> StemMeasured:
    """Run a stem's meters over ``source``.

    Parameters
    ----------
    source : AudioSource
        Open, and not read from yet.
    breaks : collection of Kind
        What to look for where the sound breaks off; all of it costs half as much again.
    heard : callable
        Called after every block and every meter; what it raises ends the measurement.
    lanes : Lanes, optional
        Empty ones, where another thread may come to help.

    Raises
    ------
    NothingToMeasure
        The file holds no frames.
    """
    info = source.info
    rate_hz, channels = info.sample_rate_hz, info.channels
    front = front_pair(info.layout)
    rows = len(front)
    bands = BandMeter(rate_hz, rows, stem=True)
    breaking = BreakMeter(rate_hz, channels, info.bit_depth, sought=breaks)
    loudness = LoudnessMeter(rate_hz, info.layout)
    stereo = StereoCurveMeter(rate_hz, rows, exact=False)
    levels = StemLevelMeter(rate_hz, channels)
    probes = ProbeMeter(rate_hz, rows)
    rms = RmsMeter(channels)

    lanes = lanes or Lanes()
    found_bands = lanes.add("spectrum", bands.push, bands.finish)
    found_breaks = lanes.add("breaks", breaking.push, breaking.finish) if breaks else None
    found_loudness = lanes.add("loudness", loudness.push, loudness.finish)
    found_stereo = lanes.add("stereo", stereo.push, stereo.finish)
    lanes.add("levels", levels.push, levels.finish)
    found_probes = lanes.add("probes", probes.push, probes.finish)
    # Of two channels the stereo curve has the power already.
    found_rms = lanes.add("rms", rms.push, rms.finish) if channels != 2 else None
    paired: set[Lane[Any]] = {found_bands, found_stereo, found_probes}

    def hear(_stage: str, _through: int) -> None:
        heard()

    with lanes:
        for block in source.blocks(_BLOCK_FRAMES if channels <= 2 else _SURROUND_BLOCK_FRAMES):
            pair = block if channels <= 2 else block[list(front)]
            for lane in lanes.all:
                lanes.feed(lane, pair if lane in paired else block, hear)
        if source.frames_read == 0:
            raise NothingToMeasure("Expected audio, but the file ends before its first sample: export it again.")
        lanes.finish(hear)
    found_hits, no_hits = _hits(found_loudness.result)
    return StemMeasured(
        sample_rate_hz=rate_hz,
        frames=source.frames_read,
        layout=info.layout,
        loudness=found_loudness.result,
        bands=found_bands.result,
        stereo=(curve := found_stereo.result),
        rms_dbfs=found_rms.result if found_rms is not None else rms_dbfs(curve, source.frames_read),
        peak_dbfs=20 * math.log10(levels.peak) if levels.peak > 0 else None,
        step_peaks_dbfs=levels.steps.dbfs,
        transients=found_hits,
        dc_offset=levels.dc_offset,
        lead_silence_s=levels.lead_frames / rate_hz,
        tail_silence_s=levels.tail_frames / rate_hz,
        breaks=None if found_breaks is None else found_breaks.result,
        probes=found_probes.result,
        low=LowSignal(bands.low_rate_hz, bands.low_signal),
        unmeasured=loudness.unmeasured | no_hits,
    )


def stem_of(whole: Measured, layout: tuple[Speaker, ...]) -> StemMeasured:
    """The same of a stem that was measured as fully as a mix."""
    assert whole.probes is not None  # noqa: S101 - ``measure`` keeps both of a stem
    assert whole.low is not None  # noqa: S101
    defects, peaks = whole.defects, whole.peaks
    peak_dbfs = float(peaks.sample_dbfs.max())
    return StemMeasured(
        sample_rate_hz=whole.sample_rate_hz,
        frames=whole.frames,
        layout=layout,
        loudness=whole.loudness,
        bands=whole.bands,
        stereo=whole.stereo,
        rms_dbfs=whole.rms_dbfs,
        peak_dbfs=peak_dbfs if math.isfinite(peak_dbfs) else None,
        step_peaks_dbfs=peaks.curve_dbfs,
        transients=whole.details.transients,
        dc_offset=defects.dc_offset,
        lead_silence_s=defects.lead_silence_s,
        tail_silence_s=defects.tail_silence_s,
        breaks=Breaks(defects.gaps, defects.clicks, defects.repeats, defects.timed_gaps, defects.held),
        probes=whole.probes,
        low=whole.low,
        unmeasured=dict(whole.unmeasured),
    )


def _hits(loudness: Loudness) -> tuple[Transients | None, dict[str, str]]:
    try:
        return transients(Envelope(loudness.hop_s, loudness.power), ANY_HIT), {}
    except NothingToMeasure as error:
        return None, {"dynamics.transients": str(error)}
