"""A beat followed through a file: its exact length, its profile, and how far each passage strays from the mean.

Attacks are folded at the beat's length, sixteen beats to a row. Rows are laid over one another by circular correlation,
each found near the one before it, so a player who drifts by a whole beat is still followed. The slope of the shifts
over time corrects the length, their mean the phase, and what is left is the drift. Folding a swung or syncopated groove
does no harm: its profile merely has more peaks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.fft import irfft, rfft
from uptrack_analysis.signal import Block, FloatArray

MIN_TRUST = 0.5
"""Least correlation of a row with the others for its shift to be believed: rows of noise stay under 0.3."""

_ROUNDS = 3
_SETTLED_STEPS = 0.5
# Length of rows in beats: short files get shorter ones, so that there are rows to compare.
_ROW_BEATS = (16, 8, 4)
_LEAST_ROWS = 6
# Shift from one row to the next, as a share of the beat: 60 ms a row at 120 BPM is more than people drift, and less
# than the distance to the next sixteenth.
_REACH = 0.12
# Weight of one more row in the profile that the next is compared with.
_LEARNING = 0.15
# Tempi are known to a few thousandths before; a correction beyond this has locked onto something else.
_MOST_CORRECTION = 0.01
# 4 ms wide: steps are 1.5 ms, and hits of one voice spread about as much.
_SMOOTHING = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """``profile``: mean strength of attacks over one beat, shape (n_bins,); bin ``b`` lies ``(b + 0.5) / n_bins`` beats
    after a multiple of ``beat_s``.
    """

    beat_s: float
    profile: FloatArray
    row_s: float
    deviations_s: FloatArray
    """shape (n_rows,): how much later than the steady grid the row plays"""
    trust: FloatArray
    """shape (n_rows,): correlation of each row with those around it, 0 to 1"""

    @property
    def contrast(self) -> float:
        """How many times the mean the strongest attack is; 0 where nothing starts."""
        mean = float(self.profile.mean())
        return float(self.profile.max()) / mean if mean > 0.0 else 0.0

    @property
    def steady(self) -> bool:
        """Heard in at least half of the file."""
        return self.contrast > 0.0 and float(np.mean(self.trust >= MIN_TRUST)) >= 0.5


def follow(strength: Block, rate_hz: float, beat_s: float) -> Pulse:
    """Lock onto a beat whose length is roughly known.

    Parameters
    ----------
    strength : shape (n_steps,)
        Attacks, at ``rate_hz`` a second; more than one beat long.
    rate_hz, beat_s : float

    Returns
    -------
    pulse : Pulse
        Its ``beat_s`` is the given one where too few rows agree to correct it.
    """
    seconds = strength.size / rate_hz
    row_beats = next((beats for beats in _ROW_BEATS if seconds / (beats * beat_s) >= _LEAST_ROWS), _ROW_BEATS[-1])
    given_s = beat_s
    turns = 0
    while True:
        rows = _fold(strength, rate_hz, beat_s, row_beats)
        shifts, trust = _align(rows)
        row_s = row_beats * beat_s
        times_s = row_s * (np.arange(shifts.size, dtype=np.float64) + 0.5)
        offset_s, slope = _line(times_s, shifts * beat_s, trust)
        if abs(beat_s * (1 + slope) / given_s - 1) > _MOST_CORRECTION:
            slope = 0.0
        deviations = shifts * beat_s - offset_s - slope * times_s
        # Rows stay folded at the length they were folded at; a correction that moves none by a step needs no new fold.
        turns += 1
        if turns == _ROUNDS or abs(slope) * seconds < _SETTLED_STEPS / rate_hz:
            break
        beat_s *= 1 + slope
    # The profile is taken where rows play on the grid; rows that stray are brought back to it.
    bins = rows.shape[1]
    profile = np.zeros(bins)
    for row, shift, sure in zip(rows, shifts, trust, strict=True):
        profile += sure * np.roll(row, -round((shift - offset_s / beat_s) * bins))
    return Pulse(beat_s * (1 + slope), profile / rows.shape[0], row_s, deviations, trust)


def _fold(strength: Block, rate_hz: float, beat_s: float, row_beats: int) -> FloatArray:
    """Strength by phase within the beat, smoothed, shape (n_rows, n_bins); a last row of less than half is dropped."""
    bins = max(8, round(beat_s * rate_hz))
    steps_a_row = row_beats * beat_s * rate_hz
    rows = max(1, round(strength.size / steps_a_row))
    edges = np.minimum(np.ceil(np.arange(rows + 1) * steps_a_row), strength.size).astype(np.intp)
    folded = np.zeros((rows, bins))
    for row in range(rows):
        beats = np.arange(edges[row], edges[row + 1]) * (1.0 / (beat_s * rate_hz))
        beats -= np.floor(beats)
        place = np.minimum((beats * bins).astype(np.intp), bins - 1)
        # Divided by how often each bin was met, or bins that are met once more would look like a beat.
        met = np.bincount(place, minlength=bins)
        weights = strength[edges[row] : edges[row + 1]]
        folded[row] = np.bincount(place, weights=weights, minlength=bins) / np.maximum(met, 1)
    smooth = np.zeros_like(folded)
    for shift, weight in enumerate(_SMOOTHING):
        smooth += weight * np.roll(folded, shift - _SMOOTHING.size // 2, axis=1)
    return smooth


def _align(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shift of each row in beats, and its correlation with the rows before it, starting from the clearest."""
    count, bins = rows.shape
    centred = rows - rows.mean(axis=1, keepdims=True)
    norms = np.sqrt(np.sum(centred**2, axis=1))
    spectra = rfft(centred)
    start = int(np.argmax(norms))
    shifts, trust = np.zeros(count), np.zeros(count)
    if norms[start] <= 0.0:
        return shifts, trust
    turn = -2j * np.pi * np.arange(spectra.shape[1]) / bins
    trust[start] = 1.0
    # One direction after the other; the second goes on from what the first has learnt.
    learnt = spectra[start] / norms[start]
    for way in (range(start + 1, count), range(start - 1, -1, -1)):
        expected = 0.0
        for row in way:
            if norms[row] <= 1e-3 * norms[start]:
                continue
            match = irfft(spectra[row] * np.conj(learnt), bins)
            shift, height = _peak(match, expected, bins)
            size = np.sqrt(max(_energy(learnt, bins), 1e-30)) * norms[row]
            shifts[row], trust[row] = shift / bins, min(1.0, max(0.0, height / size))
            if trust[row] >= MIN_TRUST:
                expected = shift
                back = spectra[row] * np.exp(-turn * shift) / norms[row]
                learnt = (1 - _LEARNING) * learnt + _LEARNING * back
    return shifts, trust


