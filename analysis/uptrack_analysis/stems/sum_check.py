"""Do the stems add up to the mix? What the master chain changes, and what the mix holds that no stem does.

Where both were looked at (``probes.py``), the stems are summed as they lie and subtracted from the mix; what is left,
re the mix, is the null. Band by band the mix is split in two by its coherence with that sum: a part that goes with it,
at some gain (an equaliser on the master), and a part that does not. Of the second part, the power of stems that can be
placed by level only (free-running oscillators differ from render to render) is taken off: it has an owner. Where the
null is no good one, ``left_over.py`` tells what a master chain does from a part that has no stem.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.fft import fast_length, rfft
from uptrack_analysis.measure.framing import hann, windows
from uptrack_analysis.measure.probes import Probes
from uptrack_analysis.signal import Block, FloatArray
from uptrack_analysis.stems.left_over import OCTAVES_HZ, Filter, Stretch, left_over
from uptrack_analysis.stems.overlay import Overlay
from uptrack_analysis.stems.results import Alignment, Remainder, SumCheck

FLOOR_DB = -80.0
LEAST_STRETCHES = 2
GOOD_NULL_DB = -40.0
"""Less is left where the stems are what the mix was made of, to the rounding of its file."""
_SEGMENT_S = 0.19
"""Of spectra: 5 Hz bins, and two to four segments in every stretch."""


def check_sum(mix: Probes, stems: Sequence[Probes], alignments: Sequence[Alignment]) -> SumCheck | str:
    """Subtract the stems from the mix.

    Parameters
    ----------
    mix : Probes
    stems : sequence of Probes
    alignments : sequence of Alignment
        Of the stems, in the same order.

    Returns
    -------
    SumCheck, or a sentence that says why there is none.
    """
    if any(found.by == "level" for found in alignments):
        return "a stem does not begin with the mix, so that its waveform cannot be subtracted"
    if not any(found.by == "waveform" and found.level_db > -math.inf for found in alignments):
        return "no stem's waveform is found in the mix"
    delays = [round(found.delay_s * mix.rate_hz) for found in alignments]
    amplitudes = np.array([_amplitude(found) for found in alignments], dtype=np.float32)
    unplaced = np.array([found.by == "nothing" for found in alignments])
    overlay = Overlay(mix, stems, delays)
    spectra = _Spectra(mix.rate_hz)
    left, whole = 0.0, 0.0
    stretches: list[tuple[Block, Block, _Powers]] = []
    placed = np.where(unplaced, np.float32(0.0), amplitudes)
    for own, theirs in overlay.stretches():
        summed = placed @ theirs
        # Of stems placed by level only the power is known: each is a signal of its own, unrelated to the rest.
        apart = [amplitude * row for amplitude, row in zip(amplitudes[unplaced], theirs[unplaced], strict=True)]
        power = float(own @ own)
        difference = float((own - summed) @ (own - summed))
        left, whole = left + difference, whole + power
        stretches.append((own, summed, spectra.add(own, summed, apart)))
    if not whole > 0 or len(stretches) < LEAST_STRETCHES:
        return "there is too little sound in common to compare the waveforms"
    null_db = _ratio_db(left, whole)
    starts_s, through = overlay.mix.starts_s, Filter(spectra.cross, spectra.sum, mix.rate_hz)
    return SumCheck(
        null_db=null_db,
        bands=spectra.bands(),
        left_over=None
        if null_db <= GOOD_NULL_DB
        else left_over([spectra.stretch(*one, through) for one in stretches], starts_s, through, mix.rate_hz),
    )


def _ratio_db(part: float, whole: float) -> float:
    """At least ``FLOOR_DB``; NaN of nothing."""
    return 10 * math.log10(max(part / whole, 10 ** (FLOOR_DB / 10))) if whole > 0 else math.nan


def _amplitude(found: Alignment) -> float:
    return float((-1.0 if found.inverted else 1.0) * 10 ** (found.level_db / 20))


def _power(spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Sum over the segments, shape (n_bins,), of spectra of shape (n_segments, n_bins)."""
    squares = np.square(spectra.view(np.float32)).sum(axis=0)
    power: NDArray[np.float32] = squares[::2] + squares[1::2]
    return power


@dataclass(frozen=True, slots=True)
class _Powers:
    """Of one stretch: of mix, sum and what is apart, and the cross power of mix and sum; shape (n_bins,) each.

    In single precision, because every stretch keeps its own.
    """

    mix: NDArray[np.float32]
    sum: NDArray[np.float32]
    apart: NDArray[np.float32]
    cross: NDArray[np.complex64]
    segments: int


class _Spectra:
    """Power of mix and sum, their cross power, and the power of what can be placed by level only."""

    def __init__(self, rate_hz: int) -> None:
        self._length = 2 * fast_length(round(_SEGMENT_S * rate_hz / 2))
        self._window = hann(self._length)
        self._hz: FloatArray = np.arange(self._length // 2 + 1) * rate_hz / self._length
        shape = self._hz.shape
        self._octaves = [
            slice(*np.searchsorted(self._hz, (centre_hz / math.sqrt(2), centre_hz * math.sqrt(2))).tolist())
            for centre_hz in OCTAVES_HZ
        ]
        self._mix, self.sum, self._apart = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.cross = np.zeros(shape, dtype=np.complex128)

    def add(self, mix: Block, summed: Block, apart: list[Block]) -> _Powers:
        """Take a stretch; its own powers come back."""
        segments = windows(np.stack([mix, summed, *apart]), self._length, self._length // 2)
        own, theirs, *others = rfft(segments * self._window)
        own_power, sum_power = _power(own), _power(theirs)
        cross = np.add.reduce(own * np.conj(theirs), axis=0)
        apart_power = np.add.reduce([_power(other) for other in others], axis=0) if others else np.zeros_like(own_power)
        self._mix += own_power
        self.sum += sum_power
        self.cross += cross
        self._apart += apart_power
        return _Powers(own_power, sum_power, apart_power, cross, segments.shape[1])

    def stretch(self, mix: Block, summed: Block, powers: _Powers, through: Filter) -> Stretch:
        """With mean-square powers by octave."""
        scale = 2 / (self._length * float(np.square(self._window).sum()) * max(1, powers.segments))
        parts = (powers.mix, through.leaves(powers.mix, powers.cross, powers.sum), powers.apart)
        own, left, apart = (scale * np.array([float(part[bins].sum()) for bins in self._octaves]) for part in parts)
        return Stretch(mix, summed, own, left, apart)

    def bands(self) -> tuple[Remainder, ...]:
        found: list[Remainder] = []
        for centre_hz, bins in zip(OCTAVES_HZ, self._octaves, strict=True):
            low_hz, high_hz = centre_hz / math.sqrt(2), centre_hz * math.sqrt(2)
            mix, summed, apart = (float(part[bins].sum()) for part in (self._mix, self.sum, self._apart))
            if high_hz > self._hz[-1] * 1.01 or mix <= 1e-9 * float(self._mix.sum()) or summed <= 0:
                continue
            # Bin by bin, so that an equaliser's phase does not read as difference.
            together = float((np.abs(self.cross[bins]) ** 2 / np.maximum(self.sum[bins], 1e-30)).sum())
            found.append(
                Remainder(
                    low_hz=low_hz,
                    high_hz=high_hz,
                    gain_db=10 * math.log10(max(together / summed, 1e-8)),
                    unexplained_db=_ratio_db(mix - together - apart, mix),
                )
            )
        return tuple(found)
