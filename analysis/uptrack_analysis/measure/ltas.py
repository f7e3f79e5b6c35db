"""Tone: long-term average spectrum, named bands and tilt, from the band matrix of ``bands.py``.

Power of a stereo signal here is the mean of its two channels, which is mid plus side power: nothing cancels. Levels of
bands are *band power* in dB; only the tilt speaks of *density* (power per Hz). The same spectrum has a tilt 3.01 dB an
octave steeper in density than in third-octave levels, so the two are never compared: pink noise has flat third octaves
and a tilt of -3.01, white noise rises 3.01 an octave and has tilt 0.

A boolean ``frames`` mask, shape (n_frames,), makes a spectrum of only some passages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from uptrack_analysis.measure.band_sums import FrameMask, mean_of
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.report import BandLevel, SpectrumFigures
from uptrack_analysis.signal import FloatArray

LEVEL_FLOOR_DB = -120.0
"""A band that the file can carry, but in which there is nothing, reads this."""
TILT_RANGE_HZ = (100.0, 10_000.0)
TILT_FLOOR_DB = -100.0
"""Bands this far under the strongest hold rounding or an encoder's low-pass, and take no part in the tilt."""
TILT_MIN_OCTAVES = 3.0


@dataclass(frozen=True, slots=True)
class Band:
    """A named part of the spectrum; its edges lie on the band matrix's grid."""

    name: str
    low_hz: float
    high_hz: float


def _named(name: str, low: int, high: int) -> Band:
    return Band(name, 10 ** (low / 20), 10 ** (high / 20))


NAMED_BANDS = (
    _named("sub", 30, 36),  # 32-63 Hz
    _named("bass", 36, 42),  # 63-126 Hz
    _named("upper bass", 42, 48),  # 126-251 Hz
    _named("low mids", 48, 54),  # 251-501 Hz
    _named("mids", 54, 66),  # 501-1995 Hz
    _named("presence", 66, 72),  # 2.0-4.0 kHz
    _named("brilliance", 72, 78),  # 4.0-7.9 kHz
    _named("air", 78, 84),  # 7.9-15.8 kHz
)
"""Octaves around 1 kHz (the mids are two), next to the round figures 30, 60, 120 ... 16,000 Hz people say."""

REFERENCE_BAND = NAMED_BANDS[4]
"""500-2000 Hz: where the ear's judgement of tone hangs; named bands are levels relative to its power."""

# fmt: off
_NOMINAL_HZ = (
    "25", "31.5", "40", "50", "63", "80", "100", "125", "160", "200", "250", "315", "400", "500", "630", "800", "1000",
    "1250", "1600", "2000", "2500", "3150", "4000", "5000", "6300", "8000", "10000", "12500", "16000",
)
# fmt: on
THIRD_OCTAVES = tuple(_named(name, 2 * n - 1, 2 * n + 1) for n, name in enumerate(_NOMINAL_HZ, start=14))
"""IEC 61260-1 base-10 bands; the name is the nominal mid-band frequency in Hz."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Long-term average spectrum of some passages."""

    edges_hz: FloatArray
    """shape (n_bands + 1,), ascending"""
    power: FloatArray
    """shape (n_bands,): mean-square power of each band; all NaN if there was no frame"""

    def between(self, low_hz: float, high_hz: float) -> float | None:
        """Power between two frequencies, moved to the nearest band edges; ``None`` if there is no data."""
        bands = bands_between(self.edges_hz, low_hz, high_hz)
        if bands is None:
            return None
        power = float(self.power[bands].sum())
        return power if np.isfinite(power) else None


def mean_spectrum(matrix: BandMatrix, frames: FrameMask | None = None) -> Spectrum:
    """The mean over the chosen frames.

    Raises
    ------
    InvalidSignal
        The mask has another shape than ``times_s``.
    """
    return Spectrum(matrix.edges_hz, (mean_of(matrix.ll, frames) + mean_of(matrix.rr, frames)) / 2)


