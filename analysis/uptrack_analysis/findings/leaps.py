"""A stretch of the loud music in which one range of it is suddenly louder or quieter than the rest.

What a mix says of itself is better evidence than any average. Two levels are looked for between which a figure differs
most (Otsu 1979), and the odd one of them has to be a stretch, not fills that come and go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.findings.moments import Moments
from uptrack_analysis.findings.places import merged
from uptrack_analysis.findings.tone import LEAST_OCTAVES, OCTAVES, SIXTHS
from uptrack_analysis.measure.ltas import Band, bands_between
from uptrack_analysis.signal import FloatArray


@dataclass(frozen=True, slots=True)
class LeapLimits:
    """What a leap has to keep to; the rule that asks says why."""

    rest_within_db: float
    least_share: float
    most_share: float
    at_once_s: float
    sides_within_db: float
    sides_within_share: float
    even_within_db: float
    even_within_share: float
    """Shares of the leap, for leaps so large that they are more: a bell reaches into its neighbours."""


@dataclass(frozen=True, slots=True)
class OctaveLeap:
    """One octave that leaps against both its neighbours."""

    band: Band
    apart_db: float
    """How far it lies over (under, if negative) what it is in the rest of the music, beside its neighbours."""
    odd: NDArray[np.bool_]
    """shape (n_windows,)"""
    music: NDArray[np.bool_]
    """shape (n_windows,): as loud as the loud passage"""


def parted(values: FloatArray, least_share: float) -> tuple[float, float] | None:
    """Means of the two parts of ``values``, shape (n,), between which they differ most, lower first."""
    ordered = np.sort(values)
    count = ordered.size
    below = np.arange(1, count)
    below = below[(below >= least_share * count) & (below <= (1 - least_share) * count)]
    if below.size == 0:
        return None
    sums = np.cumsum(ordered)
    lower, higher = sums[below - 1] / below, (sums[-1] - sums[below - 1]) / (count - below)
    best = int(np.argmax(below * (count - below) * (higher - lower) ** 2))
    return float(lower[best]), float(higher[best])


def is_a_stretch(windows: Moments, odd: NDArray[np.bool_], gap_s: float, at_once_s: float) -> bool:
    """Whether one run of the odd windows is that long, and half of all of them."""
    runs = [end - start for start, end in merged(windows.spans(odd), gap_s)]
    return bool(runs) and max(runs) >= at_once_s and max(runs) >= sum(runs) / 2


def octave_leaps(windows: Moments, window_s: float, limits: LeapLimits) -> tuple[OctaveLeap, ...]:
    """Octaves centred on third octaves from 178 Hz to 5.6 kHz that leap while the rest plays on, the largest first.

    Those on whose other side the file's rate carries nothing are left out.
    """
    edges_hz = windows.edges_hz
    ends = [columns for band in OCTAVES if (columns := bands_between(edges_hz, band.low_hz, band.high_hz)) is not None]
    if not windows.loud.any() or len(ends) < LEAST_OCTAVES:
        return ()
    power = np.maximum(windows.power, 1e-14)
    levels_db = 10 * np.log10(power)
    # Each octave over its own usual level, and the median of that, which the one in question does not move.
    octaves_db = np.stack([10 * np.log10(power[:, columns].sum(axis=1)) for columns in ends])
    rest_db = np.median(octaves_db - np.median(octaves_db[:, windows.loud], axis=1, keepdims=True), axis=0)
    music = rest_db > -limits.rest_within_db
    first, last = (int(np.argmin(np.abs(np.log(edges_hz / hz)))) for hz in (OCTAVES[0].low_hz, OCTAVES[-1].low_hz))
    relative_db = levels_db - rest_db[:, None]
    found: list[OctaveLeap] = []
    for start in range(first, min(last, relative_db.shape[1] - SIXTHS) - SIXTHS + 1, 2):
        end = start + SIXTHS
        below, own, above = (
            np.median(levels_db[:, max(0, begin) : begin + SIXTHS], axis=1) for begin in (start - SIXTHS, start, end)
        )
        contrast = own - (below + above) / 2
        levels = parted(contrast[music], limits.least_share)
        if levels is None:
            continue
        up = music & (contrast > sum(levels) / 2)
        for odd, sign in ((up, 1.0), (music & ~up, -1.0)):
            usual = music & ~odd
            if odd.sum() > limits.most_share * music.sum():
                continue
            if not is_a_stretch(windows, odd, window_s, limits.at_once_s):
                continue
            moved = np.median(relative_db[odd], axis=0) - np.median(relative_db[usual], axis=0)
            sides = (
                float(np.median(moved[max(0, start - SIXTHS) : start])),
                float(np.median(moved[end : end + SIXTHS])),
            )
            apart_db = levels[1] - levels[0]
            if max(map(abs, sides)) > max(limits.sides_within_db, limits.sides_within_share * apart_db):
                continue
            if float(np.std(moved[start:end])) > max(limits.even_within_db, limits.even_within_share * apart_db):
                continue
            low_hz, high_hz = float(edges_hz[start]), float(edges_hz[end])
            name = next(band.name for band in OCTAVES if (low_hz * high_hz) ** 0.5 < band.high_hz)
            found.append(OctaveLeap(Band(name, low_hz, high_hz), sign * apart_db, odd, music))
    return tuple(sorted(found, key=lambda leap: -abs(leap.apart_db)))
