"""Sudden steps of level that are not the arrangement's: the whole spectrum up or down at once, and nothing else.

A part that enters or leaves changes the spectrum's shape. A fader, a clip's gain or a bad edit moves every band by the
same number of decibels from one moment to the next. So third octaves are compared over two bars before and after each
moment: a jump is a median difference of 2 dB or more that three quarters of the bands share within 1.5 dB, that is not
already under way in the bars before, as a fade is, and that stays.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.ltas import THIRD_OCTAVES, bands_between
from uptrack_analysis.measure.results import BandMatrix, LevelJump
from uptrack_analysis.signal import FloatArray

LEAST_DB = 2.0
SHARED_WITHIN_DB = 1.5
SHARED_BY = 0.75
STEADY_SHARE = 0.35
"""The two bars before, and the two after, may differ among themselves by this share of the jump."""
MOST = 50
DEFAULT_BAR_S = 2.0
LEAST_BANDS = 8
SOUNDING_DB = -50.0
"""Under the loudest moment of the band: what jumps below that is noise."""

_RANGE_HZ = (60.0, 9_000.0)
_SLOT_S = 0.18


def level_jumps(matrix: BandMatrix, bpm: float | None) -> tuple[LevelJump, ...]:
    """All jumps in order of time, the ``MOST`` largest of them.

    Parameters
    ----------
    matrix : BandMatrix
    bpm : float or None
        Sets the length of a bar, 2 s without it.
    """
    bar_s = 240.0 / bpm if bpm else DEFAULT_BAR_S
    levels = _third_octaves(matrix)
    if levels.shape[0] < 2 or levels.shape[1] < LEAST_BANDS:
        return ()
    hop_s = float(matrix.times_s[1] - matrix.times_s[0])
    group = max(1, round(_SLOT_S / hop_s))
    slots = levels[: levels.shape[0] // group * group].reshape(-1, group, levels.shape[1]).mean(axis=1)
    bar = max(1, round(bar_s / (group * hop_s)))
    if slots.shape[0] < 4 * bar:
        return ()
    until = np.concatenate([np.zeros((1, slots.shape[1])), np.cumsum(slots, axis=0)])
    bars = np.maximum((until[bar:] - until[:-bar]) / bar, 0.0)  # bars[k]: slots k to k + bar
    floor = slots.max(axis=0) * 10 ** (SOUNDING_DB / 10)
    edges = np.arange(2 * bar, slots.shape[0] - 2 * bar + 1)
    far_before, before, after, far_after = (bars[edges + shift * bar] for shift in (-2, -1, 0, 1))
    sounding = np.minimum(before, after) > floor
    enough = sounding.sum(axis=1) >= LEAST_BANDS
    step_db = _median_db(after, before, sounding)
    bands_db = _db(after, before)
    shared = np.sum(sounding & (np.abs(bands_db - step_db[:, None]) <= SHARED_WITHIN_DB), axis=1)
    steady_db = STEADY_SHARE * np.abs(step_db)
    jumps = enough & (np.abs(step_db) >= LEAST_DB) & (shared >= SHARED_BY * sounding.sum(axis=1))
    jumps &= np.abs(_median_db(before, far_before, sounding)) <= steady_db
    jumps &= np.abs(_median_db(far_after, after, sounding)) <= steady_db
    found: list[LevelJump] = []
    for place in _largest_in_each_run(jumps, np.abs(step_db), bar):
        at = _located(levels, float(step_db[place]), int(edges[place]) * group, round(bar_s / hop_s), group)
        found.append(LevelJump(float(matrix.times_s[at]) - hop_s / 2, float(step_db[place])))
    largest = sorted(found, key=lambda jump: -abs(jump.step_db))[:MOST]
    return tuple(sorted(largest, key=lambda jump: jump.time_s))


def _third_octaves(matrix: BandMatrix) -> FloatArray:
    """Power, shape (n_frames, n_bands), of the third octaves a jump is judged by."""
    power = matrix.ll + matrix.rr
    columns = [
        bands_between(matrix.edges_hz, band.low_hz, band.high_hz)
        for band in THIRD_OCTAVES
        if band.low_hz >= _RANGE_HZ[0] and band.high_hz <= _RANGE_HZ[1]
    ]
    carried = [power[:, part].sum(axis=1) for part in columns if part is not None]
    return np.stack(carried, axis=1) if carried else np.empty((power.shape[0], 0))


def _db(over: FloatArray, under: FloatArray) -> FloatArray:
    ratio: FloatArray = 10 * (np.log10(np.maximum(over, 1e-30)) - np.log10(np.maximum(under, 1e-30)))
    return ratio


def _median_db(
    over: FloatArray, under: FloatArray, sounding: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> FloatArray:
    """Median difference over the sounding bands; 0 where fewer than two sound."""
    ratio_db = np.sort(np.where(sounding, _db(over, under), np.inf), axis=1)
    count = sounding.sum(axis=1)
    rows = np.arange(count.size)
    middle = np.maximum(count, 2)
    median: FloatArray = (ratio_db[rows, (middle - 1) // 2] + ratio_db[rows, middle // 2]) / 2
    return np.where(count >= 2, median, 0.0)


def _largest_in_each_run(
    chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], size_db: FloatArray, apart: int
) -> list[int]:
    places = sorted(np.flatnonzero(chosen), key=lambda place: (-size_db[place], place))
    kept: list[int] = []
    for place in places:
        if all(abs(int(place) - other) >= apart for other in kept):
            kept.append(int(place))
    return sorted(kept)


def _located(levels: FloatArray, step_db: float, frame: int, bar: int, group: int) -> int:
    """The frame at which the jump happens: the edge, near the slot's, across which most of it lies.

    Levels are taken over those a bar before, so that the beat itself makes no edge.
    """
    span = range(max(bar + group, frame - 2 * group), min(levels.shape[0] - group, frame + 2 * group) + 1)
    near = levels[span.start - bar - group : span.stop + group]
    total_db = 10 * np.log10(np.maximum(near, 1e-30)).mean(axis=1)
    gained_db = np.sign(step_db) * (total_db[bar:] - total_db[:-bar])
    across = [
        gained_db[at + group : at + 2 * group].mean() - gained_db[at : at + group].mean() for at in range(len(span))
    ]
    return span[int(np.argmax(across))]
