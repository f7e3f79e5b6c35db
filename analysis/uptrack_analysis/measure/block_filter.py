"""Recursive filters as matrix products: a cascade of second-order sections over whole blocks at once.

An IIR filter is linear, so ``STEP`` outputs are a fixed matrix times the ``STEP`` inputs plus a fixed matrix times the
state before them, and the state itself advances by two more matrices. NumPy then does in a few products what a loop
does sample by sample, in double precision, as fast as ``scipy.signal.lfilter`` does and without that package, whose
import takes longer than a whole track's loudness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.signal import FloatArray

STEP = 32
_GROUP = 32
# Products of so many steps and groups keep OpenBLAS on one thread (it wakes others over 2**18 multiply-adds); waking
# them costs more than the product, many times more on a busy machine.
_STEP_BATCH = 128
_GROUP_BATCH = 8
# States under this are as good as silence (-600 dB) and far above the subnormal numbers that make a CPU crawl.
_SILENT_STATE = 1e-30


@dataclass(frozen=True, slots=True)
class Section:
    """``(b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)``"""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


class BlockFilter:
    """Streaming kernel: a cascade of sections over several channels, state carried from call to call.

    Parameters
    ----------
    sections : sequence of Section
        Applied in order.
    channels : int
        Rows of each block.
    """

    MULTIPLE = STEP * _GROUP * _GROUP_BATCH
    """Blocks must hold a multiple of this many frames."""

    def __init__(self, sections: Sequence[Section], channels: int) -> None:
        self._matrices = _matrices(tuple(sections))
        self._state: FloatArray = np.zeros((channels, 2 * len(sections)))

    def push(self, block: FloatArray) -> FloatArray:
        """Filter the next samples.

        Parameters
        ----------
        block : array, shape (channels, frames)
            ``frames`` a multiple of ``MULTIPLE``.

        Returns
        -------
        filtered : array, shape (channels, frames)

        Raises
        ------
        InvalidSignal
            Another shape.
        """
        channels, order = self._state.shape
        if block.ndim != 2 or block.shape[0] != channels or block.shape[1] % self.MULTIPLE:
            raise InvalidSignal(f"expected shape ({channels}, a multiple of {self.MULTIPLE}), got {block.shape}")
        frames, matrices = block.shape[1], self._matrices
        steps = np.ascontiguousarray(block).reshape(-1, _STEP_BATCH, STEP)
        added = (steps @ matrices.input_to_state).reshape(-1, _GROUP_BATCH, _GROUP * order)
        # From zero within each group; what came before it is added group by group.
        states = (added @ matrices.added_to_states).reshape(channels, -1, (_GROUP + 1) * order)
        for group in range(states.shape[1]):
            states[:, group] += self._state @ matrices.state_to_states
            self._state = states[:, group, -order:].copy()
        self._state[np.abs(self._state) < _SILENT_STATE] = 0.0
        before = states[:, :, :-order].reshape(-1, _STEP_BATCH, order)
        filtered: FloatArray = steps @ matrices.input_to_output
        filtered += before @ matrices.state_to_output
        return filtered.reshape(channels, frames)


@dataclass(frozen=True, slots=True, eq=False)
class _Matrices:
    """What a step of ``STEP`` frames, and a group of ``_GROUP`` steps, do to outputs and states."""

    input_to_output: FloatArray
    state_to_output: FloatArray
    input_to_state: FloatArray
    added_to_states: FloatArray
    state_to_states: FloatArray


@lru_cache(maxsize=128)  # designing costs more than filtering a second of sound
def _matrices(sections: tuple[Section, ...]) -> _Matrices:
    order = 2 * len(sections)
    outputs, states = _responses(sections, STEP)
    step = states[:, STEP:].T
    # A second level of the same idea: the states before each of _GROUP steps, from what each step adds.
    powers = [np.eye(order)]
    for _ in range(_GROUP):
        powers.append(powers[-1] @ step)
    spread = np.zeros((_GROUP, order, _GROUP + 1, order))
    for added in range(_GROUP):
        for later in range(added + 1, _GROUP + 1):
            spread[added, :, later, :] = powers[later - added - 1]
    return _Matrices(
        input_to_output=np.ascontiguousarray(outputs[:, :STEP].T),
        state_to_output=np.ascontiguousarray(outputs[:, STEP:].T),
        input_to_state=np.ascontiguousarray(states[:, :STEP].T),
        added_to_states=spread.reshape(_GROUP * order, (_GROUP + 1) * order),
        state_to_states=np.concatenate(powers, axis=1),
    )


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
