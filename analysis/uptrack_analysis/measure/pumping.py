"""Pumping: how deep everything above the kick breathes in time with the beat, and where in the beat it is lowest.

The levels in dB of the sixth octaves from 250 Hz to 8 kHz are averaged, so that a hi-hat in one of them counts little;
what they do slower than two beats is taken off; the rest of the loud passages is folded over the beat, the 30th
percentile at each phase keeping out what is added at every other beat, as a snare is. Four harmonics of that are the
shape of the breathing, its highest minus its lowest the depth. A bus compressor keyed by the kick, a part that plays
off the beat and one that dies away with each look alike in depth, not in phase: the first is lowest just after the
beat, the last just before it. Both are facts; the verdict needs more.

Ducking is what all of it does together. Parts that play on or off the beat move their own bands; a compressor on the
bus, or a side-chain on all parts, moves every band down at once and lets it come back. Each band by itself is folded
over the beat, and held against that shape at each phase; the depth that six bands in seven reach is the ducking's.
What plays on the beat fills the dip a little in every band, so it is the least that the depth can be. A kick on every
other beat ducks every other beat, and who counts 174 where the producer counted 87 hears every one of those: so two
beats are folded as well, and the deeper of the two answers stands. It has to fall on a beat then, because a snare on
every other beat that dies away leaves as deep a hole before the next one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.band_sums import mean_of, power_of, stretches
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.measure.results import BandMatrix, BeatGrid, Loudness, Pumping
from uptrack_analysis.signal import FloatArray

RANGE_HZ = (10**2.4, 10**3.9)
LEAST_BEATS = 16
LOUD_LU = -1.0
"""Short-term loudness over the integrated one from which a passage is a loud one."""
SHORT_TERM_S = 3.0

_HARMONICS = 4
_PHASES = 16
_SHAPE_POINTS = 96
_PERCENTILE = 30
_FLOOR_DB = -60.0

_DUCK_PHASES = 24
_APART_DB = 1000.0
"""So far the phases are kept apart while they are sorted together: more than any two levels differ."""
_RECOVERY = 0.75
"""Of the beat, or of two, in which a duck comes back, by a raised cosine."""
_EARLY, _LATE = 0.1, 0.25
"""Of a beat, by which what falls on it may seem to."""
_ABOVE_IT = 15
"""Percentile of the bands' depths."""


def pumping(matrix: BandMatrix, loudness: Loudness, bpm: float | None, grid: BeatGrid | None) -> Pumping:
    """Depth and phase of level modulation at the beat.

    Parameters
    ----------
    matrix : BandMatrix
    loudness : Loudness
        Of the same file: it says which passages are loud.
    bpm : float or None
    grid : BeatGrid or None
        Without it the depth is known, but not where in the beat it lies.

    Raises
    ------
    NothingToMeasure
        No tempo, or fewer than ``LEAST_BEATS`` beats of loud music, or a beat too short for the spectrum's frames.
    """
    beat_s = grid.beat_s if grid is not None else 60.0 / bpm if bpm else None
    if beat_s is None:
        raise NothingToMeasure("pumping is measured at the beat, and the file has no steady one")
    frames = matrix.times_s.size
    columns = bands_between(matrix.edges_hz, RANGE_HZ[0], min(RANGE_HZ[1], float(matrix.edges_hz[-1])))
    hop_s = float(matrix.times_s[1] - matrix.times_s[0]) if frames > 1 else beat_s
    loud = _loud(matrix.times_s, loudness)
    beats = loud.sum() * hop_s / beat_s
    if columns is None or beats < LEAST_BEATS:
        raise NothingToMeasure(f"expected at least {LEAST_BEATS} beats of loud music, got {int(beats)}")
    phases = min(_PHASES, int(beat_s / hop_s))
    if phases < 2 * 2 + 1:
        raise NothingToMeasure(f"a beat of {beat_s:.2f} s is too short for frames every {hop_s:.3f} s")
    moving_db = _moving_db(matrix, columns, round(2 * beat_s / hop_s))
    first_s = grid.first_beat_s if grid is not None else 0.0
    place = ((matrix.times_s[loud] - first_s) / beat_s) % 1.0
    shape_db = _shape_db(place, moving_db[loud], phases)
    lowest = float(np.argmin(shape_db)) / _SHAPE_POINTS
    ducked_beats, ducking_db, ducked_at = 1, *_ducking(matrix, columns, round(2 * beat_s / hop_s), loud, place)
    if grid is not None and beats >= 2 * LEAST_BEATS:
        of_two = ((matrix.times_s[loud] - first_s) / (2 * beat_s)) % 1.0
        alternate_db, at = _ducking(matrix, columns, round(4 * beat_s / hop_s), loud, of_two)
        alternate_at = 2 * at % 1.0
        if alternate_db > ducking_db and (alternate_at + _EARLY) % 1.0 <= _EARLY + _LATE:
            ducked_beats, ducking_db, ducked_at = 2, alternate_db, alternate_at
    return Pumping(
        depth_db=float(np.ptp(shape_db)),
        lowest_at=None if grid is None else lowest,
        ducking_db=ducking_db,
        ducked_at=None if grid is None else ducked_at,
        ducked_beats=ducked_beats,
    )


