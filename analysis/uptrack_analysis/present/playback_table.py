"""At what level services play the mix, as words for text and page: rows where it is for them, otherwise a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from uptrack_analysis.figures import digits
from uptrack_analysis.report import PlatformPlayback, Report

HEADING = "Playback: what services do to its level"
NOTHING_LOST = "A service that plays a track lower turns it down as a whole and adds no distortion."


@dataclass(frozen=True, slots=True)
class PlaybackRow:
    name: str
    plays: str
    level: str
    """The service's own: "−14.0 LUFS", "−14.0 to −7.0 LUFS"."""
    evidence: str
    """Grade, and whether sources contradict each other."""
    fetched_at: str
    source: str
    note: str


def playback_table(report: Report) -> tuple[PlaybackRow, ...]:
    """One row a service for a mix that is delivered to them; none for any other, which ``playback_line`` serves."""
    if report.context.target != "stream":
        return ()
    return tuple(
        PlaybackRow(
            name=row.name,
            plays=row.plays,
            level=_lufs(row),
            evidence=f"{row.grade}, contested" if row.contested else row.grade,
            fetched_at=row.fetched_at,
            source=row.source,
            note=row.note,
        )
        for row in report.playback or ()
    )


def playback_line(report: Report) -> str:
    """ "5.0 dB lower: Spotify, YouTube · 7.0 dB lower: Apple Music", services whose level is settled; may be empty."""
    if report.context.target == "stream":
        return ""
    names: dict[str, list[str]] = {}
    for row in report.playback or ():
        if not row.contested:
            names.setdefault(row.plays, []).append(row.name)
    return " · ".join(f"{plays}: {', '.join(services)}" for plays, services in names.items())


def sources_line(rows: Sequence[PlaybackRow]) -> str:
    """Where the levels come from, each source once: "Spotify, Spotify Loud: support.spotify.com/… · YouTube: …"."""
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.source, []).append(row.name)
    return " · ".join(f"{', '.join(services)}: {source}" for source, services in names.items())


def dates(rows: Sequence[PlaybackRow]) -> str:
    """The days on which the sources were read."""
    return ", ".join(sorted({row.fetched_at for row in rows}))


def _lufs(row: PlatformPlayback) -> str:
    ends = dict.fromkeys((digits(row.low_lufs), digits(row.high_lufs)))
    return f"{' to '.join(ends)} LUFS"
