"""Left/right power and cross power in sixth-octave bands over time: the matrix behind spectrum, width and masking.

The band edges are ``10 ** (k / 20)`` Hz, the base-10 sixth-octave grid on which the third-octave edges of IEC 61260-1
(odd ``k``) and octaves around 1 kHz (every sixth ``k``) both lie, from ``k = 26`` (19.95 Hz) to ``k = 86`` (19.95 kHz)
or the last edge under the Nyquist frequency: a band that the rate cannot carry is absent, not silent.

Two short-time spectra share one time grid. At 44.1 kHz the upper one is 4096 samples every 2048 (10.8 Hz bins); that
cannot tell 55 Hz from 65, so below about 350 Hz a second one of the same hop, four times as long and taken at 1/32 of
the rate (2.7 Hz bins), answers. Between 251 and 501 Hz they are cross-faded, bin by bin, by a raised cosine in log
frequency, so that a tone counts once wherever it lies. The upper frames overlap by half alone, and are weighed so that
a hit counts the same wherever it falls between them; the low ones, by seven eighths, have Hann's window, and so has the
half frame that is looked at of a stem. Other rates scale both lengths, and keep times and resolution within 8 %. A
bin's power is shared between bands by how much of its width ``[f - df/2, f + df/2)`` lies in each.

The low spectrum also says what lies under all bands, from 10 to 28 Hz, where speakers move and nobody hears. A Hann
window keeps a steady tone from 34 Hz on out of it (-31 dB), and a constant offset too.

Spectra become levels elsewhere: ``ltas.py`` for tone, ``stereo.py`` for width. What ``fine_spectrum.py`` keeps of them
in full resolution is taken on the way, and so is the envelope of ``low_envelope.py``. Both spectra add their part to
one matrix in single precision, 17 kB a second of stereo: a file of hours has no room for a second one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.coarse_decimation import CoarseDecimator
from uptrack_analysis.measure.decimation import nearest_smooth
from uptrack_analysis.measure.fft import rfft
from uptrack_analysis.measure.fine_spectrum import (
    FRAMES_A_SLOT,
    SWITCH_BAND,
    FineSpectrum,
    SlotMeter,
    fine_edges_hz,
    slot_sums,
)
from uptrack_analysis.measure.framing import Framer, alike, check_block, check_stream, hann, vorbis_window
from uptrack_analysis.measure.growing import Growing
from uptrack_analysis.measure.low_envelope import LowEnvelopeMeter
from uptrack_analysis.measure.results import BandMatrix, Envelope
from uptrack_analysis.signal import Block, FloatArray

FIRST_EDGE = 26
LAST_EDGE = 86
RUMBLE_HZ = (10.0, 28.0)

# At 44.1 kHz this rate makes the decimation 32 and the frames the 4096/2048 and 16384/2048 of the module's page.
_LOW_RATE_HZ = 44_100 / 32
_LOW_LENGTH = 512
_LOW_HOP = 64
_UPPER_OVERLAP = 2
_CROSSFADE_HZ = (10 ** (48 / 20), 10 ** (54 / 20))
# Weights of one matrix product over a batch: few enough for OpenBLAS not to wake its threads, which cost seven times
# the work itself here, and as many as make it worth a call.
_GROUP_WEIGHTS = 2_600
_BATCH = 64


def band_edges_hz(rate_hz: float) -> FloatArray:
    """Edges a rate can carry, shape (n_bands + 1,), ascending."""
    edges: FloatArray = 10 ** (np.arange(FIRST_EDGE, LAST_EDGE + 1) / 20)
    return edges[edges <= rate_hz / 2]


class BandMeter:
    """Streaming kernel: blocks in, one ``BandMatrix`` out.

    After ``finish`` there are also ``fine`` and ``low_envelope``, but not of a stem, and ``low_signal`` of a stem or on
    request: the decimated signal, shape (rows, frames), at ``low_rate_hz``.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    channels : int
        Rows of each block; the first two are the front left and right.
    stem : bool
        Every other frame only, and of the upper spectrum the middle half of each: enough to say whose a sound is, at a
        third of the cost.
    keep_low : bool
        Keep ``low_signal`` in any case.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    fine: FineSpectrum
    low_envelope: Envelope
    low_signal: Block

    def __init__(self, rate_hz: int, channels: int, *, stem: bool = False, keep_low: bool = False) -> None:
        check_stream(rate_hz, channels)
        self._stem = stem
        self._kept_low: list[Block] | None = [] if stem or keep_low else None
        factor = nearest_smooth(rate_hz / _LOW_RATE_HZ)
        self._channels = channels
        self._rate_hz = rate_hz
        self._edges_hz = band_edges_hz(rate_hz)
        low_hop = _LOW_HOP * (2 if stem else 1)
        self._low_hop = low_hop
        self._hop = low_hop * factor
        self._length = _UPPER_OVERLAP * _LOW_HOP * factor
        self.low_rate_hz = rate_hz / factor
        self._frames_in = 0
        rows = min(channels, 2)
        # The rumble comes first, so that what the low spectrum answers for is one stretch.
        bands_hz = np.stack([np.append(RUMBLE_HZ[0], self._edges_hz[:-1]), np.append(RUMBLE_HZ[1], self._edges_hz[1:])])
        self._powers = Growing(np.float32, (2 * rows - 1, bands_hz.shape[1]))
        looked_at = self._length // 2 if stem else self._length
        self._upper = _BandSpectrum(rows, rate_hz, self._length, looked_at, self._hop, 0, bands_hz, low=False)
        lead = _LOW_LENGTH // 2 - _LOW_HOP  # centres both spectra's frames on the same instants
        self._low = _BandSpectrum(rows, rate_hz / factor, _LOW_LENGTH, _LOW_LENGTH, low_hop, lead, bands_hz, low=True)
        # The low spectrum answers below 501 Hz, under three quarters of what this leaves.
        self._decimator = CoarseDecimator(rows, factor)
        if stem:
            return
        fine_hz = fine_edges_hz(rate_hz)
        low_hz, upper_hz = fine_hz[: SWITCH_BAND + 1], fine_hz[SWITCH_BAND:]
        self._slots = Growing(np.float32, (fine_hz.size - 1,))
        self._upper.fine = SlotMeter(rate_hz, rows, self._upper.window, upper_hz, self._slots, SWITCH_BAND)
        self._low.fine = SlotMeter(rate_hz / factor, rows, self._low.window, low_hz, self._slots, 0)
        self._low_envelope = LowEnvelopeMeter(rows, rate_hz / factor)

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        front = block[:2]
        self._frames_in += block.shape[1]
        self._add(self._upper, self._upper.push(front))
        self._push_low(self._decimator.push(front))

    def finish(self) -> BandMatrix:
        """The whole matrix. Every sample lies in a frame: the last is continued with silence.

        Frames that reach over either end of the file are scaled by the share of the window's energy that lies
        inside, so that a file's edges do not read as a fade.
        """
        rows = min(self._channels, 2)
        self._push_low(self._decimator.push(np.zeros((rows, 0), dtype=np.float32), last=True))
        total = max(1, -(-(self._frames_in - self._length) // self._hop) + 1) if self._frames_in else 0
        self._add(self._upper, self._upper.finish(total, self._frames_in))
        self._add(self._low, self._low.finish(total, self._frames_in * self._low_hop / self._hop))
        if self._kept_low is not None:
            self.low_signal = np.concatenate(self._kept_low, axis=1)
        if not self._stem:
            self._finish_details(total)
        # A batch that the decimator's rounding completed early may hold frames past the end of the file.
        powers = self._powers.take()[:total]
        ll = powers[:, 0, 1:]
        return BandMatrix(
            edges_hz=self._edges_hz,
            times_s=(np.arange(total) * self._hop + self._length / 2) / self._rate_hz,
            ll=ll,
            rr=powers[:, 1, 1:] if rows == 2 else ll,
            dd=powers[:, 2, 1:] if rows == 2 else np.broadcast_to(np.float32(0.0), ll.shape),
            rumble=powers[:, :rows, 0].mean(axis=1, dtype=np.float64),
        )

    def _finish_details(self, total: int) -> None:
        self.low_envelope = self._low_envelope.finish()
        low_bins, upper_bins = (spectrum.fine.finish() for spectrum in (self._low, self._upper) if spectrum.fine)
        self.fine = FineSpectrum(
            slot_s=FRAMES_A_SLOT * self._hop / self._rate_hz,
            edges_hz=fine_edges_hz(self._rate_hz),
            # Whole slots only: in the last one, frames may reach past the end of the file.
            slots=self._slots.take()[: total // FRAMES_A_SLOT],
            low=low_bins,
            upper=upper_bins,
        )

    def _push_low(self, decimated: Block) -> None:
        self._add(self._low, self._low.push(decimated))
        if self._kept_low is not None:
            self._kept_low.append(decimated)
        if not self._stem:
            self._low_envelope.push(decimated)

    def _add(self, spectrum: _BandSpectrum, batches: Iterator[tuple[int, Block]]) -> None:
        for first, powers in batches:
            self._powers.add(first, spectrum.bands, powers.transpose(1, 0, 2))


@dataclass(frozen=True, slots=True)
class _BandGroup:
    """Neighbouring bands and the bins that feed them, as one small dense product."""

    bands: slice
    """Of those that its spectrum answers for."""
    values: slice
    """Real and imaginary parts, interleaved, of the bins concerned."""
    weights: Block
    """shape (values, bands)"""


class _BandSpectrum:
    """One of the two short-time spectra: |L|², |R|² and |L - R|² in the ``bands`` it answers for, frame by frame.

    The difference is kept rather than the cross power because single precision then loses nothing where it matters:
    a side signal 120 dB under the mid stays itself, and identical channels differ by exactly zero.
    """

    fine: SlotMeter | None = None

    def __init__(
        self,
        rows: int,
        rate_hz: float,
        frame: int,
        length: int,
        hop: int,
        lead: int,
        bands_hz: FloatArray,
        *,
        low: bool,
    ) -> None:
        self._framer = Framer(rows, frame, hop, lead=lead, batch=_BATCH)
        before = (frame - length) // 2
        self._middle = slice(before, before + length)
        """Of each frame, what is looked at."""
        self.window = hann(length) if low or length < frame else vorbis_window(length)
        self._energy_until = np.concatenate([[0.0], np.cumsum(self.window.astype(np.float64) ** 2)])
        # Written over for every batch: fresh memory from the system would cost more than the FFT.
        self._windowed = np.empty((rows, _BATCH, length), dtype=np.float32)
        # The channels, and their difference if there are two.
        self._spectra = np.empty((2 * rows - 1, _BATCH, length // 2 + 1), dtype=np.complex64)
        self.bands, self._groups = _band_groups(rate_hz, length, bands_hz, low=low)
        self._batches = 0
        # The last batch: only with the next one, or the end, is it known which of its frames lie in the file.
        self._held: Block | None = None

    def push(self, block: Block) -> Iterator[tuple[int, Block]]:
        """First frame and mean-square powers, shape (1 or 3, frames, bands), of what has become ready."""
        for frames in self._framer.push(block):
            yield from self._let_go(math.inf)
            self._held = self._transform(frames[..., self._middle])

    def finish(self, total: int, frames_in: float) -> Iterator[tuple[int, Block]]:
        """The rest of ``total`` frames of a signal of ``frames_in`` samples."""
        for frames in self._framer.finish(total):
            yield from self._let_go(frames_in)
            self._held = self._transform(frames[..., self._middle])
        yield from self._let_go(frames_in)

    def _let_go(self, frames_in: float) -> Iterator[tuple[int, Block]]:
        if self._held is None:
            return
        first = self._batches * _BATCH
        self._batches += 1
        self._held /= self._energy_inside(first, self._held.shape[1], frames_in).astype(np.float32)[None, :, None]
        yield first, self._held
        self._held = None

    def _transform(self, frames: Block) -> Block:
        channels, count, _length = frames.shape
        # Most stems are silent for most of the time; where one plays, its first frame nearly always tells.
        if self.fine is None and not (frames[:, 0].any() or frames.any()):
            return np.zeros((2 * channels - 1, count, self.bands.stop - self.bands.start), dtype=np.float32)
        if self.fine is None and alike(frames):
            (power,) = self._powers(frames[:1])
            return np.stack([power, power, np.zeros_like(power)])
        return self._powers(frames)

    def _powers(self, frames: Block) -> Block:
        channels, count, _length = frames.shape
        windowed, spectra = self._windowed[:channels, :count], self._spectra[: 2 * channels - 1, :count]
        np.multiply(frames, self.window, out=windowed)
        rfft(windowed, spectra[:channels])
        if channels == 2:
            np.subtract(spectra[0], spectra[1], out=spectra[2])
        parts = spectra.view(np.float32)
        np.square(parts, out=parts)
        powers = np.zeros((len(parts), count, self.bands.stop - self.bands.start), dtype=np.float32)
        for group in self._groups:
            np.matmul(parts[:, :, group.values], group.weights, out=powers[:, :, group.bands])
        if self.fine is not None:
            self.fine.take(slot_sums(parts[:channels]))
        return powers

    def _energy_inside(self, first: int, count: int, frames_in: float) -> FloatArray:
        """Sum of squared window weights of frames that fall on the file, times the length (Parseval)."""
        length, hop, lead = self.window.size, self._framer.hop, self._framer.lead - self._middle.start
        until = self._energy_until
        starts = np.arange(first, first + count) * hop - lead
        if starts[0] >= 0 and starts[-1] + length <= frames_in:
            return np.full(count, until[-1] * length)
        grid = np.arange(length + 1)
        before = np.interp(np.clip(-starts, 0, length), grid, until)
        inside = np.interp(np.clip(frames_in - starts, 0, length), grid, until)
        # Of a frame of which nothing looked at falls on the file, the power is zero anyway.
        energy: FloatArray = np.maximum((inside - before) * length, 1e-30)
        return energy


def _band_groups(rate_hz: float, length: int, bands_hz: FloatArray, *, low: bool) -> tuple[slice, list[_BandGroup]]:
    """Which of the bands (from, to; shape (2, n_bands)) a spectrum answers for, and how it feeds them."""
    width_hz = rate_hz / length
    bins = np.arange(length // 2 + 1)
    below = np.maximum(bins[:, None] - 0.5, 0.0) * width_hz
    above = (bins[:, None] + 0.5) * width_hz
    overlap = np.minimum(above, bands_hz[1]) - np.maximum(below, bands_hz[0])
    weights = np.maximum(overlap, 0.0) / (above - below)
    weights *= _share((bins * width_hz).astype(np.float64), low=low)[:, None]
    weights[1:] *= 2.0  # one-sided: every bin but 0 Hz (and the Nyquist bin) stands for two
    if length % 2 == 0:
        weights[-1] /= 2.0
    answers = np.flatnonzero(weights.any(axis=0))
    own = slice(int(answers[0]), int(answers[-1]) + 1)
    feeds = weights > 0
    lowest = np.argmax(feeds, axis=0)
    above = len(bins) - np.argmax(feeds[::-1], axis=0)
    groups: list[_BandGroup] = []
    first = own.start
    while first < own.stop:
        last = first + 1
        while last < own.stop and 2 * (above[last] - lowest[first]) * (last + 1 - first) <= _GROUP_WEIGHTS:
            last += 1
        fed = slice(int(lowest[first:last].min()), int(above[first:last].max()))
        pairs = np.repeat(weights[fed, first:last], 2, axis=0).astype(np.float32)
        groups.append(_BandGroup(slice(first - own.start, last - own.start), slice(2 * fed.start, 2 * fed.stop), pairs))
        first = last
    return own, groups


def _share(frequencies_hz: FloatArray, *, low: bool) -> FloatArray:
    """How much of each bin this spectrum answers for; the two spectra's shares sum to 1 at every frequency."""
    bottom, top = np.log(_CROSSFADE_HZ)
    place = np.clip((np.log(np.maximum(frequencies_hz, 1.0)) - bottom) / (top - bottom), 0.0, 1.0)
    upper: FloatArray = 0.5 - 0.5 * np.cos(np.pi * place)
    return 1.0 - upper if low else upper
