"""Short stretches of the samples themselves, evenly spread over a file: what stems and mix are laid over each other by.

Spectra and levels say how much of something there is, not whether it is the same waveform. A stretch of 0.4 s every
1.15 s does, or every 2.3 s, 4.6 s and so on in files of two minutes, of four and longer: at most 3.4 MB at 44.1 kHz,
where the whole file would take twenty a minute. The spacing is half a bar at 104 BPM, which hardly anyone plays, so
that the stretches fall on every part of the bar. They lie at the same times in every file, whatever its rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.decimation import fold
from uptrack_analysis.measure.framing import check_block, check_stream
from uptrack_analysis.signal import Block

SPACING_S = 1.15
LENGTH_S = 0.4
MOST_PROBES = 96
"""Longer files are looked at half as often, and so on."""
_SILENT = 1e-30
_SILENT_STEP = np.float32(_SILENT / np.iinfo(np.int16).max)


@dataclass(frozen=True, slots=True)
class Probes:
    """Stretches of the front pair, folded into one channel; whoever compares waveforms compares these."""

    rate_hz: int
    starts_s: tuple[float, ...]
    steps: NDArray[np.int16]
    """shape (n_probes, frames): 16 bits under each stretch's own peak"""
    step_sizes: NDArray[np.float32]
    """shape (n_probes,)"""
    every: int = 1
    """Of the stretches ``SPACING_S`` apart these are one in so many: 1, 2, 4, ..."""

    def stretch(self, place: int) -> Block:
        """The samples of one, shape (frames,)."""
        samples: Block = np.multiply(self.steps[place], self.step_sizes[place], dtype=np.float32)
        return samples

    def silent(self, place: int) -> bool:
        """Whether every sample of one is zero."""
        return bool(self.step_sizes[place] <= _SILENT_STEP)

    def thinned(self, every: int) -> Probes:
        """As a longer file is looked at, by a multiple of this one's ``every``."""
        step = every // self.every
        return replace(
            self,
            starts_s=self.starts_s[::step],
            steps=self.steps[::step],
            step_sizes=self.step_sizes[::step],
            every=every,
        )


class ProbeMeter:
    """Streaming kernel: blocks in, ``Probes`` out.

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
        self._rate_hz = rate_hz
        self._channels = channels
        self._length = round(LENGTH_S * rate_hz)
        self._every = 1
        self._packed: dict[int, tuple[NDArray[np.int16], np.float32]] = {}
        self._open: tuple[int, Block] | None = None
        """The stretch that the last block ended in, and its samples so far."""
        self._next = 0
        self._frames_in = 0

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        front = block[:2]
        first, self._frames_in = self._frames_in, self._frames_in + block.shape[1]
        if self._open is not None:
            number, samples = self._open
            missing = self._length - samples.size
            self._hold(number, np.concatenate([samples, fold(front[:, :missing])[0]]))
        while (start := self._start(self._next)) < self._frames_in:
            number, self._next = self._next, self._next + self._every  # before it is packed: that may double the step
            self._hold(number, fold(front[:, start - first : start - first + self._length])[0])

    def finish(self) -> Probes:
        """Every stretch that begins in the file; what its end cuts off is silence."""
        if self._open is not None:
            self._pack(*self._open)
        numbers = [number for number in sorted(self._packed) if number % self._every == 0]
        steps = np.zeros((len(numbers), self._length), dtype=np.int16)
        for place, number in enumerate(numbers):
            samples = self._packed[number][0]
            steps[place, : samples.size] = samples
        sizes = np.array([self._packed[number][1] for number in numbers], dtype=np.float32)
        return Probes(
            self._rate_hz, tuple(self._start(number) / self._rate_hz for number in numbers), steps, sizes, self._every
        )

    def _start(self, number: int) -> int:
        return round(number * SPACING_S * self._rate_hz)

    def _hold(self, number: int, samples: Block) -> None:
        """Pack a stretch once it is whole; keep what there is of it until then. Shape (frames,)."""
        if samples.size < self._length:
            self._open = (number, samples.copy())  # of mono it is a view of the block
            return
        self._open = None
        self._pack(number, samples)

    def _pack(self, number: int, samples: Block) -> None:
        size = np.float32(max(float(np.abs(samples).max(initial=0.0)), _SILENT) / np.iinfo(np.int16).max)
        self._packed[number] = (np.rint(samples / size).astype(np.int16), size)
        if len(self._packed) > MOST_PROBES:
            self._every *= 2
            self._packed = {known: kept for known, kept in self._packed.items() if known % self._every == 0}
            self._next = -(-self._next // self._every) * self._every
