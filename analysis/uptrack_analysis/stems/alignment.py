"""How each stem lies in the mix: delay, gain and polarity, from the waveform where it can be, else from its level.

**Waveform.** Both files were looked at for 0.4 s, again and again (``probes.py``). The cross-spectrum of a stem with
the mix, summed over these stretches, has a peak at the delay although the other stems sound at the same time: bins
count by how coherent the two are (maximum likelihood weighting of Hannan and Thomson, in Knapp and Carter, IEEE Trans.
ASSP 24, 1976). With all delays known, one least-squares fit of the mix by the stems gives every gain at once: what was
noise to one stem is explained by the others.

**Level.** A stem that was exported from its first clip instead of from bar 1 lies seconds off, where no stretch meets
itself. The course of its level, band by band, correlated with the mix's, finds such a shift to a tenth of a second;
only an unmistakable one is believed.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.fft import fast_length, irfft, rfft
from uptrack_analysis.measure.probes import LENGTH_S, Probes
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.overlay import Overlay, stretch_at, stretch_number
from uptrack_analysis.stems.results import Alignment, StemMeasured

LONGEST_DELAY_S = 0.15
"""By waveform; a longer one leaves too little of a stretch in common."""
LIKELY = 8.0
"""A peak of the correlation this many times its usual height is the delay."""
NEARLY = 0.9
"""A sound with a pitch is like itself every period: no delay wins where it is nearly as good as the best."""
PRESENT = 0.05
"""Least amplitude in the mix, re the stem's own, of a stem that is in it: -26 dB."""
LIKELY_GAIN, SURELY = 2.0, 5.0
"""A gain this many times its error is one. A deep, pure tone has no delay that stands out, since it is like itself
every period; but where it lies undelayed its gain is beyond doubt."""
# Neighbouring samples of music are anything but independent: errors are this much larger than if they were.
_DEPENDENCE = 10.0
_DIFFERENCED = np.float32(1.1)
_TURNS, _CHANCE = 3, 1e-3
"""How often all that seem to lie apart are asked whether they do; and by what share the rest has to shrink if so."""
_LEVEL_STEP_S = 0.1
# Correlation of the levels at the shift; by how much it beats no shift, and every other: music repeats itself by bars.
_LEVEL_MATCH = 0.3
# Under this, a level's ups and downs are no more than the window's.
_LEVEL_MOVES = 0.2
_LEVEL_OVER_NONE = 1.5
_LEVEL_OVER_OTHERS = 1.25


_Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Delay:
    """Of a stem in the mix, in samples of the mix."""

    samples: int
    inverted: bool
    height: float
    """Of the correlation's peak over its usual height."""


class DelayFinder:
    """Looks for the waveforms of stems in their mix, from several threads if need be.

    Parameters
    ----------
    mix : Probes
    """

    def __init__(self, mix: Probes) -> None:
        self._mix = Stretches.of(mix, mix.rate_hz)

    def find(self, stem: Probes) -> Delay | None:
        """The delay at which the stem is in the mix, whatever its rate; ``None`` where none stands out."""
        return _find_delay(self._mix, Stretches.of(stem, self._mix.rate_hz))


