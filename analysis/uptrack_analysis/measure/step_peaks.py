"""The sample peak of every 100 ms, for the peaks' course over time."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.signal import Block, FloatArray

STEPS_PER_S = 10
STEP_S = 1 / STEPS_PER_S


class StepPeaks:
    """Streaming kernel: chunks in, one value a step out. Step k begins with sample ``ceil(k * rate / 10)``."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._taken = 0
        self._peaks: list[float] = []

    def push(self, samples: Block) -> float:
        """Take the next samples, shape (channels, frames); returned is their largest magnitude."""
        first, stop = self._taken, self._taken + samples.shape[1]
        if first == stop:
            return 0.0
        self._taken = stop
        first_step, last_step = (frame * STEPS_PER_S // self._rate_hz for frame in (first, stop - 1))
        starts = -(-np.arange(first_step + 1, last_step + 1) * self._rate_hz // STEPS_PER_S) - first
        runs = np.concatenate([[0], starts]).astype(np.int64)
        # Not of magnitudes: to make them costs three times as much as both extremes.
        highest = np.maximum.reduceat(samples, runs, axis=1).max(axis=0)
        lowest = np.minimum.reduceat(samples, runs, axis=1).min(axis=0)
        peaks: list[float] = np.maximum(highest, -lowest).tolist()
        begun, *others = peaks
        if first_step < len(self._peaks):  # begun in the chunk before
            self._peaks[-1] = max(self._peaks[-1], begun)
        else:
            self._peaks.append(begun)
        self._peaks += others
        return max(peaks)

    @property
    def dbfs(self) -> FloatArray:
        """Peak of each step over all channels in dBFS, shape (n_steps,); -inf for digital silence."""
        return to_db(self._peaks)


def to_db(magnitudes: list[float]) -> FloatArray:
    """dB re full scale; -inf for 0."""
    with np.errstate(divide="ignore"):
        levels: FloatArray = 20 * np.log10(np.array(magnitudes, dtype=np.float64))
    return levels
