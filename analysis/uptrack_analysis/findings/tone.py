"""A mix against the tonal average: level, tilt and shape, each on the edges the band matrix really has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uptrack_analysis.findings.tonal_average import TonalAverage
from uptrack_analysis.measure.ltas import REFERENCE_BAND, TILT_FLOOR_DB, TILT_MIN_OCTAVES, Band, Spectrum, bands_between
from uptrack_analysis.signal import FloatArray

# A band under this, relative to the strongest, holds an encoder's low-pass or rounding and has no shape to compare.
EMPTY_DB = -90.0

OCTAVES = tuple(
    Band(name, 10 ** (low / 20), 10 ** ((low + 6) / 20))
    for name, low in (
        ("upper bass", 42),
        ("low mids", 48),
        ("mids", 54),
        ("mids", 60),
        ("presence", 66),
        ("brilliance", 72),
        ("air", 78),
    )
)
"""The named bands over 120 Hz, the mids as the two octaves they are: bands of equal width weigh alike in a fit."""

LEAST_OCTAVES = 5
LEAST_EVEN = 4
ODD_CONTRAST_DB = 3.3
ODD_BEYOND_DB = 1.5
OVER_MEAN_DB = 2.0
MOST_TILT_DB_PER_OCTAVE = 1.5
"""What a clean mix of many sounds keeps within, and a few dB of a wide bell do not."""
SKIRT = 2**0.5
"""Of a dip or a hump, beyond the octave it is found by; a ratio."""
SIXTHS = 6
"""Columns of the band matrix in an octave."""


@dataclass(frozen=True, slots=True)
class OctaveShape:
    """Deviation from the average in octaves, split into level, tilt and what is left, shape (n_octaves,)."""

    bands: tuple[Band, ...]
    deviation_db: FloatArray
    level_db: float
    tilt_db_per_octave: float
    residual_db: FloatArray
    """What no tilt explains."""


def level_over_average_db(
    spectrum: Spectrum, average: TonalAverage, low_hz: float, high_hz: float
) -> tuple[float, float] | None:
    """A band's level and the average's, both over 500 to 2000 Hz, in dB; ``None`` if the file has no data there."""
    edges_hz, power = spectrum.edges_hz, spectrum.power
    band = bands_between(edges_hz, low_hz, high_hz)
    reference = bands_between(edges_hz, REFERENCE_BAND.low_hz, REFERENCE_BAND.high_hz)
    if band is None or reference is None:
        return None
    here, base = float(power[band].sum()), float(power[reference].sum())
    if not (here > 0 and base > 0):
        return None
    low, high = edges_hz[band.start], edges_hz[band.stop]
    expected = average.band_level_db(
        float(low), float(high), reference_hz=(REFERENCE_BAND.low_hz, REFERENCE_BAND.high_hz)
    )
    return 10 * float(np.log10(here / base)), expected


def octave_shape(spectrum: Spectrum, average: TonalAverage) -> OctaveShape | None:
    """The mix's octaves over 120 Hz against the average's.

    The tilt is the median of the slopes between every two octaves (Theil and Sen), and the level the median of what it
    leaves: one odd octave bends neither, so it keeps its whole deviation. A dip or a hump that lies across two of them
    would bend both: octaves that overlap with one that stands out of its neighbours are asked for neither tilt nor
    level. ``None`` with fewer than five octaves.
    """
    power = spectrum.power
    if not power.size or not np.nanmax(power, initial=0.0) > 0.0:
        return None
    levels: list[float] = []
    used: list[Band] = []
    strongest = float(power.max())
    for band in OCTAVES:
        columns = bands_between(spectrum.edges_hz, band.low_hz, band.high_hz)
        if columns is None:
            continue
        here = float(power[columns].sum())
        if here > strongest * 10 ** (EMPTY_DB / 10):
            levels.append(10 * float(np.log10(here)))
            used.append(band)
    if len(used) < LEAST_OCTAVES:
        return None
    low, high = np.array([band.low_hz for band in used]), np.array([band.high_hz for band in used])
    deviation = np.array(levels) - 10 * np.log10(average.band_power(low, high))
    octaves = np.log2(np.sqrt(low * high) / 1000.0)
    odd = standing_out(spectrum, average)
    even = np.array([all(_overlap_little(band, other) for other in odd) for band in used])
    if even.sum() < LEAST_EVEN:
        even[:] = True
    first, second = np.triu_indices(int(even.sum()), k=1)
    heights, places = deviation[even], octaves[even]
    tilt = float(np.median((heights[second] - heights[first]) / (places[second] - places[first])))
    level = float(np.median(heights - tilt * places))
    return OctaveShape(tuple(used), deviation - level, level, tilt, deviation - level - tilt * octaves)


@dataclass(frozen=True, slots=True)
class Contrast:
    """An octave beside its neighbours, each against the average, by the median of its sixths; in dB."""

    band: Band
    below_db: float
    here_db: float
    above_db: float

    @property
    def over_mean_db(self) -> float:
        """Over the mean of the octaves on either side: whatever tilt the mix has, it plays no part."""
        return self.here_db - (self.below_db + self.above_db) / 2

    def beyond_db(self, tilt_db_per_octave: float) -> float:
        """Over the higher neighbour where it lies over their mean, else under the lower one; 0 or less is a shoulder.

        The neighbours are moved along the tilt first, of which no more is believed than mixes have.
        """
        tilt = min(max(tilt_db_per_octave, -MOST_TILT_DB_PER_OCTAVE), MOST_TILT_DB_PER_OCTAVE)
        sides = (self.below_db + tilt, self.above_db - tilt)
        return self.here_db - max(sides) if self.over_mean_db > 0 else min(sides) - self.here_db

    def contrast_db(self, tilt_db_per_octave: float) -> float:
        """Over the mean of its neighbours, but no more than a little beyond the nearer one.

        An octave beside an empty one (a low-pass, a telephone) lies far over their mean and stands out of nothing.
        """
        most = max(0.0, self.beyond_db(tilt_db_per_octave) + OVER_MEAN_DB)
        return min(max(self.over_mean_db, -most), most)


def contrasts(spectrum: Spectrum, average: TonalAverage) -> tuple[Contrast, ...]:
    """Every octave centred on a third octave from 178 Hz to 5.6 kHz, as far as the file's rate carries both sides."""
    edges_hz, power = spectrum.edges_hz, spectrum.power
    deviation = 10 * np.log10(np.maximum(power, 1e-20) / average.band_power(edges_hz[:-1], edges_hz[1:]))
    first, last = (
        int(np.argmin(np.abs(np.log(edges_hz / edge_hz)))) for edge_hz in (OCTAVES[0].low_hz, OCTAVES[-1].low_hz)
    )
    medians = octave_medians(deviation)
    found: list[Contrast] = []
    for start in range(first, min(last, power.size - SIXTHS) - SIXTHS + 1, 2):
        below, here, above = medians[[start - SIXTHS, start, start + SIXTHS]].tolist()
        found.append(Contrast(_octave(float(edges_hz[start]), float(edges_hz[start + SIXTHS])), below, here, above))
    return tuple(found)