def align(
    mix: Probes, mix_bands: BandMatrix, stems: Sequence[StemMeasured], delays: Sequence[Delay | None]
) -> tuple[Alignment, ...]:
    """Place every stem.

    Parameters
    ----------
    mix : Probes
    mix_bands : BandMatrix
        Of the mix.
    stems : sequence of StemMeasured
        Of any length; at another sample rate they are converted first.
    delays : sequence of Delay or None
        Of the stems, in order, as ``DelayFinder`` finds them.

    Returns
    -------
    tuple of Alignment
        One a stem, in order.
    """
    samples, found = _fitted(mix, [stem.probes for stem in stems], delays)
    gains, errors, shares = found.gains, found.errors, found.shares
    present = [
        abs(float(gain)) for gain, error in zip(gains, errors, strict=True) if abs(gain) > max(PRESENT, 2 * error)
    ]
    usual_gain = statistics.median(present) if present else 1.0
    placed: list[Alignment] = []
    for number, (stem, delay, late_by) in enumerate(zip(stems, delays, samples, strict=True)):
        gain, error = float(gains[number]), float(errors[number])
        as_the_others = delay is not None and late_by == 0 and abs(gain) > 0.8 * usual_gain
        # Drum machines play the same sample again: a stem seconds off may meet another hit of its own, and look late.
        if not as_the_others and (shift_s := _shift_by_level(mix_bands, stem.bands)) is not None:
            placed.append(Alignment(delay_s=shift_s, by="level"))
        elif abs(gain) >= max(PRESENT, (SURELY if delay is None else LIKELY_GAIN) * error):
            placed.append(
                Alignment(
                    delay_s=late_by / mix.rate_hz,
                    gain_db=20 * math.log10(abs(gain)),
                    inverted=gain < 0,
                    share=float(shares[number]),
                    by="waveform",
                )
            )
        elif error < PRESENT and abs(gain) < PRESENT:
            placed.append(Alignment(gain_db=-math.inf, share=0.0, by="waveform"))
        else:
            placed.append(Alignment())
    known = [found.gain_db for found in placed if found.gain_db is not None and math.isfinite(found.gain_db)]
    usual = statistics.median(known) if known else 0.0
    return tuple(replace(found, level_db=usual if found.gain_db is None else found.gain_db) for found in placed)


