"""Which pitch classes sound, moment by moment: spectral peaks gathered into tenth-of-a-semitone bins.

The front pair is folded to one channel, taken to about 5.5 kHz and cut into 0.74 s frames, one every 0.37 s. Only
peaks between 100 Hz and 2 kHz that stand three times over their neighbourhood count, so a kick drum, a sub and a
noise sweep add little, and every frame has the same say however loud it is. A peak at ``f`` also speaks for ``f/2``
to ``f/6``, of which it may be a harmonic, each 0.6 times as much: the harmonic weighting of Gomez's HPCP (2006).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.decimation import Decimator, fold, nearest_smooth
from uptrack_analysis.measure.fft import rfft
from uptrack_analysis.measure.framing import Framer, check_block, check_stream, hann
from uptrack_analysis.signal import Block, FloatArray

BINS_PER_OCTAVE = 120
BINS_PER_SEMITONE = BINS_PER_OCTAVE // 12
LOW_HZ, HIGH_HZ = 100.0, 2_000.0
C4_HZ = 440.0 * 2 ** (-9 / 12)

_RATE_HZ = 44_100 / 8
_HOP_S = 2048 / _RATE_HZ
_PROMINENCE = 3.0
_NEIGHBOURHOOD_OCTAVES = 0.25
_HARMONICS = 6
_HARMONIC_DECAY = 0.6
# -110 dBFS: under this a "peak" is rounding.
_SILENCE = 3e-6


@dataclass(frozen=True, slots=True)
class Chroma:
    """``salience``: shape (n_frames, 120), none negative; bin ``b`` is ``b / 10`` semitones over C at A = 440 Hz."""

    hop_s: float
    salience: FloatArray
    peaks: int
    """How many spectral peaks there were in all frames together."""


class ChromaMeter:
    """Streaming kernel: blocks in, one ``Chroma`` out.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    channels : int
        Rows of each block; the first two are the front left and right.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        check_stream(rate_hz, channels)
        self._channels = channels
        factor = max(1, round(rate_hz / _RATE_HZ))
        self._rate_hz = rate_hz / factor
        self._hop = nearest_smooth(_HOP_S * self._rate_hz)
        length = 2 * self._hop
        self._decimator = Decimator(1, factor)
        self._framer = Framer(1, length, self._hop, lead=length // 2, batch=16)
        window = hann(length)
        # An amplitude of 1 is a full-scale sine.
        self._window = window * np.float32(2.0 / float(window.sum()))
        self._samples = 0
        self._peaks = 0
        self._salience: list[FloatArray] = []
        self._bins = np.arange(int(LOW_HZ * length / self._rate_hz), int(HIGH_HZ * length / self._rate_hz))
        reach = 2**_NEIGHBOURHOOD_OCTAVES
        self._from = np.floor(self._bins / reach).astype(np.intp)
        self._to = np.ceil(self._bins * reach).astype(np.intp) + 1

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        self._take(self._decimator.push(fold(block)))

    def finish(self) -> Chroma:
        """All frames."""
        self._take(self._decimator.push(np.zeros((1, 0), dtype=np.float32), last=True))
        total = -(-self._samples // self._hop)
        for frames in self._framer.finish(total):
            self._transform(frames)
        salience = np.concatenate(self._salience)[:total] if total else np.zeros((0, BINS_PER_OCTAVE))
        return Chroma(self._hop / self._rate_hz, salience, self._peaks)

    def _take(self, mono: Block) -> None:
        self._samples += mono.shape[1]
        for frames in self._framer.push(mono):
            self._transform(frames)

    def _transform(self, frames: Block) -> None:
        amplitude = np.abs(rfft(frames[0] * self._window)).astype(np.float64)
        until = np.concatenate([np.zeros((amplitude.shape[0], 1)), np.cumsum(amplitude, axis=1)], axis=1)
        around = (until[:, self._to] - until[:, self._from]) / (self._to - self._from)
        here = amplitude[:, self._bins]
        before, after = amplitude[:, self._bins - 1], amplitude[:, self._bins + 1]
        prominent = (here > before) & (here >= after) & (here > _PROMINENCE * around) & (here > _SILENCE)
        frame, place = np.nonzero(prominent)
        self._peaks += frame.size
        # A parabola through the logarithms finds a Hann peak's place to a few hundredths of a bin.
        low, top, high = (np.log(part[frame, place] + 1e-12) for part in (before, here, after))
        bend = low - 2 * top + high
        shift = np.clip(np.divide(0.5 * (low - high), bend, out=np.zeros_like(bend), where=bend < 0.0), -0.5, 0.5)
        frequency_hz = (self._bins[place] + shift) * self._rate_hz / (2 * self._hop)
        self._salience.append(_gather(frame, frequency_hz, here[frame, place], amplitude.shape[0]))


def _gather(
    frame: np.ndarray[tuple[int], np.dtype[np.intp]], frequency_hz: FloatArray, amplitude: FloatArray, frames: int
) -> FloatArray:
    """Peaks and what they may be harmonics of, split between the two nearest pitch-class bins."""
    salience = np.zeros(frames * BINS_PER_OCTAVE)
    for harmonic in range(1, _HARMONICS + 1):
        position = BINS_PER_OCTAVE * np.log2(frequency_hz / harmonic / C4_HZ)
        lower = np.floor(position)
        share = position - lower
        weight = amplitude * _HARMONIC_DECAY ** (harmonic - 1)
        for step, part in ((0, 1.0 - share), (1, share)):
            bins = frame * BINS_PER_OCTAVE + (lower.astype(np.intp) + step) % BINS_PER_OCTAVE
            salience += np.bincount(bins, weights=weight * part, minlength=salience.size)
    return salience.reshape(frames, BINS_PER_OCTAVE)
