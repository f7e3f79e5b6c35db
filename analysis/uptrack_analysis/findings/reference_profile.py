"""References as a target: each track as numbers, and together a range for every figure.

From three tracks on the profile takes the place of the family's curve; one or two only say where the middle lies, and
every tolerance is wider by ``FEW_WIDEN``. A range is from the lowest to the highest of the tracks, tone after each
track's own level and best tilt are taken out, so that a bright and a dark reference agree on what is no matter of
brightness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.findings.case import Case, Unmeasured
from uptrack_analysis.findings.families import GENERAL, load_families
from uptrack_analysis.findings.targets import load_deliveries
from uptrack_analysis.findings.tone import EMPTY_DB, OCTAVES
from uptrack_analysis.measure.band_sums import FrameMask
from uptrack_analysis.measure.ltas import (
    NAMED_BANDS,
    Spectrum,
    bands_between,
    spectral_tilt,
    third_octave_levels,
)
from uptrack_analysis.measure.ltas import REFERENCE_BAND as MIDS
from uptrack_analysis.measure.results import BandMatrix, Measured
from uptrack_analysis.measure.stereo import power_between
from uptrack_analysis.reference_track import ReferenceTrack
from uptrack_analysis.report import GenreChoice
from uptrack_analysis.signal import FloatArray

ENOUGH = 3
FEW_WIDEN = 1.5
SUB_HZ = (30.0, 60.0)
CORRELATION_PERCENTILE = 5


@dataclass(frozen=True, slots=True)
class Range:
    """Lowest, middle and highest of the tracks that have the figure."""

    low: float
    mean: float
    high: float


@dataclass(frozen=True)
class ReferenceProfile:
    """One or more tracks, each counted once."""

    tracks: tuple[ReferenceTrack, ...]

    @classmethod
    def of(cls, tracks: Sequence[ReferenceTrack]) -> ReferenceProfile | None:
        """The profile of tracks; ``None`` of none. The same audio given twice is one reference."""
        once = {track.sha256: track for track in tracks}
        return cls(tuple(sorted(once.values(), key=lambda track: (track.name, track.sha256)))) if once else None

    @property
    def enough(self) -> bool:
        return len(self.tracks) >= ENOUGH

    @property
    def widen(self) -> float:
        """What tolerances are multiplied by."""
        return 1.0 if self.enough else FEW_WIDEN

    @property
    def name(self) -> str:
        """ "your reference" or "your 4 references"."""
        count = len(self.tracks)
        return "your reference" if count == 1 else f"your {count} references"

    def range_of(self, figure: str) -> Range | None:
        """Of one of the plain figures of a ``ReferenceTrack``."""
        return _range([getattr(track, figure) for track in self.tracks])

    def width_db(self, band: int) -> Range | None:
        """Side over mid power of one named band, by its place."""
        return _range([track.widths_db[band] for track in self.tracks if band < len(track.widths_db)])

    @cached_property
    def octaves_db(self) -> FloatArray:
        """Mean level of each of ``OCTAVES``, shape (n_octaves,); NaN where no track has one."""
        levels = np.array([[np.nan if v is None else v for v in track.octaves_db] for track in self.tracks])
        there = np.isfinite(levels)
        total = np.where(there, levels, 0.0).sum(axis=0)
        mean: FloatArray = np.divide(
            total, there.sum(axis=0), out=np.full(total.shape, np.nan), where=there.any(axis=0)
        )
        return mean

    @cached_property
    def octave_ranges_db(self) -> tuple[Range | None, ...]:
        """How far the tracks themselves lie from their mean shape, octave by octave."""
        apart = [
            residual
            for track in self.tracks
            if (residual := shape_residual_db([np.nan if v is None else v for v in track.octaves_db], self.octaves_db))
            is not None
        ]
        return tuple(
            _range([None if np.isnan(residual[k]) else float(residual[k]) for residual in apart])
            for k in range(len(OCTAVES))
        )


def track_of(name: str, sha256: str, measured: Measured) -> ReferenceTrack:
    """The numbers of one reference.

    Raises
    ------
    NothingToMeasure
        It is silent.
    """
    if measured.loudness.integrated_lufs is None:
        raise NothingToMeasure(f"{name} is silent, so it can be no reference.")
    genre = GenreChoice(GENERAL, "", "unsure", 0.0, "")
    case = Case(measured, load_families()[GENERAL], load_deliveries()["club"], genre)
    spectrum = case.loud_spectrum
    windows = case.stereo
    mono = isinstance(windows, Unmeasured)
    return ReferenceTrack(
        name=name,
        sha256=sha256,
        integrated_lufs=round(measured.loudness.integrated_lufs, 2),
        plr_db=_rounded(case.plr_db),
        psr_db=_rounded(case.psr_in_drop_db),
        range_lu=_rounded(measured.loudness.range_lu),
        octaves_db=tuple(_rounded(level) for level in octave_levels_db(spectrum)),
        third_octaves_db=tuple(_rounded(band.level_db) for band in third_octave_levels(spectrum)),
        tilt_db_per_octave=_rounded(spectral_tilt(spectrum)),
        sub_db=_rounded(band_over_mids_db(spectrum, *SUB_HZ)),
        correlation_low=(
            None
            if isinstance(windows, Unmeasured)
            else _rounded(float(np.percentile(windows.correlation[windows.sounding], CORRELATION_PERCENTILE)))
        ),
        widths_db=() if mono else tuple(_rounded(width) for width in band_widths_db(measured.bands, case.loud_mask)),
    )


# -- the same figures of a mix and of a reference ----------------------------------------------------------------------


def octave_levels_db(spectrum: Spectrum) -> tuple[float | None, ...]:
    """Power of each octave, their mean taken off; ``None`` for one that is empty or beyond the file's range."""
    power = spectrum.power
    strongest = float(np.nanmax(power, initial=0.0))
    levels: list[float | None] = []
    for band in OCTAVES:
        columns = bands_between(spectrum.edges_hz, band.low_hz, band.high_hz)
        here = 0.0 if columns is None else float(power[columns].sum())
        levels.append(10 * float(np.log10(here)) if here > strongest * 10 ** (EMPTY_DB / 10) else None)
    there = [level for level in levels if level is not None]
    mean = sum(there) / len(there) if there else 0.0
    return tuple(None if level is None else level - mean for level in levels)


