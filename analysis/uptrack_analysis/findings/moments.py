"""The band matrix in sliding windows of some seconds: when in the file something is the case.

A window says how it is around its centre, so a stretch of chosen windows reaches from half a step before the first
centre to half a step after the last: a figure that changes at once is placed within a step. The first and the last
window also speak for what lies before and behind their centres. Silence behind the music is in no window: else the last
ones would be the quieter the more of it a file has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.findings.places import TimeSpan, inside, merged
from uptrack_analysis.measure.band_sums import sums_between
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.signal import FloatArray

if TYPE_CHECKING:
    from uptrack_analysis.findings.case import Case

STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean-square powers, shape (n_windows, n_bands) each, as in ``BandMatrix``."""

    edges_hz: FloatArray
    centres_s: FloatArray
    """shape (n_windows,)"""
    step_s: float
    end_s: float
    """Of the music."""
    ll: FloatArray
    rr: FloatArray
    lr: FloatArray
    loud: NDArray[np.bool_]
    """shape (n_windows,): the centre lies in the loud passage"""

    @property
    def power(self) -> FloatArray:
        """Mean of the channels."""
        mean: FloatArray = (self.ll + self.rr) / 2
        return mean

    def pair(self, low_hz: float, high_hz: float) -> tuple[FloatArray, FloatArray] | None:
        """Power of mid and of side between two frequencies, shape (n_windows,) each; ``None`` without data there."""
        columns = bands_between(self.edges_hz, low_hz, high_hz)
        if columns is None:
            return None
        ll, rr, lr = (part[:, columns].sum(axis=1) for part in (self.ll, self.rr, self.lr))
        return np.maximum(ll + rr + 2 * lr, 0.0) / 4, np.maximum(ll + rr - 2 * lr, 0.0) / 4

    def spans(self, chosen: NDArray[np.bool_]) -> tuple[TimeSpan, ...]:
        edges_s = np.append(self.centres_s - self.step_s / 2, self.end_s)
        edges_s[0] = 0.0
        return merged((float(edges_s[place]), float(edges_s[place + 1])) for place in np.flatnonzero(chosen))


@dataclass(frozen=True, slots=True)
class Steps:
    """Mean powers of the band matrix in steps of about half a second, shape (n_steps, n_bands) each."""

    hop_s: float
    """Of the matrix."""
    frames: int
    """Of the matrix, in a step."""
    ll: FloatArray
    rr: FloatArray
    dd: FloatArray


def steps_of(matrix: BandMatrix, until_s: float) -> Steps | None:
    """``None`` with fewer than two frames up to ``until_s``; what is left over at the end is in no step."""
    frames = int(np.searchsorted(matrix.times_s, until_s))
    if frames < 2:
        return None
    hop_s = float(matrix.times_s[1] - matrix.times_s[0])
    step = min(frames, max(1, round(STEP_S / hop_s)))
    edges = np.arange(frames // step + 1) * step
    ll, rr, dd = (sums_between(part, edges) / step for part in (matrix.ll, matrix.rr, matrix.dd))
    return Steps(hop_s, step, ll, rr, dd)


def moments(case: Case, window_s: float) -> Moments | None:
    """Windows of ``window_s`` every half second, the whole file where it is shorter; ``None`` without any frame."""
    steps = case.steps
    if steps is None:
        return None
    matrix, step_s, count = case.measured.bands, steps.frames * steps.hop_s, len(steps.ll)
    length = min(count, max(1, round(window_s / step_s)))

    def windows(part: FloatArray) -> FloatArray:
        # Step by step: the mean over a strided view takes ten times as long.
        sliding = part[: count - length + 1].copy()
        for later in range(1, length):
            sliding += part[later : later + len(sliding)]
        sliding /= length
        return sliding

    starts = np.arange(count - length + 1, dtype=np.float64) * steps.frames
    centres_s = float(matrix.times_s[0]) + (starts + (length * steps.frames - 1) / 2) * steps.hop_s
    ll, rr, dd = (windows(part) for part in (steps.ll, steps.rr, steps.dd))
    return Moments(
        edges_hz=matrix.edges_hz,
        centres_s=centres_s,
        step_s=step_s,
        end_s=case.sounds_until_s,
        ll=ll,
        rr=rr,
        lr=(ll + rr - dd) / 2,
        loud=inside(centres_s, case.loud_spans),
    )
