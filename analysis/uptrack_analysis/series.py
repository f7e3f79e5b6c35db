"""Curves for plots, thinned: what each step of a second or a part of it held, of a mix or of a stem."""

from __future__ import annotations

import math

import numpy as np

from uptrack_analysis.measure.band_curves import band_curves
from uptrack_analysis.measure.band_stereo import band_stereo_curves
from uptrack_analysis.measure.ltas import NAMED_BANDS
from uptrack_analysis.measure.psr import psr_curve
from uptrack_analysis.measure.results import Loudness, Measured, StereoCurve, Transients
from uptrack_analysis.measure.step_peaks import STEP_S
from uptrack_analysis.report import BandCurve, Hits, Series, StemSeries, StereoBandSeries, Waveform
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.results import StemMeasured

MOST_HITS = 2_400
"""Four and a half minutes of nine a second, which is sixteenths at 133 BPM."""
MOST_POINTS = 3_600
"""Six minutes at ten a second; longer files get wider steps, so that a two-hour set stays a page's worth of bytes."""
STEPS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
MOST_TONE_POINTS = 1_200
"""Ten minutes at two a second: tone moves with the bars, not with the beats."""
MOST_BAND_POINTS = 600
"""Ten minutes at one a second: eight bands' curves together weigh no more than two of the others."""
BAND_STEPS_S = (1.0, 2.0, 5.0, 10.0, 20.0, 60.0)


def mix_series(measured: Measured) -> Series:
    """Curves at ten a second or slower: the loudest M and S of each step, its lowest PSR, the correlation over it."""
    step_s = _step_s(STEPS_S, measured.duration_s, MOST_POINTS)
    steps = int(measured.duration_s / step_s + 1e-9)
    hops = round(step_s / measured.loudness.hop_s)
    bands_step_s = _step_s(STEPS_S, measured.duration_s, MOST_TONE_POINTS, least_s=0.5)
    stereo_step_s = _step_s(BAND_STEPS_S, measured.duration_s, MOST_BAND_POINTS)
    waveform = measured.waveform
    return Series(
        step_s=step_s,
        start_s=step_s,
        momentary_lufs=_loudest(measured.loudness.momentary_lufs, hops, steps),
        short_term_lufs=_loudest(measured.loudness.short_term_lufs, hops, steps),
        psr_db=_lowest_psr(measured.peaks.curve_dbfs, measured.loudness, step_s, steps),
        correlation=_correlation(measured.stereo, step_s, steps),
        stereo_band_step_s=stereo_step_s,
        stereo_bands=(stereo := _stereo(measured, stereo_step_s))[:-1],
        stereo_whole=stereo[-1] if stereo else None,
        bands_step_s=bands_step_s,
        bands=tuple(
            BandCurve(band.name, _plain(curve))
            for band, curve in zip(
                NAMED_BANDS, band_curves(measured.bands, bands_step_s, measured.duration_s), strict=True
            )
        ),
        waveform=Waveform(*(tuple(row.tolist()) for row in (waveform.low, waveform.high, waveform.rms))),
        hits=_hits(measured.details.transients),
        kick_hits=_hits(measured.details.kick_transients),
    )


def stem_series(stem: StemMeasured) -> StemSeries:
    """The same of a stem, at most one value a second: there may be sixty of them."""
    step_s = _step_s(BAND_STEPS_S, stem.duration_s, MOST_BAND_POINTS)
    steps, hops = int(stem.duration_s / step_s + 1e-9), round(step_s / stem.loudness.hop_s)
    return StemSeries(
        step_s=step_s,
        start_s=step_s,
        momentary_lufs=_loudest(stem.loudness.momentary_lufs, hops, steps),
        short_term_lufs=_loudest(stem.loudness.short_term_lufs, hops, steps),
        psr_db=_lowest_psr(stem.step_peaks_dbfs, stem.loudness, step_s, steps),
        correlation=_correlation(stem.stereo, step_s, steps),
    )


def _step_s(choices: tuple[float, ...], duration_s: float, most: int, least_s: float = 0.0) -> float:
    """The shortest step by which no more than ``most`` cover the file."""
    return next((step for step in choices if step >= least_s and duration_s / step <= most), choices[-1])


def _hits(found: Transients | None) -> Hits:
    """The hits that rise farthest, of equal ones the earlier, in order of time."""
    if found is None:
        return Hits()
    strongest = np.sort(np.argsort(-found.rises_db, kind="stable")[:MOST_HITS])
    return Hits(tuple(found.times_s[strongest].tolist()), tuple(found.rises_db[strongest].tolist()))


def _stereo(measured: Measured, step_s: float) -> tuple[StereoBandSeries, ...]:
    """Of each named band, and last of all together; nothing of mono."""
    if measured.channels == 1:
        return ()
    curves = band_stereo_curves(measured.bands, step_s, int(measured.duration_s / step_s + 1e-9))
    return tuple(
        StereoBandSeries(
            name,
            _plain(curves.correlation[:, index]),
            _plain(curves.width_db[:, index]),
            _plain(curves.balance_db[:, index]),
            _plain(curves.mono_loss_db[:, index]),
        )
        for index, name in enumerate([*(band.name for band in NAMED_BANDS), "all"])
    )


def _plain(curve: FloatArray) -> tuple[float | None, ...]:
    return tuple(None if math.isnan(value) else value for value in curve.tolist())


def _loudest(curve: FloatArray, values_per_step: int, steps: int) -> tuple[float | None, ...]:
    """The maximum of each step; ``None`` where no first whole window has ended yet, or only silence did."""
    values = np.full(steps * values_per_step, -np.inf)
    there = curve[: values.size]
    values[: there.size] = np.where(np.isnan(there), -np.inf, there)
    highest = values.reshape(steps, values_per_step).max(axis=1)
    return tuple(value if math.isfinite(value) else None for value in highest.tolist())


def _lowest_psr(peaks_dbfs: FloatArray, loudness: Loudness, step_s: float, steps: int) -> tuple[float | None, ...]:
    curve = psr_curve(peaks_dbfs, loudness)
    return tuple(None if value is None else -value for value in _loudest(-curve, round(step_s / STEP_S), steps))


def _correlation(curve: StereoCurve, step_s: float, steps: int) -> tuple[float | None, ...]:
    if not curve.ll.size:
        return (None,) * steps
    group = round(step_s / curve.step_s)
    left, right, cross = (
        power[: steps * group].reshape(steps, group).sum(axis=1) for power in (curve.ll, curve.rr, curve.lr)
    )
    scale = np.sqrt(left * right)
    values = np.clip(np.divide(cross, scale, out=np.full(steps, np.nan), where=scale > 0), -1.0, 1.0)
    return tuple(None if math.isnan(value) else value for value in values.tolist())
