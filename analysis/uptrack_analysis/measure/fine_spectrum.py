"""The long-term spectrum at full resolution, and every third of a second in 48ths of an octave.

``bands.py`` has the spectra in hand and hands each batch over before it sums them into bands: the low spectrum (2.7 Hz
bins at 44.1 kHz) answers below 562 Hz and the upper one (10.8 Hz bins) from there on, where a 48th of an octave is
about a bin. Two things are kept: the mean of every bin over the file, to say at which frequency something lies, and
slots of eight frames in bands of a 48th of an octave (4 kB a second), to say when. Where a band is narrower than a bin,
below 186 Hz, the bin's power is spread evenly over its width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.growing import Growing
from uptrack_analysis.signal import Block, FloatArray

FRAMES_A_SLOT = 8
_STEP = 2
"""Every other frame is enough: the upper ones then touch each other, the lower ones still overlap by three quarters."""
BANDS_AN_OCTAVE = 48
"""A quarter of a semitone each."""
FIRST_HZ = 40.0
LAST_HZ = 24_000.0
SWITCH_BAND = 183
SWITCH_HZ = FIRST_HZ * 2 ** (SWITCH_BAND / BANDS_AN_OCTAVE)
"""562 Hz: as far up as the decimated signal of the low spectrum is flat at every sample rate."""
_BATCHES = 8


@dataclass(frozen=True, slots=True)
class Bins:
    """Mean power density of a short-time spectrum's bins, ``width_hz`` apart from 0 Hz on; shape (n_bins,)."""

    width_hz: float
    density: FloatArray

    def power_between(self, low_hz: FloatArray, high_hz: FloatArray) -> FloatArray:
        """Mean-square power between frequencies, each bin spread evenly over its width; shape of ``low_hz``."""
        until = np.concatenate([[0.0], np.cumsum(self.density)]) * self.width_hz
        edges_hz = (np.arange(until.size) - 0.5) * self.width_hz
        power: FloatArray = np.interp(high_hz, edges_hz, until) - np.interp(low_hz, edges_hz, until)
        return power


@dataclass(frozen=True, slots=True)
class FineSpectrum:
    """Mean of the channels' powers. A file of less than one slot has none, and bins that are all zero."""

    slot_s: float
    edges_hz: FloatArray
    """shape (n_bands + 1,)"""
    slots: Block
    """shape (n_slots, n_bands): mean-square power"""
    low: Bins
    """Answers below ``SWITCH_HZ``."""
    upper: Bins

    def bins_at(self, frequency_hz: float) -> Bins:
        return self.low if frequency_hz < SWITCH_HZ else self.upper


def fine_edges_hz(rate_hz: float) -> FloatArray:
    """Edges of the bands a rate can carry, shape (n_bands + 1,)."""
    edges: FloatArray = FIRST_HZ * 2 ** (np.arange(0, 12 * BANDS_AN_OCTAVE) / BANDS_AN_OCTAVE)
    return edges[edges <= min(LAST_HZ, rate_hz / 2)]


class SlotMeter:
    """The part of it that one of the two spectra answers for.

    Parameters
    ----------
    rate_hz : float
        Of the samples behind the spectrum.
    rows : int
        Channels.
    window : array, shape (length,)
        What each frame was multiplied with.
    edges_hz : array, shape (n_bands + 1,)
        Bands to keep.
    slots : Growing, rows of shape (n_columns,)
        Where to put them, slot by slot.
    first_column : int
        Of the first band.
    """

    def __init__(
        self,
        rate_hz: float,
        rows: int,
        window: Block,
        edges_hz: FloatArray,
        slots: Growing[np.float32],
        first_column: int,
    ) -> None:
        length = window.size
        self._width_hz = rate_hz / length
        self._bands = max(0, edges_hz.size - 1)
        # One-sided density of the mean of the channels, averaged over a slot.
        window_energy = float(np.sum(window.astype(np.float64) ** 2))
        self._scale = 2.0 / (rate_hz * window_energy * rows * FRAMES_A_SLOT / _STEP)
        # Bin ``k`` reaches from k - 1/2 to k + 1/2: ``whole`` is the bin an edge lies in, ``part`` the share below it.
        place = np.clip(edges_hz / self._width_hz + 0.5, 0.0, length // 2 - 0.5)
        self._whole = place.astype(np.intp)
        self._part = (place - self._whole).astype(np.float32)
        between = self._whole[1:] - self._whole[:-1]
        self._inside = np.stack([self._whole[:-1] + 1, self._whole[1:]], axis=1).ravel()
        # ``reduceat`` says of an empty range its first element.
        self._any_inside = (between > 1).astype(np.float32)
        self._same_bin = (between == 0).astype(np.float32)
        self._sum = np.zeros(length // 2 + 1)
        self._count = 0
        self._waiting: list[Block] = []
        self._slots = slots
        self._columns = slice(first_column, first_column + self._bands)

    def take(self, sums: Block) -> None:
        """Slots as ``slot_sums`` makes them, added up over the channels."""
        self._waiting.append(sums)
        if len(self._waiting) == _BATCHES:
            self._fold()

    def finish(self) -> Bins:
        """The mean of all bins; whole slots are where they belong."""
        if self._waiting:
            self._fold()
        return Bins(self._width_hz, self._sum / max(1, self._count))

    def _fold(self) -> None:
        """Real and imaginary squares to bins, bins to bands: many slots at once, because each step is short."""
        sums = np.concatenate(self._waiting)
        self._waiting.clear()
        density = np.add(sums[:, ::2], sums[:, 1::2])
        density *= np.float32(self._scale)
        self._sum += density.sum(axis=0)
        first = self._count
        self._count += density.shape[0]
        if not self._bands:
            return
        at_edges = density[:, self._whole]
        bands = np.add.reduceat(density, self._inside, axis=1)[:, ::2] * self._any_inside
        bands += (1 - self._part[:-1] - self._same_bin) * at_edges[:, :-1] + self._part[1:] * at_edges[:, 1:]
        bands *= np.float32(self._width_hz)
        self._slots.add(first, self._columns, bands)


def slot_sums(parts: Block) -> Block:
    """Every other frame of a batch, summed over the channels and in whole slots.

    Parameters
    ----------
    parts : array, shape (channels, frames, 2 n_bins)
        re² and im² in turn.

    Returns
    -------
    sums : array, shape (slots, 2 n_bins)
    """
    channels, frames, values = parts.shape
    slots = frames // FRAMES_A_SLOT
    taken = parts[:, : slots * FRAMES_A_SLOT : _STEP]
    mixed = taken[0] + taken[1] if channels == 2 else taken[0]
    sums: Block = mixed.reshape(slots, FRAMES_A_SLOT // _STEP, values).sum(axis=1)
    return sums
