"""The few meters a reference needs, in one decode: tone, loudness, peaks and the front pair; no tempo, key, structure
or defect. Everything else in the result is empty, so only figures of those four may be asked of it."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.audio.source import AudioSource
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.lanes import Lanes
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.one_pass import Progress, front_pair
from uptrack_analysis.measure.peaks import PeakMeter
from uptrack_analysis.measure.results import Defects, KeyEstimate, Measured, TempoEstimate
from uptrack_analysis.measure.stereo_curve import StereoCurveMeter

_HELPERS = 1
_BLOCK_FRAMES = 262_144


def measure_light(source: AudioSource, progress: Progress = lambda _fraction, _stage: None) -> Measured:
    """Run four meters over ``source``.

    Raises
    ------
    NothingToMeasure
        The file holds no frames.
    """
    info = source.info
    front = front_pair(info.layout)
    rate_hz, channels = info.sample_rate_hz, info.channels
    bands, stereo = BandMeter(rate_hz, len(front)), StereoCurveMeter(rate_hz, len(front), exact=False)
    loudness, peaks = LoudnessMeter(rate_hz, info.layout), PeakMeter(rate_hz, channels)
    lanes = Lanes(_HELPERS)
    found_bands = lanes.add("spectrum", bands.push, bands.finish)
    found_peaks = lanes.add("peaks", peaks.push, peaks.finish)
    found_loudness = lanes.add("loudness", loudness.push, loudness.finish)
    found_stereo = lanes.add("stereo", stereo.push, stereo.finish)
    of_front = {found_bands, found_stereo}

    def heard(_stage: str, _through: int) -> None:
        expected = source.frames_expected
        progress(0.5 if not expected else min(1.0, source.frames_read / expected), "references")

    with lanes:
        for block in source.blocks(_BLOCK_FRAMES):
            pair = block if channels <= 2 else block[list(front)]
            for lane in lanes.all:
                lanes.feed(lane, pair if lane in of_front else block, heard)
        if source.frames_read == 0:
            raise NothingToMeasure("Expected audio, but the file ends before its first sample: export it again.")
        lanes.finish(heard)
    nothing = Defects((), 0, 0, np.zeros(channels), (), (), 0.0, 0.0, None, None)
    return Measured(
        sample_rate_hz=rate_hz,
        channels=channels,
        frames=source.frames_read,
        rms_dbfs=None,
        loudness=found_loudness.result,
        peaks=found_peaks.result,
        defects=nothing,
        bands=found_bands.result,
        stereo=found_stereo.result,
        tempo=TempoEstimate(None, 0.0, ()),
        key=KeyEstimate(None, None, 0.0, ()),
        non_finite_samples=source.non_finite_samples,
        front=front,
        unmeasured=loudness.unmeasured,
    )
