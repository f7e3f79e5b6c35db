"""Every figure of a mix, by subject."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from uptrack_analysis.report.defects import DefectFigures


@dataclass(frozen=True, slots=True)
class LoudnessFigures:
    """ITU-R BS.1770-5 and EBU R 128 figures; times are where the maximum is reached (end of its window)."""

    integrated_lufs: float | None
    momentary_max_lufs: float | None
    momentary_max_s: float | None
    short_term_max_lufs: float | None
    short_term_max_s: float | None
    range_lu: float | None
    true_peak_dbtp: float | None
    true_peak_s: float | None
    true_peak_channel: int | None
    sample_peak_dbfs: float | None
    plr_db: float | None
    psr_min_db: float | None


@dataclass(frozen=True, slots=True)
class TempoCandidate:
    bpm: float
    confidence: float


@dataclass(frozen=True, slots=True)
class TempoFigures:
    """The beat's grid: beat ``k`` at ``first_beat_s + k * 60 / bpm``, a bar every ``beats_per_bar`` of them."""

    bpm: float | None
    confidence: float
    alternatives: tuple[TempoCandidate, ...] = ()
    first_beat_s: float | None = None
    first_downbeat_s: float | None = None
    """The first beat of the file that begins a bar; null where no beat of the bar stands out."""
    beats_per_bar: int | None = None
    downbeat_confidence: float | None = None
    drift_ms: float | None = None
    """How far the played beats wander from the grid over the file: latest minus earliest, smoothed over a few bars."""


@dataclass(frozen=True, slots=True)
class KeyCandidate:
    name: str
    camelot: str
    confidence: float


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """``name`` is written "F# minor" or "Bb major". Confidences are probabilities among all 24 keys."""

    name: str | None
    camelot: str | None
    confidence: float
    alternatives: tuple[KeyCandidate, ...] = ()
    tuning_cents: float | None = None
    """How far the tones lie over A = 440 Hz equal temperament, -50 to 50; it may be known where the key is not."""


@dataclass(frozen=True, slots=True)
class BandLevel:
    """One band of the long-term average spectrum; level is band power re the 500-2000 Hz power."""

    name: str
    low_hz: float
    high_hz: float
    level_db: float | None


@dataclass(frozen=True, slots=True)
class ResonanceFigures:
    """A narrow peak of the long-term spectrum, over what its surroundings suggest."""

    frequency_hz: float
    note: str
    """The nearest note at A4 = 440 Hz, and ``cents`` how far over it the peak lies."""
    cents: float
    above_floor_db: float
    share: float
    """Share of the sounding time in which it stands: near 1 for what rings, less for a note that comes and goes."""


@dataclass(frozen=True, slots=True)
class SpectrumFigures:
    """``bands``: eight named bands. ``third_octaves``: band power re the band at 1 kHz. Tilt over 100 Hz-10 kHz."""

    bands: tuple[BandLevel, ...]
    third_octaves: tuple[BandLevel, ...]
    tilt_db_per_octave: float | None
    cutoff_hz: float | None = None
    """Where the spectrum ends in a cliff of 40 dB, as a lossy encoder or a lower sample rate leaves it."""
    cutoff_likely: str | None = None
    """An encoder setting that is known to end there; others may, too."""
    resonances: tuple[ResonanceFigures, ...] | None = None
    """At most 16, the ones that stand out most of the time and farthest first."""


@dataclass(frozen=True, slots=True)
class StereoBand:
    """Width is side minus mid power; mono loss is stereo minus fold-down power, both in dB."""

    name: str
    low_hz: float
    high_hz: float
    correlation: float | None
    width_db: float | None
    mono_loss_db: float | None
    balance_db: float | None = None


@dataclass(frozen=True, slots=True)
class StereoFigures:
    """Correlation is signed, -1 to 1. Balance is left minus right power in dB: positive leans left."""

    correlation: float | None
    correlation_low: float | None
    """5th percentile of the 1 s correlation while the music plays."""
    width_db: float | None
    balance_db: float | None
    bands: tuple[StereoBand, ...] = ()
    false_stereo: Literal["no", "identical", "gain", "delay"] | None = None
    """One signal on both channels: the same, at another gain, or later on one of them."""
    channel_difference_db: float | None = None
    """What is left of the right channel without the left one, in the loudest 100 ms; -120 for nothing."""
    channel_delay_ms: float | None = None
    """Right behind left, where that alone makes the stereo."""
    polarity: Literal["normal", "inverted"] | None = None
    """Inverted: one channel is the other turned over, whatever the delay between them."""
    mono_loss_db: float | None = None
    """Mean power of the channels over that of their fold-down: 0 for mono, 3 for unrelated channels."""


@dataclass(frozen=True, slots=True)
class BandCrest:
    """95th percentile of a band's power in frames of some 90 ms over its mean: 0 for what never moves."""

    name: str
    low_hz: float
    high_hz: float
    crest_db: float | None


@dataclass(frozen=True, slots=True)
class TransientFigures:
    """By how many dB hits rise over the 40 to 90 ms before them: 10th, 50th and 90th percentile."""

    hits: int
    rise_low_db: float
    rise_median_db: float
    rise_high_db: float


@dataclass(frozen=True, slots=True)
class LevelJump:
    """The whole spectrum goes up or down at once, as no arrangement does."""

    time_s: float
    step_db: float


@dataclass(frozen=True, slots=True)
class DynamicsFigures:
    """Crest factor: sample peak over RMS of the whole file, in dB."""

    crest_db: float | None
    rms_dbfs: float | None
    bands: tuple[BandCrest, ...] = ()
    transients: TransientFigures | None = None
    kick_transients: TransientFigures | None = None
    """Below 150 Hz."""
    pumping_db: float | None = None
    """How far everything from 250 Hz up goes up and down with every beat, in loud passages."""
    pumping_lowest_at: float | None = None
    """Where in the beat it is lowest: just after 0 for what a kick ducks, just before 1 for what dies away."""
    ducking_db: float | None = None
    """What nearly all of it does together at every beat or every other: falls by at least so much and comes back."""
    ducked_at: float | None = None
    """Where in the beat it falls; half a beat off if the beat's place is."""
    ducked_beats: int | None = None
    """At every so many beats: 1 or 2."""
    level_jumps: tuple[LevelJump, ...] = ()
    """At most 50, in order of time."""


@dataclass(frozen=True, slots=True)
class Measurements:
    loudness: LoudnessFigures
    tempo: TempoFigures
    key: KeyFigures
    spectrum: SpectrumFigures
    stereo: StereoFigures
    dynamics: DynamicsFigures
    defects: DefectFigures
    unmeasured: dict[str, str] = field(default_factory=dict)
    """Dotted name of a figure that is ``None`` ("loudness.range_lu") to the sentence that says why."""
