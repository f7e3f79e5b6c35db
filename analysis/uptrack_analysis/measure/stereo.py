"""Width, balance, signed correlation and mono loss, from left/right powers and their cross power.

Everything follows from three sums over any stretch of time or band: ``ll``, ``rr`` and ``lr``. Correlation keeps its
sign everywhere: the absolute value would call an inverted channel perfect. Figures have stated ends instead of
infinities: width lies within +-90 dB (a stereo file with equal channels reads -90), balance within +-90 dB, mono loss
within 0-60 dB. Silence has no figure (``None``, or NaN in a curve), and neither has a mono file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.band_sums import FrameMask, mean_of
from uptrack_analysis.measure.ltas import NAMED_BANDS, bands_between
from uptrack_analysis.measure.results import BandMatrix, StereoCurve
from uptrack_analysis.report import StereoBand, StereoFigures
from uptrack_analysis.signal import FloatArray

LIMIT_DB = 90.0
MONO_LOSS_LIMIT_DB = 60.0
SOUNDING_DB = -50.0
"""A window quieter than the loudest one by more than this is silence: what is left there is tail or noise floor."""
DEAD_CHANNEL = 1e-12
"""A channel this much (120 dB) under the other carries nothing that could correlate."""


@dataclass(frozen=True, slots=True)
class StereoPower:
    """Powers of left and right and their cross power, summed or averaged over the same stretch."""

    ll: float
    rr: float
    lr: float

    @property
    def mid(self) -> float:
        """Power of (L + R) / 2, the mono fold-down."""
        return max(0.0, (self.ll + self.rr + 2 * self.lr) / 4)

    @property
    def side(self) -> float:
        """Power of (L - R) / 2."""
        return max(0.0, (self.ll + self.rr - 2 * self.lr) / 4)

    @property
    def correlation(self) -> float | None:
        """-1 (one channel inverted) to 1 (mono); ``None`` in silence, also of one channel."""
        if min(self.ll, self.rr) <= DEAD_CHANNEL * max(self.ll, self.rr):
            return None
        return float(np.clip(self.lr / np.sqrt(self.ll) / np.sqrt(self.rr), -1.0, 1.0))

    @property
    def width_db(self) -> float | None:
        """Side over mid power: -90 for equal channels, 0 for unrelated ones, 90 for opposite ones."""
        return _ratio_db(self.side, self.mid, -LIMIT_DB, LIMIT_DB)

    @property
    def balance_db(self) -> float | None:
        """Left over right power; positive leans left."""
        return _ratio_db(self.ll, self.rr, -LIMIT_DB, LIMIT_DB)

    @property
    def mono_loss_db(self) -> float | None:
        """Mean channel power over fold-down power: 0 for mono, 3.01 for unrelated channels, 60 (the cap) inverted."""
        return _ratio_db(self.mid + self.side, self.mid, 0.0, MONO_LOSS_LIMIT_DB)


def _ratio_db(over: float, under: float, lowest_db: float, highest_db: float) -> float | None:
    if over <= 0.0 and under <= 0.0:
        return None
    if over <= 0.0:
        return lowest_db
    if under <= 0.0:
        return highest_db
    return float(np.clip(10 * (np.log10(over) - np.log10(under)), lowest_db, highest_db))


def power_between(
    matrix: BandMatrix, low_hz: float, high_hz: float, frames: FrameMask | None = None
) -> StereoPower | None:
    """Mean powers between two frequencies, moved to the nearest band edges; ``None`` if the file has no data there."""
    return _between(matrix.edges_hz, _means(matrix, frames), low_hz, high_hz)


def _means(matrix: BandMatrix, frames: FrameMask | None) -> FloatArray:
    """Of ``ll``, ``rr`` and ``dd``, shape (3, n_bands); all NaN if there is no frame."""
    return np.stack([mean_of(part, frames) for part in (matrix.ll, matrix.rr, matrix.dd)])


def _between(edges_hz: FloatArray, means: FloatArray, low_hz: float, high_hz: float) -> StereoPower | None:
    bands = bands_between(edges_hz, low_hz, high_hz)
    if bands is None:
        return None
    ll, rr, dd = means[:, bands].sum(axis=1).tolist()
    return None if np.isnan(ll) else StereoPower(ll, rr, (ll + rr - dd) / 2)


def stereo_bands(matrix: BandMatrix, frames: FrameMask | None = None) -> tuple[StereoBand, ...]:
    """Correlation, width, mono loss and balance of the eight named bands."""
    means = _means(matrix, frames)

    def measured(name: str, low_hz: float, high_hz: float) -> StereoBand:
        power = _between(matrix.edges_hz, means, low_hz, high_hz)
        if power is None:
            return StereoBand(name, low_hz, high_hz, None, None, None)
        return StereoBand(
            name, low_hz, high_hz, power.correlation, power.width_db, power.mono_loss_db, power.balance_db
        )

    return tuple(measured(band.name, band.low_hz, band.high_hz) for band in NAMED_BANDS)


def correlation_curve(curve: StereoCurve, *, window_s: float = 1.0, dead: float = np.nan) -> FloatArray:
    """Signed correlation in sliding windows, shape (n_steps,).

    Element ``k`` is the window that ends ``(k + 1) * step_s``; NaN until the first whole window and in silence (more
    than 50 dB under the loudest window). A file shorter than one window has its whole length as the last element.
    Where one channel has nothing that could correlate it is ``dead``.
    """
    steps = curve.ll.size
    answer = np.full(steps, np.nan)
    if steps == 0:
        return answer
    length = min(steps, max(1, round(window_s / curve.step_s)))
    ll, rr, lr = (np.convolve(part, np.ones(length), mode="valid") for part in (curve.ll, curve.rr, curve.lr))
    power = ll + rr
    if not power.max() > 0.0:
        return answer
    sounding = power > power.max() * 10 ** (SOUNDING_DB / 10)
    is_dead = np.minimum(ll, rr) <= DEAD_CHANNEL * np.maximum(ll, rr)
    scale = np.sqrt(np.where(is_dead, 1.0, ll)) * np.sqrt(np.where(is_dead, 1.0, rr))
    correlation = np.where(is_dead, dead, np.clip(lr / scale, -1.0, 1.0))
    answer[length - 1 :] = np.where(sounding, correlation, np.nan)
    return answer


def stereo_figures(matrix: BandMatrix, curve: StereoCurve, frames: FrameMask | None = None) -> StereoFigures:
    """Everything the report says about the stereo image; all ``None`` for a mono file.

    The overall figures are whole-file and full-band, from the time-domain sums; ``frames`` chooses for the bands only.
    """
    if curve.ll.size == 0:
        return StereoFigures(None, None, None, None)
    whole = StereoPower(float(curve.ll.sum()), float(curve.rr.sum()), float(curve.lr.sum()))
    correlation = correlation_curve(curve)
    sounding = correlation[np.isfinite(correlation)]
    return StereoFigures(
        correlation=whole.correlation,
        correlation_low=float(np.percentile(sounding, 5)) if sounding.size else None,
        width_db=whole.width_db,
        balance_db=whole.balance_db,
        mono_loss_db=whole.mono_loss_db,
        bands=stereo_bands(matrix, frames),
    )
