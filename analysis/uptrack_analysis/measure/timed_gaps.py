"""Holes that keep time: a gate, a stutter, hits cut short on purpose, or buffers that a driver loses at even intervals.

Holes lie on one grid where nearly all of them do, six at least: in the whole file, or in a passage of it in which no
two are 4 s apart. One that lies off the grid of the others is none of them: it was lost, whatever the gate does around.

A grid that is not the music's is a driver's. That the music has that beat proves nothing where the holes are all that
starts: so where what is cut plays on as before, and is gone for a tenth of the time at most, the beat is asked for
again without what starts at them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.regular import ERROR_S, LEAST_EVENTS, LEAST_STEP_S, off_grid_s, step_of
from uptrack_analysis.measure.results import Gap, TimedGaps
from uptrack_analysis.signal import FloatArray

OUT_OF_TIME_S = 0.015
_PARTS = (1, 2, 3, 4, 6, 8)
"""Into how many the step of those silences may be divided for a rest to be played."""
_SHARE = 0.8
_NEIGHBOURS = 8
"""With which an event is compared: a step that is a little wrong adds up over many."""
_PASSAGE_S = 4.0
_COMMON = 3
"""Intervals that are tried as a grid's, the most frequent first."""
_DIVISIONS = (1, 2, 3, 4)
_ALIKE = 0.2
_OF_A_BEAT = (1 / 8, 1 / 6, 1 / 4, 1 / 3, 3 / 8, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4, 6, 8, 12, 16, 32)
"""Steps that gates and stutters are set to, and those of a tempo that is heard as 3:2 or 4:3."""
_SAME_STEP = 0.005
_PLAYS_ON_DB = 2.0
_MOST_GONE = 0.1


def apart_in_time(gaps: Sequence[Gap], rate_hz: int) -> tuple[tuple[Gap, ...], tuple[TimedGaps, ...]]:
    """Those that keep no time, and those that do, by their grid.

    Parameters
    ----------
    gaps : sequence of Gap
        In order.
    """
    whole = _on_one_grid(gaps, rate_hz)
    timed = [] if whole is None else [whole]
    found = [_on_one_grid(passage, rate_hz) for passage in _passages(_apart_from(gaps, timed), rate_hz)]
    timed += [group for group in found if group is not None]
    return tuple(_apart_from(gaps, timed)), tuple(timed)


def _apart_from(gaps: Sequence[Gap], timed: Sequence[TimedGaps]) -> list[Gap]:
    members = {gap for group in timed for gap in group.gaps}
    return [gap for gap in gaps if gap not in members]


def goes_with(group: TimedGaps, beat_s: float) -> bool:
    """Whether the grid goes with a beat of ``beat_s``, as a gate's does."""
    return any(abs(group.step_s / (part * beat_s) - 1) < _SAME_STEP for part in _OF_A_BEAT)


def plays_on(group: TimedGaps, rate_hz: int) -> bool:
    """Whether the sound is gone for a moment and goes on as before: no hit begins after it, and no gate is so short."""
    rises_db = np.abs([gap.rise_db for gap in group.gaps])
    gone_s = np.median([gap.end - gap.start for gap in group.gaps]) / rate_hz
    between_s = np.median(np.diff(_ends_s(group.gaps, rate_hz)))
    return bool(np.median(rises_db) <= _PLAYS_ON_DB and gone_s <= _MOST_GONE * between_s)


def finer_steps_s(step_s: float) -> list[float]:
    """Who plays on the beat may play between, too: on eighths, triplets and sixteenths that are slow enough to tell."""
    return [step_s / parts for parts in _PARTS if parts == 1 or step_s / parts >= 4 * OUT_OF_TIME_S]


def _passages(gaps: Sequence[Gap], rate_hz: int) -> Iterator[list[Gap]]:
    passage: list[Gap] = []
    for gap in gaps:
        if passage and gap.start - passage[-1].end > _PASSAGE_S * rate_hz:
            yield passage
            passage = []
        passage.append(gap)
    if passage:
        yield passage


def _on_one_grid(gaps: Sequence[Gap], rate_hz: int) -> TimedGaps | None:
    """Those of the holes that lie on the grid of nearly all."""
    ends_s = _ends_s(gaps, rate_hz)
    for tried_s in _candidates_s(ends_s):
        on = _away_s(ends_s, ends_s, tried_s) <= ERROR_S
        if on.mean() >= _SHARE and (step_s := step_of(ends_s[on])) is not None:
            break
    else:
        # A player keeps the time from one to the next alone.
        if (step_s := step_of(ends_s)) is None:
            return None
        on = np.ones(ends_s.size, dtype=np.bool_)
    kept = set(ends_s[on].tolist())
    usual = float(np.median([gap.end - gap.start for gap in gaps if gap.end / rate_hz in kept]))
    for end_s in ends_s[~on].tolist():
        lengths = [gap.end - gap.start for gap in gaps if gap.end / rate_hz == end_s]
        is_alike = all(abs(length / usual - 1) <= _ALIKE for length in lengths)
        if _away_from_finer_s(end_s, ends_s[on], step_s) <= (OUT_OF_TIME_S if is_alike else ERROR_S):
            kept.add(end_s)
    return TimedGaps(step_s, tuple(gap for gap in gaps if gap.end / rate_hz in kept))


def _away_from_finer_s(time_s: float, events_s: FloatArray, step_s: float) -> float:
    """How far from where one could be played among those events; far from all of them nothing is."""
    if np.abs(events_s - time_s).min() > _PASSAGE_S:
        return np.inf
    at = np.array([time_s])
    return min(float(_away_s(at, events_s, finer_s)[0]) for finer_s in finer_steps_s(step_s))


def _candidates_s(ends_s: FloatArray) -> Iterator[float]:
    """Steps that the most frequent intervals, or all, are multiples of, the likeliest first; none for too few."""
    if ends_s.size < LEAST_EVENTS:
        return
    intervals_s = np.diff(ends_s)
    for common_s, _count in Counter(np.round(intervals_s, 3).tolist()).most_common(_COMMON):
        near_s = intervals_s[np.abs(intervals_s - common_s) <= ERROR_S / 2]
        for divisions in _DIVISIONS:
            if (step_s := float(np.median(near_s)) / divisions) >= LEAST_STEP_S:
                yield step_s
    if (of_all_s := step_of(ends_s)) is not None:
        yield of_all_s


def _away_s(times_s: FloatArray, events_s: FloatArray, step_s: float) -> FloatArray:
    """How far each time lies from the grid of the events around it, shape (n_times,)."""
    places = np.searchsorted(events_s, times_s)
    away: FloatArray = np.empty(times_s.size)
    for number, (place, time_s) in enumerate(zip(places.tolist(), times_s.tolist(), strict=True)):
        around_s = events_s[max(0, place - _NEIGHBOURS // 2) : place + _NEIGHBOURS // 2 + 1]
        others_s: NDArray[np.float64] = around_s[around_s != time_s]
        away[number] = off_grid_s(time_s, others_s, step_s)
    return away


def _ends_s(gaps: Sequence[Gap], rate_hz: int) -> FloatArray:
    return np.array(sorted({gap.end for gap in gaps}), dtype=np.float64) / rate_hz
