"""What the measurement pass hands to the rules and the report: plain results, arrays included, no judgement.

Levels are dB with the reference in the name; times are seconds from the first sample; every array's shape is given.
A figure that could not be measured is ``None`` (NaN inside an array) and its reason stands in ``Measured.unmeasured``
under the same dotted name the report uses. The meters that fill these live next door, one file a meter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.audio.source import BrokenStretch
from uptrack_analysis.measure.probes import Probes
from uptrack_analysis.signal import Block, FloatArray


@dataclass(frozen=True, slots=True)
class Loudness:
    """BS.1770-5 loudness on a 10 ms grid; element ``k`` of a curve is the window that ends ``(k + 1) * hop_s``.

    Curves are NaN until their first whole window (0.4 s, 3 s) and ``-inf`` in digital silence.
    """

    hop_s: float
    momentary_lufs: FloatArray
    """shape (n_hops,)"""
    short_term_lufs: FloatArray
    """shape (n_hops,)"""
    integrated_lufs: float | None
    momentary_max_lufs: float | None
    momentary_max_s: float | None
    short_term_max_lufs: float | None
    short_term_max_s: float | None
    range_lu: float | None
    power: FloatArray = field(default_factory=lambda: np.empty(0))
    """shape (n_hops,): K-weighted mean-square power of each hop, channels summed with their weights"""


@dataclass(frozen=True, slots=True)
class Peaks:
    """Largest sample and largest interpolated value per channel, shape (channels,) each; silence is ``-inf``."""

    sample_dbfs: FloatArray
    sample_s: FloatArray
    true_dbtp: FloatArray
    true_s: FloatArray
    curve_step_s: float = 0.1
    curve_dbfs: FloatArray = field(default_factory=lambda: np.empty(0))
    """shape (n_steps,): largest sample of any channel in each 100 ms, the last of which may be shorter; the peak
    over a 3 s window minus its short-term loudness is PSR"""


@dataclass(frozen=True, slots=True)
class ClipRun:
    """At least three consecutive samples at one channel's ceiling."""

    channel: int
    start: int
    length: int
    ceiling: float = 1.0
    """Magnitude of the ceiling; under 1.0 the signal was clipped first and turned down later."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in the signal, in frames: ``start`` inclusive, ``end`` exclusive, in the channels named."""

    start: int
    end: int
    channels: tuple[int, ...]
    rise_db: float = 0.0
    """By how much it is louder right after than right before, in the channel where that differs most."""


@dataclass(frozen=True, slots=True)
class TimedGaps:
    """Holes whose ends lie on one grid of ``step_s``; some of its places may have none."""

    step_s: float
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Click:
    """A discontinuity in music that goes on as before: ``frame`` is its first wrong sample, in the channels named."""

    frame: int
    channels: tuple[int, ...]
    level_dbfs: float
    """By how much the wave misses its course there."""
    rarity: float = 1.0
    """1 where nothing near is like it; near 0 where it could be one more edge of what plays."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Frames from ``start`` to ``end``, exclusive, are a copy of the ``period`` frames before ``start``."""

    start: int
    end: int
    period: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Over 120 ms without a sample over the dither of a 16-bit file, or in which but for dither all samples are one.

    Of one channel, or of the whole file.
    """

    start: int
    end: int
    cut_before: bool
    """The wave was loud up to its last sample."""
    cut_after: bool
    channel: int | None = None
    value: float = 0.0
    """What its samples are, if not zero; of several channels, that furthest from it."""


@dataclass(frozen=True, slots=True)
class Hum:
    """Mains hum of one channel: lines at multiples of ``frequency_hz`` that nothing in the music moves."""

    channel: int
    frequency_hz: float
    level_dbfs: float
    """RMS of all lines together, re a full-scale square wave."""
    harmonics: tuple[tuple[int, float], ...]
    """(multiple, RMS level in dBFS) of each line"""
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Breaks:
    """Where the sound breaks off or jumps, as in ``Defects``."""

    gaps: tuple[Gap, ...]
    clicks: tuple[Click, ...]
    repeats: tuple[Repeat, ...]
    timed_gaps: tuple[TimedGaps, ...] = ()
    held: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Defects:
    clip_runs: tuple[ClipRun, ...]
    """The first 10,000; ``clipped_runs`` counts all."""
    clipped_runs: int
    clipped_samples: int
    dc_offset: FloatArray
    """shape (channels,): mean sample value"""
    gaps: tuple[Gap, ...]
    silent_channels: tuple[int, ...]
    """Channels without one sample over -90 dBFS while another channel plays."""
    lead_silence_s: float
    """Until the first sample over -60 dBFS in any channel; the whole duration if there is none."""
    tail_silence_s: float
    head_peak_dbfs: float | None
    """Largest sample of the first 1 ms: a cut transient when high."""
    tail_rms_dbfs: float | None
    """RMS of the last 10 ms: a cut tail when high."""
    head_step_dbfs: float | None = None
    """The very first sample, of any channel: sound that begins by itself begins near zero, cut sound does not."""
    clicks: tuple[Click, ...] = ()
    """The first 10,000; ``more_clicks`` counts the rest."""
    more_clicks: int = 0
    repeats: tuple[Repeat, ...] = ()
    hum: tuple[Hum, ...] | None = ()
    """Empty where there is none, ``None`` where the file is too short to tell it from a note."""
    silences: tuple[Silence, ...] = ()
    held: tuple[Gap, ...] = ()
    """Those of ``silences`` in which a stream had stalled and held a sample, in the middle of what played."""
    timed_gaps: tuple[TimedGaps, ...] = ()
    """A gate or a stutter, in which the music keeps the time of the holes."""
    regular_gaps: int = 0
    """How many of ``gaps`` keep a time that is not the music's: what loses them is a driver, and no effect."""


