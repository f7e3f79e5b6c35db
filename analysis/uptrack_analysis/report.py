"""The report: an immutable, versioned document, and the only thing pages, DAWs, plots and accounts ever read.

Schema ``uptrack.report/1``. Times are seconds from the file's first sample, levels carry their unit in the name,
and a figure that could not be measured is ``None`` with its reason under ``measurements.unmeasured``. The document
holds no clock time, no path and no job id: same audio, same settings, same rules give the same bytes. Every number
is rounded when the report is built (``present`` and the DAW scripts never round again), and NaN or infinity cannot
be written at all.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA = "uptrack.report/1"

Severity = Literal["info", "minor", "moderate", "major", "blocker"]
Target = Literal["club", "stream", "premaster"]
SEVERITIES: tuple[Severity, ...] = ("info", "minor", "moderate", "major", "blocker")


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """A file that was measured; ``name`` is its last path component and never a path."""

    name: str
    format: str
    codec: str
    sample_rate_hz: int
    bit_depth: int | None
    channels: int
    frames: int
    duration_s: float
    notes: tuple[str, ...]
    """Sentences about the file itself: shorter than its header says, non-finite samples, damaged frames."""


@dataclass(frozen=True, slots=True)
class Source(MeasuredFile):
    """The mix."""

    sha256: str
    """Of its bytes: what tells versions apart."""


@dataclass(frozen=True, slots=True)
class GenreChoice:
    """Which family of thresholds judged the mix, and whether the user or a guess chose it."""

    family: str
    name: str
    how: Literal["given", "guessed", "unsure"]
    confidence: float
    reason: str
    widened: float = 0.0
    """How far the limits lie on the way from the family's own to the wider ones: a guess that is not sure."""
    widened_rules: tuple[str, ...] = ()
    """The rules that have such limits; none where nothing is widened."""


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What the DAW said of its project: truth, against which detection is a cross-check."""

    bpm: float | None = None
    key: str | None = None
    beats_per_bar: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    genre: GenreChoice
    target: Target
    project: ProjectFacts = ProjectFacts()
    stems: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """Names of the tracks it was held against; with three or more they take the place of the family's curve."""
    reference_notes: tuple[str, ...] = ()
    """Sentences about references that could not be used."""


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
    """At least 120 ms without a sample over -80.8 dBFS: of one channel, or without one of the whole file."""

    cut_before: bool = False
    """The wave was loud up to its last sample, as faults and hard edits leave it."""
    cut_after: bool = False


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
    silent_channels: tuple[int, ...]
    non_finite_samples: int
    lead_silence_s: float
    tail_silence_s: float
    dropout_count: int = 0
    """A hole in several channels is one, and listed once for each unless it is in all."""
    holes_in_time: int = 0
    """Holes that keep one grid, and the music's if it has a beat: taken for a gate or a stutter, not for dropouts."""
    silence_count: int = 0
    silences: tuple[Silence, ...] = ()
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


@dataclass(frozen=True, slots=True)
class SectionFeatures:
    """What decided a section's kind.

    "Its own level" is the one a range reaches in this file; -24 dB under it, or more, is gone.
    """

    loudness_lu: float | None
    """Section's loudness minus the file's integrated loudness."""
    low_end_db: float
    """20-126 Hz, kick and bass, under its own level."""
    kick_share: float
    """What starts below 160 Hz, as a share of what does in the file's busy stretches, 0 to 1."""
    onset_share: float
    """The same over the whole spectrum."""
    highs_db: float
    """Over 500 Hz, under its own level."""
    rise_db: float
    """How far the highs climb from the section's beginning to its end."""
    onset_rise: float
    fullness: float
    """Low end, onsets and loudness together; the fullest section is 1."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the arrangement; parts follow each other without a gap."""

    kind: Literal["intro", "build", "drop", "break", "outro"] | None
    """``None`` where nothing says what the parts are: ``unmeasured`` has the reason under "sections.kind"."""
    start_s: float
    end_s: float
    bars: float | None = None
    """Length in bars; ``None`` without a beat."""
    first_bar: int | None = None
    """Number of the bar it begins with, where bar 1 begins with the file's first downbeat."""
    confidence: float = 0.0
    """Of the kind; 0 without one."""
    loudness_lufs: float | None = None
    """Mean over the section, ungated."""
    bands_db: tuple[float | None, ...] = ()
    """Levels of the bands of ``measurements.spectrum.bands``, in their order, measured the same way."""
    third_octaves_db: tuple[float | None, ...] = ()
    """The same of ``measurements.spectrum.third_octaves``."""
    features: SectionFeatures | None = None


