"""The figures a producer looks up first, as rows of words; and what could not be measured, grouped by its reason."""

from __future__ import annotations

from collections.abc import Callable

from uptrack_analysis.figures import channel_name, clock, digits, percent, signed
from uptrack_analysis.present.wording import KeyFigure
from uptrack_analysis.report import Report

STEADY_S = 60.0
"""EBU Tech 3341 (2016) has meters say that the loudness range of a shorter stretch is not stable."""
NAMES = {
    "loudness.integrated_lufs": "Integrated loudness",
    "loudness.short_term_max_lufs": "Loudest short-term",
    "loudness.momentary_max_lufs": "Loudest momentary",
    "loudness.range_lu": "Loudness range",
    "loudness.true_peak_dbtp": "True peak",
    "loudness.sample_peak_dbfs": "Sample peak",
    "loudness.plr_db": "Peak to loudness (PLR)",
    "loudness.psr_min_db": "Smallest PSR",
    "dynamics.crest_db": "Crest factor",
    "dynamics.rms_dbfs": "RMS",
    "tempo.bpm": "Tempo",
    "tempo.first_downbeat_s": "First downbeat",
    "tempo.drift_ms": "Drift of the beat",
    "key.name": "Key",
    "key.tuning_cents": "Tuning",
    "spectrum.tilt_db_per_octave": "Spectral tilt",
    "spectrum.bands": "Spectrum",
    "spectrum.third_octaves": "Third-octave spectrum",
    "stereo.correlation": "Stereo correlation",
    "stereo.correlation_low": "Lowest correlation",
    "stereo.width_db": "Side to mid",
    "stereo.balance_db": "Balance",
    "stereo.bands": "Stereo by band",
    "defects.hum": "Mains hum",
    "playback": "Level on streaming services",
    "sections": "Arrangement",
    "sections.kind": "Names of the sections",
}
"""Dotted report names people are told about; companions of a figure (its time, its channel) share its reason."""
MOST_REPEATS = 1_000
"""There the search for repeated blocks ends."""
OUT_OF_TUNE_CENTS = 5.0
"""From here tuning is worth a row: about what a listener can hear between two notes (5 to 6 cents)."""


def key_figures(report: Report) -> tuple[KeyFigure, ...]:
    """Rows in reading order; a figure that could not be measured has no text."""
    return (*_loudness(report), *_music(report), *_stereo(report), *_defects(report))