def _energy(spectrum: np.ndarray[tuple[int], np.dtype[np.complex128]], bins: int) -> float:
    """Sum of squares of the real signal behind a one-sided spectrum without its mean."""
    power = np.abs(spectrum) ** 2
    double = 2 * float(power.sum()) - (float(power[-1]) if bins % 2 == 0 else 0.0)
    return double / bins


def _peak(match: FloatArray, expected: float, bins: int) -> tuple[float, float]:
    """Place, in bins and between them, and height of the best match near where it is expected."""
    reach = max(1, round(_REACH * bins))
    near = round(expected) + np.arange(-reach, reach + 1)
    best = int(near[np.argmax(match[near % bins])])
    before, top, after = (float(match[(best + step) % bins]) for step in (-1, 0, 1))
    bend = before - 2 * top + after
    return best + (min(0.5, max(-0.5, 0.5 * (before - after) / bend)) if bend < 0.0 else 0.0), top


def _line(times_s: FloatArray, shifts_s: FloatArray, trust: FloatArray) -> tuple[float, float]:
    """Offset and slope through trusted shifts, by least squares that let outliers go (Cauchy weights)."""
    weights = np.where(trust >= MIN_TRUST, trust, 0.0)
    if np.count_nonzero(weights) < 3:
        total = float(weights.sum())
        return (float(np.sum(weights * shifts_s)) / total if total > 0.0 else 0.0), 0.0
    offset, slope, kept = 0.0, 0.0, weights
    for _ in range(5):
        total = float(kept.sum())
        mid_t, mid_s = float(np.sum(kept * times_s)) / total, float(np.sum(kept * shifts_s)) / total
        spread = float(np.sum(kept * (times_s - mid_t) ** 2))
        slope = float(np.sum(kept * (times_s - mid_t) * (shifts_s - mid_s))) / spread if spread > 0.0 else 0.0
        offset = mid_s - slope * mid_t
        residual = shifts_s - offset - slope * times_s
        # Half a millisecond at least: better agreement than that is luck.
        scale = max(5e-4, float(np.median(np.abs(residual[weights > 0.0]))))
        kept = weights / (1.0 + (residual / (2.0 * scale)) ** 2)
    return offset, slope
