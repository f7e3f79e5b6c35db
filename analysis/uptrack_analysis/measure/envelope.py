"""The waveform as a DAW draws it: lowest, highest and mean level of at most 2,000 stretches, whatever the length.

How long a file is shows at its end. Until then it is kept in fine steps, and whenever there are twice as many as are
needed, each joins its neighbour and the step doubles: memory is that of a few thousand numbers for a minute and for a
day. At the end the fine steps are shared out among the points, so that a point's edges lie on fine steps, less than
1/8 of a point from where an even share would have them. Files under 6 s have fewer points, each one step.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.framing import Framer, check_block, check_stream
from uptrack_analysis.measure.results import Waveform
from uptrack_analysis.measure.runs import largest_of_runs, smallest_of_runs
from uptrack_analysis.signal import Block, FloatArray

POINTS = 2_000
STEP_FRAMES = 128
"""The finest step: shorter ones cost more in calls than in arithmetic."""
# Fine steps kept: 16,000 to 32,000, eight to sixteen a point, once the file is long enough for it.
_MOST_STEPS = 16 * POINTS
_BATCH = 1024


class EnvelopeMeter:
    """Streaming kernel: blocks of a front pair in, one ``Waveform`` out.

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
        self._channels = channels
        self._frames_in = 0
        # Fixed batches: a sum may round differently in another shape, and block size must not show.
        self._framer = Framer(min(channels, 2), STEP_FRAMES, STEP_FRAMES, batch=_BATCH)
        self._joined = 1
        """Steps of ``STEP_FRAMES`` that make one of the steps kept."""
        self._steps: FloatArray = np.empty((3, _MOST_STEPS))
        """Lowest, highest and summed squares of each step kept."""
        self._kept = 0
        self._open: FloatArray = np.empty((3, 0))
        """Finest steps that do not make a whole one of today's yet."""

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        self._frames_in += block.shape[1]
        for frames in self._framer.push(block[:2]):
            self._take(_outline(frames))

    def finish(self) -> Waveform:
        """The points of everything pushed: none of nothing."""
        whole, rest = divmod(self._frames_in, STEP_FRAMES)
        batches = [frames.copy() for frames in self._framer.finish(whole + (rest > 0))]
        if rest:  # the last step ends with the file, not with the silence after it
            batches[-1:] = [batches[-1][:, :-1], batches[-1][:, -1:, :rest]]
        for frames in batches:
            self._take(_outline(frames))
        if self._open.shape[1]:
            self._keep(_joined(self._open, self._open.shape[1]))
        edges = np.arange(min(POINTS, self._kept) + 1) * self._kept // max(1, min(POINTS, self._kept))
        ends = np.minimum(edges * self._joined * STEP_FRAMES, self._frames_in)
        low, high, squares = _between(self._steps[:, : self._kept], edges)
        return Waveform(low, high, np.sqrt(squares / (np.diff(ends) * min(self._channels, 2))))

    def _take(self, outline: FloatArray) -> None:
        while outline.shape[1]:
            ready = np.concatenate([self._open, outline], axis=1)
            room = (_MOST_STEPS - self._kept) * self._joined
            used = min(ready.shape[1] // self._joined * self._joined, room)
            self._keep(_joined(ready[:, :used], self._joined))
            self._open = ready[:, used:]
            if self._kept < _MOST_STEPS:
                return
            self._kept //= 2
            self._steps[:, : self._kept] = _joined(self._steps, 2)
            self._joined *= 2
            outline, self._open = self._open, np.empty((3, 0))

    def _keep(self, steps: FloatArray) -> None:
        self._steps[:, self._kept : self._kept + steps.shape[1]] = steps
        self._kept += steps.shape[1]


def _outline(frames: Block) -> FloatArray:
    """Lowest, highest and summed squares over channels and samples of each step, shape (3, steps)."""
    lower, upper = frames[0], frames[0]
    if frames.shape[0] > 1:
        lower, upper = np.minimum(frames[0], frames[1]), np.maximum(frames[0], frames[1])
    if frames.shape[2] == STEP_FRAMES:
        lowest, highest = smallest_of_runs(lower, STEP_FRAMES)[:, 0], largest_of_runs(upper, STEP_FRAMES)[:, 0]
    else:  # the end of the file
        lowest, highest = lower.min(axis=1), upper.max(axis=1)
    squares = np.einsum("csf,csf->cs", frames, frames).sum(axis=0)
    outline: FloatArray = np.stack([lowest, highest, squares]).astype(np.float64)
    return outline


def _joined(steps: FloatArray, count: int) -> FloatArray:
    """Every ``count`` neighbours as one."""
    if count == 1 or not steps.shape[1]:
        return steps
    return _between(steps, np.arange(0, steps.shape[1] + 1, count))


def _between(steps: FloatArray, edges: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
    starts = edges[:-1]
    if not starts.size:
        return np.empty((3, 0))
    return np.stack(
        [
            np.minimum.reduceat(steps[0], starts),
            np.maximum.reduceat(steps[1], starts),
            np.add.reduceat(steps[2], starts),
        ]
    )
