"""Objective faults of a file: clipping, offset, holes, clicks, repeats, hum, dead channels, silent or cut edges.

What makes a plateau clipping is in ``plateaus.py``; ``breaks.py`` and ``hum.py`` say what those are. Here the stream is
cut, all are fed, and the rest is counted. The definitions of all figures are those of ``results.Defects``.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure import clicks, plateaus
from uptrack_analysis.measure.breaks import CHUNK_FRAMES, BreakFinder, resolution_of
from uptrack_analysis.measure.framing import Framer, check_block, check_stream
from uptrack_analysis.measure.hum import HumMeter
from uptrack_analysis.measure.results import Defects
from uptrack_analysis.measure.runs import sums
from uptrack_analysis.measure.silences import SilenceFinder, silences
from uptrack_analysis.measure.stalls import stalls
from uptrack_analysis.signal import Block, FloatArray

DEAD_CHANNEL = 10 ** (-90 / 20)
SILENCE = float(np.float32(10 ** (-60 / 20)))
"""As a sample can hold it, so that it is the same limit for one sample and for the largest of many."""
HEAD_S = 0.001
TAIL_S = 0.010
_GLANCE_FRAMES = 1024


class DefectMeter:
    """Streaming kernel: blocks in, ``Defects`` out.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    channels : int
        Rows of each block.
    bit_depth : int, optional
        Of the file's samples, if they are integers.
    unheard : collection of int
        Channels of low-frequency effects, which rest most of the time: their silences are not listed.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    def __init__(
        self, rate_hz: int, channels: int, bit_depth: int | None = None, *, unheard: Collection[int] = ()
    ) -> None:
        check_stream(rate_hz, channels)
        resolution = resolution_of(bit_depth)
        self._rate_hz = rate_hz
        self._channels = channels
        self._unheard = unheard
        self._ceilings = [[plateaus.CeilingWatch(sign, resolution) for sign in (1, -1)] for _ in range(channels)]
        self._breaks = BreakFinder(rate_hz, channels, resolution)
        self._silences = [SilenceFinder(rate_hz, resolution) for _ in range(channels)]
        self._hum = HumMeter(rate_hz, channels)
        self._history = self._breaks.history
        self._framer = Framer(channels, self._history + CHUNK_FRAMES, CHUNK_FRAMES, lead=self._history, batch=1)
        self._first = -self._history
        self._frames_in = 0
        self._sums: list[FloatArray] = []
        self._loudest: FloatArray = np.zeros(channels)
        self._head_peak = 0.0
        self._head_step = 0.0
        self._first_audible: int | None = None
        self._last_audible: int | None = None
        self._tail: Block = np.zeros((channels, 0), dtype=np.float32)

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        self._frames_in += block.shape[1]
        tail_frames = self._tail_frames()
        self._tail = np.concatenate([self._tail, block[:, -tail_frames:]], axis=1)[:, -tail_frames:]
        for window in self._framer.push(block):
            self._look(window[:, 0])

    def finish(self) -> Defects:
        """Everything found in what was pushed."""
        reach = max(self._breaks.reach + plateaus.CONTEXT, self._silences[0].context)
        for window in self._framer.finish(-(-(self._frames_in + reach) // CHUNK_FRAMES)):
            self._look(window[:, 0])
        clipped = [
            (channel, tally)
            for channel, watches in enumerate(self._ceilings)
            for tally in chain.from_iterable(watch.finish() for watch in watches)
        ]
        runs = sorted(
            (run for channel, tally in clipped for run in tally.runs(channel)),
            key=lambda run: (run.start, run.channel),
        )
        duration_s = self._frames_in / self._rate_hz
        lead, tail = duration_s, duration_s
        if self._first_audible is not None and self._last_audible is not None:
            lead = self._first_audible / self._rate_hz
            tail = (self._frames_in - 1 - self._last_audible) / self._rate_hz
        breaks = self._breaks.finish(self._frames_in)
        of_chunks = np.array(self._sums).reshape(-1, self._channels)
        still = [finder.finish(self._frames_in) for finder in self._silences]
        return Defects(
            clip_runs=tuple(runs[: plateaus.MAX_RUNS]),
            clipped_runs=sum(tally.count for _channel, tally in clipped),
            clipped_samples=sum(tally.samples for _channel, tally in clipped),
            dc_offset=of_chunks.sum(axis=0) / max(1, self._frames_in),
            gaps=breaks.gaps,
            silent_channels=self._silent_channels(),
            lead_silence_s=lead,
            tail_silence_s=tail,
            head_peak_dbfs=_db(self._head_peak),
            head_step_dbfs=_db(self._head_step),
            tail_rms_dbfs=_db(float(np.sqrt(np.mean(self._tail.astype(np.float64) ** 2))) if self._tail.size else 0.0),
            clicks=breaks.clicks[: clicks.MAX_CLICKS],
            more_clicks=max(0, len(breaks.clicks) - clicks.MAX_CLICKS),
            repeats=breaks.repeats,
            hum=self._hum.finish(self._frames_in, self._loudest),
            silences=silences(still, self._rate_hz, self._unheard),
            held=stalls(still, of_chunks, CHUNK_FRAMES, self._frames_in, self._rate_hz),
            timed_gaps=breaks.timed_gaps,
        )

    def _look(self, window: Block) -> None:
        chunk = window[:, self._history :]
        first = self._first + self._history
        self._sums.append(sums(chunk))
        # Plateaus are judged with samples on both sides, so their stretch trails the chunk by as many.
        stretch = window[:, self._history - 2 * plateaus.CONTEXT :]
        inside = stretch[:, plateaus.CONTEXT : -plateaus.CONTEXT]
        tops = np.stack([inside.max(axis=1), -inside.min(axis=1)], axis=1)
        self._loudest = np.maximum(self._loudest, tops.max(axis=1))
        self._watch_edges(chunk, first, max(float(tops.max()), float(np.abs(chunk[:, -plateaus.CONTEXT :]).max())))
        for channel in range(self._channels):
            for watch, top in zip(self._ceilings[channel], tops[channel], strict=True):
                watch.push(stretch[channel], first - plateaus.CONTEXT, top)
        self._breaks.look(window, first)
        # As plateaus do, silences trail the chunk by what they are judged with.
        for channel, finder in enumerate(self._silences):
            finder.look(window[channel, self._history - finder.lead - finder.context :], first - finder.context)
        self._hum.push(window, self._first, min(first + CHUNK_FRAMES, self._frames_in))
        self._first += CHUNK_FRAMES

    def _watch_edges(self, chunk: Block, first: int, loudest: float) -> None:
        if first == 0:
            self._head_step = float(np.abs(chunk[:, 0]).max())
        head = max(1, round(HEAD_S * self._rate_hz)) - first
        if head > 0:
            self._head_peak = max(self._head_peak, float(np.abs(chunk[:, :head]).max()))
        if loudest > SILENCE:
            # While music plays, a glance at the end of the chunk is enough.
            near_end = audible(chunk[:, -_GLANCE_FRAMES:])
            if self._first_audible is None or near_end.size == 0:
                heard = audible(chunk)
                if heard.size == 0:  # what is loud was the end of the chunk before
                    return
                if self._first_audible is None:
                    self._first_audible = first + int(heard[0])
                self._last_audible = first + int(heard[-1])
            else:
                self._last_audible = first + CHUNK_FRAMES - _GLANCE_FRAMES + int(near_end[-1])

    def _tail_frames(self) -> int:
        return max(1, round(TAIL_S * self._rate_hz))

    def _silent_channels(self) -> tuple[int, ...]:
        if self._loudest.max() <= SILENCE:
            return ()
        return tuple(np.flatnonzero(self._loudest <= DEAD_CHANNEL).tolist())


def audible(chunk: Block) -> NDArray[np.intp]:
    """Frames in which a channel is over ``SILENCE``, in order."""
    return np.flatnonzero((np.abs(chunk) > SILENCE).any(axis=0))


def _db(magnitude: float) -> float | None:
    return 20 * math.log10(magnitude) if magnitude > 0 else None
