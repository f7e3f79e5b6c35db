"""Extremes and sums of short, equal runs of samples, at the speed of long ones.

NumPy reduces each run by a call of its own: of 64 samples the call costs more than the samples. Halves against halves,
until one value of each run is left, are a few passes over everything; on one machine that took a quarter of the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.signal import Block, FloatArray

_SUM_RUN = 128


def largest_of_runs(samples: Block, length: int) -> Block:
    """The largest of every ``length`` neighbours along the last axis.

    Parameters
    ----------
    samples : array, shape (..., n_runs * length)
    length : int
        A power of two.

    Returns
    -------
    array, shape (..., n_runs)

    Raises
    ------
    InvalidSignal
        No power of two, or samples that are no whole number of runs.
    """
    return _extremes(np.maximum, samples, length)


def smallest_of_runs(samples: Block, length: int) -> Block:
    """As ``largest_of_runs``, the smallest."""
    return _extremes(np.minimum, samples, length)


def _extremes(of_two: Any, samples: Block, length: int) -> Block:
    if length < 1 or length & (length - 1) or samples.shape[-1] % length:
        raise InvalidSignal(
            f"expected whole runs of a power of two, got {samples.shape[-1]} samples in runs of {length}"
        )
    while length > 1:
        samples = of_two(samples[..., ::2], samples[..., 1::2])
        length //= 2
    return samples


def sums(samples: Block) -> FloatArray:
    """Sum over the last axis: runs of 128 in single precision, which is a third of the time, then in double.

    Parameters
    ----------
    samples : array, shape (n_rows, n_runs * 128)

    Returns
    -------
    array, shape (n_rows,)
    """
    runs: NDArray[np.float32] = np.einsum("crf->cr", samples.reshape(samples.shape[0], -1, _SUM_RUN))
    total: FloatArray = runs.sum(axis=1, dtype=np.float64)
    return total
