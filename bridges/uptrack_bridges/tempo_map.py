"""Project seconds to bar and beat and back, over a tempo map with changes of tempo and signature.

Bars and beats count from 1, as every DAW shows them: "73.1" is the first beat of bar 73. A beat is the beat the
map's ``bpm`` counts. ``bar`` is an integer, ``beat`` a float in ``[1, beats_per_bar + 1)``. From a tempo point on, its
tempo and signature hold; ramps are for the host to send as steps.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

from uptrack_bridges.messages import TempoPoint

SNAP_BEATS = 0.005
"""2.3 ms at 128 bpm: a time that close before a beat is written as that beat; hosts round to milliseconds."""
LATE_BEATS = 0.5
"""How far the count may have run past the bar an anchor names and still be corrected by it: tempi sent with two
decimals drift by a hundredth of a beat in a hundred bars."""


class Position(NamedTuple):
    bar: int
    beat: float
    """From 1; 2.5 lies half-way between the second beat and the third."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """One tempo and signature, from ``time_s`` to the next stretch."""

    time_s: float
    bpm: float
    beats_per_bar: int
    bar: int
    beats_in: float
    """Beats of ``bar`` already gone at ``time_s``."""

    def position(self, time_s: float) -> Position:
        beats = self.beats_in + (time_s - self.time_s) * self.bpm / 60.0
        bars = math.floor(beats / self.beats_per_bar)
        beat = beats - bars * self.beats_per_bar
        if beat >= self.beats_per_bar:  # a hair below the bar line can round up to it
            bars, beat = bars + 1, 0.0
        return Position(self.bar + bars, 1.0 + max(beat, 0.0))

    def time_s_of(self, position: Position) -> float:
        beats = (position.bar - self.bar) * self.beats_per_bar + (position.beat - 1.0) - self.beats_in
        return self.time_s + beats * 60.0 / self.bpm


class TempoMap:
    """A project's bar lines.

    A point with ``bar`` starts that bar exactly there, cutting the one before short if need be. A point without
    carries the count on; if it changes the signature, a new bar starts there. The first point without ``bar`` is bar 1.
    Before the first point its tempo and signature are continued backwards. An anchor that names a bar which the count
    has already passed contradicts the map and is ignored, so that later is never an earlier bar.
    """

    def __init__(self, points: Iterable[TempoPoint]) -> None:
        """Build the map; of several points at one time the last one holds.

        Raises
        ------
        ValueError
            There is no point; use ``TempoMap.of`` where that can happen.
        """
        by_time = {point.time_s: point for point in sorted(points, key=lambda point: point.time_s)}
        if not by_time:
            raise ValueError("expected at least one tempo point, got none")
        stretches: list[_Stretch] = []
        for point in by_time.values():
            stretches.append(_continue(stretches[-1] if stretches else None, point))
        self._stretches = stretches
        self._times_s = [stretch.time_s for stretch in stretches]
        self._positions = [stretch.position(stretch.time_s) for stretch in stretches]

    @classmethod
    def of(cls, points: Iterable[TempoPoint]) -> Self | None:
        """The map, or ``None`` when the host sent no points: then nothing is known about bars."""
        points = list(points)
        return cls(points) if points else None

    def position(self, time_s: float) -> Position:
        """Bar and beat at ``time_s``, project seconds; never decreases as time goes on."""
        index = max(bisect_right(self._times_s, time_s) - 1, 0)
        position = self._stretches[index].position(time_s)
        # A count that runs past the bar its next anchor names waits there for it.
        return min(position, self._positions[index + 1]) if index + 1 < len(self._positions) else position

    def time_s(self, bar: int, beat: float = 1.0) -> float:
        """Project seconds of a bar and beat; one that a cut bar does not reach is where the next bar starts."""
        position = Position(bar, beat)
        index = max(bisect_right(self._positions, position) - 1, 0)
        time_s = self._stretches[index].time_s_of(position)
        return min(time_s, self._times_s[index + 1]) if index + 1 < len(self._times_s) else time_s

    def label(self, time_s: float) -> str:
        """Bar and whole beat, "73.1", as a marker carries it."""
        index = max(bisect_right(self._times_s, time_s) - 1, 0)
        position = self.position(time_s + SNAP_BEATS * 60.0 / self._stretches[index].bpm)
        return f"{position.bar}.{math.floor(position.beat)}"


def _continue(before: _Stretch | None, point: TempoPoint) -> _Stretch:
    if before is None:
        return _Stretch(point.time_s, point.bpm, point.beats_per_bar, 1 if point.bar is None else point.bar, 0.0)
    reached = before.position(point.time_s)
    gone = reached.beat - 1.0
    # Hosts round times and tempi, so the count meets a bar line only nearly; a little late counts as met.
    lines_up = (reached.bar, 1.0) >= before.position(before.time_s)
    anchored = point.bar is not None and (
        point.bar > reached.bar or (point.bar == reached.bar and gone < LATE_BEATS and lines_up)
    )
    if anchored and point.bar is not None:
        return _Stretch(point.time_s, point.bpm, point.beats_per_bar, point.bar, 0.0)
    if gone < SNAP_BEATS and lines_up:
        return _Stretch(point.time_s, point.bpm, point.beats_per_bar, reached.bar, 0.0)
    if point.beats_per_bar != before.beats_per_bar or before.beats_per_bar - gone < SNAP_BEATS:
        return _Stretch(point.time_s, point.bpm, point.beats_per_bar, reached.bar + 1, 0.0)
    return _Stretch(point.time_s, point.bpm, point.beats_per_bar, reached.bar, gone)
