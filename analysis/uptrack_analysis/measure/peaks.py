"""Sample peak and true peak, where they are, and the peak of every 100 ms.

True peak after ITU-R BS.1770-5 annex 2, at 16-fold oversampling (705.6 kHz for 44.1 kHz; the recommendation asks for
192 kHz at least). Between its points a tone reads at most 0.03 dB low; what its short kernel loses of the highest
octave's end is said in ``interpolation.py``. Only blocks that can hold the maximum are interpolated; the result is the
one that interpolating everything would give.

How high clipped audio peaks between samples depends on the interpolator's last kilohertz: meters agree to about 0.2 dB
on such material, and no more should be read into the figure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.framing import Framer, check_block, check_stream, windows
from uptrack_analysis.measure.interpolation import (
    BEFORE,
    L1,
    PHASES,
    TAPS,
    block_matrix,
    highest_possible,
    interpolated,
)
from uptrack_analysis.measure.results import Peaks
from uptrack_analysis.measure.runs import largest_of_runs
from uptrack_analysis.measure.step_peaks import STEP_S, StepPeaks, to_db
from uptrack_analysis.signal import Block

_BLOCK = 64
_CHUNK = 2048 * _BLOCK
SCAN_EVERY = 4  # phases: a first look at four times the rate
_SCAN_PHASES = PHASES // SCAN_EVERY
# Of the highest value, what the first look sees of it beside it at least: no samples allow less than 0.934, says a
# linear programme over the kernels (in the tests).
SCAN_SHARE = 0.90
# Single precision of the scan and of the bound, with room to spare.
_ROUNDING = 1 - 1e-5
# Blocks and windows of one product: few enough for OpenBLAS to stay on one thread (2**18 multiply-adds).
_BATCH = 12
_WINDOWS = 256


@dataclass(slots=True)
class _Highest:
    """The largest magnitude so far and its position in samples."""

    value: float = 0.0
    position: float = 0.0

    def offer(self, value: float, position: float) -> None:
        if value > self.value:
            self.value, self.position = value, position


class PeakMeter:
    """Streaming kernel: blocks in, ``Peaks`` out.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    channels : int
        Rows of each block.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        check_stream(rate_hz, channels)
        self._rate_hz = rate_hz
        self._channels = channels
        # A chunk's outputs are the values after samples BEFORE ... BEFORE + _CHUNK - 1 of its window; the lead lets the
        # kernel look at the first sample from in front, too.
        self._framer = Framer(channels, _CHUNK + _BLOCK, _CHUNK, lead=TAPS, batch=1)
        self._first = -TAPS
        self._frames_in = 0
        self._samples = [_Highest() for _ in range(channels)]
        self._true = [_Highest() for _ in range(channels)]
        self._scan = block_matrix(_BLOCK, SCAN_EVERY)
        self._window = np.zeros((channels, _CHUNK + _BLOCK), dtype=np.float32)
        # Views of that window, made once because making one costs as much as reading a thousand samples.
        self._stretches = windows(self._window, _BLOCK + TAPS - 1, _BLOCK)
        self._taps = windows(self._window, TAPS, 1)
        self._bends = np.zeros(_CHUNK + _BLOCK, dtype=np.float32)
        self._steps = StepPeaks(rate_hz)

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        self._frames_in += block.shape[1]
        for window in self._framer.push(block):
            self._look(window[:, 0])

    def finish(self) -> Peaks:
        """Peaks of everything pushed; before and after it the signal is taken for silent."""
        for window in self._framer.finish(-(-(self._frames_in + 2 * TAPS) // _CHUNK)):
            self._look(window[:, 0])
        for sample, true in zip(self._samples, self._true, strict=True):
            true.offer(sample.value, sample.position)
        last_s = max(0, self._frames_in - 1) / self._rate_hz
        return Peaks(
            sample_dbfs=to_db([peak.value for peak in self._samples]),
            sample_s=np.array([peak.position / self._rate_hz for peak in self._samples]),
            true_dbtp=to_db([peak.value for peak in self._true]),
            true_s=np.array([min(max(0.0, peak.position / self._rate_hz), last_s) for peak in self._true]),
            curve_step_s=STEP_S,
            curve_dbfs=self._steps.dbfs,
        )

    def _look(self, window: Block) -> None:
        self._window[...] = window
        magnitudes = np.abs(window)
        blocks = largest_of_runs(magnitudes, _BLOCK)
        there = slice(max(0, -self._first), max(0, min(_CHUNK, self._frames_in - self._first)))
        self._steps.push(window[:, there])
        for channel in range(self._channels):
            own = blocks[channel, :-1]
            largest = float(own.max())
            if largest > self._samples[channel].value:
                at = int(own.argmax()) * _BLOCK
                at += int(magnitudes[channel, at : at + _BLOCK].argmax())
                self._samples[channel].offer(largest, self._first + at)
            self._search(channel, blocks[channel])
        self._first += _CHUNK

    def _search(self, channel: int, peaks: NDArray[np.float32]) -> None:
        """Raise the channel's true peak to the largest value between the samples of one chunk."""
        best = self._true[channel]
        seen = np.maximum(peaks[:-1], peaks[1:])  # a block's values reach into the next block, never further
        floor = max(best.value, float(peaks[:-1].max()))
        if L1 * float(seen.max()) <= floor * _ROUNDING:
            return
        samples, bends = self._window[channel], self._bends
        np.subtract(samples[2:], samples[1:-1], out=bends[:-2])
        bends[:-2] -= samples[1:-1]
        bends[:-2] += samples[:-2]
        np.abs(bends, out=bends)
        curves = largest_of_runs(bends, _BLOCK)
        bounds = highest_possible(seen, np.maximum(curves[:-1], curves[1:]))
        candidates = np.flatnonzero(bounds > floor * _ROUNDING)
        # The likeliest blocks first: what they reach lets most others go unseen.
        candidates = candidates[np.argsort(-bounds[candidates], kind="stable")]
        looked_at: list[NDArray[np.int64]] = []
        reached: list[NDArray[np.float32]] = []
        for position in range(0, candidates.size, _BATCH):
            batch = candidates[position : position + _BATCH]
            batch = batch[bounds[batch] > floor * _ROUNDING]
            if batch.size == 0:
                break
            scanned = np.abs(self._stretches[channel, batch] @ self._scan)
            scanned = scanned.reshape(batch.size, _SCAN_PHASES - 1, _BLOCK).max(axis=1)
            looked_at.append(batch)
            reached.append(scanned)
            # What a look reaches is a value of the signal itself, so nothing below it is worth one.
            floor = max(floor, float(scanned.max()))
        if looked_at:
            here = np.arange(_BLOCK) + BEFORE + np.concatenate(looked_at)[:, np.newaxis] * _BLOCK
            around = np.maximum(np.abs(samples[here]), np.abs(samples[here + 1]))
            self._refine(channel, here[np.maximum(np.concatenate(reached), around) >= floor * SCAN_SHARE])

    def _refine(self, channel: int, near: NDArray[np.int64]) -> None:
        best = self._true[channel]
        near = np.sort(near)
        for start in range(0, near.size, _WINDOWS):
            some = near[start : start + _WINDOWS]
            values = np.abs(interpolated(self._taps[channel, some - BEFORE].astype(np.float64)))
            at, phase = divmod(int(values.argmax()), PHASES - 1)
            best.offer(float(values[at, phase]), self._first + int(some[at]) + (phase + 1) / PHASES)
