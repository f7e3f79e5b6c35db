"""Loudness of ITU-R BS.1770-5 and EBU R 128: momentary, short-term, integrated and range, on a 10 ms grid.

The grid is finer than the 100 ms that most meters use because EBU Tech 3341 case 13 needs it: a 400 ms burst that
starts between two steps of 100 ms reads up to 0.5 LU low. Every figure is a sum over the K-weighted energy of 10 ms
hops; the filter itself is in ``k_weighting.py``, true peak in ``peaks.py``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.audio.source import Speaker
from uptrack_analysis.measure.block_filter import STEP, STEPS_OF_A_SET, BlockFilter
from uptrack_analysis.measure.framing import Framer, check_block, check_stream
from uptrack_analysis.measure.growing import Growing
from uptrack_analysis.measure.k_weighting import k_weighting
from uptrack_analysis.measure.results import Loudness
from uptrack_analysis.signal import Block, FloatArray

HOPS_PER_S = 100
MOMENTARY_HOPS = 40
SHORT_TERM_HOPS = 300
# Gating blocks overlap by 75 % (BS.1770-5, annex 1); range windows by 2.9 s (Tech 3342 asks for 10 Hz at least).
_STRIDE_HOPS = 10
_OFFSET_DB = -0.691
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
RANGE_GATE_LU = -20.0
_RANGE_PERCENTILES = (0.10, 0.95)
# BS.1770-5 table 4: +1.5 dB between 60 and 120 degrees at ear height, where only the side surrounds are; LFE left out.
_WEIGHTS: dict[Speaker, float] = {"Ls": 1.41, "Rs": 1.41, "LFE": 0.0}

# Frames of the filter's steps: a hop is a whole number of them where that can be, so that its energy is summed as they
# come out.
_STEP_FRAMES = range(20, 51)
_SETS = 40
"""Of the filter's steps in a block, which is then 3 s of most rates and holds whole hops."""
# Windows of a curve made together: ten minutes, so that only a longer file is cut.
_CURVE_HOPS = 60_000


