"""What services do to a track's level: how much lower or higher it plays, never whether it is "wrong" for them.

A service that plays every track at one loudness turns a louder master down by the difference and adds no distortion;
quieter ones are raised, if at all, only as far as their peaks allow. Rows whose sources contradict each other are
ranges, and say so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from uptrack_analysis.figures import digits
from uptrack_analysis.findings.tables import DataError, Evidence, Table, read_table
from uptrack_analysis.report import PlatformPlayback, Target

LEAST_DB = 0.05
"""Less is 0.0 dB in words, and no change."""


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
    """What a platform does to one track: ``low_db`` to ``high_db`` of gain.

    The two differ where the row is contested, and where nobody knows whether the platform turns a quiet track up.
    """

    platform: Platform
    low_db: float
    high_db: float
    wanted_db: float
    """From the track up to the higher end of the platform's level; negative for a louder track."""

    @property
    def held_by_peak(self) -> bool:
        """It is turned up less than to the platform's level, because its true peak would pass the limit there."""
        return self.platform.raises == "to its headroom" and self.wanted_db - self.high_db >= LEAST_DB

    @property
    def words(self) -> str:
        """ "5.0 dB lower", "2.0 to 7.0 dB lower", "as it is, not turned up", "1.0 dB higher, held by its peaks"."""
        return ", ".join((_level(self.low_db, self.high_db), *self._why()))

    @property
    def sentence(self) -> str:
        """ "plays 5.0 dB lower on Spotify"; a contested row gives both ends and says so."""
        contested = ("sources disagree",) if self.platform.contested else ()
        return ", ".join(
            (f"plays {_level(self.low_db, self.high_db)} on {self.platform.name}", *self._why(), *contested)
        )

    def _why(self) -> tuple[str, ...]:
        """What decides beside the level, where a quiet track could be turned up."""
        if self.wanted_db < LEAST_DB:
            return ()
        if self.held_by_peak:
            return ("held by its peaks",)
        if self.platform.raises == "with a limiter":
            return ("through a limiter",)
        if self.platform.raises == "unknown":
            return ("if it is turned up at all",)
        return ("not turned up",) if self.platform.raises == "no" and self.low_db > -LEAST_DB else ()


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
    gains = [
        gain
        for level_lufs in (platform.low_lufs, platform.high_lufs)
        for gain in _gains(platform, level_lufs - integrated_lufs, true_peak_dbtp)
    ]
    return PlaybackChange(platform, min(gains), max(gains), platform.high_lufs - integrated_lufs)


def playback_rows(
    target: Target, integrated_lufs: float | None, true_peak_dbtp: float | None
) -> tuple[PlatformPlayback, ...] | None:
    """A track on every platform, in the data file's order.

    Returns
    -------
    tuple of PlatformPlayback, or None
        ``None`` without a loudness. Empty for a premaster: its master is what will be played.
    """
    if target == "premaster":
        return ()
    if integrated_lufs is None:
        return None
    changes = (playback_change(platform, integrated_lufs, true_peak_dbtp) for platform in load_platforms().values())
    return tuple(_row(change) for change in changes)


def _row(change: PlaybackChange) -> PlatformPlayback:
    platform = change.platform
    return PlatformPlayback(
        platform=platform.id,
        name=platform.name,
        low_lufs=platform.low_lufs,
        high_lufs=platform.high_lufs,
        low_db=change.low_db,
        high_db=change.high_db,
        plays=change.words,
        held_by_peak=change.held_by_peak,
        headroom_dbtp=platform.headroom_dbtp,
        contested=platform.contested,
        grade=platform.evidence.grade,
        source=platform.evidence.source,
        fetched_at=platform.fetched_at.isoformat(),
        note=platform.note,
    )


def _gains(platform: Platform, gain_db: float, true_peak_dbtp: float | None) -> tuple[float, ...]:
    """What becomes of a wanted gain: what is turned down always is, what would be turned up as the platform does it."""
    if gain_db <= 0 or platform.raises == "with a limiter":
        return (gain_db,)
    if platform.raises == "unknown":
        return (0.0, gain_db)
    if platform.raises == "no" or platform.headroom_dbtp is None or true_peak_dbtp is None:
        return (0.0,)
    return (max(0.0, min(gain_db, platform.headroom_dbtp - true_peak_dbtp)),)


def _level(low_db: float, high_db: float) -> str:
    """Two ends of a gain in words; what is under half a digit is none."""
    low_db, high_db = (0.0 if abs(gain) < LEAST_DB else gain for gain in (low_db, high_db))
    if high_db - low_db < LEAST_DB:
        if not low_db:
            return "as it is"
        return f"{digits(abs(low_db))} dB {'lower' if low_db < 0 else 'higher'}"
    if low_db < 0 < high_db:
        return f"{digits(-low_db)} dB lower to {digits(high_db)} dB higher"
    near, far = sorted((abs(low_db), abs(high_db)))
    return f"{digits(near)} to {digits(far)} dB {'lower' if low_db < 0 else 'higher'}"


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
