"""Correlation, width, balance and mono loss of each named band and of all together over time, from the band matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.band_sums import sums_between
from uptrack_analysis.measure.ltas import NAMED_BANDS, bands_between
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.measure.stereo import DEAD_CHANNEL, LIMIT_DB, MONO_LOSS_LIMIT_DB, SOUNDING_DB
from uptrack_analysis.signal import FloatArray


@dataclass(frozen=True, slots=True)
class BandStereoCurves:
    """Curves of shape (n_steps, n_bands + 1): the bands are ``NAMED_BANDS``, and last the whole spectrum.

    Element ``k`` is the step from ``k * step_s`` to ``(k + 1) * step_s``. NaN where the band is silent (50 dB under its
    own loudest step), or the rate cannot carry it; so is the correlation where it is silent in one channel.
    """

    step_s: float
    correlation: FloatArray
    width_db: FloatArray
    balance_db: FloatArray
    mono_loss_db: FloatArray


def band_stereo_curves(matrix: BandMatrix, step_s: float, steps: int) -> BandStereoCurves:
    """Curves of ``steps`` steps of ``step_s`` seconds, not below the matrix's own hop."""
    shape = (steps, len(NAMED_BANDS) + 1)
    ll, rr, dd = (_summed(part, matrix, step_s, shape) for part in (matrix.ll, matrix.rr, matrix.dd))
    power = ll + rr
    lr = (power - dd) / 2
    loudest = power.max(axis=0, initial=0.0)
    sounding = (power > loudest * 10 ** (SOUNDING_DB / 10)) & (power > 0)
    dead = np.minimum(ll, rr) <= DEAD_CHANNEL * np.maximum(ll, rr)
    scale = np.where(dead, 1.0, np.sqrt(np.where(dead, 1.0, ll)) * np.sqrt(np.where(dead, 1.0, rr)))
    correlation = np.where(dead, np.nan, np.clip(lr / scale, -1.0, 1.0))
    side, mid = power - 2 * lr, power + 2 * lr
    # Channels that cancel leave rounding: more than the cap is none.
    loss_db = np.clip(_ratio_db(2 * power, mid), 0.0, MONO_LOSS_LIMIT_DB)
    return BandStereoCurves(
        step_s=step_s,
        correlation=np.where(sounding, correlation, np.nan),
        width_db=np.where(sounding, _ratio_db(side, mid), np.nan),
        mono_loss_db=np.where(sounding, loss_db, np.nan),
        balance_db=np.where(sounding, _ratio_db(ll, rr), np.nan),
    )


def _summed(part: NDArray[np.floating[Any]], matrix: BandMatrix, step_s: float, shape: tuple[int, int]) -> FloatArray:
    """Power of each named band and of all in each step; zero where there is none."""
    summed = np.zeros(shape)
    # Frames are in order of time: one run of them a step, some runs may be empty.
    edges = np.searchsorted(matrix.times_s, np.arange(shape[0] + 1) * step_s)
    filled = np.flatnonzero(edges[1:] > edges[:-1])
    if not filled.size:
        return summed
    # Time first: whole rows are added faster than parts of them, and few are left.
    in_steps = sums_between(part, np.append(edges[filled], edges[-1]))
    named = [bands_between(matrix.edges_hz, band.low_hz, band.high_hz) for band in NAMED_BANDS]
    for index, columns in enumerate([*named, slice(None)]):
        if columns is not None:
            summed[filled, index] = in_steps[:, columns].sum(axis=1)
    return summed


def _ratio_db(over: FloatArray, under: FloatArray) -> FloatArray:
    least = 10 ** (-LIMIT_DB / 10)
    over, under = np.maximum(over, 0.0), np.maximum(under, 0.0)
    bound = np.maximum(np.maximum(over, under) * least, np.finfo(float).tiny)
    ratio: FloatArray = 10 * np.log10(np.maximum(over, bound) / np.maximum(under, bound))
    return ratio
