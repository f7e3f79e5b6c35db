"""What parts of a track differ in, beat by beat or second by second: levels of five ranges, and how hard things start.

Everything is relative to the level a range reaches in this file, so that gain never shows. Levels are decibels under
that level, onsets are shares of what a busy stretch has; both are put on a scale on which 1 is a change anybody hears.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.band_sums import power_of, stretches
from uptrack_analysis.measure.onsets import OnsetFlux
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.signal import Block, FloatArray

RANGE_EDGES = (26, 42, 54, 66, 78, 86)
"""Exponents of ``10 ** (k / 20)`` Hz: 20-126 (kick and bass), -501, -1995, -7943 and up to 19,953 Hz."""
LOW_END = 0
"""The range of kick and bass, among levels and among onsets."""
HIGHS = slice(2, 5)
"""The ranges over 500 Hz, where risers rise and filters open."""

# Further down a part is not there, and how far does not matter.
_FLOOR_DB = 24.0
# A range this far under the whole file's level is noise floor: its coming and going is not arrangement.
_INAUDIBLE = 1e-6
_SILENCE_POWER = 1e-12
# Loudness grows with the 0.3rd power of a sound's power (Stevens): what fades among the quiet counts little. From 0 to
# -6 dB it falls by a third.
_STEVENS, _LOUDNESS_UNIT = 0.3, 0.33
_ONSET_UNIT = 0.4
# Kick and bass carry a part; what comes and goes over them by the phrase is decoration.
_LEVEL_WEIGHTS = np.array([2.0, 1.1, 0.7, 0.7, 0.7])
_ONSET_WEIGHTS = np.array([1.0, 0.5, 0.5, 0.5])
# What a busy stretch has must be more than the flutter of a held chord (natural-log units of flux).
_LEAST_FLUX = 0.02
_REACHED = 90.0


@dataclass(frozen=True, slots=True)
class Stretches:
    """Neighbouring stretches of a file, one row each."""

    edges_s: FloatArray
    """shape (n + 1,)"""
    levels_db: FloatArray
    """shape (n, n_ranges): under the level the range reaches, 0 to -24; a range the file lacks has -24 throughout"""
    onsets: FloatArray
    """shape (n, n_groups): mean flux over what the group reaches, mostly 0 to 1"""

    @property
    def scaled(self) -> FloatArray:
        """shape (n, n_ranges + n_groups): one unit is a plain change."""
        loudness = 10 ** (self.levels_db * (_STEVENS / 10))
        return np.hstack([loudness / _LOUDNESS_UNIT, self.onsets / _ONSET_UNIT])

    @staticmethod
    def weights() -> FloatArray:
        """shape (n_ranges + n_groups,): how much each column has to say about where a part begins."""
        return np.concatenate([_LEVEL_WEIGHTS, _ONSET_WEIGHTS])


class Profile:
    """What the meters found, ready to be averaged between any moments.

    Parameters
    ----------
    bands, onsets : BandMatrix, OnsetFlux
        Of one file.
    duration_s : float
        Its length.
    """

    def __init__(self, bands: BandMatrix, onsets: OnsetFlux, duration_s: float) -> None:
        columns = [k - RANGE_EDGES[0] for k in RANGE_EDGES[:-1] if k - RANGE_EDGES[0] < bands.edges_hz.size - 1]
        power = np.zeros((bands.times_s.size, len(RANGE_EDGES) - 1))
        for rows in stretches(bands.times_s.size):
            np.add.reduceat(power_of(bands, rows), columns, axis=1, out=power[rows, : len(columns)])
        middles_s = (bands.times_s[1:] + bands.times_s[:-1]) / 2
        self._power = _Averages(power, np.concatenate([[0.0], middles_s, [duration_s]]))
        frames = onsets.groups.shape[1]
        self._flux = _Averages(onsets.groups.T, np.arange(frames + 1) / onsets.rate_hz)

    def between(self, edges_s: FloatArray) -> Stretches:
        """The stretches between ``edges_s``, shape (n + 1,), ascending, n at least 1."""
        power = self._power.between(edges_s)
        reached = np.percentile(power, _REACHED, axis=0)
        audible = reached > max(_INAUDIBLE * float(reached.sum()), _SILENCE_POWER)
        share = np.where(audible, power / np.where(audible, reached, 1.0), 0.0)
        levels_db = 10 * np.log10(np.clip(share, 10 ** (-_FLOOR_DB / 10), 1.0))
        flux = self._flux.between(edges_s)
        busy = np.maximum(np.percentile(flux, _REACHED, axis=0), _LEAST_FLUX)
        return Stretches(edges_s, levels_db, np.minimum(flux / busy, 1.5))


class _Averages:
    """Means of a step function between edges that need not lie on its own."""

    def __init__(self, values: FloatArray | Block, frame_edges_s: FloatArray) -> None:
        self._edges_s = np.maximum.accumulate(frame_edges_s[: values.shape[0] + 1])
        self._until = np.zeros((values.shape[0] + 1, values.shape[1]))
        until = np.multiply(values, np.diff(self._edges_s)[:, None], out=self._until[1:])
        np.cumsum(until, axis=0, out=until)

    def between(self, edges_s: FloatArray) -> FloatArray:
        """shape (n, n_columns); zero where there is nothing to average"""
        last = self._edges_s.size - 1
        place = np.interp(edges_s, self._edges_s, np.arange(last + 1))
        whole = np.minimum(place.astype(np.int64), max(0, last - 1))
        at = self._until[whole] + (place - whole)[:, None] * (
            self._until[np.minimum(whole + 1, last)] - self._until[whole]
        )
        heard_s = np.diff(np.clip(edges_s, self._edges_s[0], self._edges_s[-1]))
        means: FloatArray = np.maximum(np.diff(at, axis=0), 0.0) / np.maximum(heard_s, 1e-9)[:, None]
        return means
