"""Sums over the band matrix in double precision, a stretch at a time, so that a long file is never there twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.signal import FloatArray

FrameMask = NDArray[np.bool_]

_FRAMES = 1024
"""48 s: half a megabyte, which the next stretch finds still in the cache; fresh memory cost more than the sums."""


def stretches(frames: int) -> Iterator[slice]:
    """All frames in order, a stretch at a time."""
    return (slice(first, min(first + _FRAMES, frames)) for first in range(0, frames, _FRAMES))


def mean_of(part: NDArray[np.floating[Any]], frames: FrameMask | None = None) -> FloatArray:
    """Mean of one of the matrix's parts over the chosen frames, shape (n_bands,); all NaN if there is no frame.

    Raises
    ------
    InvalidSignal
        The mask has another shape than (n_frames,).
    """
    if frames is not None and frames.shape != part.shape[:1]:
        raise InvalidSignal(f"expected a frame mask of shape {part.shape[:1]}, got {frames.shape}")
    count = part.shape[0] if frames is None else int(np.count_nonzero(frames))
    if count == 0:
        return np.full(part.shape[1], np.nan)
    total = np.zeros(part.shape[1])
    for rows in stretches(part.shape[0]):
        total += (part[rows] if frames is None else part[rows][frames[rows]]).sum(axis=0, dtype=np.float64)
    return total / count


def power_of(matrix: BandMatrix, frames: slice, bands: slice = slice(None)) -> FloatArray:
    """Power of both channels together, ``ll + rr``, shape (n_frames, n_bands)."""
    power: FloatArray = np.add(matrix.ll[frames, bands], matrix.rr[frames, bands], dtype=np.float64)
    return power


def power_in(matrix: BandMatrix, ranges: Sequence[slice]) -> FloatArray:
    """Power of both channels together, frame by frame, in ranges of bands; shape (n_ranges, n_frames)."""
    frames = matrix.times_s.size
    power: FloatArray = np.empty((len(ranges), frames))
    if not ranges:
        return power
    lowest, highest = min(bands.start for bands in ranges), max(bands.stop for bands in ranges)
    for stretch in stretches(frames):
        whole = power_of(matrix, stretch, slice(lowest, highest))
        for row, bands in zip(power, ranges, strict=True):
            whole[:, bands.start - lowest : bands.stop - lowest].sum(axis=1, out=row[stretch])
    return power


def sums_between(part: NDArray[np.floating[Any]], edges: NDArray[np.intp]) -> FloatArray:
    """Sums of one of the matrix's parts over runs of frames, shape (n_runs, n_bands).

    Parameters
    ----------
    part : array, shape (n_frames, n_bands)
    edges : array, shape (n_runs + 1,)
        First frame of each run, and the end of the last; strictly ascending.
    """
    runs = edges.size - 1
    sums: FloatArray = np.empty((runs, part.shape[1]))
    first = 0
    while first < runs:
        # Whole runs, one at least.
        last = max(first + 1, int(np.searchsorted(edges, edges[first] + _FRAMES, side="right")) - 1)
        frames = part[edges[first] : edges[last]].astype(np.float64)
        np.add.reduceat(frames, edges[first:last] - edges[first], axis=0, out=sums[first:last])
        first = last
    return sums
