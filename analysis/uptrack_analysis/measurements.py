"""What was measured, as the report tells it: figures rounded, lists bounded, what is missing with its reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from uptrack_analysis.measure.band_crest import band_crests
from uptrack_analysis.measure.key import camelot, key_name
from uptrack_analysis.measure.ltas import mean_spectrum, spectrum_figures
from uptrack_analysis.measure.notes import nearest_note
from uptrack_analysis.measure.psr import smallest_psr
from uptrack_analysis.measure.results import Defects, Gap, KeyEstimate, Measured, Peaks, TempoEstimate
from uptrack_analysis.measure.stereo import stereo_figures
from uptrack_analysis.measure.transients import transient_figures
from uptrack_analysis.missing import missing
from uptrack_analysis.report import (
    Click,
    Clip,
    DefectFigures,
    DynamicsFigures,
    Hum,
    HumLine,
    KeyCandidate,
    KeyFigures,
    LevelJump,
    LoudnessFigures,
    Measurements,
    Repeat,
    ResonanceFigures,
    Silence,
    SpectrumFigures,
    StereoFigures,
    Stretch,
    TempoCandidate,
    TempoFigures,
)
from uptrack_analysis.rounding import rounded
from uptrack_analysis.sections import missing_sections

MOST_SPANS = 200

MONO = "mono: one channel has no stereo image"
SILENCE = "digital silence: there is no level to measure"
NO_WINDOW = "no window of 3 s with music in it"
NO_LOUDNESS = "there is no integrated loudness to hold the peak against"

NO_PHASE = "the beat's attacks are heard too seldom to say where beats lie"
EDGES = ("head_step_dbfs", "head_peak_dbfs", "tail_rms_dbfs")
UNSURE = {
    **dict.fromkeys((f"defects.{name}" for name in EDGES), "it is digital silence there"),
    "tempo.bpm": "no steady beat stands out",
    "tempo.first_beat_s": NO_PHASE,
    "tempo.beats_per_bar": NO_PHASE,
    "tempo.first_downbeat_s": "no beat of the bar stands out",
    "tempo.drift_ms": "too few bars to follow the beat through",
    "key.name": "no key stands out from the others",
}
BEAT_GRID = tuple(
    f"tempo.{name}" for name in ("first_beat_s", "first_downbeat_s", "beats_per_bar", "downbeat_confidence", "drift_ms")
)
"""Figures that need a tempo, and are missing for its reason where there is none."""

COMPANIONS = {
    "loudness.momentary_max_s": "loudness.momentary_max_lufs",
    "loudness.short_term_max_s": "loudness.short_term_max_lufs",
    "loudness.true_peak_s": "loudness.true_peak_dbtp",
    "loudness.true_peak_channel": "loudness.true_peak_dbtp",
    "tempo.downbeat_confidence": "tempo.first_downbeat_s",
    "key.camelot": "key.name",
}
"""Figures that say where or how of another one, and are missing for its reason."""


def measurements_of(measured: Measured) -> Measurements:
    """Everything that is said of one file by itself."""
    # Rounded here already, because only now is it known which figures turn out to be missing.
    loudness = rounded(_loudness(measured))
    tempo = _tempo(measured.tempo)
    key = _key(measured.key)
    spectrum = rounded(_spectrum(measured))
    stereo = rounded(_stereo(measured))
    dynamics = rounded(_dynamics(measured))
    lacking = [
        *missing("loudness", loudness),
        *missing("tempo", tempo),
        *(["key.name", "key.camelot"] if key.name is None else []),
        *(["key.tuning_cents"] if key.tuning_cents is None else []),
        *missing("spectrum", spectrum),
        *missing("stereo", stereo),
        *missing("dynamics", dynamics),
        *(["defects.hum"] if measured.defects.hum is None else []),
        *(f"defects.{name}" for name in EDGES if getattr(measured.defects, name) is None),
    ]
    if measured.channels == 1:
        lacking.append("stereo.bands")
    reasons = {name: _reason(name, measured) for name in lacking} | missing_sections(measured)
    return Measurements(loudness, tempo, key, spectrum, stereo, dynamics, _defects(measured), reasons)


def _reason(name: str, measured: Measured) -> str:
    """Why a figure is missing: what the meter said, or what follows from the file."""
    main = "tempo.bpm" if name in BEAT_GRID and measured.tempo.bpm is None else COMPANIONS.get(name, name)
    said = measured.unmeasured.get(name) or measured.unmeasured.get(main)
    if said:
        return said
    group = main.partition(".")[0]
    if measured.channels == 1 and group == "stereo":
        return measured.unmeasured.get("stereo.correlation", MONO)
    if not np.isfinite(measured.peaks.sample_dbfs).any():
        return SILENCE
    if main in {"stereo.correlation", "stereo.correlation_low"}:
        return "expected signal in both channels, but one of them is silent"
    if main == "loudness.psr_min_db":
        return NO_WINDOW
    if main == "loudness.plr_db":
        return measured.unmeasured.get("loudness.integrated_lufs", NO_LOUDNESS)
    if ".bands." in main or ".third_octaves." in main:
        top_hz = measured.sample_rate_hz / 2
        band = main.split(".")[2]
        where = " of one channel at least" if main.endswith(".correlation") else ""
        return f"no signal in the band {band}{where}, or the file's rate (up to {top_hz:.0f} Hz) cannot carry it"
    return UNSURE.get(main, "there is too little signal to measure it on")


def _loudness(measured: Measured) -> LoudnessFigures:
    loudness = measured.loudness
    true_dbtp, true_s, channel = _highest(measured.peaks)
    sample_dbfs = float(np.max(measured.peaks.sample_dbfs, initial=-math.inf))
    integrated = loudness.integrated_lufs
    return LoudnessFigures(
        integrated_lufs=integrated,
        momentary_max_lufs=loudness.momentary_max_lufs,
        momentary_max_s=loudness.momentary_max_s,
        short_term_max_lufs=loudness.short_term_max_lufs,
        short_term_max_s=loudness.short_term_max_s,
        range_lu=loudness.range_lu,
        true_peak_dbtp=true_dbtp,
        true_peak_s=true_s,
        true_peak_channel=channel,
        sample_peak_dbfs=sample_dbfs if math.isfinite(sample_dbfs) else None,
        plr_db=None if integrated is None or true_dbtp is None else true_dbtp - integrated,
        psr_min_db=smallest_psr(measured.peaks.curve_dbfs, loudness),
    )


def _highest(peaks: Peaks) -> tuple[float | None, float | None, int | None]:
    """(dBTP, seconds, channel) of the highest true peak; the first channel wins a tie."""
    channel = int(np.argmax(peaks.true_dbtp))
    level = float(peaks.true_dbtp[channel])
    return (level, float(peaks.true_s[channel]), channel) if math.isfinite(level) else (None, None, None)


def _tempo(tempo: TempoEstimate) -> TempoFigures:
    alternatives = tuple(TempoCandidate(bpm, confidence) for bpm, confidence in tempo.alternatives)
    grid = tempo.grid
    if grid is None:
        return TempoFigures(tempo.bpm, tempo.confidence, alternatives)
    return TempoFigures(
        tempo.bpm,
        tempo.confidence,
        alternatives,
        first_beat_s=grid.first_beat_s,
        first_downbeat_s=grid.first_downbeat_s,
        beats_per_bar=grid.beats_per_bar,
        downbeat_confidence=None if grid.first_downbeat_s is None else grid.downbeat_confidence,
        drift_ms=grid.drift_ms,
    )


def _key(key: KeyEstimate) -> KeyFigures:
    alternatives = tuple(
        KeyCandidate(key_name(tonic, minor), camelot(tonic, minor), confidence)
        for tonic, minor, confidence in key.alternatives
    )
    if key.tonic is None or key.minor is None:
        return KeyFigures(None, None, key.confidence, alternatives, key.tuning_cents)
    name, place = key_name(key.tonic, key.minor), camelot(key.tonic, key.minor)
    return KeyFigures(name, place, key.confidence, alternatives, key.tuning_cents)


def _spectrum(measured: Measured) -> SpectrumFigures:
    details = measured.details
    resonances: tuple[ResonanceFigures, ...] | None = None
    if details.resonances is not None:
        resonances = tuple(
            ResonanceFigures(peak.frequency_hz, *nearest_note(peak.frequency_hz), peak.above_floor_db, peak.share)
            for peak in details.resonances
        )
    return replace(
        spectrum_figures(mean_spectrum(measured.bands)),
        cutoff_hz=details.cutoff_hz,
        cutoff_likely=details.cutoff_likely,
        resonances=resonances,
    )


def _stereo(measured: Measured) -> StereoFigures:
    if measured.channels == 1:
        return StereoFigures(None, None, None, None)
    figures, match = stereo_figures(measured.bands, measured.stereo), measured.details.channels
    if match is None:
        return figures
    return replace(
        figures,
        false_stereo="no" if match.kind == "stereo" else match.kind,
        channel_difference_db=match.difference_db,
        channel_delay_ms=match.delay_ms,
        polarity=None if match.inverted is None else "inverted" if match.inverted else "normal",
    )


def _dynamics(measured: Measured) -> DynamicsFigures:
    peak_dbfs, rms_dbfs = float(np.max(measured.peaks.sample_dbfs, initial=-math.inf)), measured.rms_dbfs
    details = measured.details
    pumping = details.pumping
    silent = rms_dbfs is None or not math.isfinite(rms_dbfs) or not math.isfinite(peak_dbfs)
    return DynamicsFigures(
        crest_db=None if silent or rms_dbfs is None else peak_dbfs - rms_dbfs,
        rms_dbfs=None if silent else rms_dbfs,
        bands=() if silent else band_crests(measured.bands),
        transients=transient_figures(details.transients),
        kick_transients=transient_figures(details.kick_transients),
        pumping_db=None if pumping is None else pumping.depth_db,
        pumping_lowest_at=None if pumping is None else pumping.lowest_at,
        ducking_db=None if pumping is None else pumping.ducking_db,
        ducked_at=None if pumping is None else pumping.ducked_at,
        ducked_beats=None if pumping is None else pumping.ducked_beats,
        level_jumps=tuple(LevelJump(jump.time_s, jump.step_db) for jump in details.level_jumps),
    )


def _defects(measured: Measured) -> DefectFigures:
    defects, rate = measured.defects, measured.sample_rate_hz
    in_time = [gap for group in defects.timed_gaps for gap in group.gaps]
    clips = [
        Clip(
            run.start / rate,
            (run.start + run.length) / rate,
            run.channel,
            frame=run.start,
            frames=run.length,
            ceiling_dbfs=20 * math.log10(run.ceiling),
        )
        for run in defects.clip_runs[:MOST_SPANS]
    ]
    return DefectFigures(
        clipped_runs=int(defects.clipped_runs),
        clipped_samples=int(defects.clipped_samples),
        clips=tuple(clips),
        dc_offset=tuple(float(offset) for offset in defects.dc_offset),
        dropouts=_holes(sorted((*defects.gaps, *defects.held), key=lambda gap: gap.start), rate, measured.channels),
        silent_channels=tuple(int(channel) for channel in defects.silent_channels),
        non_finite_samples=int(measured.non_finite_samples),
        lead_silence_s=defects.lead_silence_s,
        tail_silence_s=defects.tail_silence_s,
        dropout_count=len(defects.gaps) + len(defects.held),
        holes_in_time=len(in_time),
        timed_holes=_holes(in_time, rate, measured.channels),
        silence_count=len(defects.silences),
        channel_silence_count=sum(silence.channel is not None for silence in defects.silences),
        silences=_silences(defects, rate),
        click_count=len(defects.clicks) + defects.more_clicks,
        clicks=_clicks(defects, rate, measured.channels),
        repeat_count=len(defects.repeats),
        repeats=tuple(
            Repeat(copy.start / rate, copy.end / rate, None, copy.start, copy.end - copy.start, copy.period)
            for copy in defects.repeats[:MOST_SPANS]
        ),
        hum=_hum(defects),
        non_finite=tuple(
            _stretch(stretch.start, stretch.end, rate, stretch.channel) for stretch in measured.non_finite[:MOST_SPANS]
        ),
        head_step_dbfs=defects.head_step_dbfs,
        head_peak_dbfs=defects.head_peak_dbfs,
        tail_rms_dbfs=defects.tail_rms_dbfs,
    )


def _clicks(defects: Defects, rate: int, channels: int) -> tuple[Click, ...]:
    clicks = [
        Click(click.frame / rate, click.frame, channel, click.level_dbfs)
        for click in defects.clicks[:MOST_SPANS]
        for channel in ((None,) if len(click.channels) == channels else click.channels)
    ]
    return tuple(clicks[:MOST_SPANS])


def _hum(defects: Defects) -> tuple[Hum, ...] | None:
    if defects.hum is None:
        return None
    return tuple(
        Hum(
            hum.start_s,
            hum.end_s,
            hum.channel,
            frequency_hz=hum.frequency_hz,
            level_dbfs=hum.level_dbfs,
            lines=tuple(
                HumLine(multiple, multiple * hum.frequency_hz, level_dbfs) for multiple, level_dbfs in hum.harmonics
            ),
        )
        for hum in defects.hum
    )


def _holes(gaps: Sequence[Gap], rate: int, channels: int) -> tuple[Stretch, ...]:
    holes = [
        _stretch(gap.start, gap.end, rate, channel)
        for gap in gaps
        for channel in ((None,) if len(gap.channels) == channels else gap.channels)
    ]
    return tuple(holes[:MOST_SPANS])


def _silences(defects: Defects, rate: int) -> tuple[Silence, ...]:
    """In order; where there are too many, those of the whole file first, and the longest."""
    found = defects.silences
    first = sorted(range(len(found)), key=lambda at: (found[at].channel is not None, found[at].start - found[at].end))
    return tuple(
        Silence(
            silence.start / rate,
            silence.end / rate,
            silence.channel,
            silence.start,
            silence.end - silence.start,
            silence.cut_before,
            silence.cut_after,
            silence.value,
        )
        for silence in (found[at] for at in sorted(first[:MOST_SPANS]))
    )


def _stretch(start: int, end: int, rate: int, channel: int | None) -> Stretch:
    return Stretch(start / rate, end / rate, channel, start, end - start)
