"""Recursive filters as matrix products: a cascade of second-order sections over whole blocks at once.

An IIR filter is linear, so ``STEP`` outputs are a fixed matrix times the ``STEP`` inputs plus a fixed matrix times the
state before them, and the state itself advances by two more matrices. The same idea holds for a group of steps and for
a block of groups, so that a block takes six products and no loop: as fast as ``scipy.signal.lfilter`` and without that
package, whose import takes longer than a whole track's loudness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.signal import FloatArray

STEP = 64
_STEPS = 16
_GROUPS = 32
# Products of so many steps and groups keep OpenBLAS on one thread (it wakes others over 2**18 multiply-adds); waking
# them costs more than the product, many times more on a busy machine.
_STEP_BATCH = 32
_GROUP_BATCH = 8
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
    """

    FRAMES = STEP * _STEPS * _GROUPS
    """What each block holds."""

    def __init__(self, sections: Sequence[Section], channels: int, dtype: type[Sample]) -> None:
        order = 2 * len(sections)
        matrices = _matrices(tuple(sections))
        self._input_to_output: NDArray[Sample] = matrices.input_to_output.astype(dtype)
        self._state_to_output: NDArray[Sample] = matrices.state_to_output.astype(dtype)
        self._input_to_state: NDArray[Sample] = matrices.input_to_state.astype(dtype)
        self._matrices = matrices
        self._state: FloatArray = np.zeros((channels, order))
        # Buffers of their own: a fresh array of this size is fresh memory from the system, page by page.
        batches = _GROUPS * _STEPS // _STEP_BATCH
        self._shape = (channels, self.FRAMES)
        self._filtered: NDArray[Sample] = np.empty((channels, batches, _STEP_BATCH, STEP), dtype)
        self._ringing: NDArray[Sample] = np.empty_like(self._filtered)
        self._added: NDArray[Sample] = np.empty((channels, batches, _STEP_BATCH, order), dtype)
        self._states: FloatArray = np.empty((channels * _GROUPS // _GROUP_BATCH, _GROUP_BATCH, (_STEPS + 1) * order))
        self._before: NDArray[Sample] = np.empty((channels, _GROUPS, _STEPS * order), dtype)
        self._ends: FloatArray = np.empty((channels, _GROUPS + 1, order))

    def push(self, block: NDArray[Sample]) -> NDArray[Sample]:
        """Filter the next samples.

        Parameters
        ----------
        block : array, shape (channels, FRAMES)

        Returns
        -------
        filtered : array, shape (channels, FRAMES)
            Overwritten by the next call.

        Raises
        ------
        InvalidSignal
            Another shape or another type of samples.
        """
        if block.shape != self._shape or block.dtype != self._filtered.dtype:
            raise InvalidSignal(
                f"expected shape {self._shape} of {self._filtered.dtype}, got {block.shape} of {block.dtype}"
            )
        if not self._state.any() and not block.any():  # most stems are silent for much of the time
            self._filtered.fill(0.0)
            silence: NDArray[Sample] = self._filtered.reshape(self._shape)
            return silence
        channels, order = self._state.shape
        steps = block.reshape(channels, -1, _STEP_BATCH, STEP)
        np.matmul(steps, self._input_to_state, out=self._added)
        # From zero within each group; what came before it is added once that is known.
        added = self._added.reshape(-1, _GROUP_BATCH, _STEPS * order).astype(np.float64)
        np.matmul(added, self._matrices.added_to_states, out=self._states)
        states = self._states.reshape(channels, _GROUPS, (_STEPS + 1) * order)
        self._ends[:, 0] = self._state
        self._ends[:, 1:] = states[:, :, -order:]
        at_groups = (self._ends.reshape(channels, -1) @ self._matrices.ends_to_starts).reshape(self._ends.shape)
        self._state = at_groups[:, -1].copy()
        self._state[np.abs(self._state) < _SILENT_STATE] = 0.0
        carried = at_groups[:, :-1] @ self._matrices.start_to_states
        np.add(states[:, :, :-order], carried, out=self._before, casting="same_kind")
        np.matmul(steps, self._input_to_output, out=self._filtered)
        np.matmul(self._before.reshape(channels, -1, _STEP_BATCH, order), self._state_to_output, out=self._ringing)
        self._filtered += self._ringing
        filtered: NDArray[Sample] = self._filtered.reshape(self._shape)
        return filtered


@dataclass(frozen=True, slots=True, eq=False)
class _Matrices:
    """What a step of ``STEP`` frames, a group of ``_STEPS`` steps and a block of ``_GROUPS`` groups do."""

    input_to_output: FloatArray
    state_to_output: FloatArray
    input_to_state: FloatArray
    added_to_states: FloatArray
    """What each step of a group adds to the states before each step and after the last."""
    start_to_states: FloatArray
    """What the state before a group adds to the states before each of its steps."""
    ends_to_starts: FloatArray
    """From the state before the block and what each group adds, to the states before each group and after the last."""


@lru_cache(maxsize=128)  # designing costs more than filtering a second of sound
def _matrices(sections: tuple[Section, ...]) -> _Matrices:
    order = 2 * len(sections)
    outputs, states = _responses(sections, STEP)
    step = states[:, STEP:].T
    powers = _powers(step, _STEPS)
    return _Matrices(
        input_to_output=np.ascontiguousarray(outputs[:, :STEP].T),
        state_to_output=np.ascontiguousarray(outputs[:, STEP:].T),
        input_to_state=np.ascontiguousarray(states[:, :STEP].T),
        added_to_states=_spread(powers)[order:],
        start_to_states=np.concatenate(powers[:-1], axis=1),
        ends_to_starts=_spread(_powers(powers[-1], _GROUPS)),
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
