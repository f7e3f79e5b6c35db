"""What services do to a track's level: how much lower or higher it plays, never whether it is "wrong" for them.

A service that plays every track at one loudness turns a louder master down by the difference and adds no distortion;
quieter ones are raised, if at all, only as far as their peaks allow. Rows whose sources contradict each other are
ranges, and say so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from uptrack_analysis.findings.tables import DataError, Evidence, Table, read_table


@dataclass(frozen=True, slots=True)
class Platform:
    """One row of the playback table."""

    id: str
    name: str
    low_lufs: float
    high_lufs: float
    raises: str
    """"no", "to its headroom", "with a limiter" or "unknown"."""
    headroom_dbtp: float | None
    """True peak that raising stops at."""
    evidence: Evidence
    fetched_at: dt.date
    note: str

    @property
    def contested(self) -> bool:
        return self.low_lufs != self.high_lufs


@dataclass(frozen=True, slots=True)
class PlaybackChange:
    """What a platform does to one track: ``low_db`` to ``high_db`` of gain, equal unless the row is contested."""

    platform: Platform
    low_db: float
    high_db: float

    @property
    def sentence(self) -> str:
        """ "plays 5.0 dB lower on Spotify"; a contested row gives both ends."""
        if abs(self.low_db - self.high_db) < 0.05:
            if abs(self.low_db) < 0.05:
                return f"plays as it is on {self.platform.name}"
            word = "lower" if self.low_db < 0 else "higher"
            return f"plays {abs(self.low_db):.1f} dB {word} on {self.platform.name}"
        return (
            f"plays {_signed(self.low_db)} to {_signed(self.high_db)} dB on {self.platform.name}, "
            f"where sources disagree"
        )


@cache
def load_platforms() -> dict[str, Platform]:
    """Every platform by its id.

    Raises
    ------
    DataError
        The data file is missing or wrong.
    """
    rows = [_read(row) for row in read_table("playback.toml").tables("platform")]
    return {row.id: row for row in rows}


def playback_change(platform: Platform, integrated_lufs: float, true_peak_dbtp: float | None) -> PlaybackChange:
    """What a platform does to a track of this loudness and true peak."""
    gains = [_gain(platform, end, integrated_lufs, true_peak_dbtp) for end in (platform.low_lufs, platform.high_lufs)]
    return PlaybackChange(platform, min(gains), max(gains))


def _gain(platform: Platform, reference_lufs: float, integrated_lufs: float, true_peak_dbtp: float | None) -> float:
    gain = reference_lufs - integrated_lufs
    if gain <= 0 or platform.raises == "with a limiter":
        return gain
    if platform.raises != "to its headroom" or platform.headroom_dbtp is None or true_peak_dbtp is None:
        return 0.0
    return max(0.0, min(gain, platform.headroom_dbtp - true_peak_dbtp))


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def _read(table: Table) -> Platform:
    fetched = table.values.get("fetched_at")
    if not isinstance(fetched, dt.date):
        raise DataError(f"expected a date for 'fetched_at' in {table.where}, found {fetched!r}: reinstall UpTrack")
    low, high = table.number("low_lufs"), table.number("high_lufs")
    if low > high:
        raise DataError(f"expected low_lufs before high_lufs in {table.where}, found {low} and {high}")
    return Platform(
        id=table.text("id"),
        name=table.text("name"),
        low_lufs=low,
        high_lufs=high,
        raises=table.one_of("raises", ("no", "to its headroom", "with a limiter", "unknown")),
        headroom_dbtp=table.number("headroom_dbtp") if "headroom_dbtp" in table else None,
        evidence=table.evidence(),
        fetched_at=fetched,
        note=table.text("note"),
    )
