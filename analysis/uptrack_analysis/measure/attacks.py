"""When something starts, to a millisecond or two: energy of the low end and of the highs, 690 times a second.

The onset envelope's frames are too coarse to say where a beat lies, and too dear to be made finer. Two numbers a step
are enough: the square of the mean sample, which is the power below some 300 Hz, and the mean square of the slope, which
grows with frequency and so hears the click of a kick, snares and hats. Both come from the decimated channel that the
onset envelope already uses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.framing import Framer
from uptrack_analysis.measure.growing import Growing
from uptrack_analysis.signal import Block

STEP_RATE_HZ = 690.0
"""Nominal: 32 samples at 22.05 kHz."""
LOW_WINDOW_S = 0.0116
"""Half a period of 43 Hz: a shorter window would hear each half wave of a sub as a start."""
HIGH_WINDOW_S = 0.0058
EARLY_S = 0.0022
"""How early a rise reads: a window that an attack has only entered already holds most of its level in decibels.
Measured on hits of known times: synthesised drums 1.7 to 3.4 ms, LMMS's samples -2 to 3 ms."""

_BATCH = 1024
_CHUNK = 1 << 16
# Below this share of the loud moments (-40 dB) a rise is a rise of noise or reverb.
_FLOOR = 1e-4
_SILENCE = 1e-12
# Percentile of power that stands for the loud moments.
_LOUD = 95


@dataclass(frozen=True, slots=True)
class Attacks:
    """``low`` and ``high``: rise of level at ``k / rate_hz`` seconds, natural log, shape (n_steps,), none negative.

    A hit at ``t`` reads highest at about ``t - EARLY_S``.
    """

    rate_hz: float
    low: Block
    high: Block


class AttackMeter:
    """Streaming kernel: one channel in, ``Attacks`` out.

    Parameters
    ----------
    rate_hz : float
        Of the decimated channel.
    """

    def __init__(self, rate_hz: float) -> None:
        self._step = max(2, round(rate_hz / STEP_RATE_HZ))
        self.rate_hz = rate_hz / self._step
        self._framer = Framer(1, self._step, self._step, batch=_BATCH)
        self._mean = np.full(self._step, 1.0 / self._step, dtype=np.float32)
        # The slope at a step's first sample belongs to the step before, which a batch may not hold any more.
        self._within = np.full(self._step, 1.0 / (self._step - 1), dtype=np.float32)
        self._within[0] = 0.0
        self._samples = 0
        self._low = Growing(np.float32)
        self._high = Growing(np.float32)

    def push(self, mono: Block) -> None:
        """Take the next samples, shape (1, frames)."""
        self._samples += mono.shape[1]
        for frames in self._framer.push(mono):
            self._take(frames[0])

    def finish(self, until_s: float = math.inf) -> Attacks:
        """The rises of the stream, up to a moment; a last step that is not whole is left out."""
        total = self._samples // self._step
        for frames in self._framer.finish(total):
            self._take(frames[0])
        total = int(min(total, until_s * self.rate_hz))
        low = rises(self._low.take()[:total], round(LOW_WINDOW_S * self.rate_hz))
        high = rises(self._high.take()[:total], round(HIGH_WINDOW_S * self.rate_hz))
        return Attacks(self.rate_hz, low, high)

    def _take(self, steps: Block) -> None:
        # Sums as matrix products: reductions over rows this short cost ten times as much.
        self._low.append(np.square(steps @ self._mean))
        slope = np.zeros(steps.size, dtype=np.float32)
        flat = steps.reshape(-1)
        np.subtract(flat[1:], flat[:-1], out=slope[1:])
        np.square(slope, out=slope)
        self._high.append(slope.reshape(steps.shape) @ self._within)


def rises(power: Block, window: int) -> Block:
    """Level after each step's beginning over the level before it, where it is higher.

    Parameters
    ----------
    power : shape (n_steps,)
        Mean square. It is overwritten: a two-hour set has room for it once.
    window : int
        Steps to either side; at the ends of the file, the outside counts as silence.

    Returns
    -------
    rise : shape (n_steps,)
        Natural-log units; all zero in silence.
    """
    loud = float(np.percentile(power, _LOUD)) if power.size else 0.0
    # A file with little in it (a few hits) is silent at its 95th percentile, and loud all the same.
    loud = max(loud, 1e-3 * float(power.max(initial=0.0)))
    if loud < _SILENCE:
        power[:] = 0.0
        return power
    # In chunks, so that a two-hour set needs no more memory than a track; each starts its own sum.
    before = power[:0]
    for first in range(0, power.size, _CHUNK):
        known = power[first : first + _CHUNK + window]
        part = np.zeros(min(_CHUNK, power.size - first) + 2 * window)
        part[window - before.size : window] = before
        part[window : window + known.size] = known
        before = known[max(0, _CHUNK - window) : _CHUNK].copy()
        part /= loud * window
        until = np.concatenate([[0.0], np.cumsum(part)])
        level = np.log(until[window:] - until[:-window] + _FLOOR)
        change = level[window : part.size - window] - level[: part.size - 2 * window]
        np.maximum(change, 0.0, out=power[first : first + change.size])
    return power
