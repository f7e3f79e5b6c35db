"""``Measured`` built by arithmetic: a clean mix to start from, and the one figure a test is about set to what it wants.

Spectra are chosen as levels over the tonal average and turned into band powers; curves are constant unless a test says
otherwise. Nothing here runs a meter: tests that do use real audio.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.measure.bands import band_edges_hz
from uptrack_analysis.measure.results import (
    BandMatrix,
    BassLine,
    BeatGrid,
    ChannelMatch,
    Defects,
    Details,
    KeyEstimate,
    Loudness,
    Measured,
    Peaks,
    Pumping,
    SectionEstimate,
    SectionKind,
    StereoCurve,
    Structure,
    TempoEstimate,
)
from uptrack_analysis.signal import FloatArray

RATE_HZ = 44_100
HOP_S = 2048 / RATE_HZ
BASS_HOP_S = 0.3715
# Above 120 Hz the average itself; below it, where it understates club music, more of kick and of sub.
CLUB_LOW_END_DB = 3.0
CLUB_SUB_DB = 12.0
RUMBLE_DB = -25.0
"""10-28 Hz under the octave from 30 Hz on."""

Level = Callable[[FloatArray], FloatArray]
"""Decibels over the average at each frequency in Hz."""


def flat(frequency_hz: FloatArray) -> FloatArray:
    return np.where(frequency_hz < 60.0, CLUB_SUB_DB, np.where(frequency_hz < 120.0, CLUB_LOW_END_DB, 0.0))


def bell(low_hz: float, high_hz: float, gain_db: float) -> Level:
    """The clean mix with one range moved by ``gain_db``."""
    return lambda frequency_hz: (
        flat(frequency_hz) + np.where((frequency_hz >= low_hz) & (frequency_hz < high_hz), gain_db, 0.0)
    )


def band_matrix(
    duration_s: float,
    level_db: Level = flat,
    *,
    correlation: Callable[[FloatArray], FloatArray] = lambda f: np.where(f < 150.0, 1.0, 0.7),
    balance_db: float = 0.0,
    gain_db: float = 0.0,
    rate_hz: int = RATE_HZ,
) -> BandMatrix:
    """Constant over time; correlation is a function of frequency, balance is left over right."""
    edges = band_edges_hz(rate_hz)
    low, high = edges[:-1], edges[1:]
    centres = np.sqrt(low * high)
    power = load_tonal_average().band_power(low, high) * 10 ** ((level_db(centres) + gain_db) / 10)
    ll, rr = power * 10 ** (balance_db / 20), power * 10 ** (-balance_db / 20)
    lr = correlation(centres) * np.sqrt(ll * rr)
    frames = max(1, int(duration_s / HOP_S) - 1)
    return BandMatrix(
        edges_hz=edges,
        times_s=HOP_S * np.arange(1, frames + 1, dtype=np.float64),
        ll=np.tile(ll, (frames, 1)),
        rr=np.tile(rr, (frames, 1)),
        dd=np.tile(ll + rr - 2 * lr, (frames, 1)),
        rumble=np.full(frames, power[(centres > 30.0) & (centres < 60.0)].sum() * 10 ** (RUMBLE_DB / 10)),
    )


def bass_line(duration_s: float, notes_hz: Sequence[float] = (55.0, 65.4, 73.4, 49.0), note_s: float = 2.0) -> BassLine:
    """Notes in turn, each clear from its beginning to its end."""
    times_s = BASS_HOP_S * np.arange(int(duration_s / BASS_HOP_S))
    played = np.array(notes_hz)[(times_s // note_s).astype(int) % len(notes_hz)]
    return BassLine(BASS_HOP_S, played, np.ones(times_s.size))


def stereo_curve(duration_s: float, correlation: FloatArray | float = 0.6, balance_db: float = 0.0) -> StereoCurve:
    """Steps of 100 ms, correlation per step or constant."""
    steps = int(duration_s * 10)
    ll, rr = np.full(steps, 10 ** (balance_db / 20)), np.full(steps, 10 ** (-balance_db / 20))
    return StereoCurve(0.1, ll, rr, np.broadcast_to(correlation, (steps,)) * np.sqrt(ll * rr))


def loudness(duration_s: float, integrated_lufs: float | None = -8.5) -> Loudness:
    """Steady loudness."""
    hops = int(duration_s * 100)
    level = -np.inf if integrated_lufs is None else integrated_lufs
    momentary, short_term = np.full(hops, level), np.full(hops, level)
    momentary[: min(39, hops)] = np.nan
    short_term[: min(299, hops)] = np.nan
    return Loudness(0.01, momentary, short_term, integrated_lufs, integrated_lufs, 0.4, integrated_lufs, 3.0, 4.0)


def clean(duration_s: float = 60.0, *, integrated_lufs: float = -8.5, true_peak_dbtp: float = -0.3) -> Measured:
    """A stereo techno master at 130 bpm without a fault in it."""
    return Measured(
        sample_rate_hz=RATE_HZ,
        channels=2,
        frames=int(duration_s * RATE_HZ),
        rms_dbfs=integrated_lufs - 1.0,
        loudness=loudness(duration_s, integrated_lufs),
        peaks=peaks(true_peak_dbtp, true_peak_dbtp - 0.2),
        defects=Defects(
            clip_runs=(),
            clipped_runs=0,
            clipped_samples=0,
            dc_offset=np.array([0.0001, -0.0001]),
            gaps=(),
            silent_channels=(),
            lead_silence_s=0.0,
            tail_silence_s=0.2,
            head_peak_dbfs=-48.0,
            tail_rms_dbfs=-90.0,
        ),
        bands=band_matrix(duration_s),
        stereo=stereo_curve(duration_s),
        tempo=TempoEstimate(130.0, 0.9, ((65.0, 0.2),)),
        key=KeyEstimate(9, True, 0.7, ()),
        non_finite_samples=0,
        details=Details(resonances=()),
        bass=bass_line(duration_s),
    )


def part(
    kind: SectionKind | None,
    first_bar: int,
    bars: float,
    *,
    bpm: float = 130.0,
    loudness_lufs: float = -8.5,
    confidence: float = 0.9,
    kick_share: float = 0.9,
    onset_share: float = 0.9,
) -> SectionEstimate:
    """A section of an arrangement in 4/4 whose bar 1 is the file's start; a break has lost its kick and bass."""
    bar_s = 240.0 / bpm
    start_s = (first_bar - 1) * bar_s
    gone = kind == "break"
    return SectionEstimate(
        kind=kind,
        start_s=start_s,
        end_s=start_s + bars * bar_s,
        bars=bars,
        first_bar=first_bar,
        confidence=confidence,
        loudness_lufs=loudness_lufs,
        low_end_db=-20.0 if gone else -1.0,
        onset_share=0.3 if gone else onset_share,
        kick_share=0.0 if gone else kick_share,
        fullness=0.4 if gone else 1.0,
        highs_db=-2.0,
        rise_db=0.0,
        onset_rise=0.0,
    )


