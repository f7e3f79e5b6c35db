"""RMS of a whole file of any number of channels: with the sample peak it makes the crest factor."""

from __future__ import annotations

import math

import numpy as np

from uptrack_analysis.measure.framing import Framer, check_block
from uptrack_analysis.signal import Block

_CHUNK_FRAMES = 8192


class RmsMeter:
    """Streaming kernel: blocks in, RMS of all channels and frames out.

    Parameters
    ----------
    channels : int
        Rows of each block.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._framer = Framer(channels, _CHUNK_FRAMES, _CHUNK_FRAMES, batch=1)
        self._frames = 0
        self._square_sum = 0.0

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        self._frames += block.shape[1]
        for chunk in self._framer.push(block):
            self._add(chunk)

    def finish(self) -> float | None:
        """RMS in dB re a full-scale square wave; ``None`` for digital silence."""
        for chunk in self._framer.finish(-(-self._frames // _CHUNK_FRAMES)):
            self._add(chunk)
        if self._square_sum <= 0:
            return None
        return 10 * math.log10(self._square_sum / (self._frames * self._channels))

    def _add(self, chunk: Block) -> None:
        # Not a dot product: OpenBLAS would wake threads for it, and they cost more than they do.
        self._square_sum += float(np.square(chunk, dtype=np.float64).sum())