class LoudnessMeter:
    """Streaming kernel: blocks in, ``Loudness`` out.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    layout : tuple of Speaker
        One name a channel; it decides the weights. A single channel counts once, not twice.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    def __init__(self, rate_hz: int, layout: tuple[Speaker, ...]) -> None:
        check_stream(rate_hz, len(layout))
        self._rate_hz = rate_hz
        self._channels = len(layout)
        weights = np.array([_WEIGHTS.get(speaker, 1.0) for speaker in layout])
        self._heard = np.flatnonzero(weights)
        self._weights: FloatArray = weights[self._heard]
        self._step = _step_of_hops(rate_hz)
        step = self._step or STEP
        self._filter = BlockFilter(k_weighting(rate_hz), self._heard.size, np.float32, step=step, sets=_SETS)
        # Fixed chunks: a matrix product may round differently in another shape, and block size must not show.
        self._framer = Framer(self._heard.size, self._filter.frames, self._filter.frames, batch=1)
        self._frames_in = 0
        self._frames_filtered = 0
        self._hops_closed = 0
        self._open_energy: FloatArray = np.zeros(self._heard.size)
        self._energies = Growing(np.float64)
        self.unmeasured: dict[str, str] = {}
        """After ``finish``: dotted report name to the sentence that says why the figure is ``None``."""

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        self._frames_in += block.shape[1]
        heard = block if self._heard.size == self._channels else block[self._heard]
        for chunk in self._framer.push(heard):
            self._weigh(chunk[:, 0])

    def finish(self) -> Loudness:
        """Figures over everything pushed. A hop that the end cuts short is dropped, as the recommendation says."""
        for chunk in self._framer.finish(-(-self._frames_in // self._filter.frames)):
            self._weigh(chunk[:, 0])
        energies = self._energies.take()[: self._whole_hops(self._frames_in)]
        momentary = self._windows_lufs(energies, MOMENTARY_HOPS)
        short_term = self._windows_lufs(energies, SHORT_TERM_HOPS)
        momentary_max, momentary_at = self._maximum(momentary, MOMENTARY_HOPS, "loudness.momentary_max_lufs")
        short_term_max, short_term_at = self._maximum(short_term, SHORT_TERM_HOPS, "loudness.short_term_max_lufs")
        energies *= HOPS_PER_S / self._rate_hz
        return Loudness(
            hop_s=1 / HOPS_PER_S,
            momentary_lufs=momentary,
            short_term_lufs=short_term,
            integrated_lufs=self._integrated(momentary),
            momentary_max_lufs=momentary_max,
            momentary_max_s=momentary_at,
            short_term_max_lufs=short_term_max,
            short_term_max_s=short_term_at,
            range_lu=self._range(short_term),
            power=energies,
        )

    def _weigh(self, chunk: Block) -> None:
        """K-weight one chunk and close the hops that end in it."""
        weighted = self._filter.push(chunk)
        closed = self._hops_of_any_length(weighted) if self._step is None else self._whole_steps(weighted, self._step)
        self._energies.append(self._weights @ closed)

    def _whole_steps(self, weighted: Block, step: int) -> FloatArray:
        """Energy of the hops of a chunk, shape (channels, hops), which begins and ends with one."""
        steps = weighted.reshape(weighted.shape[0], -1, step)
        energies = np.einsum("csf,csf->cs", steps, steps)  # not a dot product: a call of BLAS for each would cost more
        hops = energies.reshape(len(energies), -1, self._rate_hz // HOPS_PER_S // step)
        closed: FloatArray = hops.sum(axis=2, dtype=np.float64)
        return closed

    def _hops_of_any_length(self, weighted: Block) -> FloatArray:
        """Energy of the hops that end in a chunk, shape (channels, hops); what is left over begins the next one."""
        squares = np.square(weighted)
        start, frames = self._frames_filtered, squares.shape[1]
        self._frames_filtered += frames
        whole = self._whole_hops(self._frames_filtered)
        ends = self._edges(self._hops_closed + 1, whole + 1) - start
        self._hops_closed = whole
        inner = ends[ends < frames]
        sums = np.add.reduceat(squares, np.concatenate([[0], inner]), axis=1, dtype=np.float64)
        sums[:, 0] += self._open_energy
        closed: FloatArray = sums[:, : ends.size]
        self._open_energy = sums[:, -1].copy() if inner.size == ends.size else np.zeros(self._heard.size)
        return closed

    def _edges(self, first: int, stop: int) -> NDArray[np.int64]:
        """Sample before which each hop starts: ``k * rate / 100`` rounded down, so that no rate drifts."""
        return np.arange(first, stop, dtype=np.int64) * self._rate_hz // HOPS_PER_S

    def _whole_hops(self, frames: int) -> int:
        """How many hops end within ``frames``."""
        return ((frames + 1) * HOPS_PER_S - 1) // self._rate_hz

    def _windows_lufs(self, energies: FloatArray, hops: int) -> FloatArray:
        """Loudness of the ``hops`` that end with each hop; NaN before the first whole window."""
        lufs: FloatArray = np.full(energies.size, np.nan)
        if energies.size >= hops:
            sums: FloatArray = np.zeros(energies.size + 1)
            np.cumsum(energies, out=sums[1:])
            for first in range(hops - 1, energies.size, _CURVE_HOPS):
                last = min(first + _CURVE_HOPS, energies.size)
                begins, ends = slice(first + 1 - hops, last + 1 - hops), slice(first + 1, last + 1)
                frames = self._edges(ends.start, ends.stop) - self._edges(begins.start, begins.stop)
                lufs[first:last] = power_to_lufs((sums[ends] - sums[begins]) / frames)
        return lufs

    def _maximum(self, lufs: FloatArray, hops: int, name: str) -> tuple[float | None, float | None]:
        if lufs.size < hops:
            self.unmeasured[name] = self._too_short(hops / HOPS_PER_S)
            return None, None
        at = hops - 1 + int(np.argmax(lufs[hops - 1 :]))
        if lufs[at] == -np.inf:
            self.unmeasured[name] = "expected signal, but every window is digital silence"
            return None, None
        return float(lufs[at]), (at + 1) / HOPS_PER_S

    def _integrated(self, momentary: FloatArray) -> float | None:
        name = "loudness.integrated_lufs"
        blocks = momentary[MOMENTARY_HOPS - 1 :: _STRIDE_HOPS]
        if blocks.size == 0:
            self.unmeasured[name] = self._too_short(MOMENTARY_HOPS / HOPS_PER_S)
            return None
        gated = gate(blocks, RELATIVE_GATE_LU)
        if gated.size == 0:
            self.unmeasured[name] = f"nothing is louder than the gate at {ABSOLUTE_GATE_LUFS:.0f} LUFS"
            return None
        return mean_lufs(gated)

    def _range(self, short_term: FloatArray) -> float | None:
        """EBU Tech 3342 (2016): the spread of short-term loudness between the 10th and the 95th percentile."""
        name = "loudness.range_lu"
        windows = short_term[SHORT_TERM_HOPS - 1 :: _STRIDE_HOPS]
        if windows.size == 0:
            self.unmeasured[name] = self._too_short(SHORT_TERM_HOPS / HOPS_PER_S)
            return None
        gated = np.sort(gate(windows, RANGE_GATE_LU))
        if gated.size == 0:
            self.unmeasured[name] = f"nothing is louder than the gate at {ABSOLUTE_GATE_LUFS:.0f} LUFS"
            return None
        low, high = (gated[round((gated.size - 1) * share)] for share in _RANGE_PERCENTILES)
        return float(high - low)

    def _too_short(self, window_s: float) -> str:
        return f"expected at least {window_s:g} s of audio, got {self._frames_in / self._rate_hz:.3g} s"


def _step_of_hops(rate_hz: int) -> int | None:
    """Frames of a filter's step of which hops and blocks are whole numbers; ``None`` where ends of hops lie inside."""
    if rate_hz % HOPS_PER_S:
        return None
    hop, steps = rate_hz // HOPS_PER_S, _SETS * STEPS_OF_A_SET
    return max((step for step in _STEP_FRAMES if hop % step == 0 and steps % (hop // step) == 0), default=None)


def power_to_lufs(power: FloatArray) -> FloatArray:
    """K-weighted mean-square power, channels summed with their weights, to LUFS; zero gives ``-inf``."""
    with np.errstate(divide="ignore"):
        lufs: FloatArray = _OFFSET_DB + 10 * np.log10(power)
    return lufs


def mean_lufs(lufs: FloatArray) -> float:
    """Loudness of the mean power; a mean of LUFS would let the quiet windows in."""
    return float(10 * np.log10(np.mean(10 ** (lufs / 10))))


def gate(lufs: FloatArray, relative_lu: float) -> FloatArray:
    """Windows over the absolute gate, and of those the ones over a gate ``relative_lu`` from their mean."""
    audible = lufs[lufs >= ABSOLUTE_GATE_LUFS]
    if audible.size == 0:
        return audible
    gated: FloatArray = audible[audible >= mean_lufs(audible) + relative_lu]
    return gated
