"""Power below 150 Hz every 11.6 ms: where kicks rise, too fast for the 46 ms frames of the spectrum.

It reads the decimated signal of the low spectrum (about 1.4 kHz), which ``bands.py`` has in hand: a filter of 31
coefficients and 16 outputs a step are one small matrix product for many steps at once.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.framing import Framer
from uptrack_analysis.measure.growing import Growing
from uptrack_analysis.measure.results import Envelope
from uptrack_analysis.signal import Block

TOP_HZ = 150.0
HOP = 16
_TAPS = 31
# Small enough a product for OpenBLAS not to wake its threads.
_BATCH = 256


class LowEnvelopeMeter:
    """Streaming kernel: the decimated signal in, ``Envelope`` out, mean power of the channels.

    Parameters
    ----------
    channels : int
    rate_hz : float
        Of the decimated signal.
    """

    def __init__(self, channels: int, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._framer = Framer(channels, HOP + _TAPS - 1, HOP, lead=_TAPS // 2, batch=_BATCH)
        taps = np.arange(_TAPS) - _TAPS // 2
        low_pass = np.sinc(2 * TOP_HZ / rate_hz * taps) * np.hamming(_TAPS)
        low_pass /= low_pass.sum()
        self._filter = np.zeros((HOP + _TAPS - 1, HOP), dtype=np.float32)
        for output in range(HOP):
            self._filter[output : output + _TAPS, output] = low_pass
        self._frames = 0
        self._power = Growing(np.float32)

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames)."""
        self._frames += block.shape[1]
        for frames in self._framer.push(block):
            self._take(frames)

    def finish(self) -> Envelope:
        """Whole hops only: what the end cuts short is dropped."""
        hops = self._frames // HOP
        for frames in self._framer.finish(hops):
            self._take(frames)
        return Envelope(HOP / self._rate_hz, self._power.take()[:hops].astype(np.float64))

    def _take(self, frames: Block) -> None:
        filtered = frames @ self._filter
        np.square(filtered, out=filtered)
        self._power.append(filtered.mean(axis=(0, 2)))
