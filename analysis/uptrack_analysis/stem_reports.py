"""The stems as the report tells them: their figures, how they lie in the mix, what they share, what names them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from uptrack_analysis.measure.ltas import NAMED_BANDS, bands_between, mean_spectrum, spectrum_figures
from uptrack_analysis.measure.psr import smallest_psr
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.measure.stereo import stereo_figures
from uptrack_analysis.measure.transients import transient_figures
from uptrack_analysis.measurements import measurements_of
from uptrack_analysis.missing import missing
from uptrack_analysis.report import Finding, StemBand, StemFigures, StemInFull, StemPlace, StemReport, StemSum
from uptrack_analysis.sections import report_sections
from uptrack_analysis.series import mix_series, stem_series
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.measure_stems import ReadStem
from uptrack_analysis.stems.results import Alignment, Stem, StemMeasured, Stems, power_gain

OF_THE_MIX = {
    "cutoff_hz",
    "cutoff_likely",
    "resonances",
    "false_stereo",
    "channel_difference_db",
    "channel_delay_ms",
    "polarity",
}
TOO_LITTLE = {
    "figures.plr_db": "there is no integrated loudness to hold the peak against",
    "figures.psr_min_db": "no window of 3 s with music in it",
}
"""Reasons where there is sound, but too little of it."""
NO_PEAK = "a stem's peak between its samples is of no consequence: the mix's is measured"


def stem_reports(
    read: Sequence[ReadStem], stems: Stems | None, findings: Sequence[Finding]
) -> tuple[tuple[StemReport, ...], StemSum | None]:
    """Every stem that came with the mix, in the order it came, and their sum."""
    if stems is None:
        return (), None
    shares = _band_shares(stems)
    placed = iter(zip(stems.stems, shares, strict=True))
    reports: list[StemReport] = []
    for one in read:
        if one.measured is None:
            reports.append(StemReport(one.file.name, one.file.track, problem=one.problem))
            continue
        stem, own_shares = next(placed)
        reports.append(
            StemReport(
                name=stem.name,
                track=stem.track,
                source=one.source,
                role=stem.role,
                role_confidence=stem.role_confidence,
                figures=(figures := _figures(stem.measured)),
                series=stem_series(stem.measured),
                place=_place(stem.alignment),
                band_shares=own_shares,
                findings=tuple(finding.id for finding in findings if finding.stem == stem.name),
                unmeasured=_unmeasured(stem, stems, figures),
                in_full=None if one.whole is None else _in_full(one.whole),
            )
        )
    return tuple(reports), _stem_sum(stems)


def _in_full(whole: Measured) -> StemInFull:
    return StemInFull(measurements_of(whole), mix_series(whole), report_sections(whole))


def _figures(stem: StemMeasured) -> StemFigures:
    loudness, peak_dbfs = stem.loudness, stem.peak_dbfs
    return StemFigures(
        integrated_lufs=loudness.integrated_lufs,
        momentary_max_lufs=loudness.momentary_max_lufs,
        momentary_max_s=loudness.momentary_max_s,
        short_term_max_lufs=loudness.short_term_max_lufs,
        short_term_max_s=loudness.short_term_max_s,
        range_lu=loudness.range_lu,
        spectrum=spectrum_figures(mean_spectrum(stem.bands)),
        stereo=stereo_figures(stem.bands, stem.stereo),
        rms_dbfs=stem.rms_dbfs,
        sample_peak_dbfs=peak_dbfs,
        crest_db=None if peak_dbfs is None or stem.rms_dbfs is None else peak_dbfs - stem.rms_dbfs,
        plr_db=None if peak_dbfs is None or loudness.integrated_lufs is None else peak_dbfs - loudness.integrated_lufs,
        psr_min_db=smallest_psr(stem.step_peaks_dbfs, loudness),
        transients=transient_figures(stem.transients),
        dc_offset=tuple(stem.dc_offset.tolist()),
        lead_silence_s=stem.lead_silence_s,
        tail_silence_s=stem.tail_silence_s,
    )


def _place(found: Alignment) -> StemPlace:
    absent = found.gain_db == -math.inf
    return StemPlace(
        by=found.by,
        delay_ms=1000 * found.delay_s,
        gain_db=None if absent else found.gain_db,
        inverted=found.inverted,
        in_mix=None if found.by == "nothing" else not absent,
        share=found.share,
    )


def _band_shares(stems: Stems) -> list[tuple[float | None, ...]]:
    """Of the power of all stems in each named band, a row a stem; ``None`` where no stem has any."""
    powers = np.array([[_power(stem, band.low_hz, band.high_hz) for band in NAMED_BANDS] for stem in stems.stems])
    whole: FloatArray = powers.sum(axis=0) if powers.size else np.zeros(len(NAMED_BANDS))
    return [
        tuple(float(own) / float(every) if every > 0 else None for own, every in zip(row, whole, strict=True))
        for row in powers
    ]


def _power(stem: Stem, low_hz: float, high_hz: float) -> float:
    bands = stem.measured.bands
    columns = bands_between(bands.edges_hz, low_hz, high_hz)
    if columns is None or bands.times_s.size == 0:
        return 0.0
    total = sum(float(part[:, columns].sum(dtype=np.float64)) for part in (bands.ll, bands.rr))
    return power_gain(stem) * total * stem.measured.duration_s / bands.times_s.size


def _unmeasured(stem: Stem, stems: Stems, figures: StemFigures) -> dict[str, str]:
    reasons = {"figures.true_peak_dbtp": NO_PEAK}
    reasons |= {name: _reason(name, stem.measured) for name in missing("figures", figures)}
    if stem.alignment.by == "nothing":
        reasons["place"] = "its waveform stands out nowhere in the mix: effects of the master, or another take of it"
    if stems.no_check is not None:
        reasons["stem_sum"] = stems.no_check
    return reasons


def _reason(name: str, stem: StemMeasured) -> str:
    group, figure = name.split(".")[1], name.rpartition(".")[2]
    said = {dotted.rpartition(".")[2]: reason for dotted, reason in stem.unmeasured.items()}
    if group == figure and figure in said:
        return said[figure]
    if stem.silent:
        return "expected signal, but every sample is zero"
    if name in TOO_LITTLE:
        return TOO_LITTLE[name]
    if figure in OF_THE_MIX:
        return "looked for in the mix only"
    if group == "stereo" and len(stem.layout) == 1:
        return "expected two channels, but the file is mono"
    if figure.startswith("correlation"):
        return "expected signal in both channels, but one of them is silent there"
    return "it has no signal there, or its rate cannot carry that"


def _stem_sum(stems: Stems) -> StemSum | None:
    if stems.check is None:
        return None
    return StemSum(
        stems.check.null_db,
        tuple(StemBand(band.low_hz, band.high_hz, band.gain_db, band.unexplained_db) for band in stems.check.bands),
    )