@dataclass(frozen=True, slots=True)
class BandMatrix:
    """Powers of left, right and their difference in log bands over time, from one STFT.

    ``side = dd / 4``, ``mid = (2 ll + 2 rr - dd) / 4`` and the cross power ``lr = (ll + rr - dd) / 2`` are linear in
    the three, so spectrum, width, correlation and mono loss of any band and span are sums over this matrix, made in
    double precision by ``band_sums.py``. Mono files have ``rr = ll`` and ``dd = 0``; files with more channels use their
    front left and right.
    """

    edges_hz: FloatArray
    """shape (n_bands + 1,), log spaced, from 20 Hz to the lower of 20 kHz and the Nyquist frequency"""
    times_s: FloatArray
    """shape (n_frames,): centre of each analysis frame"""
    ll: NDArray[np.floating[Any]]
    """shape (n_frames, n_bands): mean-square power, 1.0 is a full-scale square wave; the meter's are float32"""
    rr: NDArray[np.floating[Any]]
    dd: NDArray[np.floating[Any]]
    """Of left minus right. Not the cross power, of which single precision would lose a side far under the mid."""
    rumble: FloatArray = field(default_factory=lambda: np.empty(0))
    """shape (n_frames,): mean-square power from 10 to 28 Hz, mean of the channels"""

    def cross(self, frames: slice | NDArray[np.bool_] = slice(None), bands: slice = slice(None)) -> FloatArray:
        """Cross power ``lr`` of the chosen frames and bands, shape (n_frames, n_bands), in double precision."""
        ll, rr, dd = (part[frames, bands].astype(np.float64) for part in (self.ll, self.rr, self.dd))
        crossed: FloatArray = (ll + rr - dd) / 2
        return crossed


@dataclass(frozen=True, slots=True)
class StereoCurve:
    """Time-domain stereo sums every 100 ms of the front pair, each shape (n_steps,); empty for mono."""

    step_s: float
    ll: FloatArray
    rr: FloatArray
    lr: FloatArray


@dataclass(frozen=True, slots=True)
class Resonance:
    """A narrow peak of the long-term spectrum."""

    frequency_hz: float
    above_floor_db: float
    """Level in a 48th of an octave over what the surroundings suggest."""
    share: float
    """Share of the sounding time in which it stands: near 1 for what rings, less for a note that comes and goes."""
    standing: tuple[tuple[float, float], ...] = ()
    """When it stands, in seconds, to a third of one."""


