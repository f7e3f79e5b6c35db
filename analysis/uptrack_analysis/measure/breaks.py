"""Where the sound breaks off or jumps: holes, clicks, repeated blocks, held samples, found in one look at each chunk.

What makes a silence a hole is in ``gaps.py``; ``clicks.py``, ``repeats.py`` and ``stalls.py`` say what those are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from uptrack_analysis.measure import clicks, gaps
from uptrack_analysis.measure.clicks import ClickFinder
from uptrack_analysis.measure.framing import Framer, alike, check_block, check_stream
from uptrack_analysis.measure.repeats import RepeatFinder
from uptrack_analysis.measure.results import Breaks, Click, Gap
from uptrack_analysis.measure.runs import sums
from uptrack_analysis.measure.screening import LEAD, Screen
from uptrack_analysis.measure.silences import SilenceFinder
from uptrack_analysis.measure.stalls import stalls
from uptrack_analysis.measure.timed_gaps import apart_in_time
from uptrack_analysis.signal import Block, FloatArray

Kind = Literal["gaps", "clicks", "repeats", "held"]
EVERY_KIND: frozenset[Kind] = frozenset({"gaps", "clicks", "repeats", "held"})
CHUNK_FRAMES = 65_536
_GAPS_CHUNK_FRAMES = 262_144
"""Where gaps alone are sought, whose every look is short: two stems side by side then wait half as long for the
interpreter's lock."""
CLICK_OF_EDGE_S = 0.002
_FINEST_STEP = 2.0**-15
"""Jumps and plateaus are judged in steps of 16 bits even in finer files: 24-bit files full of 16-bit samples abound."""


def resolution_of(bit_depth: int | None) -> float:
    """The step that samples are judged in."""
    return max(_FINEST_STEP, 2.0 ** (1 - bit_depth)) if bit_depth else _FINEST_STEP