# (kind, bars, loudness): what a DJ can mix in and out of, with a break between two drops; 128 bars, 236 s at 130 bpm.
ARRANGEMENT: tuple[tuple[SectionKind, int, float], ...] = (
    ("intro", 16, -11.0), ("drop", 32, -8.2), ("break", 16, -14.0), ("drop", 48, -8.2), ("outro", 16, -11.0),
)  # fmt: skip


def parts_of(arrangement: Sequence[tuple[SectionKind | None, int, float]], bpm: float = 130.0) -> Structure:
    """Sections one after another from the file's start; each is (kind, bars, loudness)."""
    sections: list[SectionEstimate] = []
    first_bar = 1
    for kind, bars, lufs in arrangement:
        sections.append(part(kind, first_bar, bars, bpm=bpm, loudness_lufs=lufs))
        first_bar += bars
    return Structure(tuple(sections))


def arranged(
    arrangement: Sequence[tuple[SectionKind | None, int, float]] = ARRANGEMENT, bpm: float = 130.0
) -> Measured:
    """The clean mix with everything measured that can be: beat grid, sections, peaks over time, details, hum."""
    structure = parts_of(arrangement, bpm)
    duration_s = structure.sections[-1].end_s + 0.4
    base = clean(duration_s)
    return replace(
        base,
        loudness=replace(base.loudness, range_lu=4.0),
        peaks=replace(base.peaks, curve_dbfs=np.full(int(duration_s * 10), -0.5)),
        tempo=TempoEstimate(bpm, 0.9, (), BeatGrid(60.0 / bpm, 0.0, 0.0, 4, 0.9, 0.5)),
        key=KeyEstimate(9, True, 0.7, ((0, False, 0.2),), 0.5),
        codec="PCM",
        bit_depth=24,
        structure=structure,
        details=Details(
            resonances=(),
            channels=ChannelMatch("stereo", -6.0, 0.0, None, inverted=False),
            pumping=Pumping(3.0, 0.2, 1.0, 0.1),
        ),
    )


def peaks(left_dbtp: float, right_dbtp: float, at_s: float = 12.3) -> Peaks:
    true = np.array([left_dbtp, right_dbtp])
    return Peaks(true - 0.2, np.array([at_s, at_s]), true, np.array([at_s, at_s]))