Tool = Literal["bell", "low shelf", "high shelf", "notch", "high-pass", "gain", "polarity", "width", "delay", "ceiling"]
"""Moves a DAW script can make, and take back."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a DAW script or a person can do about a finding."""

    kind: Literal["MK", "GN", "EQ", "DQ", "HP", "SC", "UT", "DL", "LM", "CO", "NT"]
    text: str
    gain_db: float | None = None
    frequency_hz: float | None = None
    q: float | None = None
    tool: Tool | None = None
    """What a program can do of it; ``None``: it takes a person."""
    amount: float | None = None
    """Of ``width`` in percent more or less, of ``delay`` in ms, of ``ceiling`` in dBTP."""
    on: str | None = None
    """The stem it is to be done on; ``None``: the finding's own."""
    on_mix: bool = False
    """On the mix bus, whatever stem the finding names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: what, where, how bad, what to do. ``id`` is the same in every run that sees the same problem."""

    id: str
    rule: str
    area: str
    severity: Severity
    confidence: float
    title: str
    advice: str
    value: float | None
    unit: str
    ok_range: tuple[float | None, float | None]
    scale: float
    """What one unit of ``excess`` is worth, in ``unit``."""
    excess: float
    exposure: float
    """Share of the time that matters in which the problem is there, 0 to 1."""
    grade: Literal["A", "B", "C", "D"]
    """Grade of evidence behind the threshold."""
    start_s: float
    end_s: float
    spans: tuple[Span, ...] = ()
    low_hz: float | None = None
    high_hz: float | None = None
    stem: str | None = None
    """The stem that most of it comes from, if stems came with the mix."""
    actions: tuple[Action, ...] = ()
    expected_delta: str = ""
    points: float = 0.0
    """What the whole score would regain without this finding."""
    shares: tuple[StemShare, ...] = ()
    """How much of it each stem brings, largest first: at most the first eight."""
    group: str = ""
    """Findings of one area that share a group have one cause: only the dearest of them costs."""
    penalty: float = 0.0
    """Share of its area that it takes, 0 to 0.6."""
    dismissed: bool = False
    """The user has said that it is meant: it costs nothing, and only this document still shows it."""
    told_from: float | None = None
    """Where the rule begins to tell, if that lies well beyond ``ok_range``: what lies between cannot be heard."""


@dataclass(frozen=True, slots=True)
class StemShare:
    stem: str
    share: float
    """Of all stems together, 0 to 1."""


@dataclass(frozen=True, slots=True)
class AreaScore:
    area: str
    score: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Score:
    """``overall`` is ``None`` when less than 60 % of the rules could be measured."""

    version: str
    overall: float | None
    coverage: float
    areas: tuple[AreaScore, ...]
    unmeasured_rules: dict[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class PlatformPlayback:
    """At what level one service plays the mix: what becomes of it, never whether it is right for the service."""

    platform: str
    name: str
    low_lufs: float
    """The service's playback level; ``high_lufs`` is another where sources contradict each other."""
    high_lufs: float
    low_db: float
    """Gain on playback, negative for lower. ``high_db`` is another for a contested service, and where it is not known
    whether the service turns a quiet track up."""
    high_db: float
    plays: str
    """The same in words: "5.0 dB lower", "as it is, not turned up"."""
    held_by_peak: bool
    """Turned up less than to the service's level, because the true peak would pass ``headroom_dbtp``."""
    headroom_dbtp: float | None
    """True peak that turning up stops at; ``None`` for a service that does it otherwise, or not at all."""
    contested: bool
    """Sources contradict each other, so that the range is nobody's official word."""
    grade: str
    """Of the evidence: A to D, as a finding's, or two of them with a slash."""
    source: str
    fetched_at: str
    """Day on which the source was read, YYYY-MM-DD."""
    note: str


@dataclass(frozen=True, slots=True)
class Engine:
    version: str
    ruleset: str
    """First 12 hexadecimal digits of the SHA-256 over rules, thresholds and genre data."""
    rules: dict[str, str] = field(default_factory=dict)
    """Each rule that was asked, with a digest of the limits it judged by: where two reports have the same one, their
    verdicts can be compared."""


@dataclass(frozen=True, slots=True)
class Report:
    schema: str
    source: Source
    context: Context
    measurements: Measurements
    series: Series
    sections: tuple[Section, ...]
    stems: tuple[StemReport, ...]
    findings: tuple[Finding, ...]
    score: Score
    engine: Engine
    stem_sum: StemSum | None = None
    """``None`` without stems, and where their waveforms cannot be compared with the mix."""
    playback: tuple[PlatformPlayback, ...] | None = None
    """What services make of its level; empty for a premaster, ``None`` without a loudness (``unmeasured`` says why
    under "playback") and in reports made before there was such a thing."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A report and what it took to make it."""

    report: Report
    timings_s: dict[str, float]
    """Seconds a stage: never inside the report, which is deterministic."""


def to_document(report: Report) -> dict[str, Any]:
    """The report as plain JSON types, keys in schema order."""
    document: dict[str, Any] = dataclasses.asdict(report)
    return document


def to_json(report: Report, *, indent: int | None = None) -> str:
    """The report as JSON text.

    Raises
    ------
    ValueError
        A figure is NaN or infinite: a bug in a measurement, which must not reach a reader.
    """
    return json.dumps(to_document(report), ensure_ascii=False, allow_nan=False, indent=indent)


def from_json(text: str | bytes) -> Report:
    """Read a report back, checking every field's type.

    Raises
    ------
    pydantic.ValidationError
        The text is not a report of this schema.
    """
    # Imported here: reading back is the daemon's and the page's business, and the command line starts faster without.
    from pydantic import TypeAdapter

    return TypeAdapter(Report).validate_json(text)