def shape_residual_db(levels_db: Sequence[float], target_db: FloatArray) -> FloatArray | None:
    """Distance from a target's octaves, level and best tilt taken out; see ``shape_against``."""
    found = shape_against(levels_db, target_db)
    return None if found is None else found[0]


def shape_against(levels_db: Sequence[float], target_db: FloatArray) -> tuple[FloatArray, float] | None:
    """Distance from a target's octaves, level and best tilt (Theil and Sen) taken out, NaN where either has none; tilt.

    ``None`` with fewer than five octaves to compare.
    """
    deviation = np.asarray(levels_db, dtype=np.float64) - target_db
    there = np.flatnonzero(np.isfinite(deviation))
    if there.size < 5:
        return None
    octaves = np.array([np.log2(np.sqrt(OCTAVES[k].low_hz * OCTAVES[k].high_hz) / 1000.0) for k in there])
    first, second = np.triu_indices(there.size, k=1)
    own = deviation[there]
    tilt = float(np.median((own[second] - own[first]) / (octaves[second] - octaves[first])))
    left = own - tilt * octaves
    residual = np.full(deviation.shape, np.nan)
    residual[there] = left - np.median(left)
    return residual, tilt


def band_over_mids_db(spectrum: Spectrum, low_hz: float, high_hz: float) -> float | None:
    """Power of a band over that of 500-2000 Hz."""
    here, base = spectrum.between(low_hz, high_hz), spectrum.between(MIDS.low_hz, MIDS.high_hz)
    return 10 * float(np.log10(here / base)) if here and base else None


def band_widths_db(matrix: BandMatrix, mask: FrameMask) -> tuple[float | None, ...]:
    """Side over mid power of each named band."""
    widths: list[float | None] = []
    for band in NAMED_BANDS:
        found = power_between(matrix, band.low_hz, band.high_hz, mask)
        widths.append(None if found is None else found.width_db)
    return tuple(widths)


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3)


def _range(values: Sequence[float | None]) -> Range | None:
    there = [value for value in values if value is not None]
    return Range(min(there), sum(there) / len(there), max(there)) if there else None
