"""The tonal average: what level a band has in the mean of 12,345 popular tracks, after Elowsson and Friberg (2017).

Their fit gives power *density* per hertz; bands hold power. A level for a band is therefore an integral of the density
over the band's hertz, which is why a third-octave curve of the same music is 3 dB an octave flatter than the density.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from uptrack_analysis.findings.tables import Evidence, Table, read_table
from uptrack_analysis.signal import FloatArray

# Points a band: the density is smooth, so midpoints this close integrate a third octave within 0.001 dB.
_POINTS = 64


@dataclass(frozen=True, slots=True)
class TonalAverage:
    """The fit, as coefficients of ``square x² + line x + constant`` below and from ``branch_at``."""

    first_hz: float
    bins_per_octave: float
    branch_at: float
    bass: tuple[float, float, float]
    above: tuple[float, float, float]
    holds_from_hz: float
    highest_hz: float
    evidence: Evidence

    def density_db(self, frequency_hz: FloatArray) -> FloatArray:
        """Power per hertz in dB, up to a constant; any shape."""
        x = 1.0 + self.bins_per_octave * np.log2(frequency_hz / self.first_hz)
        level: FloatArray = np.where(x < self.branch_at, np.polyval(self.bass, x), np.polyval(self.above, x))
        return level

    def band_power(self, low_hz: FloatArray, high_hz: FloatArray) -> FloatArray:
        """Power of the bands ``low_hz`` to ``high_hz``, shape (n_bands,), linear and up to a constant."""
        low, high = np.asarray(low_hz, dtype=float)[:, None], np.asarray(high_hz, dtype=float)[:, None]
        middle = (np.arange(_POINTS) + 0.5) / _POINTS
        frequencies = low * (high / low) ** middle  # evenly spaced in log frequency, where df = f dlog f
        density: FloatArray = 10 ** (self.density_db(frequencies) / 10)
        power: FloatArray = np.mean(density * frequencies, axis=1) * np.log(high / low)[:, 0]
        return power

    def band_level_db(self, low_hz: float, high_hz: float, *, reference_hz: tuple[float, float]) -> float:
        """Level of one band over the band ``reference_hz``, in dB."""
        power = self.band_power(np.array([low_hz, reference_hz[0]]), np.array([high_hz, reference_hz[1]]))
        return float(10 * np.log10(power[0] / power[1]))


@cache
def load_tonal_average() -> TonalAverage:
    """The average of the data file.

    Raises
    ------
    DataError
        The file is missing or wrong.
    """
    table = read_table("tonal_average.toml")
    return TonalAverage(
        first_hz=table.number("first_hz"),
        bins_per_octave=table.number("bins_per_octave"),
        branch_at=table.number("branch_at"),
        bass=_coefficients(table.table("bass")),
        above=_coefficients(table.table("above")),
        holds_from_hz=table.number("holds_from_hz"),
        highest_hz=table.number("highest_hz"),
        evidence=table.evidence(),
    )


def _coefficients(table: Table) -> tuple[float, float, float]:
    return (table.number("square"), table.number("line"), table.number("constant"))
