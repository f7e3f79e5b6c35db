"""Silences of one front channel while the other plays on: faults, or rests of a part that plays on that side alone.

A part that stops without dying away stops as abruptly as a channel that is lost. A silence is

* no fault where the sides take turns: the other falls silent as this one comes back, or comes back as this one stops;
* a fault where the channel has no other nearby;
* a rest where it has many, and they end in time, as notes begin. One that ends out of time and in the middle of a wave
  is a fault among them;
* a rest where there are others that keep no time, unless both sides share what plays around it: that would rest on
  both. The fewer there are, the less they need to share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.regular import ERROR_S, LEAST_EVENTS, LEAST_STEP_S, off_grid_s
from uptrack_analysis.measure.results import Measured, Silence
from uptrack_analysis.measure.timed_gaps import OUT_OF_TIME_S, finer_steps_s
from uptrack_analysis.signal import FloatArray

MANY = 3
NEARBY_S = 10.0
NEARBY_LENGTHS = 4.0
"""Or within so many of its own lengths: a part that rests for long plays for long, too."""
IN_TIME = 0.8
"""Of the intervals: a fault between notes spoils two."""
DIVISIONS = (1, 2, 3, 4)
TURN_S = 0.010
AROUND_S = 1.0
SHARED, SHARED_BY_FEW = 0.5, 0.2
"""Correlation of the sides before and after. Parts of their own on either side have less, unless their notes agree."""


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """A silence that no rest explains."""

    silence: Silence
    stands_alone: bool
    """Its channel has no other, or few, and both sides share what plays around it: it can be nothing but a fault."""


class _Side:
    """One front channel: its silences while another channel plays, all its stops, and its power over time."""

    def __init__(self, measured: Measured, channel: int, energy: FloatArray) -> None:
        defects, rate_hz = measured.defects, measured.sample_rate_hz
        # What a stream has held is a dropout.
        held = [(gap.start, gap.end) for gap in defects.held if channel in gap.channels]
        self.silences = [
            silence
            for silence in defects.silences
            if silence.channel == channel
            and not any(start < silence.end and silence.start < end for start, end in held)
        ]
        self.power = energy / (measured.stereo.step_s * rate_hz)
        # Short rests of a part are holes in time.
        gated = [gap for group in defects.timed_gaps for gap in group.gaps if gap.channels == (channel,)]
        stops = [*((silence.start, silence.end) for silence in self.silences), *((gap.start, gap.end) for gap in gated)]
        self.starts_s, self.ends_s = np.array(sorted(stops), dtype=np.float64).reshape(-1, 2).T / rate_hz


def broken_off(measured: Measured, *, other_from_dbfs: float, other_falls_db: float) -> tuple[BrokenOff, ...]:
    """The faults, in order.

    Parameters
    ----------
    measured : Measured
    other_from_dbfs, other_falls_db : float
        The other side plays on if it has that power meanwhile, and falls by no more.
    """
    if len(measured.front) < 2:
        return ()
    curve = measured.stereo
    left, right = (
        _Side(measured, channel, energy) for channel, energy in zip(measured.front, (curve.ll, curve.rr), strict=True)
    )
    found = [
        BrokenOff(silence, _stands_alone(silence, own, measured))
        for own, other in ((left, right), (right, left))
        for silence in own.silences
        if silence.cut_before
        and _plays_on(other, silence, measured, other_from_dbfs, other_falls_db)
        and _is_fault(silence, own, other, measured)
    ]
    return tuple(sorted(found, key=lambda fault: (fault.silence.start, fault.silence.channel)))


def _stands_alone(silence: Silence, own: _Side, measured: Measured) -> bool:
    count = own.ends_s.size
    return count == 1 or (count <= MANY and _shared(silence, measured) >= SHARED)


def _plays_on(other: _Side, silence: Silence, measured: Measured, from_dbfs: float, falls_db: float) -> bool:
    step = measured.stereo.step_s * measured.sample_rate_hz
    first = math.floor(silence.start / step)
    during, before = other.power[first : math.ceil(silence.end / step)], other.power[max(0, first - 1) : first + 1]
    return _db(during) >= max(from_dbfs, _db(before) - falls_db)


def _db(power: FloatArray) -> float:
    return 10 * math.log10(max(1e-20, float(np.mean(power)))) if power.size else -math.inf


def _is_fault(silence: Silence, own: _Side, other: _Side, measured: Measured) -> bool:
    start_s, end_s = silence.start / measured.sample_rate_hz, silence.end / measured.sample_rate_hz
    if _any_near(other.starts_s, end_s) or _any_near(other.ends_s, start_s):
        return False
    reach_s = max(NEARBY_S, NEARBY_LENGTHS * (end_s - start_s))
    first, last = np.searchsorted(own.ends_s, start_s - reach_s), np.searchsorted(own.starts_s, end_s + reach_s)
    ends_s = own.ends_s[first:last]
    others_s = ends_s[ends_s != end_s]
    if others_s.size < MANY:
        return others_s.size == 0 or _shared(silence, measured) >= SHARED_BY_FEW
    step_s = _step_s(others_s)
    if step_s is None:
        return _shared(silence, measured) >= SHARED
    away_s = min(off_grid_s(end_s, others_s, one_s) for one_s in finer_steps_s(step_s))
    return silence.cut_after and away_s >= OUT_OF_TIME_S


def _step_s(times_s: FloatArray) -> float | None:
    """The step that most of these times keep, found by the usual interval of theirs; ``None`` if they keep none."""
    if times_s.size < LEAST_EVENTS:
        return None
    intervals = np.diff(times_s)
    for parts in DIVISIONS:
        step = float(np.median(intervals)) / parts
        counts = np.round(intervals / step)
        fits = (np.abs(intervals - step * counts) <= ERROR_S) & (counts > 0)
        if step >= LEAST_STEP_S and np.mean(fits) >= IN_TIME:
            return float(intervals[fits].sum() / counts[fits].sum())
    return None


def _any_near(places_s: FloatArray, time_s: float) -> bool:
    first, last = np.searchsorted(places_s, [time_s - TURN_S, time_s + TURN_S])
    return bool(last > first)


def _shared(silence: Silence, measured: Measured) -> float:
    """Correlation of the sides over the second before it and the second after, either sign; 0 where one has nothing."""
    curve = measured.stereo
    step, count = curve.step_s * measured.sample_rate_hz, round(AROUND_S / curve.step_s)
    first, last = math.floor(silence.start / step), math.ceil(silence.end / step)
    chosen = [*range(max(0, first - count), first), *range(last, min(curve.ll.size, last + count))]
    left, right, cross = (float(part[chosen].sum()) for part in (curve.ll, curve.rr, curve.lr))
    return abs(cross) / math.sqrt(left * right) if left > 0 and right > 0 else 0.0