def frames_between(matrix: BandMatrix, start_s: float, end_s: float) -> FrameMask:
    """Frames whose centre lies in a stretch of the file, ``end_s`` not included: a section, for all functions here."""
    inside: FrameMask = (matrix.times_s >= start_s) & (matrix.times_s < end_s)
    return inside


def bands_between(edges_hz: FloatArray, low_hz: float, high_hz: float) -> slice | None:
    """Matrix columns whose edges lie nearest to a range; ``None`` if the file's rate cannot carry all of it."""
    if edges_hz.size < 2:
        return None
    return _between(float(edges_hz[0]), float(edges_hz[1]), edges_hz.size, low_hz, high_hz)


@lru_cache(maxsize=4096)
def _between(lowest_hz: float, next_hz: float, edges: int, low_hz: float, high_hz: float) -> slice | None:
    if not 0 < low_hz < high_hz < math.inf:
        return None
    # The edges are even in log frequency, so that nobody has to search for the nearest.
    bottom, width = math.log(lowest_hz), math.log(next_hz / lowest_hz)
    first, last = (round((math.log(hz) - bottom) / width) for hz in (low_hz, high_hz))
    return slice(first, last) if 0 <= first < last < edges else None


def band_levels(spectrum: Spectrum, bands: tuple[Band, ...], reference: Band) -> tuple[BandLevel, ...]:
    """Band power relative to the power of a reference band, in dB.

    A level is ``None`` where the rate cannot carry the whole band, and everywhere if the reference band is silent.
    """

    powers: list[float] = spectrum.power.tolist()  # of six bands at most: an array's sum takes ten times as long

    def total(band: Band) -> float | None:
        columns = bands_between(spectrum.edges_hz, band.low_hz, band.high_hz)
        return None if columns is None else sum(powers[columns])

    base = total(reference)

    def level_db(band: Band) -> float | None:
        value = total(band)
        if value is None or base is None or not base > 0.0:
            return None
        return max(LEVEL_FLOOR_DB, 10 * math.log10(value / base)) if value > 0.0 else LEVEL_FLOOR_DB

    return tuple(BandLevel(band.name, band.low_hz, band.high_hz, level_db(band)) for band in bands)


def named_band_levels(spectrum: Spectrum) -> tuple[BandLevel, ...]:
    """The eight named bands, in dB re the power between 500 and 2000 Hz."""
    return band_levels(spectrum, NAMED_BANDS, REFERENCE_BAND)


def third_octave_levels(spectrum: Spectrum) -> tuple[BandLevel, ...]:
    """29 third octaves, 25 Hz to 16 kHz, in dB re the band at 1 kHz."""
    return band_levels(spectrum, THIRD_OCTAVES, THIRD_OCTAVES[16])


def spectral_tilt(spectrum: Spectrum) -> float | None:
    """Slope of the power density over 100 Hz-10 kHz in dB per octave: 0 for white noise, -3.01 for pink.

    Least squares of the density of each sixth-octave band, in dB, on its centre in octaves: every octave counts the
    same. ``None`` when bands with signal span less than three octaves.
    """
    power = spectrum.power
    low, high = spectrum.edges_hz[:-1], spectrum.edges_hz[1:]
    centres = np.sqrt(low * high)
    used = (centres >= TILT_RANGE_HZ[0]) & (centres <= TILT_RANGE_HZ[1])
    if not power.size or not np.nanmax(power, initial=0.0) > 0.0:
        return None
    used &= power > np.nanmax(power) * 10 ** (TILT_FLOOR_DB / 10)
    octaves = np.log2(centres[used])
    if octaves.size < 2 or np.ptp(octaves) < TILT_MIN_OCTAVES:
        return None
    density_db = 10 * np.log10(power[used] / (high - low)[used])
    centred = octaves - octaves.mean()
    return float(centred @ density_db / (centred @ centred))


def spectrum_figures(spectrum: Spectrum) -> SpectrumFigures:
    """Everything the report says about tone."""
    return SpectrumFigures(
        bands=named_band_levels(spectrum),
        third_octaves=third_octave_levels(spectrum),
        tilt_db_per_octave=spectral_tilt(spectrum),
    )
