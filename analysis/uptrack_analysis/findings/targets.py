"""What a delivery is for: which loudness suits it, and which areas of the score it leaves to somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from uptrack_analysis.findings.families import Family
from uptrack_analysis.findings.tables import DataError, Evidence, Table, read_table
from uptrack_analysis.report import Target

TARGETS: tuple[Target, ...] = ("club", "stream", "premaster")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One target's own numbers."""

    target: Target
    name: str
    window: str
    low_lufs: float | None
    high_lufs: float | None
    evidence: Evidence

    def loudness_window_lufs(self, family: Family) -> tuple[float, float]:
        """Lowest and highest integrated loudness that suits this target in a family, LUFS."""
        low, high = family.club_loudness_lufs
        if self.window == "family":
            return low, high
        if self.low_lufs is None:
            raise DataError(f"expected 'low_lufs' for target {self.target} in targets.toml: reinstall UpTrack")
        if self.window == "family widened":
            return min(low, self.low_lufs), high
        if self.high_lufs is None:
            raise DataError(f"expected 'high_lufs' for target {self.target} in targets.toml: reinstall UpTrack")
        return self.low_lufs, self.high_lufs


@cache
def load_deliveries() -> dict[Target, Delivery]:
    """Every target's numbers.

    Raises
    ------
    DataError
        The data file is missing or wrong.
    """
    document = read_table("targets.toml")
    return {target: _read(target, document.table(target)) for target in TARGETS}


def _read(target: Target, table: Table) -> Delivery:
    return Delivery(
        target=target,
        name=table.text("name"),
        window=table.one_of("window", ("family", "family widened", "fixed")),
        low_lufs=table.number("low_lufs") if "low_lufs" in table else None,
        high_lufs=table.number("high_lufs") if "high_lufs" in table else None,
        evidence=table.evidence(),
    )
