"""Figures over time, for plots."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StereoBandSeries:
    """Signed correlation, width, balance and mono loss of one band, step by step from the file's first sample."""

    name: str
    correlation: tuple[float | None, ...]
    width_db: tuple[float | None, ...]
    balance_db: tuple[float | None, ...] = ()
    mono_loss_db: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class BandCurve:
    """Level of one named band over time, in dB re a full-scale square wave; ``None`` is silence."""

    name: str
    level_dbfs: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Waveform:
    """Outline of the front pair, full scale 1.0: at most 2,000 points spread evenly over the whole file."""

    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    rms: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Hits:
    """Each hit's time and by how many dB it rises, in order: at most 2,400, of more the ones that rise farthest."""

    time_s: tuple[float, ...] = ()
    """Where it begins, to within a hop of its envelope: 10 ms, or 12 ms below 150 Hz."""
    rise_db: tuple[float, ...] = ()
    """Of ``dynamics.transients``, which counts all of them; up to 60, which is out of silence."""


@dataclass(frozen=True, slots=True)
class Series:
    """Curves for plots: one value every ``step_s``, the first at ``start_s`` (a window's end for M and S)."""

    step_s: float
    start_s: float
    momentary_lufs: tuple[float | None, ...]
    short_term_lufs: tuple[float | None, ...]
    psr_db: tuple[float | None, ...]
    correlation: tuple[float | None, ...]
    stereo_band_step_s: float = 1.0
    stereo_bands: tuple[StereoBandSeries, ...] = ()
    """The eight named bands; none for mono."""
    stereo_whole: StereoBandSeries | None = None
    """All bands together."""
    bands_step_s: float = 0.5
    bands: tuple[BandCurve, ...] = ()
    """Element ``k`` of a curve is the mean over ``bands_step_s`` from ``k * bands_step_s`` on."""
    waveform: Waveform = Waveform()
    hits: Hits = Hits()
    """Empty where ``dynamics.transients`` is null."""
    kick_hits: Hits = Hits()
    """Below 150 Hz."""
