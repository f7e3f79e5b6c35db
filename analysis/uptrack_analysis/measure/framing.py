"""Overlapping analysis frames out of a stream of blocks, so that how the stream was cut never shows in a result.

Frames leave in batches of fixed size and fixed position in the stream: vectorised FFTs and matrix products may round
differently for another batch shape, so only a fixed cut makes block size invisible to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.signal import Block

_GLANCE = 64


class Framer:
    """Cuts a stream into frames of ``length`` samples, one every ``hop``.

    Parameters
    ----------
    channels, length, hop : int
        Shape of a frame and distance between frames, in samples; ``0 < hop <= length``.
    lead : int
        Zeros put before the stream, which moves every frame's centre ``lead`` samples earlier.
    batch : int
        Frames that leave together.
    """

    def __init__(self, channels: int, length: int, hop: int, *, lead: int = 0, batch: int = 32) -> None:
        self.length = length
        self.hop = hop
        self.lead = lead
        self._batch = batch
        self._buffer = np.zeros((channels, (batch - 1) * hop + length), dtype=np.float32)
        self._windows = windows(self._buffer, length, hop)
        self._filled = lead
        self._batches = 0

    def push(self, block: Block) -> Iterator[Block]:
        """Batches completed by ``block``, shape (channels, batch, length), to be read only.

        They are views, of the block itself or of what the next step overwrites.
        """
        position, frames = 0, block.shape[1]
        capacity = self._buffer.shape[1]
        apart = self.hop == self.length and block.dtype == self._buffer.dtype
        while position < frames:
            if apart and self._filled == 0 and frames - position >= capacity:
                # Frames that touch, and a whole batch of them: read where they lie.
                yield windows(block[:, position : position + capacity], self.length, self.hop)
                self._batches += 1
                position += capacity
                continue
            taken = min(frames - position, capacity - self._filled)
            self._buffer[:, self._filled : self._filled + taken] = block[:, position : position + taken]
            self._filled += taken
            position += taken
            if self._filled == capacity:
                yield self._windows
                self._batches += 1
                kept = capacity - self._batch * self.hop
                self._buffer[:, :kept] = self._buffer[:, capacity - kept :].copy()
                self._filled = kept

    def finish(self, total: int) -> Iterator[Block]:
        """The frames still missing from ``total``, the stream continued with zeros; at most one batch a step."""
        left = total - self._batches * self._batch
        while left > 0:
            self._buffer[:, self._filled :] = 0.0
            count = min(left, self._batch)
            yield self._windows[:, :count]
            left -= count
            self._batches += 1
            kept = max(0, self._filled - self._batch * self.hop)
            self._buffer[:, :kept] = self._buffer[:, self._filled - kept : self._filled].copy()
            self._filled = kept


def windows(samples: Block, length: int, hop: int) -> Block:
    """Read-only view of every stretch of ``length`` samples of the last axis that starts a multiple of ``hop`` in.

    What ``sliding_window_view`` gives, without its checks, which cost a fifth of a millisecond a call.
    """
    count = (samples.shape[-1] - length) // hop + 1
    *outer, step = samples.strides
    shape = (*samples.shape[:-1], count, length)
    return as_strided(samples, shape, (*outer, hop * step, step), writeable=False)


def alike(rows: NDArray[Any]) -> bool:
    """Whether both of two channels, the first axis, are the same to the last bit, as a part recorded in mono has them.

    One look at the beginning tells most others apart.
    """
    if rows.shape[0] != 2:
        return False
    left, right = rows
    return np.array_equal(left[..., :_GLANCE], right[..., :_GLANCE]) and np.array_equal(left, right)


def check_block(block: Block, channels: int) -> None:
    """Validate at the door.

    Raises
    ------
    InvalidSignal
        Not shape (channels, frames).
    """
    if block.ndim != 2 or block.shape[0] != channels:
        raise InvalidSignal(f"expected a block of shape ({channels}, frames), got {block.shape}")


def check_stream(rate_hz: int, channels: int) -> None:
    """Validate what a meter is built for.

    Raises
    ------
    InvalidSignal
        A rate outside 8-192 kHz, or no channel.
    """
    if not 8_000 <= rate_hz <= 192_000:
        raise InvalidSignal(f"expected a sample rate from 8000 to 192000 Hz, got {rate_hz}: resample first")
    if channels < 1:
        raise InvalidSignal(f"expected at least one channel, got {channels}")


def hann(length: int) -> Block:
    """Hann window sampled half-way between the points of its periodic form, so that no weight is zero.

    The first or last sample of a very short file would otherwise be weighed with nothing.
    """
    return (np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2).astype(np.float32)


def vorbis_window(length: int) -> Block:
    """Window whose squares, half a length apart, add up to one: every sample weighs alike, wherever frames fall.

    Of the windows with that law, this one (Vorbis I specification, section 1.3.2) keeps a distant tone out as well as
    Hann's does, -63 dB at eight bins and 18 dB less an octave from there; its first side lobe is higher, at -21 dB.
    """
    return np.sin(0.5 * np.pi * np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2).astype(np.float32)
