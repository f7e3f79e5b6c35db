"""What the stems of a mix are, what is in them, and whether they add up to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from uptrack_analysis.report.arrangement import Section
from uptrack_analysis.report.context import MeasuredFile
from uptrack_analysis.report.curves import Series
from uptrack_analysis.report.measurements import Measurements, SpectrumFigures, StereoFigures, TransientFigures


@dataclass(frozen=True, slots=True)
class StemSeries:
    """A stem's curves, as the mix's: one value every ``step_s``, the first at ``start_s``."""

    step_s: float
    start_s: float
    momentary_lufs: tuple[float | None, ...]
    short_term_lufs: tuple[float | None, ...]
    psr_db: tuple[float | None, ...]
    correlation: tuple[float | None, ...]
    """All ``None`` for mono."""


@dataclass(frozen=True, slots=True)
class StemFigures:
    """Of one stem by itself, before the mix's gain. Beat, key, true peak and arrangement are the mix's alone."""

    integrated_lufs: float | None
    momentary_max_lufs: float | None
    momentary_max_s: float | None
    short_term_max_lufs: float | None
    short_term_max_s: float | None
    range_lu: float | None
    spectrum: SpectrumFigures
    stereo: StereoFigures
    rms_dbfs: float | None
    sample_peak_dbfs: float | None
    crest_db: float | None
    """Sample peak over RMS."""
    plr_db: float | None
    """Sample peak over integrated loudness."""
    psr_min_db: float | None
    transients: TransientFigures | None
    dc_offset: tuple[float, ...]
    lead_silence_s: float
    tail_silence_s: float


@dataclass(frozen=True, slots=True)
class StemPlace:
    """How the stem lies in the mix."""

    by: Literal["waveform", "level", "nothing"]
    """What was compared; with ``nothing`` it is taken as it lies in its own file."""
    delay_ms: float
    """Positive where it sounds later in the mix."""
    gain_db: float | None
    """In the mix over the stem; ``None`` where the waveforms could not be compared, or it is not in the mix."""
    inverted: bool
    in_mix: bool | None
    share: float | None
    """Of the mix's power, by waveform."""


@dataclass(frozen=True, slots=True)
class StemInFull:
    """What is said of a mix, said of one stem by itself."""

    measurements: Measurements
    series: Series
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class StemReport:
    """One stem. ``problem`` says why it was left out; then there is nothing else of it."""

    name: str
    track: str | None
    source: MeasuredFile | None = None
    role: str | None = None
    role_confidence: float = 0.0
    figures: StemFigures | None = None
    series: StemSeries | None = None
    place: StemPlace | None = None
    band_shares: tuple[float | None, ...] = ()
    """Of all stems' power in each named band, whole file."""
    findings: tuple[str, ...] = ()
    """Ids of the findings that name it."""
    problem: str | None = None
    unmeasured: dict[str, str] = field(default_factory=dict)
    in_full: StemInFull | None = None
    """``None`` unless it was asked for."""


@dataclass(frozen=True, slots=True)
class StemBand:
    """What the mix holds in one octave beside the sum of its stems."""

    low_hz: float
    high_hz: float
    gain_db: float
    """Mix over sum, as far as the two go together: what an equaliser on the master does."""
    unexplained_db: float
    """Power that no stem accounts for, re the mix in that octave; -80 for none."""


@dataclass(frozen=True, slots=True)
class StemSum:
    """The stems added up against the mix."""

    null_db: float
    """Power of the difference between the waveforms, re the mix."""
    bands: tuple[StemBand, ...]
