"""The eight named bands over time, for plots: mean-square power of each step, in dB re a full-scale square wave."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.band_sums import sums_between
from uptrack_analysis.measure.ltas import LEVEL_FLOOR_DB, NAMED_BANDS, bands_between
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.signal import FloatArray


def band_curves(matrix: BandMatrix, step_s: float, duration_s: float) -> FloatArray:
    """Levels of ``ltas.NAMED_BANDS`` in steps from the file's start.

    Parameters
    ----------
    matrix : BandMatrix
        Its frames lie closer together than the steps.
    step_s : float
    duration_s : float
        Of the file; a last step that it cuts short is left out.

    Returns
    -------
    levels_dbfs : shape (8, n_steps)
        Mean of the two channels; NaN under -120 dB, and in a band the file's rate cannot carry.
    """
    steps = int(duration_s / step_s + 1e-9)
    levels = np.full((len(NAMED_BANDS), steps), np.nan)
    starts = np.searchsorted(matrix.times_s, np.arange(steps + 1) * step_s)
    filled = np.flatnonzero(np.diff(starts))
    if not filled.size:
        return levels
    # From one filled step's first frame to the next one's: a step without a frame has none to give away.
    edges = np.append(starts[filled], starts[-1])
    in_steps = sums_between(matrix.ll, edges) + sums_between(matrix.rr, edges)
    for row, band in enumerate(NAMED_BANDS):
        columns = bands_between(matrix.edges_hz, band.low_hz, band.high_hz)
        if columns is None:
            continue
        power = in_steps[:, columns].sum(axis=1) / (2 * np.diff(edges))
        audible = power > 10 ** (LEVEL_FLOOR_DB / 10)
        levels[row, filled[audible]] = 10 * np.log10(power[audible])
    return levels
