"""A stretch of the loud music in which one range of it is suddenly louder or quieter than the rest.

What a mix says of itself is better evidence than any average. Two levels are looked for between which a figure differs
most (Otsu 1979), and the odd one of them has to be a stretch, not fills that come and go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.findings.moments import Moments
from uptrack_analysis.findings.places import merged
from uptrack_analysis.findings.tone import LEAST_OCTAVES, OCTAVES, SIXTHS, octave_medians
from uptrack_analysis.measure.ltas import Band, bands_between
from uptrack_analysis.signal import FloatArray

_LEAST_SPREAD_DB = 0.5
"""Under this, two levels are as clear as they get."""


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
    alone_spread_db: float
    alone_spread_share: float
    """Of a leap that nothing else takes part in, the most that its two levels may spread by, and as a share of it."""
    alone_rest_db: float
    alone_rest_share: float
    """And the deviation of what all bands beyond its neighbours move by meanwhile, also as a share of the leap; so far
    its neighbours may move against it."""
    alone_sides_share: float
    """What its neighbours may move by then, which can only be its skirts."""
    equalised_db: float
    equalised_spread_share: float
    equalised_even_db: float
    equalised_sides_db: float
    """A leap of so much that is so clear, moves its sixths so much alike and its neighbours so little is an
    equaliser's, whatever else changed meanwhile."""


@dataclass(frozen=True, slots=True)
class OctaveLeap:
    """One octave that leaps against both its neighbours."""

    band: Band
    apart_db: float
    """How far it lies over (under, if negative) what it is in the rest of the music, beside its neighbours."""
    spread_db: float
    """Deviation within the two levels."""
    alone: bool
    """Two clear levels, while nothing else changed, or as only an equaliser moves an octave: no instrument that enters,
    no other part of the song."""
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
    """Octaves centred on third octaves from 178 Hz to 5.6 kHz that leap while the rest plays on.

    Those that leap alone come first, then those whose two levels lie furthest apart for their spread. Octaves on whose
    other side the file's rate carries nothing are left out.
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
    listened = _Listened(windows, window_s, music, octave_medians(levels_db), levels_db - rest_db[:, None], limits)
    starts = range(first, min(last, levels_db.shape[1] - SIXTHS) - SIXTHS + 1, 2)
    found = [leap for start in starts for leap in listened.leaps_of(start)]
    return tuple(sorted(found, key=lambda leap: (not leap.alone, -abs(leap.apart_db) / leap.spread_db)))


@dataclass(frozen=True, slots=True)
class _Listened:
    """The windows' sixth octaves, asked for one octave after the other."""

    windows: Moments
    window_s: float
    music: NDArray[np.bool_]
    octaves_db: FloatArray
    """Median of the octave that begins with each sixth, shape (n_windows, n_octaves)"""
    relative_db: FloatArray
    """Over the rest of the same window, shape (n_windows, n_bands)"""
    limits: LeapLimits

    def leaps_of(self, start: int) -> Iterator[OctaveLeap]:
        """Of the octave that begins with this band, the leaps that keep to the limits."""
        music = self.music
        below, own, above = (self.octaves_db[:, begin] for begin in (start - SIXTHS, start, start + SIXTHS))
        contrast_db = own - (below + above) / 2
        levels = parted(contrast_db[music], self.limits.least_share)
        if levels is None:
            return
        up = music & (contrast_db > sum(levels) / 2)
        for odd, sign in ((up, 1.0), (music & ~up, -1.0)):
            if odd.sum() > self.limits.most_share * music.sum():
                continue
            if is_a_stretch(self.windows, odd, self.window_s, self.limits.at_once_s):
                leap = self._leap(start, odd, contrast_db, sign * (levels[1] - levels[0]))
                if leap is not None:
                    yield leap

    def _leap(self, start: int, odd: NDArray[np.bool_], contrast_db: FloatArray, apart_db: float) -> OctaveLeap | None:
        """``None`` if it is an instrument's, or its neighbours leap as well."""
        limits, usual, end = self.limits, self.music & ~odd, start + SIXTHS
        moved_db = np.median(self.relative_db[odd], axis=0) - np.median(self.relative_db[usual], axis=0)
        before = slice(start - SIXTHS, start)
        sides_db = [float(np.median(moved_db[side])) for side in (before, slice(end, end + SIXTHS))]
        even_db = float(np.std(moved_db[start:end]))
        rest_db = float(np.std(np.delete(moved_db, slice(before.start, end + SIXTHS))))
        deviation_db = np.concatenate([contrast_db[part] - np.mean(contrast_db[part]) for part in (odd, usual)])
        spread_db = max(_LEAST_SPREAD_DB, float(np.std(deviation_db)))
        size_db = abs(apart_db)
        alone = spread_db <= max(limits.alone_spread_db, limits.alone_spread_share * size_db)
        alone &= rest_db <= max(limits.alone_rest_db, limits.alone_rest_share * size_db)
        alone &= min(side_db * np.sign(apart_db) for side_db in sides_db) >= -limits.alone_rest_db
        alone |= (
            size_db >= limits.equalised_db
            and spread_db <= limits.equalised_spread_share * size_db
            and even_db <= limits.equalised_even_db
            and max(map(abs, sides_db)) <= limits.equalised_sides_db
        )
        sides_share = limits.alone_sides_share if alone else limits.sides_within_share
        if max(map(abs, sides_db)) > max(limits.sides_within_db, sides_share * size_db):
            return None
        if even_db > max(limits.even_within_db, limits.even_within_share * size_db):
            return None
        low_hz, high_hz = float(self.windows.edges_hz[start]), float(self.windows.edges_hz[end])
        name = next(band.name for band in OCTAVES if (low_hz * high_hz) ** 0.5 < band.high_hz)
        return OctaveLeap(Band(name, low_hz, high_hz), apart_db, spread_db, alone, odd, self.music)
