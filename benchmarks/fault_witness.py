"""ffmpeg's word on what a clean mix is charged with: an alarm that an independent meter confirms is no false one.

Several of the mixes came clipped, leaning or over full scale. ``astats`` and ``ebur128`` measure offset, flatness at
the peaks and true peak; what they cannot measure stays a false alarm.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fault_mixes import Sound
from fault_runs import Seen, mix_named, write_audio

OFFSET_WITHIN = 0.2
"""Relative."""
PEAK_WITHIN_DB = 0.3
CLIPPED_FROM_DBFS = -0.1
"""Of the largest sample, which has equals beside it: ffmpeg's "flat factor" is over 0."""


@dataclass(frozen=True, slots=True)
class Statement:
    offset_percent: float
    """Of the channel that leans more."""
    flat: bool
    peak_dbfs: float
    true_peak_dbtp: float


def confirms(mix: str, seen: Seen) -> bool:
    """Whether ffmpeg finds the same fault in the mix; an offset or a true peak as large, flat tops in any number."""
    if seen.rule not in ("int.clip", "int.dc", "int.truepeak"):
        return False
    return agrees(_statement(mix), seen)


def agrees(heard: Statement, seen: Seen) -> bool:
    if seen.rule == "int.clip":
        return heard.flat and heard.peak_dbfs >= CLIPPED_FROM_DBFS
    if seen.value is None:
        return False
    if seen.rule == "int.dc":
        return abs(heard.offset_percent - seen.value) <= OFFSET_WITHIN * seen.value
    return abs(heard.true_peak_dbtp - seen.value) <= PEAK_WITHIN_DB


@cache
def _statement(mix: str) -> Statement:
    return examine(mix_named(mix).sound)


def examine(sound: Sound) -> Statement:
    """What ffmpeg measures of it."""
    with tempfile.TemporaryDirectory(prefix="uptrack-faults-") as folder:
        path = Path(folder) / "mix.wav"
        write_audio(path, sound)
        chain = ["-af", "astats,ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
        command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), *chain]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    channels, overall = said.split("Overall", 1)
    offsets = [abs(float(value)) for value in re.findall(r"DC offset: (\S+)", channels)]
    return Statement(
        100 * max(offsets),
        any(float(value) > 0 for value in re.findall(r"Flat factor: (\S+)", channels)),
        max(float(value) for value in re.findall(r"Peak level dB: (\S+)", channels)),
        float(re.findall(r"Peak:\s+(\S+) dBFS", overall)[-1]),
    )
