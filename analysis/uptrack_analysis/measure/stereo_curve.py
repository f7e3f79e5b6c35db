"""Power and cross power of the front pair, every 100 ms: what correlation, balance and width over time derive from.

A few of the steps are kept as samples, for ``false_stereo.py``.
"""

from __future__ import annotations

import math

import numpy as np

from uptrack_analysis.measure.framing import alike, check_block, check_stream
from uptrack_analysis.measure.growing import Growing
from uptrack_analysis.measure.results import StereoCurve
from uptrack_analysis.signal import Block, FloatArray

STEPS_PER_S = 10
MOST_EXCERPTS = 32
"""Steps whose samples are kept: 1 MB at 44.1 kHz."""
_RUN = 96
_AT_ONCE = 8
"""Steps in double precision: so many still lie in the cache when they are summed."""


class StereoCurveMeter:
    """Streaming kernel: blocks of a front pair in, ``StereoCurve`` out; one channel has no curve.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    channels : int
        Rows of each block; the first two are the front left and right.
    exact : bool
        To the last bit, as it takes to say that one channel is a copy of the other; else within a millionth of the
        power of both, at a third of the time.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    def __init__(self, rate_hz: int, channels: int, *, exact: bool = True) -> None:
        check_stream(rate_hz, channels)
        self._exact = exact
        self._rate_hz = rate_hz
        self._channels = channels
        self._pending: Block = np.empty((min(channels, 2), 0), dtype=np.float32)
        self._sums = Growing(np.float64, (3,))
        self._steps = 0
        self._every = 1
        self.excerpts: list[Block] = []
        """The samples of up to ``MOST_EXCERPTS`` steps, shape (2, frames) each, spread evenly over what was pushed."""

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        if self._channels == 1:
            return
        front = block[:2]
        # Only what completes a step is joined on; the rest of the block is read in place.
        needed = self._step_frames() - self._pending.shape[1]
        if front.shape[1] < needed:
            self._pending = np.concatenate([self._pending, front], axis=1)
            return
        self._take(np.concatenate([self._pending, front[:, :needed]], axis=1))
        position = needed
        if self._rate_hz % STEPS_PER_S == 0:  # steps of one length: many at once
            step = self._rate_hz // STEPS_PER_S
            count = (front.shape[1] - position) // step
            self._take_all(front[:, position : position + count * step].reshape(2, count, step))
            position += count * step
        while position + (step := self._step_frames()) <= front.shape[1]:
            self._take(front[:, position : position + step])
            position += step
        self._pending = front[:, position:].copy()

    def finish(self) -> StereoCurve:
        """The sums of every step; the last may be shorter than the others."""
        if self._pending.shape[1]:
            self._take(self._pending)
            self._pending = self._pending[:, :0]
        ll, rr, lr = np.ascontiguousarray(self._sums.take().T)
        return StereoCurve(step_s=1 / STEPS_PER_S, ll=ll, rr=rr, lr=lr)

    def _step_frames(self) -> int:
        return (self._steps + 1) * self._rate_hz // STEPS_PER_S - self._steps * self._rate_hz // STEPS_PER_S

    def _take(self, step: Block) -> None:
        self._take_all(step[:, np.newaxis])

    def _take_all(self, steps: Block) -> None:
        """Steps of one length, shape (2, steps, frames)."""
        for number in range(steps.shape[1]):
            if (self._steps + number) % self._every == 0:
                self.excerpts.append(steps[:, number].copy())
                if len(self.excerpts) > MOST_EXCERPTS:
                    self.excerpts = self.excerpts[::2]
                    self._every *= 2
        if self._exact:
            left, right, cross = _exact_sums(steps)
        else:
            left = right = cross = _energies(steps[0])
            if not alike(steps):
                # By the difference: a side signal far under the mid would be lost between two large numbers.
                right, difference = _energies(steps[1]), _energies(steps[0] - steps[1])
                cross = (left + right - difference) / 2
        self._sums.append(np.stack([left, right, cross], axis=1))
        self._steps += steps.shape[1]


def _exact_sums(steps: Block) -> FloatArray:
    """Of ``ll``, ``rr`` and ``lr`` of each step, shape (3, n_steps)."""
    sums: FloatArray = np.empty((3, steps.shape[1]))
    for first in range(0, steps.shape[1], _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        exact = steps[:, some].astype(np.float64)
        # Not dot products: OpenBLAS would wake threads for long ones, and they cost more than they do.
        np.einsum("csf,csf->cs", exact, exact, out=sums[:2, some])
        # Nor of the two channels alone: of one long step NumPy adds up in other runs than of several.
        sums[2, some] = np.einsum("csf,csf->cs", exact, exact[::-1])[0]
    return sums


def _energies(steps: Block) -> FloatArray:
    """Sum of squares of each step, shape (n_steps,): short runs in single precision, then in double."""
    count, whole = steps.shape[1] // _RUN, steps.shape[1] // _RUN * _RUN
    runs = steps[:, :whole].reshape(steps.shape[0], count, _RUN)
    rest = steps[:, whole:]
    energies: FloatArray = np.einsum("srf,srf->sr", runs, runs).sum(axis=1, dtype=np.float64)
    energies += np.einsum("sf,sf->s", rest, rest)
    return energies


def rms_dbfs(curve: StereoCurve, frames: int) -> float | None:
    """RMS of both channels over ``frames``, in dB re a full-scale square wave; ``None`` for digital silence."""
    squares = float(curve.ll.sum() + curve.rr.sum())
    return 10 * math.log10(squares / (2 * frames)) if squares > 0 else None
