"""Objective faults of a file, each with its place to the sample."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the file; ``channel`` counts from 0, ``None`` means all."""

    start_s: float
    end_s: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch(Span):
    """The ``frames`` samples from ``frame`` on, counted from 0."""

    frame: int = 0
    frames: int = 0


@dataclass(frozen=True, slots=True)
class Silence(Stretch):
    """Over 120 ms without a sample over -80.8 dBFS, or in which but for dither all samples are one.

    Of one channel, or without one of the whole file.
    """

    cut_before: bool = False
    """The wave was loud up to its last sample, as faults and hard edits leave it."""
    cut_after: bool = False
    sample_value: float = 0.0
    """What its samples are if not zero, 1.0 is full scale; of the whole file that of the channel furthest from it."""


@dataclass(frozen=True, slots=True)
class Clip(Stretch):
    """A clipped run: its samples lie at the ceiling, which gain can have moved since."""

    ceiling_dbfs: float | None = None


@dataclass(frozen=True, slots=True)
class Click:
    """``frame`` is the first wrong sample; level is how far the wave is off its course there."""

    time_s: float
    frame: int
    channel: int | None
    level_dbfs: float


@dataclass(frozen=True, slots=True)
class Repeat(Stretch):
    """Its samples are a copy of what was ``period_frames`` before them."""

    period_frames: int = 0


@dataclass(frozen=True, slots=True)
class HumLine:
    multiple: int
    frequency_hz: float
    level_dbfs: float


@dataclass(frozen=True, slots=True)
class Hum(Span):
    """Mains hum of one channel; levels are RMS re a full-scale square wave, ``level_dbfs`` of all lines together."""

    frequency_hz: float = 0.0
    level_dbfs: float = 0.0
    lines: tuple[HumLine, ...] = ()


@dataclass(frozen=True, slots=True)
class DefectFigures:
    """Objective faults. Long lists are cut at 200 spans; the counts are whole, but for ``repeat_count``."""

    clipped_runs: int
    clipped_samples: int
    clips: tuple[Clip, ...]
    dc_offset: tuple[float, ...]
    """Mean of each channel, 1.0 is full scale."""
    dropouts: tuple[Stretch, ...]
    """Holes, and what a stream that stalled has held for longer."""
    silent_channels: tuple[int, ...]
    non_finite_samples: int
    lead_silence_s: float
    tail_silence_s: float
    dropout_count: int = 0
    """One in several channels is one, and listed once for each unless it is in all."""
    holes_in_time: int = 0
    """Holes that keep a grid, and the music's if it has a beat: taken for a gate or a stutter, not for dropouts."""
    timed_holes: tuple[Stretch, ...] = ()
    """Those, as ``dropouts``."""
    silence_count: int = 0
    channel_silence_count: int = 0
    """Of ``silence_count``, those of single channels."""
    silences: tuple[Silence, ...] = ()
    """Of more than 200 all of the whole file, before any of single channels, and of either the longest."""
    click_count: int = 0
    clicks: tuple[Click, ...] = ()
    repeat_count: int = 0
    """1,000 stands for that many or more: there the search ends."""
    repeats: tuple[Repeat, ...] = ()
    """Buffers of 1 to 200 ms that a driver or a render delivered twice."""
    hum: tuple[Hum, ...] | None = ()
    """Empty where there is none; ``None`` where the file is too short to tell it from a note."""
    non_finite: tuple[Stretch, ...] = ()
    head_step_dbfs: float | None = None
    """The first sample: high where the file begins in the middle of a wave."""
    head_peak_dbfs: float | None = None
    """Of the first millisecond."""
    tail_rms_dbfs: float | None = None
    """Of the last 10 ms: high where the end is cut."""
