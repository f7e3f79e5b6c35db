"""The least that is asked of every stem's samples: peaks, offset, and where it begins and ends to sound."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.defects import SILENCE, audible
from uptrack_analysis.measure.framing import Framer, check_block
from uptrack_analysis.measure.runs import sums
from uptrack_analysis.measure.step_peaks import StepPeaks
from uptrack_analysis.signal import Block, FloatArray

_CHUNK_FRAMES = 262_144
_GLANCE_FRAMES = 1024


class StemLevelMeter:
    """Streaming kernel: blocks in; peaks, ``dc_offset`` and the silences at both ends once ``finish`` was called.

    Parameters
    ----------
    rate_hz : int
    channels : int
        Rows of each block.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._channels = channels
        # Fixed chunks, so that the order of the sum does not depend on how the stream was cut.
        self._framer = Framer(channels, _CHUNK_FRAMES, _CHUNK_FRAMES, batch=1)
        self._sum: FloatArray = np.zeros(channels)
        self._first: int | None = None
        self._last = 0
        self._chunks = 0
        self.frames = 0
        self.peak = 0.0
        """Largest magnitude of any channel."""
        self.steps = StepPeaks(rate_hz)

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        self.frames += block.shape[1]
        for chunk in self._framer.push(block):
            self._look(chunk[:, 0])

    def finish(self) -> None:
        for chunk in self._framer.finish(-(-self.frames // _CHUNK_FRAMES)):
            self._look(chunk[:, 0])

    @property
    def dc_offset(self) -> FloatArray:
        """Mean sample of each channel, shape (channels,)."""
        return self._sum / max(1, self.frames)

    @property
    def lead_frames(self) -> int:
        """Before the first sample over -60 dBFS; all of them if there is none."""
        return self.frames if self._first is None else self._first

    @property
    def tail_frames(self) -> int:
        return self.frames if self._first is None else self.frames - 1 - self._last

    def _look(self, chunk: Block) -> None:
        start = self._chunks * _CHUNK_FRAMES
        self._chunks += 1
        loudest = self.steps.push(chunk[:, : self.frames - start])
        if loudest == 0.0:
            return
        self.peak = max(self.peak, loudest)
        self._sum += sums(chunk)
        if loudest > SILENCE:
            if self._first is None:
                self._first = start + int(audible(chunk)[0])
            # While it plays, a glance at the end of the chunk is enough.
            for glance in (_GLANCE_FRAMES, _CHUNK_FRAMES):
                if (near_end := audible(chunk[:, -glance:])).size:
                    self._last = start + _CHUNK_FRAMES - glance + int(near_end[-1])
                    break
