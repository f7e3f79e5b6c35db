"""A mix against the tonal average: level, tilt and shape, each on the edges the band matrix really has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.findings.tonal_average import TonalAverage
from uptrack_analysis.measure.ltas import REFERENCE_BAND, Band, Spectrum, bands_between
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
    leaves: one odd octave bends neither, so it keeps its whole deviation. ``None`` with fewer than five octaves.
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
    if len(used) < 5:
        return None
    low, high = np.array([band.low_hz for band in used]), np.array([band.high_hz for band in used])
    deviation = np.array(levels) - 10 * np.log10(average.band_power(low, high))
    octaves = np.log2(np.sqrt(low * high) / 1000.0)
    first, second = np.triu_indices(octaves.size, k=1)
    tilt = float(np.median((deviation[second] - deviation[first]) / (octaves[second] - octaves[first])))
    level = float(np.median(deviation - tilt * octaves))
    return OctaveShape(tuple(used), deviation - level, level, tilt, deviation - level - tilt * octaves)


@dataclass(frozen=True, slots=True)
class Prominence:
    """An octave that no named band need fit: how far it is out of shape, and out of its own neighbourhood."""

    band: Band
    residual_db: float
    """Over the average, level and tilt of ``OctaveShape`` taken out."""
    contrast_db: float
    """Over the mean of the octaves on either side."""
    beyond_db: float
    """Over the higher of them where it lies over the average, under the lower one where it lies under: 0 or less is
    a shoulder of something else."""


def sliding_octaves(spectrum: Spectrum, average: TonalAverage, shape: OctaveShape) -> tuple[Prominence, ...]:
    """Every octave centred on a third octave of the range ``shape`` was found in, its last octave left out."""
    edges_hz, power = spectrum.edges_hz, spectrum.power
    low_hz, high_hz = edges_hz[:-1], edges_hz[1:]
    deviation = 10 * np.log10(np.maximum(power, 1e-20) / average.band_power(low_hz, high_hz))
    first, last = (
        int(np.argmin(np.abs(np.log(edges_hz / edge_hz))))
        for edge_hz in (shape.bands[0].low_hz, shape.bands[-1].low_hz)
    )
    found: list[Prominence] = []
    for start in range(first, last - SIXTHS + 1, 2):
        end = start + SIXTHS
        band = _octave(float(edges_hz[start]), float(edges_hz[end]))
        expected = float(average.band_power(np.array([band.low_hz]), np.array([band.high_hz]))[0])
        octaves = float(np.log2(np.sqrt(band.low_hz * band.high_hz) / 1000.0))
        level = 10 * float(np.log10(max(float(power[start:end].sum()), 1e-20) / expected))
        residual = level - shape.level_db - shape.tilt_db_per_octave * octaves
        here, below, above = (
            float(np.median(deviation[max(0, begin) : begin + SIXTHS])) for begin in (start, start - SIXTHS, end)
        )
        sides = (below + shape.tilt_db_per_octave, above - shape.tilt_db_per_octave)
        own = here if residual > 0 else -here
        beyond = own - max(sides) if residual > 0 else own + min(sides)
        found.append(Prominence(band, residual, here - (below + above) / 2, beyond))
    return tuple(found)


def _octave(low_hz: float, high_hz: float) -> Band:
    """Named after the named band that its centre lies in."""
    centre = float(np.sqrt(low_hz * high_hz))
    return Band(next(band.name for band in OCTAVES if centre < band.high_hz), low_hz, high_hz)


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