def octave_medians(levels_db: FloatArray) -> FloatArray:
    """Median of the octave that begins with each sixth.

    Parameters
    ----------
    levels_db : array, shape (..., n_bands)

    Returns
    -------
    array, shape (..., n_bands - SIXTHS + 1)
    """
    ordered = np.sort(np.lib.stride_tricks.sliding_window_view(levels_db, SIXTHS, axis=-1), axis=-1)
    medians: FloatArray = (ordered[..., SIXTHS // 2 - 1] + ordered[..., SIXTHS // 2]) / 2
    return medians


def standing_out(spectrum: Spectrum, average: TonalAverage) -> tuple[Band, ...]:
    """Octaves that are dips or humps whatever the tilt, the strongest of those that overlap; none in a smooth mix."""
    strong: list[tuple[float, Band]] = []
    for one in contrasts(spectrum, average):
        own_tilt = (one.above_db - one.below_db) / 2
        contrast = abs(one.contrast_db(own_tilt))
        if contrast >= ODD_CONTRAST_DB and one.beyond_db(own_tilt) >= ODD_BEYOND_DB:
            strong.append((contrast, one.band))
    kept: list[Band] = []
    for _strength, band in sorted(strong, key=lambda found: -found[0]):
        if all(_overlap_little(band, other) for other in kept):
            kept.append(band)
    return tuple(kept)


def _overlap_little(one: Band, other: Band) -> bool:
    """Whether two bands have no more than a third of an octave in common."""
    return min(one.high_hz, other.high_hz) < 2 ** (1 / 3) * 1.01 * max(one.low_hz, other.low_hz)


@dataclass(frozen=True, slots=True)
class Prominence:
    """An octave that no named band need fit: how far it is out of shape, and out of its own neighbourhood."""

    band: Band
    residual_db: float
    """Over the average, level and tilt of ``OctaveShape`` taken out."""
    contrast_db: float
    """As ``Contrast.contrast_db``."""
    beyond_db: float
    """As ``Contrast.beyond_db``."""


def sliding_octaves(spectrum: Spectrum, average: TonalAverage, shape: OctaveShape) -> tuple[Prominence, ...]:
    """Every octave of ``contrasts`` in the range ``shape`` was found in, its last octave left out."""
    found: list[Prominence] = []
    for one in contrasts(spectrum, average):
        band = one.band
        if band.low_hz < 0.99 * shape.bands[0].low_hz or band.high_hz > 1.01 * shape.bands[-1].low_hz:
            continue
        columns = bands_between(spectrum.edges_hz, band.low_hz, band.high_hz)
        expected = float(average.band_power(np.array([band.low_hz]), np.array([band.high_hz]))[0])
        octaves = float(np.log2(np.sqrt(band.low_hz * band.high_hz) / 1000.0))
        level = 10 * float(np.log10(max(float(spectrum.power[columns].sum()), 1e-20) / expected))
        residual = level - shape.level_db - shape.tilt_db_per_octave * octaves
        tilt = shape.tilt_db_per_octave
        found.append(Prominence(band, residual, one.contrast_db(tilt), one.beyond_db(tilt)))
    return tuple(found)


def _octave(low_hz: float, high_hz: float) -> Band:
    """Named after the named band that its centre lies in."""
    centre = float(np.sqrt(low_hz * high_hz))
    return Band(next(band.name for band in OCTAVES if centre < band.high_hz), low_hz, high_hz)


def tilt_over_average(
    spectrum: Spectrum, average: TonalAverage, low_hz: float, high_hz: float, without: Sequence[Band] = ()
) -> float | None:
    """Slope of the density over the average's between two frequencies, in dB an octave, by least squares.

    The bands of ``without`` and their skirts take no part, nor does what is empty. ``None`` with
    less than three octaves of signal.
    """
    low, high = spectrum.edges_hz[:-1], spectrum.edges_hz[1:]
    centres, power = np.sqrt(low * high), spectrum.power
    used = (centres >= low_hz) & (centres <= high_hz)
    used &= power > np.nanmax(power, initial=0.0) * 10 ** (TILT_FLOOR_DB / 10)
    for band in without:
        used &= (high < band.low_hz / SKIRT) | (low > band.high_hz * SKIRT)
    octaves = np.log2(centres[used])
    if octaves.size < 2 or np.ptp(octaves) < TILT_MIN_OCTAVES:
        return None
    deviation_db = 10 * np.log10(power[used] / average.band_power(low[used], high[used]))
    centred = octaves - octaves.mean()
    return float(centred @ deviation_db / (centred @ centred))


def average_tilt_db_per_octave(average: TonalAverage, edges_hz: FloatArray, low_hz: float, high_hz: float) -> float:
    """Slope of the average's density over the matrix bands centred in a range, by least squares, as the meter does."""
    low, high = edges_hz[:-1], edges_hz[1:]
    centres = np.sqrt(low * high)
    used = (centres >= low_hz) & (centres <= high_hz)
    octaves = np.log2(centres[used])
    density_db = 10 * np.log10(average.band_power(low[used], high[used]) / (high - low)[used])
    centred = octaves - octaves.mean()
    return float(centred @ density_db / (centred @ centred))


def strongest_hz(spectrum: Spectrum, average: TonalAverage, band: Band, *, sign: float) -> float | None:
    """Sixth octave of a band in which the mix lies furthest over (``sign`` 1) or under (-1) the average: its centre."""
    columns = bands_between(spectrum.edges_hz, band.low_hz, band.high_hz)
    if columns is None:
        return None
    low, high = spectrum.edges_hz[:-1][columns], spectrum.edges_hz[1:][columns]
    power = np.maximum(spectrum.power[columns], 1e-30)
    deviation = 10 * np.log10(power / average.band_power(low, high))
    place = int(np.argmax(sign * deviation))
    return float(np.sqrt(low[place] * high[place]))


def air_over_rest_db(edges_hz: FloatArray, power: FloatArray, average: TonalAverage) -> FloatArray:
    """8-16 kHz over the straight line through the two octaves under it, deviations from the average in dB.

    Parameters
    ----------
    power : array, shape (..., n_bands)
        The rate carries all three octaves.
    """
    levels: list[FloatArray] = []
    for band in OCTAVES[-3:]:
        columns = bands_between(edges_hz, band.low_hz, band.high_hz)
        expected = float(average.band_power(np.array([band.low_hz]), np.array([band.high_hz]))[0])
        levels.append(10 * np.log10(np.maximum(power[..., columns].sum(axis=-1), 1e-20) / expected))
    presence, brilliance, air = levels
    # Half the slope: a whole one would carry a dull lead's fall on into the hats.
    line: FloatArray = brilliance + (brilliance - presence) / 2
    over: FloatArray = air - line
    return over