@dataclass(frozen=True)
class Stretches:
    """Spectra of a file's stretches, for finding one file in another.

    They are differenced first, which whitens music: bins of the bass would else drown what rounding leaves of the
    others.
    """

    rate_hz: int
    length: int
    """Of the transform, which leaves room for ``LONGEST_DELAY_S``."""
    numbers: NDArray[np.int64]
    """shape (n_stretches,), ascending: those in which something sounds"""
    spectra: NDArray[np.complex64]
    """shape (n_stretches, length // 2 + 1)"""

    @cached_property
    def conjugate(self) -> NDArray[np.complex64]:
        """Of ``spectra``: made once for the mix, which every stem is looked for in."""
        return np.conj(self.spectra)

    @classmethod
    def of(cls, probes: Probes, rate_hz: int) -> Stretches:
        """Those of ``probes`` at ``rate_hz``, which the other file has."""
        frames = round(LENGTH_S * rate_hz)
        length = fast_length(frames + round(LONGEST_DELAY_S * rate_hz))
        numbers = np.flatnonzero(probes.steps.any(axis=1))
        padded = np.zeros((numbers.size, length), dtype=np.float32)
        for row, place in zip(padded, numbers, strict=True):
            samples = stretch_at(probes, int(place), rate_hz)[:frames]
            row[: samples.size - 1] = np.diff(samples)
        starts = np.array([stretch_number(probes.starts_s[place]) for place in numbers], dtype=np.int64)
        spectra = rfft(padded) if numbers.size else np.zeros((0, length // 2 + 1), dtype=np.complex64)
        return cls(rate_hz, length, starts, spectra)


def _find_delay(mix: Stretches, stem: Stretches) -> Delay | None:
    reach = round(LONGEST_DELAY_S * mix.rate_hz)
    _both, ours, theirs = np.intersect1d(mix.numbers, stem.numbers, assume_unique=True, return_indices=True)
    count = ours.size
    if count < 2:
        return None
    cross: NDArray[np.complex128] = np.conj(_sum_of_products(mix.conjugate, stem.spectra, ours, theirs))
    strength = np.abs(cross)
    both = np.maximum(_power(mix.spectra, ours) * _power(stem.spectra, theirs), 1e-300)
    # Over a few stretches even unrelated signals look coherent: 1/count of it is chance.
    coherence = np.clip((strength**2 / both - 1 / count) / (1 - 1 / count), 0.0, 0.99)
    weighted = cross / np.maximum(strength, 1e-150) * (coherence / (1 - coherence))
    curve = irfft(weighted, mix.length)
    curve = np.concatenate([curve[-reach:], curve[: reach + 1]])
    place = int(np.argmax(np.abs(curve)))
    if abs(curve[reach]) >= NEARLY * abs(curve[place]):
        place = reach
    usual = float(np.median(np.abs(curve))) / 0.6745
    height = abs(float(curve[place])) / usual if usual > 0 else 0.0
    return Delay(place - reach, bool(curve[place] < 0), height) if height >= LIKELY else None


@dataclass(frozen=True, slots=True)
class Fit:
    """Amplitudes that add the stems up to the mix best, their standard errors, and each one's share of the power.

    Shape (n_stems,) each. A stem that is silent wherever it was looked at has amplitude 0 and an infinite error.
    """

    gains: FloatArray
    errors: FloatArray
    shares: FloatArray
    left: float
    """Of the mix's power, what the sum does not explain: 0 to 1."""


def _fitted(mix: Probes, stems: Sequence[Probes], delays: Sequence[Delay | None]) -> tuple[list[int], Fit]:
    """Delays in samples of the mix, and the fit with them.

    A layer of a kick is like the other layers, and may look late by what lies between the two: a stem lies as most do,
    unless the sum explains more of the mix with it where it seems to be.
    """
    own = [delay.samples if delay else 0 for delay in delays]
    usual = statistics.median_low(own)
    odd = [number for number, samples in enumerate(own) if samples != usual]
    count = len(stems)
    # One pass over the samples for both places of each: which of the two it is costs a small inverse.
    both = _products(
        Overlay(mix, [*stems, *(stems[number] for number in odd)], [usual] * count + [own[number] for number in odd])
    )
    rows = list(range(count))
    found = _solved(both, rows)
    surest = sorted(enumerate(odd, start=count), key=lambda one: -_height(delays[one[1]]))
    for _ in range(_TURNS):
        before = list(rows)
        for row, number in surest:
            moved = [*rows[:number], number if rows[number] == row else row, *rows[number + 1 :]]
            other = _solved(both, moved)
            # Chance alone takes a little off what is left.
            if other.left < (1 - _CHANCE) * found.left:
                rows, found = moved, other
        if rows == before:
            break
    return [usual if row < count else own[number] for number, row in enumerate(rows)], found


def _height(delay: Delay | None) -> float:
    return delay.height if delay else 0.0


def fit(overlay: Overlay) -> Fit:
    """The least-squares fit of the mix by its stems."""
    return _solved(_products(overlay), range(len(overlay.delays)))


@dataclass(frozen=True, slots=True)
class _Products:
    """Of rows of samples with each other, shape (n_rows, n_rows), and with the mix, shape (n_rows,)."""

    normal: FloatArray
    wanted: FloatArray
    total: float
    """Of the mix with itself"""
    frames: int


def _products(overlay: Overlay) -> _Products:
    count = len(overlay.delays)
    normal, wanted = np.zeros((count, count)), np.zeros(count)
    total, frames = 0.0, 0
    for mix, stems in overlay.stretches():
        sounding = np.flatnonzero(stems.any(axis=1))
        # A little like differencing: else the bass alone would decide.
        own, theirs = (_DIFFERENCED * part[..., 1:] - part[..., :-1] for part in (mix, stems[sounding]))
        # Sums in double precision: of two stems that are the same it must show that they are.
        own, theirs = own.astype(np.float64), theirs.astype(np.float64)
        normal[np.ix_(sounding, sounding)] += theirs @ theirs.T
        wanted[sounding] += theirs @ own
        total += float(own @ own)
        frames += own.size
    return _Products(normal, wanted, total, frames)


def _solved(products: _Products, rows: Sequence[int]) -> Fit:
    """The fit of the mix by some of the rows."""
    normal, wanted, total = products.normal[np.ix_(rows, rows)], products.wanted[list(rows)], products.total
    gains: FloatArray = np.zeros(len(rows))
    errors: FloatArray = np.full(len(rows), np.inf)
    sounding = np.flatnonzero(np.diag(normal) > 1e-9 * max(total, 1e-30))
    if sounding.size == 0 or total <= 0:
        return Fit(gains, errors, np.zeros(len(rows)), 1.0)
    own_normal = normal[np.ix_(sounding, sounding)]
    # Two stems that are the same (a double, a parallel chain) leave it open who plays what: the smallest answer.
    inverse = np.linalg.pinv(own_normal, rcond=1e-7, hermitian=True)
    gains[sounding] = inverse @ wanted[sounding]
    left = max(0.0, total - float(gains @ wanted))
    spread = left / max(1, products.frames - sounding.size)
    errors[sounding] = _DEPENDENCE * np.sqrt(np.maximum(spread * np.diag(inverse), 0.0))
    return Fit(gains, errors, np.clip(gains * wanted / total, 0.0, 1.0), left / total)


def _sum_of_products(
    one: NDArray[np.complex64], other: NDArray[np.complex64], rows: _Rows, other_rows: _Rows
) -> NDArray[np.complex128]:
    """Over pairs of rows, shape (n_bins,): in single precision and in place, of up to ``MOST_PROBES`` rows a stem."""
    total, product = np.zeros((2, one.shape[1]), dtype=np.complex64)
    for row, other_row in zip(rows, other_rows, strict=True):
        total += np.multiply(one[row], other[other_row], out=product)
    return total.astype(np.complex128)


def _power(spectra: NDArray[np.complex64], rows: _Rows) -> FloatArray:
    """Sum over rows, shape (n_bins,)."""
    parts = spectra.view(np.float32)
    total, squares = np.zeros((2, parts.shape[1]), dtype=np.float32)
    for row in rows:
        total += np.square(parts[row], out=squares)
    power: FloatArray = total.reshape(-1, 2).sum(axis=1, dtype=np.float64)
    return power


def _shift_by_level(mix: BandMatrix, stem: BandMatrix) -> float | None:
    """By how much the course of the stem's level lies later in the mix, if that is beyond doubt and no mere delay."""
    own, theirs = _courses(mix), _courses(stem)
    if own is None or theirs is None:
        return None
    bands = min(own.shape[1], theirs.shape[1])
    own, theirs = own[:, :bands], theirs[:, :bands]
    weights = (theirs**2).sum(axis=0)
    moving = theirs.std(axis=0) > _LEVEL_MOVES * theirs.mean(axis=0)
    usable = (weights > 1e-4 * weights.max()) & (own.std(axis=0) > 0) & moving
    if not usable.any() or theirs.shape[0] < 20:
        return None
    length = fast_length(own.shape[0] + theirs.shape[0])
    cross: FloatArray = np.zeros(length)
    norm = 0.0
    for band in np.flatnonzero(usable):
        rows = np.zeros((2, length))
        rows[0, : own.shape[0]] = own[:, band] - own[:, band].mean()
        rows[1, : theirs.shape[0]] = theirs[:, band] - theirs[:, band].mean()
        spectra = rfft(rows)
        share = math.sqrt(float(weights[band]))
        scale = float(np.linalg.norm(rows[0]) * np.linalg.norm(rows[1]))
        cross += share / scale * irfft(spectra[0] * np.conj(spectra[1]), length)
        norm += share
    cross /= norm
    place = int(np.argmax(cross))
    lag = place if place < own.shape[0] else place - length
    best = float(cross[place])
    near = np.arange(place - 3, place + 4) % length
    others = float(np.delete(cross, near).max())
    if abs(lag) * _LEVEL_STEP_S <= LONGEST_DELAY_S or best < _LEVEL_MATCH:
        return None
    if best < _LEVEL_OVER_NONE * float(cross[0]) or best < _LEVEL_OVER_OTHERS * others:
        return None
    before, after = float(cross[place - 1]), float(cross[(place + 1) % length])
    bend = before - 2 * best + after
    return (lag + (0.5 * (before - after) / bend if bend < 0 else 0.0)) * _LEVEL_STEP_S


def _courses(bands: BandMatrix) -> FloatArray | None:
    """Amplitude in third-octave pairs of bands, every tenth of a second, shape (n_steps, n_pairs)."""
    if bands.times_s.size < 2:
        return None
    pairs = bands.ll.shape[1] // 2 * 2
    power = (bands.ll[:, :pairs] + bands.rr[:, :pairs]).reshape(bands.ll.shape[0], -1, 2).sum(axis=2, dtype=np.float64)
    steps = np.arange(0.0, float(bands.times_s[-1]), _LEVEL_STEP_S)
    columns = [np.interp(steps, bands.times_s, column) for column in np.sqrt(power).T]
    return np.stack(columns, axis=1) if steps.size else None
