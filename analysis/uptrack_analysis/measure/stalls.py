"""What a stream that stalled has held: its last sample, or whatever the driver was left with, for over 120 ms.

Of the stretches that ``silences.py`` finds, those away from zero. The wave was cut on both sides, and the value is none

* of a rest: it lies off the offset of the seconds around; nor
* of a crest that was clipped: the wave goes further than it on either side, or jumps there; nor
* that the channel comes back to again and again, as a slow pulse wave does, or the rests of a part with an offset.

Six or more that keep time are played, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from uptrack_analysis.measure.gaps import DITHER
from uptrack_analysis.measure.regular import step_of
from uptrack_analysis.measure.results import Gap
from uptrack_analysis.measure.silences import Run
from uptrack_analysis.signal import FloatArray

_CHUNKS_AROUND = 2
"""Of which the offset is taken: one part of a song may have another than the whole."""
_COMES_BACK = 3
_SAME_S = 0.001


def stalls(
    found: Sequence[Sequence[Run]], sums: FloatArray, chunk_frames: int, frames: int, rate_hz: int
) -> tuple[Gap, ...]:
    """In order; one that reached several channels is one.

    Parameters
    ----------
    found : sequence of sequence of Run
        Of each channel, in order.
    sums : array, shape (n_chunks, channels)
        Of the samples of each chunk.
    chunk_frames, frames : int
        Length of a chunk, and of the stream.
    """
    held: list[tuple[int, int, int]] = []
    for channel, runs in enumerate(found):
        values = np.sort([run.value for run in runs])
        own: list[Run] = []
        for run in runs:
            if math.isinf(run.rest_within):
                continue
            first, last = np.searchsorted(values, [run.value - DITHER, run.value + DITHER])
            offset = _offset_around(run, sums[:, channel], chunk_frames, frames)
            if last - first < _COMES_BACK and abs(run.value - offset) > run.rest_within:
                own.append(run)
        if step_of(np.array([run.end for run in own]) / rate_hz) is None:
            held += [(run.start, run.end, channel) for run in own]
    near = _SAME_S * rate_hz
    gaps: list[Gap] = []
    for start, end, channel in sorted(held):
        if any(channel in gap.channels and _alike(gap.start, gap.end, start, end, near) for gap in gaps):
            continue
        # A channel that stood still together with this one stalled as well, if only at a crest, or near its offset.
        channels = [
            other
            for other, runs in enumerate(found)
            if other == channel or any(_alike(run.start, run.end, start, end, near) for run in runs)
        ]
        gaps.append(Gap(start, end, tuple(channels)))
    return tuple(gaps)


def _offset_around(run: Run, sums: FloatArray, chunk_frames: int, frames: int) -> float:
    """Mean of the samples before and after it."""
    first = max(0, run.start // chunk_frames - _CHUNKS_AROUND)
    last = min(sums.size, (run.end - 1) // chunk_frames + 1 + _CHUNKS_AROUND)
    length = run.end - run.start
    others = min(frames, last * chunk_frames) - first * chunk_frames - length
    return (float(sums[first:last].sum()) - length * run.value) / max(1, others)


def _alike(start: int, end: int, other_start: int, other_end: int, near: float) -> bool:
    return abs(start - other_start) <= near and abs(end - other_end) <= near