def _loud(times_s: FloatArray, loudness: Loudness) -> NDArray[np.bool_]:
    """Frames whose own 3 s, centred, are among the loud."""
    short_term = loudness.short_term_lufs
    if loudness.integrated_lufs is None or short_term.size == 0:
        return np.zeros(times_s.size, dtype=np.bool_)
    ends = np.round((times_s + SHORT_TERM_S / 2) / loudness.hop_s).astype(np.intp) - 1
    # The first and the last second and a half belong to the first and the last whole window.
    whole = round(SHORT_TERM_S / loudness.hop_s) - 1
    level = short_term[np.clip(ends, min(whole, short_term.size - 1), short_term.size - 1)]
    loud: NDArray[np.bool_] = level >= loudness.integrated_lufs + LOUD_LU
    return loud


def _moving_db(matrix: BandMatrix, columns: slice, window: int) -> FloatArray:
    """Mean level of the bands without what changes over ``window`` frames, shape (n_frames,)."""
    # A band's own silences are bounded: one that only plays now and then must not swing by 200 dB.
    mean = mean_of(matrix.ll[:, columns]) + mean_of(matrix.rr[:, columns])
    floor = np.maximum(mean * 10 ** (_FLOOR_DB / 10), 1e-30)
    level_db = np.empty(matrix.times_s.size)
    for frames in stretches(level_db.size):
        level_db[frames] = 10 * np.log10(np.maximum(power_of(matrix, frames, columns), floor)).mean(axis=1)
    return _without_slow(level_db, window)


def _without_slow(level_db: FloatArray, window: int) -> FloatArray:
    until = np.concatenate([[0.0], np.cumsum(level_db)])
    first = np.maximum(np.arange(level_db.size) - window // 2, 0)
    last = np.minimum(first + window, level_db.size)
    moving: FloatArray = level_db - (until[last] - until[first]) / (last - first)
    return moving


def _shape_db(place: FloatArray, level_db: FloatArray, phases: int) -> FloatArray:
    """A low percentile over all beats at each phase, as a smooth curve, shape (_SHAPE_POINTS,)."""
    phase = np.minimum((place * phases).astype(np.intp), phases - 1)
    folded = np.array(
        [
            np.percentile(level_db[phase == index], _PERCENTILE) if (phase == index).any() else 0.0
            for index in range(phases)
        ]
    )
    harmonics = min(_HARMONICS, (phases - 1) // 2)
    orders = np.arange(1, harmonics + 1)
    # Each of them stands for a whole phase: its middle, and a harmonic averaged over its width.
    centres = (np.arange(phases) + 0.5) / phases
    amplitudes = 2 / phases * np.exp(-2j * np.pi * orders[:, None] * centres) @ folded / np.sinc(orders / phases)
    points = np.arange(_SHAPE_POINTS) / _SHAPE_POINTS
    shape: FloatArray = np.real(amplitudes @ np.exp(2j * np.pi * orders[:, None] * points))
    return shape


def _ducking(
    matrix: BandMatrix, columns: slice, window: int, loud: NDArray[np.bool_], place: FloatArray
) -> tuple[float, float]:
    """Depth in dB that nearly all bands are ducked by together, and at which phase of what ``place`` is folded over."""
    mean = mean_of(matrix.ll[:, columns]) + mean_of(matrix.rr[:, columns])
    bands = np.flatnonzero(mean > mean.max() * 10 ** (_FLOOR_DB / 10))
    if bands.size == 0:
        return 0.0, 0.0
    phase = np.minimum((place * _DUCK_PHASES).astype(np.intp), _DUCK_PHASES - 1)
    counts = np.bincount(phase, minlength=_DUCK_PHASES)
    there = np.flatnonzero(counts)
    middles = (np.cumsum(counts) - counts + counts // 2)[there]
    folded_db = np.empty((_DUCK_PHASES, bands.size))
    # One band at a time: all of them would be there twice in a file of hours.
    for row, band in enumerate(bands):
        power = matrix.ll[:, columns.start + band].astype(np.float64) + matrix.rr[:, columns.start + band]
        level_db = 10 * np.log10(np.maximum(power, mean[band] * 10 ** (_FLOOR_DB / 10)))
        moving_db = _without_slow(level_db, window)[loud]
        # In order of phase, then of level, so that the median of each phase lies in the middle of it.
        medians_db = np.sort(moving_db + _APART_DB * phase)[middles] - _APART_DB * there
        folded_db[:, row] = np.interp(np.arange(_DUCK_PHASES), there, medians_db, period=_DUCK_PHASES)
    folded_db -= folded_db.mean(axis=0)
    since = (np.arange(_DUCK_PHASES)[None, :] - np.arange(_DUCK_PHASES)[:, None] + 0.5) / _DUCK_PHASES % 1.0
    shapes = -0.5 - 0.5 * np.cos(np.pi * np.minimum(since / _RECOVERY, 1.0))
    shapes -= shapes.mean(axis=1, keepdims=True)
    depths_db = shapes @ folded_db / np.square(shapes).sum(axis=1, keepdims=True)
    together_db = np.percentile(depths_db, _ABOVE_IT, axis=1)
    best = int(np.argmax(together_db))
    return max(0.0, float(together_db[best])), best / _DUCK_PHASES
