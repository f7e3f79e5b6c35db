"""What of the mix no master chain can have made of the stems' sum: the trace of a part that has no stem.

Of the sum a master chain makes the mix by three means, and each is fitted and taken off. A filter, the same throughout
(equaliser, latency): the transfer function from the sum to the mix. A gain that moves (compressor, limiter): octave by
octave in windows of a dozen periods, 23 ms at least. A curve (saturation, clipping): what such a curve adds to the
filtered sum, a few shapes of it, stretch by stretch. A part without a stem is left nearly whole, because it follows
none of them: a gain takes one number off some twenty that a window holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.fft import fast_length, irfft, rfft
from uptrack_analysis.measure.framing import hann
from uptrack_analysis.signal import Block, FloatArray
from uptrack_analysis.stems.results import LeftOver

OCTAVES_HZ = tuple(31.25 * 2**n for n in range(10))
"""Centres, 31 Hz to 16 kHz."""
_SMOOTHED_OCTAVES, _SMOOTHED_HZ = 1 / 6, 6.0
"""What the transfer function is averaged over, whichever is more: equalisers are smooth, chance is not."""
_PERIODS, _SHORTEST_S, _LONGEST_S = 12.0, 0.023, 0.19
"""Windows of a gain, of an octave's centre."""
_MOST_GAIN = 4.0
_BENDS = (1.5, 2.5)
"""Where curves bend, re the RMS of the stretch."""
_EXPLAINED_DB = -16.0
"""What a filter and a gain leave less of needs no curve."""

_ENOUGH_DB, _COUNTS_DB = -12.0, -30.0
"""A stretch is asked for gains and curves if a filter leaves more than this of an octave that counts for so much."""

_Spectrum = NDArray[np.complex64]