class BreakFinder:
    """Takes windows that overlap: ``history`` samples that were there before, then a chunk. It finds no held samples.

    Parameters
    ----------
    rate_hz : int
    channels : int
        Rows of each window.
    resolution : float
        The step that samples are judged in.
    sought : collection of Kind
        What is looked for; there is none of the others.
    """

    def __init__(self, rate_hz: int, channels: int, resolution: float, sought: Collection[Kind] = EVERY_KIND) -> None:
        self._rate_hz = rate_hz
        self.chunk_frames = _GAPS_CHUNK_FRAMES if set(sought) == {"gaps"} else CHUNK_FRAMES
        self._sought = frozenset(sought)
        self._gap_finder = gaps.GapFinder(rate_hz, resolution)
        self._screen = Screen(rate_hz, self.chunk_frames, clicks.LATE_S)
        self._clicks = ClickFinder(rate_hz, self._screen.row, self.chunk_frames // self._screen.row)
        self._repeats = RepeatFinder(rate_hz)
        self._holes: list[list[gaps.Stop]] = [[] for _ in range(channels)]
        self._silences: list[list[int]] = [[] for _ in range(channels)]
        self.history = max(self._gap_finder.history_frames, self._clicks.history_frames, self._repeats.history_frames)
        self.reach = max(self._gap_finder.reach_frames, self._clicks.reach_frames, self._repeats.reach_frames)
        """Frames after a fault without which it is not judged."""

    def look(self, window: Block, first: int) -> None:
        """``window`` has shape (channels, history + chunk_frames); its chunk begins with frame ``first``."""
        if "gaps" in self._sought:
            self._look_for_gaps(window, first)
        if self._sought.isdisjoint(("clicks", "repeats")):
            return
        screening = self._screen.look(window[:, self.history - LEAD :])
        if "clicks" in self._sought:
            self._clicks.search(window, screening, first)
        if "repeats" in self._sought:
            self._repeats.search(window, screening, first)

    def _look_for_gaps(self, window: Block, first: int) -> None:
        unseen = self.history - self._gap_finder.history_frames
        begins = first - self.history + unseen
        # A part recorded in mono is searched once.
        one_for_both = list(self._gap_finder.search(window[0, unseen:])) if alike(window) else None
        for channel, (holes, silences) in enumerate(zip(self._holes, self._silences, strict=True)):
            found = self._gap_finder.search(window[channel, unseen:]) if one_for_both is None else one_for_both
            for start, end, rise_db in found:
                if len(holes) + len(silences) >= gaps.MAX_SILENCES:
                    break
                if rise_db is not None:
                    holes.append(gaps.Stop(start + begins, end + begins, rise_db))
                else:
                    silences.append(end + begins)

    def finish(self, frames: int) -> Breaks:
        """Everything found in a stream of so many frames."""
        holes, repeats = self._gaps(), tuple(self._repeats.finish())
        lost, timed = apart_in_time(holes, self._rate_hz)
        borders = [*((gap.start, gap.end) for gap in holes), *((copy.start, copy.end) for copy in repeats)]
        found = clicks_apart_from(borders, self._clicks.finish(frames), self._rate_hz)
        return Breaks(lost, found, repeats, timed)

    def _gaps(self) -> tuple[Gap, ...]:
        holes = [
            (hole, channel)
            for channel, (own, silences) in enumerate(zip(self._holes, self._silences, strict=True))
            for hole in gaps.exceptional(own, silences, self._rate_hz)
        ]
        return tuple(gaps.joined(holes, self._rate_hz))


class BreakMeter:
    """Streaming kernel: blocks in, ``Breaks`` out; for a stem, of which no other fault is asked.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    channels : int
        Rows of each block.
    bit_depth : int, optional
        Of the file's samples, if they are integers.
    sought : collection of Kind
        As ``BreakFinder``: each costs time of its own.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    def __init__(
        self, rate_hz: int, channels: int, bit_depth: int | None = None, *, sought: Collection[Kind] = EVERY_KIND
    ) -> None:
        check_stream(rate_hz, channels)
        self._channels = channels
        self._rate_hz = rate_hz
        resolution = resolution_of(bit_depth)
        self._finder = BreakFinder(rate_hz, channels, resolution, sought)
        self._still = [SilenceFinder(rate_hz, resolution) for _ in range(channels)] if "held" in sought else []
        self._sums: list[FloatArray] = []
        history = self._finder.history
        self._chunk = self._finder.chunk_frames
        self._framer = Framer(channels, history + self._chunk, self._chunk, lead=history, batch=1)
        self._looked_at = 0
        self._frames_in = 0

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

    def finish(self) -> Breaks:
        """Everything found in what was pushed."""
        reach = max([self._finder.reach, *(still.context for still in self._still)])
        for window in self._framer.finish(-(-(self._frames_in + reach) // self._chunk)):
            self._look(window[:, 0])
        found = self._finder.finish(self._frames_in)
        if not self._still:
            return found
        runs = [still.finish(self._frames_in) for still in self._still]
        of_chunks = np.array(self._sums).reshape(-1, self._channels)
        return replace(found, held=stalls(runs, of_chunks, self._chunk, self._frames_in, self._rate_hz))

    def _look(self, window: Block) -> None:
        self._finder.look(window, self._looked_at)
        if self._still:
            self._sums.append(sums(window[:, self._finder.history :]))
        # They trail the chunk by what they are judged with.
        for channel, still in enumerate(self._still):
            begin = self._finder.history - still.lead - still.context
            still.look(window[channel, begin:], self._looked_at - still.context)
        self._looked_at += self._chunk


def clicks_apart_from(borders: Sequence[tuple[int, int]], clicks: Sequence[Click], rate_hz: int) -> tuple[Click, ...]:
    """Without those that a hole, a repeated block or a silenced stretch begins or ends with: no faults of their own.

    ``borders`` are the first frame of each, and the one after its last.
    """
    edges = np.sort(np.array(borders, dtype=np.int64).ravel())
    near = round(CLICK_OF_EDGE_S * rate_hz)

    def stands_alone(click: Click) -> bool:
        first, last = np.searchsorted(edges, [click.frame - near, click.frame + near + 1])
        return bool(first == last)

    return tuple(filter(stands_alone, clicks))
