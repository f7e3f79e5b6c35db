"""Resonances: narrow peaks of the long-term spectrum, where they lie, how far they stand out and how much of the time.

The spectrum is taken in 48ths of an octave. A band's floor is the level its surroundings suggest for it: the mean of
the medians of half an octave to either side, in dB, which a slope does not tilt and other peaks do not lift. A peak is
narrow if it falls to half its height within a quarter of an octave.

A ringing resonance lifts whatever is played through it; a note comes and goes. What tells them apart is ``share``: in
how much of the sounding time the peak stands at half its height or more over the floor of that very moment, and
``standing`` says when.
The scheme is this project's own; its parts, peak over a smoothed floor and persistence, are those of resonance and
feedback detectors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.fine_spectrum import BANDS_AN_OCTAVE, FineSpectrum
from uptrack_analysis.measure.results import Resonance
from uptrack_analysis.signal import Block, FloatArray

MIN_HEIGHT_DB = 4.0
"""Over the chance of noise: in six seconds of it, a band of 2.7 Hz errs by 0.9 dB (one sigma), and there are 400."""
MIN_SLOTS = 16
"""Six seconds."""
MOST = 16
SOUNDING_DB = -50.0
"""A slot quieter than the loudest by more than this is tail or noise floor."""

_SIDE = BANDS_AN_OCTAVE // 2
_SKIPPED = BANDS_AN_OCTAVE // 12
# What lies on one side of a crossover, a cliff or the end of the music says nothing of the other side.
_SIDES_APART_DB = 12.0
_WIDEST = BANDS_AN_OCTAVE // 4
_LEAST_STANDING_DB = 3.0
_MOST_LOOKED_AT = 40
# A band is wider than the top of a peak, and reads it lower.
_ROUNDED_OFF_DB = 1.0
_HALF_SEMITONE = 2 ** (0.5 / 12) - 1
_NOTHING = 1e-30
# Slots looked at together: twelve minutes, so that only a longer file is cut.
_CHUNK = 2048

BoolArray = NDArray[np.bool_]


def resonances(fine: FineSpectrum) -> tuple[Resonance, ...]:
    """The peaks that matter most, height times share, at most ``MOST``; from 60 Hz to two thirds of the top.

    Parameters
    ----------
    fine : FineSpectrum

    Raises
    ------
    NothingToMeasure
        Less than six seconds of sound.
    """
    sounding = sounding_slots(fine)
    count = int(np.count_nonzero(sounding))
    if count < MIN_SLOTS:
        raise NothingToMeasure(
            f"expected at least {MIN_SLOTS * fine.slot_s:.0f} s of sound, got {count * fine.slot_s:.1f} s"
        )
    widths_hz = np.diff(fine.edges_hz)
    total = sum(slots.sum(axis=0, dtype=np.float64) for slots in _chosen(fine, sounding))
    mean_db = 10 * np.log10(np.maximum(total / count / widths_hz, _NOTHING))
    floor_db = _floor_db(mean_db)
    peaks = _peaks(mean_db - floor_db)
    found = [(band, *_vertex(fine, band, float(floor_db[band]))) for band in peaks]
    found = [(band, frequency_hz, height_db) for band, frequency_hz, height_db in found if height_db >= MIN_HEIGHT_DB]
    stands: list[list[BoolArray]] = [[] for _ in found]
    for slots in _chosen(fine, sounding):
        # Bands first, so that those around a peak lie side by side in memory.
        densities = np.ascontiguousarray(slots.T) / widths_hz.astype(np.float32)[:, None]
        moments_db = 10 * np.log10(np.maximum(densities, np.float32(_NOTHING)))
        for own, (band, _frequency_hz, height_db) in zip(stands, found, strict=True):
            own.append(_standing(moments_db, band, height_db))
    stood = [np.concatenate(own) for own in stands]
    described = [
        (frequency_hz, height_db, float(np.mean(own)), own)
        for (_band, frequency_hz, height_db), own in zip(found, stood, strict=True)
    ]
    described.sort(key=lambda peak: (-peak[1] * peak[2], peak[0]))
    numbers = np.flatnonzero(sounding)
    return tuple(
        Resonance(frequency_hz, height_db, share, _spans(numbers[own], fine.slot_s))
        for frequency_hz, height_db, share, own in described[:MOST]
    )


def sounding_slots(fine: FineSpectrum) -> BoolArray:
    """Slots in which something plays, shape (n_slots,)."""
    power = fine.slots.sum(axis=1)
    loudest = float(power.max(initial=0.0))
    sounding: BoolArray = power > max(loudest * 10 ** (SOUNDING_DB / 10), _NOTHING)
    return sounding


def _chosen(fine: FineSpectrum, chosen: BoolArray) -> Iterator[Block]:
    """The chosen slots, some minutes at a time, so that of a long file no second copy is made."""
    for first in range(0, chosen.size, _CHUNK):
        rows = slice(first, first + _CHUNK)
        yield fine.slots[rows][chosen[rows]]


def _floor_db(level_db: FloatArray) -> FloatArray:
    """What the surroundings suggest for each band; ``inf`` where they do not reach far enough to either side."""
    reach = _SIDE + _SKIPPED
    floor_db: FloatArray = np.full(level_db.size, np.inf)
    if level_db.size <= 2 * reach:
        return floor_db
    sides_db = np.median(sliding_window_view(level_db, _SIDE), axis=1)
    floor_db[reach:-reach] = _between(sides_db[: -reach - _SKIPPED - 1], sides_db[reach + _SKIPPED + 1 :])
    return floor_db


def _between(below_db: FloatArray, above_db: FloatArray) -> FloatArray:
    higher = np.maximum(below_db, above_db)
    floor_db: FloatArray = np.where(np.abs(below_db - above_db) > _SIDES_APART_DB, higher, (below_db + above_db) / 2)
    return floor_db


def _peaks(height_db: FloatArray) -> list[int]:
    """Bands of narrow local maxima, one within a semitone each; of more than ``_MOST_LOOKED_AT`` the highest."""
    around = sliding_window_view(np.pad(height_db, _SKIPPED, constant_values=-np.inf), 2 * _SKIPPED + 1)
    # A bin wider than a band makes plateaus: the first band of one stands for it.
    first = np.argmax(around, axis=1) == _SKIPPED
    candidates = np.flatnonzero(first & (height_db >= MIN_HEIGHT_DB - _ROUNDED_OFF_DB))
    highest = candidates[np.argsort(-height_db[candidates], kind="stable")][:_MOST_LOOKED_AT]
    return [int(band) for band in highest if _upper_half(height_db, int(band)) <= _WIDEST]


def _upper_half(height_db: FloatArray, band: int) -> int:
    """How many bands around a peak stand at half its height or more."""
    below = height_db[max(0, band - _WIDEST) : band + 1][::-1] < height_db[band] / 2
    above = height_db[band : band + _WIDEST + 1] < height_db[band] / 2
    return sum(int(np.argmax(side)) if side.any() else _WIDEST + 1 for side in (below, above)) - 1


def _spans(slots: NDArray[np.intp], slot_s: float) -> tuple[tuple[float, float], ...]:
    """Stretches of slots that follow each other."""
    if not slots.size:
        return ()
    breaks = np.flatnonzero(np.diff(slots) > 1)
    starts_s = slots[np.concatenate([[0], breaks + 1])] * slot_s
    ends_s = (slots[np.concatenate([breaks, [slots.size - 1]])] + 1) * slot_s
    return tuple(zip(starts_s.tolist(), ends_s.tolist(), strict=True))


def _vertex(fine: FineSpectrum, band: int, floor_db: float) -> tuple[float, float]:
    """Frequency of a peak's top, and its height over the floor: a parabola through its upper half, the strongest bins
    counting most.

    Through three bins of a pure tone seen through a Hann window this is the usual interpolation, good to a few
    hundredths of a bin. A peak hardly wider than the bins reads low: a bell of +9 dB and Q 30 by 0.6 dB at 440 Hz, by
    1.1 dB at 1 kHz, where the bins are four times as wide.
    """
    low_hz, high_hz = fine.edges_hz[band : band + 2].tolist()
    bins = fine.bins_at(low_hz)
    first = max(1, math.floor(low_hz / bins.width_hz))
    last = min(bins.density.size - 2, math.ceil(high_hz / bins.width_hz))
    top = first + int(np.argmax(bins.density[first : last + 1]))
    reach = min(max(1, round(top * _HALF_SEMITONE)), top - 1, bins.density.size - 2 - top)
    levels_db = 10 * np.log10(np.maximum(bins.density[top - reach : top + reach + 1], _NOTHING))
    low = levels_db < (levels_db[reach] + floor_db) / 2
    left = max(1, int(np.argmax(low[reach::-1])) - 1 if low[reach::-1].any() else reach)
    right = max(1, int(np.argmax(low[reach:])) - 1 if low[reach:].any() else reach)
    places = np.arange(-left, right + 1)
    fitted = levels_db[reach - left : reach + right + 1]
    weights = 10 ** ((fitted - levels_db[reach]) / 5)
    powers = np.stack([np.ones(places.size), places, places**2]) * np.sqrt(weights)
    level, slope, bend = np.linalg.solve(powers @ powers.T, powers @ (fitted * np.sqrt(weights)))
    if bend >= 0:
        return top * bins.width_hz, float(levels_db[reach]) - floor_db
    offset = float(np.clip(-slope / (2 * bend), -left, right))
    return (top + offset) * bins.width_hz, float(level + slope * offset + bend * offset**2) - floor_db


def _standing(moments_db: Block, band: int, height_db: float) -> BoolArray:
    """Of ``moments_db``, shape (n_bands, n_slots), the slots in which the peak stands."""
    reach = _SIDE + _SKIPPED
    # Means of dB instead of medians: a tenth of the time, and the margin of half the height covers the difference.
    below_db = moments_db[band - reach : band - _SKIPPED].mean(axis=0)
    above_db = moments_db[band + _SKIPPED + 1 : band + reach + 1].mean(axis=0)
    standing_db = moments_db[band - 1 : band + 2].max(axis=0) - _between(below_db, above_db)
    standing: BoolArray = standing_db >= max(_LEAST_STANDING_DB, height_db / 2)
    return standing
