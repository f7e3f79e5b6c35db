"""Where beats and bars lie: the tempo's grid fixed to the attacks of the file, to a few milliseconds.

``pulse.py`` finds the beat's exact length and what happens within a beat; ``bar_phase.py`` tells which of its attacks
is the beat, and which beat begins the bar.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from uptrack_analysis.measure.attacks import EARLY_S
from uptrack_analysis.measure.bar_phase import STEPS_A_BEAT, first_step
from uptrack_analysis.measure.onsets import OnsetEnvelope
from uptrack_analysis.measure.pulse import MIN_TRUST, Pulse
from uptrack_analysis.measure.results import BeatGrid
from uptrack_analysis.signal import FloatArray

MIN_DOWNBEAT = 0.35
"""Least probability of a step beginning the bar; below it, another is about as likely."""
ON_TIME_S = 0.012
"""A beat found this little before the file's first sample is its first sample: exports begin on a beat, and no
attack is timed better."""

# Rows (of 4 to 16 beats) whose median is one figure of the drift: one odd fill is not drift.
_MEDIAN_ROWS = 3
_LEAST_DRIFT_ROWS = 4
# Peaks of a beat's profile that may be its grid: the strongest, and another this strong between its sixteenths (swing).
_RIVAL = 0.5
_APART = 1 / 12
# How far from its even place a beat's own attack may lie, as a share of the beat.
_LOOK = 1 / 10
# Less than this share of the strongest attack is not evidence of where the beat lies.
_WEAK = 0.15


def fit_grid(envelope: OnsetEnvelope, pulse: Pulse, beats_per_bar: int) -> BeatGrid | None:
    """Fix a pulse's grid to the file.

    Parameters
    ----------
    envelope : OnsetEnvelope
    pulse : Pulse
        Of that envelope's attacks.
    beats_per_bar : int

    Returns
    -------
    grid : BeatGrid
    None
        The pulse is heard in less than half of the file: too seldom to tell its phase.
    """
    if not pulse.steady:
        return None
    beat_s = pulse.beat_s
    found = [
        (answer, phase_s)
        for phase_s in _phases(pulse)
        if (answer := first_step(envelope, beat_s, phase_s, beats_per_bar)) is not None
    ]
    if not found:
        return BeatGrid(beat_s, _from_the_first_sample(_phases(pulse)[0], beat_s), None, beats_per_bar, 0.0, None)
    (step, sure, _score), phase_s = max(found, key=lambda one: one[0][2])
    even_s = phase_s + step * beat_s / STEPS_A_BEAT
    downbeat_s = even_s + (_nearest_attack(pulse, even_s) if step % STEPS_A_BEAT else 0.0)
    return BeatGrid(
        beat_s,
        _from_the_first_sample(downbeat_s, beat_s),
        _from_the_first_sample(downbeat_s, beat_s * beats_per_bar) if sure >= MIN_DOWNBEAT else None,
        beats_per_bar,
        sure,
        _drift_ms(pulse),
    )


def _phases(pulse: Pulse) -> list[float]:
    """Where attacks are strongest within the beat, in seconds: one, or two that no sixteenth takes into one another."""
    strongest = np.argsort(-pulse.profile, kind="stable")
    bins = pulse.profile.size
    chosen = [int(strongest[0])]
    for place in strongest:
        if pulse.profile[place] < _RIVAL * pulse.profile[chosen[0]]:
            break
        between = (place - chosen[0]) / bins * STEPS_A_BEAT
        if abs(between - round(between)) / STEPS_A_BEAT > _APART and _is_peak(pulse.profile, int(place)):
            chosen.append(int(place))
            break
    return [_moment_s(pulse, place) for place in chosen]


def _is_peak(profile: FloatArray, place: int) -> bool:
    return bool(profile[place] >= max(profile[place - 1], profile[(place + 1) % profile.size]))


def _moment_s(pulse: Pulse, place: int) -> float:
    """Time of a peak of the profile, between bins by a parabola."""
    bins = pulse.profile.size
    before, top, after = (float(pulse.profile[(place + step) % bins]) for step in (-1, 0, 1))
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return ((place + 0.5 + min(0.5, max(-0.5, shift))) / bins * pulse.beat_s + EARLY_S) % pulse.beat_s


def _nearest_attack(pulse: Pulse, even_s: float) -> float:
    """How much later than its even place the beat's own attack lies; 0 where none is near."""
    bins = pulse.profile.size
    centre = ((even_s - EARLY_S) / pulse.beat_s) % 1.0 * bins - 0.5
    reach = max(1, round(_LOOK * bins))
    near = np.arange(round(centre) - reach, round(centre) + reach + 1)
    # A stronger attack farther away is likelier another note's.
    weight = pulse.profile[near % bins] * (1.0 - np.abs(near - centre) / (2 * reach))
    best = int(near[np.argmax(weight)])
    if not _is_peak(pulse.profile, best % bins) or pulse.profile[best % bins] < _WEAK * pulse.profile.max():
        return 0.0
    late_s = _moment_s(pulse, best % bins) - even_s
    return (late_s + pulse.beat_s / 2) % pulse.beat_s - pulse.beat_s / 2


def _from_the_first_sample(moment_s: float, period_s: float) -> float:
    first_s = moment_s % period_s
    return 0.0 if period_s - first_s <= ON_TIME_S else first_s


def _drift_ms(pulse: Pulse) -> float | None:
    """Largest minus smallest smoothed deviation; ``None`` where too few rows tell."""
    told = pulse.deviations_s[pulse.trust >= MIN_TRUST]
    if told.size < _LEAST_DRIFT_ROWS:
        return None
    # The very first and last row have one neighbour only and do not count: intros and endings are where rows mislead.
    smooth = np.median(sliding_window_view(told, _MEDIAN_ROWS), axis=1)
    return 1e3 * float(smooth.max() - smooth.min())
