"""The stems as rows of words, for text and page alike."""

from __future__ import annotations

from dataclasses import dataclass

from uptrack_analysis.figures import digits, percent, signed
from uptrack_analysis.report import Report, StemPlace, StemReport

MOST_BANDS = 2
LEADS_FROM = 0.5
"""Share of a band from which a stem is said to lead there."""
PLACED_FROM_MS = 0.5
GAIN_FROM_DB = 1.0
ROLE_FROM = 0.5


@dataclass(frozen=True, slots=True)
class StemRow:
    name: str
    role: str
    loudness: str
    remarks: str
    """Where it leads, how it lies in the mix, how many findings name it."""


def stem_rows(report: Report) -> tuple[StemRow, ...]:
    """One row a stem, in the order they came."""
    bands = [band.name for band in report.measurements.spectrum.bands]
    usual = _usual_gain_db(report)
    return tuple(_row(stem, bands, usual) for stem in report.stems)


def sum_line(report: Report) -> str | None:
    """What the stems' sum leaves of the mix; ``None`` without stems."""
    if not report.stems:
        return None
    if report.stem_sum is None:
        reason = next((stem.unmeasured["stem_sum"] for stem in report.stems if "stem_sum" in stem.unmeasured), None)
        return None if reason is None else f"The stems' sum was not compared with the mix: {reason}."
    return f"The stems' sum leaves {signed(report.stem_sum.null_db)} dB of the mix over."


def _row(stem: StemReport, bands: list[str], usual_db: float | None) -> StemRow:
    if stem.figures is None:
        return StemRow(stem.name, "", "", f"left out: {stem.problem}")
    loudness = stem.figures.integrated_lufs
    leads = sorted(
        ((share, name) for share, name in zip(stem.band_shares, bands, strict=False) if share and share >= LEADS_FROM),
        reverse=True,
    )
    remarks = [
        *([", ".join(f"{percent(share)} of the {name}" for share, name in leads[:MOST_BANDS])] if leads else []),
        *(_placed(stem.place, usual_db) if stem.place is not None else []),
        *([f"{len(stem.findings)} finding{'s' if len(stem.findings) > 1 else ''}"] if stem.findings else []),
    ]
    return StemRow(
        name=stem.name,
        role=stem.role or "" if stem.role_confidence >= ROLE_FROM else "",
        loudness="silent" if loudness is None else f"{signed(loudness)} LUFS",
        remarks=" · ".join(remarks),
    )


def _placed(place: StemPlace, usual_db: float | None) -> list[str]:
    if place.in_mix is False:
        return ["not in the mix"]
    words: list[str] = []
    if abs(place.delay_ms) >= PLACED_FROM_MS:
        words.append(f"{digits(abs(place.delay_ms))} ms {'later' if place.delay_ms > 0 else 'earlier'} in the mix")
    if place.inverted:
        words.append("upside down in the mix")
    if place.gain_db is not None and usual_db is not None and abs(place.gain_db - usual_db) >= GAIN_FROM_DB:
        words.append(f"{signed(place.gain_db - usual_db)} dB against the other stems")
    return words


def _usual_gain_db(report: Report) -> float | None:
    """What the mix does to most stems: a fader, a limiter."""
    gains = sorted(stem.place.gain_db for stem in report.stems if stem.place and stem.place.gain_db is not None)
    return gains[len(gains) // 2] if gains else None
