"""Whether events keep to one grid, as notes do, and faults of a driver or an edit do not."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.signal import FloatArray

LEAST_EVENTS = 6
LEAST_STEP_S = 0.050
_DIVISIONS = (1, 2, 3, 4)
# Played by hand, or swung a little; chance would keep one event in six within it, and six of six never.
ERROR_S = 0.004
_SHARE = 0.9


def keeps_time(times_s: FloatArray) -> bool:
    """Whether nearly all intervals are multiples of one step of at least 50 ms; as ``step_of``."""
    return step_of(times_s) is not None


def step_of(times_s: FloatArray) -> float | None:
    """The step, at least 50 ms, of which nearly all intervals are multiples.

    Parameters
    ----------
    times_s : array, shape (n_events,)
        In order; fewer than six prove nothing.
    """
    if times_s.size < LEAST_EVENTS:
        return None
    intervals = np.diff(times_s)
    if intervals.min() <= 0:
        return None
    # The shortest distance between two events may itself be a few steps of the grid.
    for divisions in _DIVISIONS:
        step = float(intervals.min()) / divisions
        counts = np.maximum(1, np.round(intervals / step))
        step = float(intervals.sum() / counts.sum())
        if step >= LEAST_STEP_S:
            errors = np.abs(intervals - step * np.round(intervals / step))
            if np.mean(errors <= ERROR_S) >= _SHARE:
                return step
    return None


def off_grid_s(time_s: float, times_s: FloatArray, step_s: float) -> float:
    """How far a time lies from the grid of some events, in the median of them."""
    away_s = np.abs(times_s - time_s)
    return float(np.median(np.abs(away_s - step_s * np.round(away_s / step_s))))