class Filter:
    """The transfer function from the sum to the mix.

    Parameters
    ----------
    cross : array, shape (n_bins,), complex
        Cross power of mix and sum.
    power : array, shape (n_bins,)
        Of the sum.
    rate_hz : int
    """

    def __init__(self, cross: NDArray[np.complex128], power: FloatArray, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._hz: FloatArray = np.linspace(0.0, rate_hz / 2, power.size)
        widths = np.maximum(self._hz * (2 ** (_SMOOTHED_OCTAVES / 2) - 1), _SMOOTHED_HZ / 2)
        first = np.searchsorted(self._hz, self._hz - widths)
        last = np.searchsorted(self._hz, self._hz + widths, side="right")
        crosses, powers = (np.concatenate([[0.0], np.cumsum(part)]) for part in (cross, power))
        floor = 1e-9 * float(power.max(initial=0.0)) + 1e-30
        self._response = (crosses[last] - crosses[first]) / (powers[last] - powers[first] + floor * (last - first))
        self._stretched: dict[int, tuple[int, _Spectrum]] = {}

    def leaves(self, mix: NDArray[np.float32], cross: NDArray[np.complex64], power: NDArray[np.float32]) -> FloatArray:
        """Power of the mix beside the filtered sum, shape (n_bins,): of some stretch, by its own powers as above."""
        rest = np.abs(self._response) ** 2 * power - 2 * (np.conj(self._response) * cross).real + mix
        left: FloatArray = np.maximum(rest, 0.0).astype(np.float64)
        return left

    def __call__(self, samples: Block) -> Block:
        """The filtered stretch, shape (frames,)."""
        if samples.size not in self._stretched:
            length = fast_length(samples.size + self._hz.size)
            at = np.linspace(0.0, self._rate_hz / 2, length // 2 + 1)
            real, imaginary = (np.interp(at, self._hz, part) for part in (self._response.real, self._response.imag))
            self._stretched[samples.size] = length, (real + 1j * imaginary).astype(np.complex64)
        length, response = self._stretched[samples.size]
        padded = np.zeros(length, dtype=np.float32)
        padded[: samples.size] = samples
        spectrum: NDArray[Any] = rfft(padded) * response
        return irfft(spectrum, length)[: samples.size].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of the mix and of the sum, shape (frames,) each, and its mean-square powers by octave."""

    mix: Block
    summed: Block
    power: FloatArray
    """Of the mix, shape (n_octaves,)"""
    filtered: FloatArray
    """Of what a filter leaves of the mix"""
    apart: FloatArray
    """Of stems that are known by their level only"""


def left_over(stretches: Sequence[Stretch], starts_s: tuple[float, ...], through: Filter, rate_hz: int) -> LeftOver:
    """Take off what a master chain explains; gains and curves only where a filter does not explain enough.

    Parameters
    ----------
    stretches : sequence of Stretch
    starts_s : tuple of float
        When each begins, in the mix's time.
    through : Filter
    rate_hz : int
    """
    plan = [windows for windows in _windows(rate_hz) if windows.octaves]
    power = np.stack([stretch.power for stretch in stretches], axis=1)
    left = np.stack([stretch.filtered for stretch in stretches], axis=1)
    apart = np.stack([stretch.apart for stretch in stretches], axis=1)
    least = power.mean(axis=1).max(initial=0.0) * 10 ** (_COUNTS_DB / 10)
    doubtful = ((left > power * 10 ** (_ENOUGH_DB / 10)) & (power > least)).any(axis=0)
    for place in np.flatnonzero(doubtful).tolist():
        stretch = stretches[place]
        power[:, place], left[:, place] = _of_stretch(stretch.mix, through(stretch.summed), plan)
    return LeftOver(OCTAVES_HZ, power, np.maximum(left - apart, 0.0), starts_s)


class _Windows:
    """One length of windows and the octaves that are looked at through them."""

    def __init__(self, length: int, octaves: dict[int, slice]) -> None:
        self.length = length
        self.octaves = octaves
        self._window = hann(length)
        # Power of a bin to mean-square power of the signal: both sides of the spectrum, and the window's own power.
        self.scale = 2 / (length * float(np.square(self._window).sum()))

    def spectra(self, signals: NDArray[np.float32]) -> _Spectrum:
        """Shape (n_signals, n_windows, n_bins), of signals of shape (n_signals, frames)."""
        views = np.lib.stride_tricks.sliding_window_view(signals, self.length, axis=1)[:, :: self.length // 2]
        found: _Spectrum = rfft(np.asarray(views * self._window, dtype=np.float32))
        return found


def _windows(rate_hz: int) -> tuple[_Windows, ...]:
    by_length: dict[int, dict[int, slice]] = {}
    for number, centre_hz in enumerate(OCTAVES_HZ):
        seconds = min(_LONGEST_S, max(_SHORTEST_S, _PERIODS / centre_hz))
        length = 2 * fast_length(round(seconds * rate_hz / 2))
        edges = (centre_hz / math.sqrt(2), centre_hz * math.sqrt(2))
        first, last = (math.ceil(edge_hz * length / rate_hz) for edge_hz in edges)
        by_length.setdefault(length, {})
        if last <= length // 2 + 1 and last > first:
            by_length[length][number] = slice(first, last)
    return tuple(_Windows(length, octaves) for length, octaves in by_length.items())


def _of_stretch(mix: Block, filtered: Block, plan: Sequence[_Windows]) -> tuple[FloatArray, FloatArray]:
    """Mean-square power of the mix by octave, and of what is left of it; shape (n_octaves,) each."""
    power, left = np.zeros((2, len(OCTAVES_HZ)))
    shapes: NDArray[np.float32] | None = None
    for windows in plan:
        if mix.size < windows.length:
            continue
        own, theirs = windows.spectra(np.stack([mix, filtered]))
        curved: _Spectrum | None = None
        for number, bins in windows.octaves.items():
            mine, sums = own[:, bins], theirs[:, bins]
            scale = windows.scale / own.shape[0]
            power[number] = scale * _power(mine)
            rest = _without_gain(mine, sums, most=_MOST_GAIN)
            left[number] = scale * _power(rest)
            if left[number] <= power[number] * 10 ** (_EXPLAINED_DB / 10):
                continue
            if curved is None:
                shapes = _shapes(filtered) if shapes is None else shapes
                curved = windows.spectra(shapes)
            left[number] = scale * _power_beside(rest, [_without_gain(one[:, bins], sums) for one in curved])
    return power, left


def _shapes(filtered: Block) -> NDArray[np.float32]:
    """What curves add to a signal, shape (n_shapes, frames)."""
    rms = float(np.sqrt(np.mean(np.square(filtered, dtype=np.float64))))
    signal = filtered / np.float32(max(rms, 1e-15))
    size = np.abs(signal)
    beyond = [np.sign(signal) * np.maximum(size - np.float32(bend), 0.0) for bend in _BENDS]
    return np.stack([signal * size, *beyond]).astype(np.float32)


def _without_gain(signal: _Spectrum, sums: _Spectrum, most: float = math.inf) -> _Spectrum:
    """What is left of each window once the sum at its best gain is taken off; shape (n_windows, n_bins)."""
    alike = (signal.real * sums.real + signal.imag * sums.imag).sum(axis=1)
    gain = alike / np.maximum((sums.real**2 + sums.imag**2).sum(axis=1), 1e-30)
    if math.isfinite(most):
        gain = np.clip(gain, 0.0, most)
    rest: _Spectrum = signal - gain[:, None].astype(np.float32) * sums
    return rest


def _power_beside(rest: _Spectrum, shapes: Sequence[_Spectrum]) -> float:
    """Power of ``rest`` once the best sum of the shapes is taken off."""
    rows = np.stack([np.concatenate([one.real.ravel(), one.imag.ravel()]) for one in shapes]).astype(np.float64)
    wanted = np.concatenate([rest.real.ravel(), rest.imag.ravel()]).astype(np.float64)
    scale = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    rows = rows / np.maximum(scale, 1e-30)
    alike = rows @ wanted
    explained = float(alike @ np.linalg.pinv(rows @ rows.T, rcond=1e-4, hermitian=True) @ alike)
    return max(0.0, float(wanted @ wanted) - explained)


def _power(spectrum: _Spectrum) -> float:
    return float(np.square(spectrum.real).sum(dtype=np.float64) + np.square(spectrum.imag).sum(dtype=np.float64))