def with_defects(measured: Measured, **changes: object) -> Measured:
    return replace(measured, defects=replace(measured.defects, **changes))  # type: ignore[arg-type]


def with_silence(measured: Measured, seconds: float) -> Measured:
    """The same with so much silence behind it."""
    bands, frames = measured.bands, round(seconds / HOP_S)
    last_s = float(bands.times_s[-1])
    padded = {name: np.pad(getattr(bands, name), ((0, frames), (0, 0))) for name in ("ll", "rr", "dd")}
    times_s = np.append(bands.times_s, last_s + HOP_S * np.arange(1, frames + 1))
    longer = replace(
        measured,
        frames=measured.frames + round(seconds * measured.sample_rate_hz),
        bands=replace(bands, times_s=times_s, **padded),
    )
    return with_defects(longer, tail_silence_s=measured.defects.tail_silence_s + seconds)


def silent(duration_s: float = 10.0, unmeasured: Mapping[str, str] | None = None) -> Measured:
    """Digital silence, as the meters report it."""
    base = clean(duration_s)
    nothing = np.zeros_like(base.bands.ll)
    return replace(
        base,
        rms_dbfs=None,
        loudness=replace(loudness(duration_s, None), momentary_max_s=None, short_term_max_s=None, range_lu=None),
        peaks=peaks(-np.inf, -np.inf, 0.0),
        bands=replace(base.bands, ll=nothing, rr=nothing, dd=nothing, rumble=np.zeros_like(base.bands.rumble)),
        stereo=StereoCurve(0.1, *(np.zeros(int(duration_s * 10)) for _ in range(3))),
        tempo=TempoEstimate(None, 0.0, ()),
        key=KeyEstimate(None, None, 0.0, ()),
        defects=replace(
            base.defects,
            dc_offset=np.zeros(2),
            lead_silence_s=duration_s,
            tail_silence_s=duration_s,
            head_peak_dbfs=None,
            tail_rms_dbfs=None,
        ),
        unmeasured=dict(unmeasured or {"loudness.integrated_lufs": "The file is silent throughout."}),
    )


def swapped(measured: Measured) -> Measured:
    """Left and right exchanged."""
    bands, stereo, peak, defects = measured.bands, measured.stereo, measured.peaks, measured.defects
    return replace(
        measured,
        bands=replace(bands, ll=bands.rr, rr=bands.ll),
        stereo=replace(stereo, ll=stereo.rr, rr=stereo.ll),
        peaks=replace(
            peak,
            sample_dbfs=peak.sample_dbfs[::-1],
            sample_s=peak.sample_s[::-1],
            true_dbtp=peak.true_dbtp[::-1],
            true_s=peak.true_s[::-1],
        ),
        defects=replace(
            defects,
            dc_offset=defects.dc_offset[::-1],
            silent_channels=tuple(sorted(1 - channel for channel in defects.silent_channels)),
            clip_runs=tuple(replace(run, channel=1 - run.channel) for run in defects.clip_runs),
            gaps=tuple(replace(gap, channels=tuple(sorted(1 - c for c in gap.channels))) for gap in defects.gaps),
            clicks=tuple(replace(one, channels=tuple(sorted(1 - c for c in one.channels))) for one in defects.clicks),
            hum=None if defects.hum is None else tuple(replace(hum, channel=1 - hum.channel) for hum in defects.hum),
        ),
    )


def turned(measured: Measured, gain_db: float) -> Measured:
    """The same mix, louder or quieter, below full scale."""
    power = 10 ** (gain_db / 10)
    loud, peak, bands, stereo = measured.loudness, measured.peaks, measured.bands, measured.stereo
    assert loud.integrated_lufs is not None
    return replace(
        measured,
        loudness=replace(
            loud,
            momentary_lufs=loud.momentary_lufs + gain_db,
            short_term_lufs=loud.short_term_lufs + gain_db,
            integrated_lufs=loud.integrated_lufs + gain_db,
        ),
        bands=replace(
            bands, ll=bands.ll * power, rr=bands.rr * power, dd=bands.dd * power, rumble=bands.rumble * power
        ),
        peaks=replace(
            peak,
            sample_dbfs=peak.sample_dbfs + gain_db,
            true_dbtp=peak.true_dbtp + gain_db,
            curve_dbfs=peak.curve_dbfs + gain_db,
        ),
        structure=replace(
            measured.structure,
            sections=tuple(
                replace(one, loudness_lufs=None if one.loudness_lufs is None else one.loudness_lufs + gain_db)
                for one in measured.structure.sections
            ),
        ),
        stereo=replace(stereo, ll=stereo.ll * power, rr=stereo.rr * power, lr=stereo.lr * power),
    )