def unmeasured_by_reason(report: Report) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(reason, names of the figures and rules it took), in the order the report gives them."""
    grouped: dict[str, list[str]] = {}
    for dotted, reason in report.measurements.unmeasured.items():
        if dotted in NAMES:
            grouped.setdefault(reason, []).append(NAMES[dotted])
    for rule, reason in report.score.unmeasured_rules.items():
        grouped.setdefault(reason, []).append(f"rule {rule}")
    return tuple((reason, tuple(names)) for reason, names in grouped.items())


def _row(name: str, value: float | None, write: Callable[[float, int], str], unit: str, note: str = "") -> KeyFigure:
    if value is None:
        return KeyFigure(NAMES[name], None)
    return KeyFigure(NAMES[name], f"{write(value, 2)} {unit}".rstrip(), note)


def _at(time_s: float | None) -> str:
    return "" if time_s is None else f"at {clock(time_s, 3)}"


def _loudness(report: Report) -> tuple[KeyFigure, ...]:
    figures, dynamics = report.measurements.loudness, report.measurements.dynamics
    peak_note = _at(figures.true_peak_s)
    if figures.true_peak_channel is not None and report.source.channels > 1:
        peak_note = f"{peak_note}, {channel_name(figures.true_peak_channel, report.source.channels)}"
    range_note = f"not steady under {STEADY_S:.0f} s" if report.source.duration_s < STEADY_S else ""
    return (
        _row("loudness.integrated_lufs", figures.integrated_lufs, digits, "LUFS"),
        _row(
            "loudness.short_term_max_lufs", figures.short_term_max_lufs, digits, "LUFS", _at(figures.short_term_max_s)
        ),
        _row("loudness.momentary_max_lufs", figures.momentary_max_lufs, digits, "LUFS", _at(figures.momentary_max_s)),
        _row("loudness.range_lu", figures.range_lu, digits, "LU", range_note),
        _row("loudness.true_peak_dbtp", figures.true_peak_dbtp, signed, "dBTP", peak_note),
        _row("loudness.sample_peak_dbfs", figures.sample_peak_dbfs, signed, "dBFS"),
        _row("loudness.plr_db", figures.plr_db, digits, "dB"),
        _row("loudness.psr_min_db", figures.psr_min_db, digits, "dB"),
        _row("dynamics.crest_db", dynamics.crest_db, digits, "dB"),
    )


def _music(report: Report) -> tuple[KeyFigure, ...]:
    tempo, key, project = report.measurements.tempo, report.measurements.key, report.context.project
    others = ", ".join(digits(other.bpm, 2) for other in tempo.alternatives[:2])
    tempo_note = f"confidence {percent(tempo.confidence)}" + (f"; or {others}" if others else "")
    if project.bpm is not None:
        tempo_note = f"project says {digits(project.bpm, 2)}; {tempo_note}"
    key_note = f"confidence {percent(key.confidence)}"
    if key.alternatives:
        key_note += "; or " + ", ".join(other.name for other in key.alternatives[:2])
    if project.key is not None:
        key_note = f"project says {project.key}; {key_note}"
    key_text = None if key.name is None else key.name + (f" ({key.camelot})" if key.camelot else "")
    return (
        _row("tempo.bpm", tempo.bpm, digits, "BPM", tempo_note),
        _first_downbeat(report),
        KeyFigure(NAMES["key.name"], key_text, key_note if key_text else ""),
        *_tuning(key.tuning_cents),
        _row("spectrum.tilt_db_per_octave", report.measurements.spectrum.tilt_db_per_octave, signed, "dB/oct"),
    )


def _first_downbeat(report: Report) -> KeyFigure:
    tempo = report.measurements.tempo
    if tempo.first_downbeat_s is None or tempo.downbeat_confidence is None:
        return KeyFigure(NAMES["tempo.first_downbeat_s"], None)
    note = f"confidence {percent(tempo.downbeat_confidence)}"
    if tempo.drift_ms is not None:
        note += f"; beats wander by {digits(tempo.drift_ms, 1)} ms"
    return KeyFigure(NAMES["tempo.first_downbeat_s"], clock(tempo.first_downbeat_s, 3), note)


def _tuning(cents: float | None) -> tuple[KeyFigure, ...]:
    if cents is None or abs(cents) < OUT_OF_TUNE_CENTS:
        return ()
    return (KeyFigure(NAMES["key.tuning_cents"], f"{signed(cents)} cents", "from A = 440 Hz"),)


def _stereo(report: Report) -> tuple[KeyFigure, ...]:
    stereo = report.measurements.stereo
    if report.source.channels == 1:
        return (KeyFigure("Stereo", "mono", "one channel"),)
    lowest = "" if stereo.correlation_low is None else f"5 % of the time below {signed(stereo.correlation_low, 2)}"
    balance = "" if not stereo.balance_db else f"leans {'left' if stereo.balance_db > 0 else 'right'}"
    return (
        _row("stereo.correlation", stereo.correlation, signed, "", lowest),
        _row("stereo.width_db", stereo.width_db, signed, "dB"),
        _row("stereo.balance_db", stereo.balance_db, signed, "dB", balance),
    )


def _defects(report: Report) -> tuple[KeyFigure, ...]:
    defects, channels = report.measurements.defects, report.source.channels
    rows = [
        KeyFigure(
            "Clipped runs",
            str(defects.clipped_runs),
            f"{defects.clipped_samples} samples" if defects.clipped_runs else "",
        )
    ]
    if defects.dc_offset:
        worst = max(range(len(defects.dc_offset)), key=lambda channel: abs(defects.dc_offset[channel]))
        rows.append(
            KeyFigure(
                "DC offset",
                f"{signed(defects.dc_offset[worst] * 100, 3)} %",
                f"of full scale, {channel_name(worst, channels)}" if channels > 1 else "of full scale",
            )
        )
    if defects.dropouts:
        # Reports of before there was a count were stored without one.
        dropouts = defects.dropout_count or len(defects.dropouts)
        rows.append(KeyFigure("Dropouts", str(dropouts), _at(defects.dropouts[0].start_s)))
    if defects.holes_in_time:
        rows.append(KeyFigure("Holes in time", str(defects.holes_in_time), "a gate or stutter, if they are meant"))
    if defects.repeats:
        count = f"{defects.repeat_count}{' or more' if defects.repeat_count >= MOST_REPEATS else ''}"
        rows.append(KeyFigure("Repeated blocks", count, _at(defects.repeats[0].start_s)))
    if defects.clicks:
        rows.append(KeyFigure("Clicks", str(defects.click_count), _at(defects.clicks[0].time_s)))
    if defects.hum:
        loudest = max(defects.hum, key=lambda hum: hum.level_dbfs)
        rows.append(
            KeyFigure("Mains hum", f"{signed(loudest.level_dbfs, 1)} dBFS", f"at {loudest.frequency_hz:.1f} Hz")
        )
    if defects.non_finite_samples:
        where = f", {_at(defects.non_finite[0].start_s)}" if defects.non_finite else ""
        rows.append(
            KeyFigure("Broken samples", str(defects.non_finite_samples), f"NaN or infinite, read as silence{where}")
        )
    if defects.silent_channels:
        names = ", ".join(channel_name(channel, channels) for channel in defects.silent_channels)
        rows.append(KeyFigure("Silent channels", names))
    rows.append(
        KeyFigure(
            "Silence at the edges", f"{defects.lead_silence_s:.3f} s", f"and {defects.tail_silence_s:.3f} s at the end"
        )
    )
    return tuple(rows)
