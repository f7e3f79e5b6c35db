"""Sudden steps of level that are not the arrangement's: the whole spectrum up or down at once, and nothing else.

A part that enters or leaves changes the spectrum's shape. A fader, a clip's gain or a bad edit moves every band by the
same number of decibels from one moment to the next. So third octaves are compared over two bars before and after each
moment: a jump is a median difference of 2 dB or more that three quarters of the bands share within 1.5 dB, that is not
already under way in the bars before, as a fade is, and that stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.band_sums import power_of, sums_between
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

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]

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
    columns = _third_octaves(matrix.edges_hz)
    if matrix.times_s.size < 2 or len(columns) < LEAST_BANDS:
        return ()
    hop_s = float(matrix.times_s[1] - matrix.times_s[0])
    group = max(1, round(_SLOT_S / hop_s))
    slots = _in_slots(matrix, columns, group)
    bar = max(1, round(bar_s / (group * hop_s)))
    if slots.shape[0] < 4 * bar:
        return ()
    until = np.concatenate([np.zeros((1, slots.shape[1])), np.cumsum(slots, axis=0)])
    bars_db = _db((until[bar:] - until[:-bar]) / bar)  # bars_db[k]: slots k to k + bar
    floor_db = _db(slots.max(axis=0)) + SOUNDING_DB
    edges = np.arange(2 * bar, slots.shape[0] - 2 * bar + 1)
    before_db, after_db = bars_db[edges - bar], bars_db[edges]
    bands_db = after_db - before_db
    sounding = np.minimum(before_db, after_db) > floor_db
    step_db = _median_db(bands_db, sounding)
    shared = np.sum(sounding & (np.abs(bands_db - step_db[:, None]) <= SHARED_WITHIN_DB), axis=1)
    count = sounding.sum(axis=1)
    jumps = np.flatnonzero((count >= LEAST_BANDS) & (np.abs(step_db) >= LEAST_DB) & (shared >= SHARED_BY * count))
    at, plays = edges[jumps], sounding[jumps]
    drift_before_db = _median_db(bars_db[at - bar] - bars_db[at - 2 * bar], plays)
    drift_after_db = _median_db(bars_db[at + bar] - bars_db[at], plays)
    drift_db = np.maximum(np.abs(drift_before_db), np.abs(drift_after_db))
    steady = drift_db <= STEADY_SHARE * np.abs(step_db[jumps])
    found: list[LevelJump] = []
    for place in _largest_in_each_run(jumps[steady], np.abs(step_db), bar):
        frame = int(edges[place]) * group
        located = _located(matrix, columns, float(step_db[place]), frame, round(bar_s / hop_s), group)
        found.append(LevelJump(float(matrix.times_s[located]) - hop_s / 2, float(step_db[place])))
    largest = sorted(found, key=lambda jump: -abs(jump.step_db))[:MOST]
    return tuple(sorted(largest, key=lambda jump: jump.time_s))


def _third_octaves(edges_hz: FloatArray) -> list[slice]:
    """Columns of the third octaves a jump is judged by."""
    columns = [
        bands_between(edges_hz, band.low_hz, band.high_hz)
        for band in THIRD_OCTAVES
        if band.low_hz >= _RANGE_HZ[0] and band.high_hz <= _RANGE_HZ[1]
    ]
    return [part for part in columns if part is not None]


def _in_slots(matrix: BandMatrix, columns: list[slice], group: int) -> FloatArray:
    """Means of ``group`` frames each, shape (n_slots, len(columns)); what does not fill the last one is left out."""
    edges = np.arange(0, matrix.times_s.size + 1, group)
    slots = sums_between(matrix.ll, edges)
    slots += sums_between(matrix.rr, edges)
    return np.stack([slots[:, part].sum(axis=1) for part in columns], axis=1) / group


def _db(power: FloatArray) -> FloatArray:
    level_db: FloatArray = 10 * np.log10(np.maximum(power, 1e-30))
    return level_db


def _median_db(bands_db: FloatArray, sounding: BoolArray) -> FloatArray:
    """Median over the sounding bands, shape (n,); 0 where fewer than two sound."""
    ordered_db = np.sort(np.where(sounding, bands_db, np.inf), axis=1)
    count = sounding.sum(axis=1)
    rows, middle = np.arange(count.size), np.maximum(count, 2)
    median: FloatArray = (ordered_db[rows, (middle - 1) // 2] + ordered_db[rows, middle // 2]) / 2
    return np.where(count >= 2, median, 0.0)


def _largest_in_each_run(chosen: IntArray, size_db: FloatArray, apart: int) -> list[int]:
    places = sorted(chosen.tolist(), key=lambda place: (-size_db[place], place))
    kept: list[int] = []
    for place in places:
        if all(abs(place - other) >= apart for other in kept):
            kept.append(place)
    return sorted(kept)


def _located(matrix: BandMatrix, columns: list[slice], step_db: float, frame: int, bar: int, group: int) -> int:
    """The frame at which the jump happens: the edge, near the slot's, across which most of it lies.

    Levels are taken over those a bar before, so that the beat itself makes no edge.
    """
    frames = matrix.times_s.size
    span = range(max(bar + group, frame - 2 * group), min(frames - group, frame + 2 * group) + 1)
    near = slice(span.start - bar - group, span.stop + group)
    power = power_of(matrix, near)
    total_db = np.mean([_db(power[:, part].sum(axis=1)) for part in columns], axis=0)
    gained_db = np.sign(step_db) * (total_db[bar:] - total_db[:-bar])
    across = [
        gained_db[at + group : at + 2 * group].mean() - gained_db[at : at + group].mean() for at in range(len(span))
    ]
    return span[int(np.argmax(across))]
