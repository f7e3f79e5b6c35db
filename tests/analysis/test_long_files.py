"""A set of two hours fits beside a DAW: under 500 MiB, and what is kept of each second is bounded, meter by meter."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import soundfile as sf

from support.signals import music
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.envelope import EnvelopeMeter
from uptrack_analysis.measure.key import KeyMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.peaks import PeakMeter
from uptrack_analysis.measure.stereo_curve import StereoCurveMeter
from uptrack_analysis.measure.tempo import TempoMeter
from uptrack_analysis.signal import Block

RATE_HZ = 48_000
LOOP_S = 20
MINUTES = 120 if os.environ.get("UPTRACK_SOAK") == "1" else 10
ALWAYS_MIB, TWO_HOURS_MIB = 160.0, 340.0
"""What a process takes however short the file is, and what two hours may add. Ten minutes took 167 to 180 MiB here, the
most on a busy machine, where the two threads of one pass drift further apart."""
UPTRACK = Path(sys.executable).with_name("uptrack")
# The system counts a child's parent in until it becomes another program, and a test runner is large: hence one between.
PEAK_OF_CHILD = """
import os, sys
silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_child, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Meter(Protocol):
    def push(self, block: Block) -> None: ...
    def finish(self) -> object: ...


def kept(make: Callable[[], Meter], seconds: int) -> int:
    """Bytes a meter holds once ``seconds`` of music have passed by."""
    loop = music(RATE_HZ, LOOP_S)
    gc.collect()
    tracemalloc.start()
    try:
        meter = make()
        for _ in range(seconds // LOOP_S):
            meter.push(loop)
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("make", "most_a_second"),
    [
        (lambda: BandMeter(RATE_HZ, 2), 28_000),
        (lambda: TempoMeter(RATE_HZ, 2), 17_500),
        (lambda: KeyMeter(RATE_HZ, 2), 3_500),
        (lambda: LoudnessMeter(RATE_HZ, ("L", "R")), 1_300),
        (lambda: DefectMeter(RATE_HZ, 2, 16), 2_500),
        (lambda: PeakMeter(RATE_HZ, 2), 500),
        (lambda: StereoCurveMeter(RATE_HZ, 2), 1_500),
        (lambda: EnvelopeMeter(RATE_HZ, 2), 100),
    ],
    ids=["spectrum", "tempo", "key", "loudness", "defects", "peaks", "stereo", "waveform"],
)
def test_a_second_of_audio_leaves_a_bounded_number_of_bytes(make: Callable[[], Meter], most_a_second: int) -> None:
    # A quarter of it is room to grow into, which a file of hours has a sixteenth of.
    kept(make, LOOP_S)  # what is made once for all meters does not count
    less, more = kept(make, 3 * LOOP_S), kept(make, 15 * LOOP_S)
    assert (more - less) / (12 * LOOP_S) < most_a_second


def looped(path: Path, seconds: int) -> Path:
    loop = np.ascontiguousarray(music(RATE_HZ, LOOP_S).T)
    with sf.SoundFile(path, "w", RATE_HZ, 2, subtype="PCM_16") as file:
        for _ in range(seconds // LOOP_S):
            file.write(loop)
    return path


@pytest.mark.soak
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts a child's memory in KiB")
def test_two_hours_stay_under_500_mib(tmp_path: Path) -> None:
    path = looped(tmp_path / "set.wav", 60 * MINUTES)
    command = [sys.executable, "-c", PEAK_OF_CHILD, str(UPTRACK), "analyze", "--json", str(path)]
    try:
        peak_kib = int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    finally:
        path.unlink()
    assert peak_kib / 1024 < ALWAYS_MIB + TWO_HOURS_MIB * MINUTES / 120
