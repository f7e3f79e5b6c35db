"""Lower sample rates and single channels for the meters that need no more, streaming, by soxr.

soxr compensates its own delay, so sample ``k`` of the output belongs to sample ``k * factor`` of the input.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import soxr

from uptrack_analysis.signal import Block

# Not a half each: an inverted channel would vanish from an even sum, and with it every beat and note of the file.
# 0.55/0.45 keeps it 20 dB down, and costs a hard-panned instrument 0.9 dB at most.
FOLD_WEIGHTS = (0.55, 0.45)


# The same pass band as soxr's default, aliases 96 instead of 120 dB down, two thirds of the time.
_QUALITY = "MQ"


class Decimator:
    """Keeps one sample in ``factor``, low-passed first; every channel on its own."""

    def __init__(self, channels: int, factor: int) -> None:
        # One stream a channel: planar rows go in without being interleaved first.
        self._streams: list[Any] = (
            []
            if factor == 1
            else [soxr.ResampleStream(factor, 1, 1, dtype="float32", quality=_QUALITY) for _ in range(channels)]
        )

    def push(self, block: Block, *, last: bool = False) -> Block:
        """What has become ready, shape (channels, frames); ``last`` flushes the filter."""
        if not self._streams:
            return block
        rows = [
            stream.resample_chunk(np.ascontiguousarray(row), last=last)
            for stream, row in zip(self._streams, block, strict=True)
        ]
        return np.stack(rows)


def fold(block: Block) -> Block:
    """One channel out of the front pair, shape (1, frames); mono passes as it is."""
    if block.shape[0] == 1:
        return block
    left, right = FOLD_WEIGHTS
    folded: Block = block[:1] * np.float32(left)
    folded += block[1:2] * np.float32(right)
    return folded


def nearest_smooth(value: float) -> int:
    """Nearest integer, at least 1, without a prime factor over 7, up to 4096: lengths for which FFTs are fast."""
    exponents = {2: 13, 3: 8, 5: 6, 7: 5}
    powers = ([int(base**exponent) for exponent in range(count)] for base, count in exponents.items())
    smooth = (math.prod(parts) for parts in itertools.product(*powers))
    return min(smooth, key=lambda n: (abs(n - value), n))
