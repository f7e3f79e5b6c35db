"""What ffmpeg's own ``ebur128`` meter says of a file: an independent opinion on loudness and true peak."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from support.needs import need_program


class Ebur128(NamedTuple):
    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: float


def ebur128(path: Path) -> Ebur128:
    """Measure ``path``; fails the test in CI, and skips elsewhere, where ffmpeg is not installed."""
    need_program("ffmpeg")
    said = subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    summary = said[said.rindex("Summary:") :]

    def figure(label: str) -> float:
        found = re.search(rf"{label}:\s+(-?[0-9.]+|-?inf)", summary)
        if found is None:
            raise AssertionError(f"ffmpeg's summary names no {label}:\n{summary}")
        return float(found.group(1))

    return Ebur128(figure("I"), figure("LRA"), figure("Peak"))
