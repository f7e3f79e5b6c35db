"""Kick and bass where they meet: both from 40 to 120 Hz as waveforms in the mix's time, and the kick's hits.

A level over the whole file says nothing of masking: a side-chain may have made room at every hit. What counts happens
in the first tens of milliseconds of each, which the 1.4 kHz signals that ``stem_pass.py`` keeps can resolve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.fft import fast_length, irfft, rfft
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.results import Stem, Stems

LOW_HZ, HIGH_HZ = 40.0, 120.0
RATE_HZ = 1_400.0
"""Both signals are brought to it, whatever their files' rates."""
SPACING_S = 0.1
"""A kick is not struck again sooner."""
_SMOOTH_S = 0.006
_BEFORE_S = 0.03
# A hit comes this near the loud ones, and rises this far over what was there 30 ms before.
_REACHED_DB = -12.0
_RISE_DB = 6.0
_LEAST_HITS = 8


@dataclass(frozen=True, slots=True)
class LowEnd:
    """What kick and bass play below 120 Hz, at ``RATE_HZ``, shape (n_samples,) each."""

    kick: FloatArray
    bass: FloatArray
    hits: NDArray[np.int64]
    """Samples at which the kick is struck"""
    kick_names: tuple[str, ...]
    bass_names: tuple[str, ...]

    def windows(self, signal: FloatArray, length_s: float, lag: int = 0) -> FloatArray:
        """The signal from every hit on, shape (n_hits, n_samples); beyond its ends it is silent."""
        length = round(length_s * RATE_HZ)
        places = self.hits[:, None] + np.arange(length)[None, :] - lag
        inside = (places >= 0) & (places < signal.size)
        return np.where(inside, signal[np.clip(places, 0, signal.size - 1)], 0.0)

    def times_s(self) -> FloatArray:
        times: FloatArray = self.hits / RATE_HZ
        return times


def low_end(stems: Stems) -> LowEnd | str:
    """Kick against bass, or a sentence that says why they cannot be compared."""
    kicks, basses = stems.named("kick"), stems.named("bass")
    kicks = tuple(stem for stem in kicks if not stem.measured.silent)
    basses = tuple(stem for stem in basses if not stem.measured.silent)
    if not kicks or not basses:
        return f"No stem is known to be the {'kick' if not kicks else 'bass'}."
    duration_s = max(stem.measured.duration_s + stem.alignment.delay_s for stem in (*kicks, *basses))
    size = round(duration_s * RATE_HZ)
    kick, bass = _together(kicks, size), _together(basses, size)
    hits = find_hits(kick)
    if hits.size < _LEAST_HITS:
        return "The kick is struck too seldom to compare it with the bass."
    return LowEnd(kick, bass, hits, tuple(stem.name for stem in kicks), tuple(stem.name for stem in basses))


def find_hits(kick: FloatArray) -> NDArray[np.int64]:
    """Where a kick is struck, in samples at ``RATE_HZ``."""
    if kick.size == 0:
        return np.zeros(0, dtype=np.int64)
    width = round(_SMOOTH_S * RATE_HZ)
    power = np.convolve(kick**2, np.ones(width) / width, mode="full")[width - 1 :][: kick.size]
    if not power.max() > 0:
        return np.zeros(0, dtype=np.int64)
    reached = float(np.percentile(power[power > power.max() * 1e-6], 99)) * 10 ** (_REACHED_DB / 10)
    # A stem may be shorter than that: before its beginning there is silence.
    earlier = np.concatenate([np.zeros(round(_BEFORE_S * RATE_HZ)), power])[: power.size]
    struck = (power >= reached) & (power >= earlier * 10 ** (_RISE_DB / 10))
    starts = np.flatnonzero(struck & ~np.concatenate([[False], struck[:-1]]))
    hits: list[int] = []
    for start in starts.tolist():
        if not hits or start - hits[-1] >= SPACING_S * RATE_HZ:
            hits.append(start)
    return np.array(hits, dtype=np.int64)


def _together(stems: Sequence[Stem], size: int) -> FloatArray:
    """The stems as they sound in the mix, summed to one channel and held to 40-120 Hz, shape (size,)."""
    total: FloatArray = np.zeros(size)
    times_s = np.arange(size) / RATE_HZ
    for stem in stems:
        low = stem.measured.low
        if low.samples.shape[1] == 0:
            continue
        mono = low.samples.mean(axis=0)
        own_times_s = np.arange(mono.size) / low.rate_hz + stem.alignment.delay_s
        sign = -1.0 if stem.alignment.inverted else 1.0
        gain = sign * 10 ** (stem.alignment.level_db / 20)
        total += gain * np.interp(times_s, own_times_s, mono, left=0.0, right=0.0)
    return _band(total)


def _band(signal: FloatArray) -> FloatArray:
    """40 to 120 Hz without any phase, by raised-cosine edges of a third of an octave."""
    length = fast_length(signal.size + round(RATE_HZ / 4))
    padded = np.zeros(length, dtype=np.float32)  # -140 dB of the sum are enough
    padded[: signal.size] = signal
    spectrum = rfft(padded)
    lowest_hz, highest_hz = LOW_HZ / 2 ** (1 / 6), HIGH_HZ * 2 ** (1 / 6)
    first, last = math.ceil(lowest_hz * length / RATE_HZ), math.ceil(highest_hz * length / RATE_HZ)
    inside = np.arange(first, last) * RATE_HZ / length
    spectrum[:first], spectrum[last:] = 0.0, 0.0
    spectrum[first:last] *= _edge(inside / lowest_hz) * _edge(highest_hz / inside)
    return irfft(spectrum, length)[: signal.size].astype(np.float64)


def _edge(ratio: FloatArray) -> FloatArray:
    place = np.clip(3 * np.log2(np.maximum(ratio, 1e-9)), 0.0, 1.0)
    rising: FloatArray = 0.5 - 0.5 * np.cos(np.pi * place)
    return rising
