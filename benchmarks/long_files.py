"""What a file of hours takes: time and the most memory of ``uptrack analyze --json``, for 30 minutes and for two hours.

The same music twice, so that what is left of the ratio is length alone. Time is told a minute of audio, of the wall
clock and of the processors, and as the ratio of the two, because seconds on a shared machine mean little; memory is
what the system counted for the whole process, imports included.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from speed import UPTRACK, run

from track import long_file

MINUTES = (30, 120)
MOST_MIB = 500
"""What two hours may take."""


def main() -> None:
    a_minute_s: list[tuple[float, float]] = []
    peaks_mib: list[float] = []
    with tempfile.TemporaryDirectory(prefix="uptrack-bench-") as folder:
        for minutes in MINUTES:
            path = long_file(Path(folder), minutes)
            wall_s, peak_mib, worked_s = run([UPTRACK, "analyze", "--json", str(path)])
            path.unlink()
            a_minute_s.append((wall_s / minutes, worked_s / minutes))
            peaks_mib.append(peak_mib)
            print(f"  {minutes:3} minutes: {wall_s:.1f} s, {worked_s:.1f} s of a processor, {peak_mib:.0f} MiB")
    growth_kb = (peaks_mib[1] - peaks_mib[0]) * 2**20 / 1000 / (60 * (MINUTES[1] - MINUTES[0]))
    wall, worked = (longer / shorter for shorter, longer in zip(*a_minute_s, strict=True))
    print(f"  a minute of the longer over one of the shorter: {wall:.2f} × the time, {worked:.2f} × the work")
    print(f"  memory grows by {growth_kb:.0f} kB a second of audio; two hours may take {MOST_MIB} MiB")


if __name__ == "__main__":
    main()