@dataclass(frozen=True, slots=True)
class ChannelMatch:
    """How alike the front left and right are."""

    kind: Literal["stereo", "identical", "gain", "delay"]
    """Two signals, or one: the same on both channels, at another gain, or later on one of them."""
    difference_db: float
    """What is left of right once left, at the gain that fits best, is taken off: loudest 100 ms re the loudest 100 ms
    of right; -120 for nothing."""
    gain_db: float
    """Right over left."""
    delay_ms: float | None
    """Of right behind left, where that is the only difference."""
    inverted: bool | None
    """One channel is turned over; ``None`` where they have too little in common to say."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Mean-square power of hop after hop; element ``k`` begins at ``k * hop_s``."""

    hop_s: float
    power: FloatArray
    """shape (n_hops,)"""


@dataclass(frozen=True, slots=True)
class Transients:
    """By how many dB hits rise over what came before them."""

    hits: int
    rise_low_db: float
    """10th percentile"""
    rise_median_db: float
    rise_high_db: float
    """90th percentile"""
    times_s: FloatArray = field(default_factory=lambda: np.empty(0), compare=False)
    """shape (hits,), in order"""
    rises_db: FloatArray = field(default_factory=lambda: np.empty(0), compare=False)
    """shape (hits,)"""


@dataclass(frozen=True, slots=True)
class Pumping:
    """Level modulation of everything above the kick at the beat, in loud passages."""

    depth_db: float
    lowest_at: float | None
    """Where in the beat the level is lowest, 0 (on it) to 1; ``None`` without a beat grid."""
    ducking_db: float = 0.0
    """What nearly all of it does together: falls at once by at least so much, and comes back before the next."""
    ducked_at: float | None = None
    """Where in the beat it falls, 0 to 1; ``None`` without a beat grid."""
    ducked_beats: int = 1
    """At every so many beats: 1 or 2."""


@dataclass(frozen=True, slots=True)
class LevelJump:
    time_s: float
    step_db: float


@dataclass(frozen=True, slots=True)
class Details:
    """What follows from several meters' results together; ``None`` where its reason is in ``Measured.unmeasured``."""

    resonances: tuple[Resonance, ...] | None = None
    cutoff_hz: float | None = None
    cutoff_likely: str | None = None
    """An encoder setting whose files end there."""
    channels: ChannelMatch | None = None
    transients: Transients | None = None
    """Of the whole signal, K-weighted."""
    kick_transients: Transients | None = None
    """Below 150 Hz."""
    pumping: Pumping | None = None
    level_jumps: tuple[LevelJump, ...] = ()


@dataclass(frozen=True, slots=True)
class Waveform:
    """Outline of the front pair: evenly spaced points over the whole file, at most 2,000, shape (n_points,) each."""

    low: FloatArray
    """Lowest sample of either channel, full scale 1.0"""
    high: FloatArray
    rms: FloatArray
    """Root mean square over both channels"""


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """Where the beats of a steady tempo lie: beat ``k`` at ``first_beat_s + k * beat_s``."""

    beat_s: float
    first_beat_s: float
    """The first beat at or after the file's first sample."""
    first_downbeat_s: float | None
    """The first beat that begins a bar; ``None`` where no beat of the bar stands out."""
    beats_per_bar: int
    downbeat_confidence: float
    drift_ms: float | None
    """How far the played beats wander from the grid over the file: largest minus smallest smoothed deviation."""


@dataclass(frozen=True, slots=True)
class TempoEstimate:
    bpm: float | None
    confidence: float
    alternatives: tuple[tuple[float, float], ...]
    """(bpm, confidence), most likely first, the winner not repeated"""
    grid: BeatGrid | None = None
    """``None`` without a tempo, or where no phase of the beat stands out."""


SectionKind = Literal["intro", "build", "drop", "break", "outro"]


@dataclass(frozen=True, slots=True)
class SectionEstimate:
    """A part of the arrangement, and the figures that decided what it is."""

    kind: SectionKind | None
    """``None`` where nothing in the file says what its parts are; ``Structure.reason`` then says why."""
    start_s: float
    end_s: float
    bars: float | None
    """Length in bars; ``None`` without a beat grid."""
    first_bar: int | None
    """Number of the bar it starts with: bar 1 begins with the file's first downbeat."""
    confidence: float
    loudness_lufs: float | None
    """Mean loudness over the section, ungated; ``None`` in silence."""
    low_end_db: float
    """Level of kick and bass (20-126 Hz) under what it reaches in this file, 0 to -24"""
    onset_share: float
    """How much starts, as a share of the file's busy stretches, 0 to 1"""
    kick_share: float
    """The same of what starts below 160 Hz"""
    fullness: float
    """Low end, onsets and loudness together, 1.0 in the fullest section"""
    highs_db: float
    """Level over 500 Hz under what it reaches in this file, 0 to -24, every range counting the same"""
    rise_db: float
    """How far that climbs from the section's beginning to its end, as far as a straight line explains it"""
    onset_rise: float
    """The same of the onset share"""


