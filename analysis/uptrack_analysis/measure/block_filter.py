"""Recursive filters as matrix products: a cascade of second-order sections over whole blocks at once.

An IIR filter is linear, so the outputs of a step are a fixed matrix times its inputs plus a fixed matrix times the
state before them, and the state itself advances by two more matrices. The same idea holds for a group of steps, for a
set of groups and for a block of sets, so that a block takes a handful of products and no loop: as fast as
``scipy.signal.lfilter`` and without that package, whose import takes longer than a whole track's loudness.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.framing import alike
from uptrack_analysis.signal import FloatArray

STEP = 48
"""Frames of a step where nobody asks for another: longer ones cost more products, shorter ones more states."""
# Steps of a group, groups of a set.
_FANS = (8, 9)
STEPS_OF_A_SET = math.prod(_FANS)
# Products of at most so many multiply-adds keep OpenBLAS on one thread; waking others costs more than the product, many
# times more on a busy machine.
_QUIET_PRODUCT = 1 << 18
# States under this are as good as silence (-600 dB) and far above the subnormal numbers that make a CPU crawl.
_SILENT_STATE = 1e-30

Sample = TypeVar("Sample", np.float32, np.float64)


@dataclass(frozen=True, slots=True)
class Section:
    """``(b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)``"""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


class BlockFilter(Generic[Sample]):
    """Streaming kernel: a cascade of sections over several channels, state carried from call to call.

    Parameters
    ----------
    sections : sequence of Section
        Applied in order.
    channels : int
        Rows of each block.
    dtype : numpy.float32 or numpy.float64
        Of samples. States are float64 either way: single precision costs half, and errs by -85 dB of what goes in
        at most, also where a high-pass lets little of it out (worst at 192 kHz, -100 dB at 44.1 kHz).
    step : int
        Frames that one product takes: for callers who sum what comes out over so many.
    sets : int
        Of 72 steps, which a block holds. Each call costs some microseconds and hands over the interpreter lock, so that
        many are best for a file, and few for sounds of less than a second.

    Attributes
    ----------
    frames : int
        What each block holds.
    """

    def __init__(
        self, sections: Sequence[Section], channels: int, dtype: type[Sample], *, step: int = STEP, sets: int = 8
    ) -> None:
        order = 2 * len(sections)
        matrices = _matrices(tuple(sections), step, sets)
        self._input_to_output: NDArray[Sample] = matrices.input_to_output.astype(dtype)
        self._state_to_output: NDArray[Sample] = matrices.state_to_output.astype(dtype)
        self._input_to_state: NDArray[Sample] = matrices.input_to_state.astype(dtype)
        self._fans = matrices.fans
        self._state: FloatArray = np.zeros((channels, order))
        steps = STEPS_OF_A_SET * sets
        self.frames = steps * step
        # Buffers of their own: a fresh array of this size is fresh memory from the system, page by page.
        batch = max(size for size in range(1, steps + 1) if steps % size == 0 and size * step**2 <= _QUIET_PRODUCT)
        self._filtered: NDArray[Sample] = np.empty((channels, steps // batch, batch, step), dtype)
        self._ringing: NDArray[Sample] = np.empty_like(self._filtered)
        self._added: NDArray[Sample] = np.empty((channels, steps // batch, batch, order), dtype)
        self._before: NDArray[Sample] = np.empty_like(self._added)

    def push(self, block: NDArray[Sample]) -> NDArray[Sample]:
        """Filter the next samples.

        Parameters
        ----------
        block : array, shape (channels, frames)

        Returns
        -------
        filtered : array, shape (channels, frames)
            To be read only, and overwritten by the next call.

        Raises
        ------
        InvalidSignal
            Another shape or another type of samples.
        """
        shape = (self._state.shape[0], self.frames)
        if block.shape != shape or block.dtype != self._filtered.dtype:
            raise InvalidSignal(f"expected shape {shape} of {self._filtered.dtype}, got {block.shape} of {block.dtype}")
        filtered: NDArray[Sample] = self._filtered.reshape(shape)
        if not self._state.any() and not block.any():  # most stems are silent for much of the time
            filtered.fill(0.0)
            return filtered
        if alike(block) and np.array_equal(self._state[0], self._state[1]):
            once = self._run(block[:1])
            self._state[1] = self._state[0]
            return np.broadcast_to(once, shape)
        return self._run(block)

    def _run(self, block: NDArray[Sample]) -> NDArray[Sample]:
        """Filter as many channels as ``block`` has, from the first on."""
        rows = slice(block.shape[0])
        filtered, ringing, before = self._filtered[rows], self._ringing[rows], self._before[rows]
        steps = block.reshape(filtered.shape)
        added = np.matmul(steps, self._input_to_state, out=self._added[rows])
        advanced = added.reshape(block.shape[0], -1, self._state.shape[1]).astype(np.float64)
        before.reshape(advanced.shape)[...] = self._advance(advanced, self._fans)
        np.matmul(steps, self._input_to_output, out=filtered)
        filtered += np.matmul(before, self._state_to_output, out=ringing)
        return filtered.reshape(block.shape)

    def _advance(self, added: FloatArray, fans: tuple[_Fan, ...]) -> FloatArray:
        """States before each of the turns that add ``added``, shape (channels, turns, order) both."""
        channels, turns, order = added.shape
        fan, *wider = fans
        if not wider:
            states = np.concatenate([self._state[:channels, None], added], axis=1).reshape(channels, -1) @ fan.spread
            ends = states[:, -order:]
            self._state[:channels] = np.where(np.abs(ends) < _SILENT_STATE, 0.0, ends)
            return states.reshape(channels, turns + 1, order)[:, :-1]
        # From zero within each group; what came before it is added once that is known.
        states = np.matmul(added.reshape(channels, -1, fan.turns * order), fan.spread[order:])
        at_groups = self._advance(states[:, :, -order:], tuple(wider))
        before: FloatArray = states[:, :, :-order]
        before += at_groups @ fan.spread[:order, :-order]
        return before.reshape(added.shape)


@dataclass(frozen=True, slots=True, eq=False)
class _Fan:
    """A group of turns: of steps, of groups of steps, or of sets of those."""

    turns: int
    spread: FloatArray
    """From the state before the first turn and what each adds, to the states before each turn and after the last."""


@dataclass(frozen=True, slots=True, eq=False)
class _Matrices:
    """What a step does, and how states get over the steps of a block."""

    input_to_output: FloatArray
    state_to_output: FloatArray
    input_to_state: FloatArray
    fans: tuple[_Fan, ...]


@lru_cache(maxsize=128)  # designing costs more than filtering a second of sound
def _matrices(sections: tuple[Section, ...], step: int, sets: int) -> _Matrices:
    outputs, states = _responses(sections, step)
    turn = states[:, step:].T
    fans: list[_Fan] = []
    for turns in (*_FANS, sets):
        powers = _powers(turn, turns)
        fans.append(_Fan(turns, _spread(powers)))
        turn = powers[-1]
    return _Matrices(
        input_to_output=np.ascontiguousarray(outputs[:, :step].T),
        state_to_output=np.ascontiguousarray(outputs[:, step:].T),
        input_to_state=np.ascontiguousarray(states[:, :step].T),
        fans=tuple(fans),
    )


def _powers(matrix: FloatArray, highest: int) -> list[FloatArray]:
    powers = [np.eye(len(matrix))]
    for _ in range(highest):
        powers.append(powers[-1] @ matrix)
    return powers


def _spread(powers: list[FloatArray]) -> FloatArray:
    """What a first state and the additions of each turn make of the states before every turn and after the last."""
    turns, order = len(powers) - 1, len(powers[0])
    spread = np.zeros((turns + 1, order, turns + 1, order))
    for later in range(turns + 1):
        spread[0, :, later, :] = powers[later]
        for added in range(later):
            spread[added + 1, :, later, :] = powers[later - added - 1]
    return spread.reshape((turns + 1) * order, (turns + 1) * order)


def _responses(sections: Sequence[Section], steps: int) -> tuple[FloatArray, FloatArray]:
    """What each input of ``steps`` and each state does to the outputs and to the states after them.

    The sections run in transposed direct form II on all unit inputs and unit states at once, a column each.
    """
    order = 2 * len(sections)
    inputs = np.concatenate([np.eye(steps), np.zeros((steps, order))], axis=1)
    states = np.concatenate([np.zeros((order, steps)), np.eye(order)], axis=1)
    outputs = np.empty_like(inputs)
    for index in range(steps):
        signal = inputs[index]
        for number, section in enumerate(sections):
            first, second = states[2 * number].copy(), states[2 * number + 1].copy()
            result = section.b0 * signal + first
            states[2 * number] = section.b1 * signal - section.a1 * result + second
            states[2 * number + 1] = section.b2 * signal - section.a2 * result
            signal = result
        outputs[index] = signal
    return outputs, states
