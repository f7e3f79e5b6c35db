"""REAPER's time and bars, for the stand-in: tempo markers, gradual tempo, measures of any length."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class TempoMarker:
    time_s: float
    quarter_bpm: float
    beats: int = 4
    denominator: int = 4
    gradual: bool = False


class TempoGrid:
    """Measures of a row of tempo markers; each marker starts one."""

    def __init__(self, points: list[TempoMarker]) -> None:
        self.points = points
        self._starts_s = [points[0].time_s]
        self._counted = [0.0]

    def at(self, time_s: float) -> TempoMarker:
        return self.points[self._index(time_s)]

    def measure_start_s(self, measure: int) -> float:
        while len(self._starts_s) <= measure:
            self._grow()
        return self._starts_s[measure]

    def position(self, time_s: float) -> tuple[float, int]:
        """Beats into the measure, and the measure, from 0."""
        while self._starts_s[-1] <= time_s:
            self._grow()
        measure = bisect_right(self._starts_s, time_s + 1e-9) - 1
        return self.beats_between(self._starts_s[measure], time_s), measure

    def beats_between(self, start_s: float, end_s: float) -> float:
        """Beats between two times within one tempo marker's reach."""
        index = self._index(start_s + 1e-9)
        return self._beats_per_s(index, start_s) * (end_s - start_s) + self._slope(index) * (end_s - start_s) ** 2 / 2

    def whole_beats(self, measure: int) -> float:
        """Beats from the project's start to a measure's."""
        self.measure_start_s(measure)
        while len(self._counted) <= measure:
            start_s, end_s = self._starts_s[len(self._counted) - 1], self._starts_s[len(self._counted)]
            self._counted.append(self._counted[-1] + self.beats_between(start_s, end_s))
        return self._counted[measure]

    def quarters(self, time_s: float) -> float:
        """Quarter notes from the project's start."""
        _, measure = self.position(time_s)
        starts = [*self._starts_s[: measure + 1], time_s]
        return sum(
            self.beats_between(start_s, end_s) * 4 / self.at(start_s + 1e-9).denominator
            for start_s, end_s in pairwise(starts)
        )

    def _grow(self) -> None:
        index = self._index(self._starts_s[-1] + 1e-9)
        after_s = self.points[index + 1].time_s if index + 1 < len(self.points) else math.inf
        self._starts_s.append(min(self._later(index, self._starts_s[-1]), after_s))
        if after_s - self._starts_s[-1] < 1e-9:
            self._starts_s[-1] = after_s

    def _later(self, index: int, time_s: float) -> float:
        """One whole measure after ``time_s``."""
        beats, rate, slope = self.points[index].beats, self._beats_per_s(index, time_s), self._slope(index)
        if abs(slope) < 1e-12:
            return time_s + beats / rate
        reached = rate**2 + 2 * slope * beats
        return time_s + (math.sqrt(reached) - rate) / slope if reached > 0 else math.inf

    def _index(self, time_s: float) -> int:
        return max(bisect_right(self.points, time_s, key=lambda point: point.time_s) - 1, 0)

    def _beats_per_s(self, index: int, time_s: float) -> float:
        point = self.points[index]
        return point.quarter_bpm * point.denominator / 4 / 60 + self._slope(index) * (time_s - point.time_s)

    def _slope(self, index: int) -> float:
        """Beats per second, per second: a gradual tempo moves straight to the next marker's."""
        point = self.points[index]
        if not point.gradual or index + 1 == len(self.points):
            return 0.0
        rise = (self.points[index + 1].quarter_bpm - point.quarter_bpm) * point.denominator / 4 / 60
        return rise / (self.points[index + 1].time_s - point.time_s)