@dataclass(frozen=True, slots=True)
class Structure:
    """The arrangement; sections follow each other without a gap from the first sample to the last."""

    sections: tuple[SectionEstimate, ...] = ()
    reason: str | None = None
    """Why there is no section, or why they have no kind."""


@dataclass(frozen=True, slots=True)
class KeyEstimate:
    """``tonic`` counts semitones from C."""

    tonic: int | None
    minor: bool | None
    confidence: float
    alternatives: tuple[tuple[int, bool, float], ...]
    """(tonic, minor, confidence), most likely first, the winner not repeated"""
    tuning_cents: float | None = None
    """How far the tones lie over A = 440 Hz equal temperament, -50 to 50; it may be known where the key is not."""


@dataclass(frozen=True, slots=True)
class BassLine:
    """The note that the bass stands on, shape (n_frames,) each; frame ``k`` lies around ``k * hop_s``."""

    hop_s: float
    frequency_hz: FloatArray
    """40 to 180 Hz, told by the harmonics: an octave lower or higher may be what is played"""
    strength: FloatArray
    """How much speaks for it, in no unit; 0 where there is no note"""


@dataclass(frozen=True, slots=True)
class CodecPeak:
    """The largest interpolated value after one encoder and its decoder."""

    codec: str
    true_dbtp: float
    """``-inf`` in silence."""
    true_s: float
    channel: int


@dataclass(frozen=True, slots=True)
class Codecs:
    """What encoders make of the front pair."""

    peaks: tuple[CodecPeak, ...]
    reason: str | None = None
    """Why there are none."""


@dataclass(frozen=True, slots=True)
class CrateTrack:
    """One of the tracks a mix will be played beside."""

    integrated_lufs: float
    bands_db: tuple[float | None, ...]
    """Levels of the named bands, re the power between 500 and 2000 Hz"""


@dataclass(frozen=True, slots=True)
class Crate:
    tracks: tuple[CrateTrack, ...]


@dataclass(frozen=True, slots=True)
class LowSignal:
    """The front pair at about 1.4 kHz: fast enough to see where kick and bass meet, 11 kB a second."""

    rate_hz: float
    samples: Block
    """shape (rows, frames)"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything one pass over a file found."""

    sample_rate_hz: int
    channels: int
    frames: int
    rms_dbfs: float | None
    loudness: Loudness
    peaks: Peaks
    defects: Defects
    bands: BandMatrix
    stereo: StereoCurve
    tempo: TempoEstimate
    key: KeyEstimate
    non_finite_samples: int
    non_finite: tuple[BrokenStretch, ...] = ()
    """The first of the stretches that hold them."""
    codec: str | None = None
    """As ``AudioInfo`` names it; ``None`` where nobody said."""
    bit_depth: int | None = None
    """Of the file; ``None`` for lossy encodings."""
    front: tuple[int, ...] = (0, 1)
    """Channels of front left and right, which ``bands`` and ``stereo`` are of; the only one of a mono file."""
    details: Details = Details()
    structure: Structure = field(default_factory=Structure)
    bass: BassLine = field(default_factory=lambda: BassLine(0.0, np.empty(0), np.empty(0)))
    codecs: Codecs | None = None
    """``None`` where nobody asked for the round trip."""
    crate: Crate | None = None
    """``None`` where nobody named one."""
    waveform: Waveform = field(default_factory=lambda: Waveform(np.empty(0), np.empty(0), np.empty(0)))
    probes: Probes | None = None
    """Kept only where stems are to be laid over the mix."""
    low: LowSignal | None = None
    """Kept only of a stem."""
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    """Dotted report name ("tempo.bpm", "loudness.range_lu") to the sentence that says why."""

    @property
    def duration_s(self) -> float:
        return self.frames / self.sample_rate_hz
