"""Loudness of a file by two meters that are not ours, over the same samples: pyloudnorm and ffmpeg's ``ebur128``.

Neither is part of a report, which stays the same with or without them. pyloudnorm (the filters of De Man, which are the
recommendation's at any rate) is asked only where it is installed, and holds the whole file in memory several times;
ffmpeg hears the samples through a pipe. Both know only channels that their order names.
"""

from __future__ import annotations

import importlib.util
import math
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import AudioSource, open_audio
from uptrack_analysis.measure.loudness import ABSOLUTE_GATE_LUFS
from uptrack_analysis.signal import Block, FloatArray

MOST_SAMPLES = 50_000_000
"""Frames times channels that pyloudnorm is asked to hold: 9 min of 44.1 kHz stereo. Half of that took 0.9 GB."""
SHORTEST_S = 0.4
SHORTEST_RANGE_S = 3.0
_ORDER = ("L", "R", "C", "Ls", "Rs")
"""Of pyloudnorm's channels."""
_FFMPEG_LAYOUTS = (("M",), ("L", "R"), ("L", "R", "C", "LFE", "Ls", "Rs"))
"""What it takes one, two and six channels for."""
_ENDS_WITHIN_S = 60.0
_SUMMARY = re.compile(r"Summary:.*?\bI:\s+(-?[0-9.]+) LUFS.*?\bLRA:\s+(-?[0-9.]+) LU", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one meter says; a figure is ``None`` where it says nothing, and ``reason`` is why."""

    meter: str
    integrated_lufs: float | None = None
    range_lu: float | None = None
    reason: str | None = None
    decimals: int = 2
    """As many as it gives."""


def crosscheck(path: Path, limits: Limits = Limits()) -> tuple[Opinion, Opinion]:
    """Ask pyloudnorm and ffmpeg, in this order, in one decode.

    Raises
    ------
    BadInput
        As ``open_audio``.
    """
    with open_audio(path, limits) as source:
        first, second = _Pyloudnorm(source), _Ffmpeg(source)
        try:
            for block in source.blocks():
                first.push(block)
                second.push(block)
            return first.finish(), second.finish()
        finally:
            second.close()


class _Pyloudnorm:
    NAME = "pyloudnorm"

    def __init__(self, source: AudioSource) -> None:
        self._rate_hz = source.info.sample_rate_hz
        self._layout = source.info.layout
        self._blocks: list[Block] = []
        self._samples = 0
        self._reason: str | None = None
        if importlib.util.find_spec("pyloudnorm") is None:
            self._reason = 'it is not installed: pip install "uptrack[crosscheck]"'
        elif len(self._layout) > 1 and not set(self._layout) <= {*_ORDER, "LFE"}:
            self._reason = f"it has no weights for these channels ({' '.join(self._layout)})"

    def push(self, block: Block) -> None:
        if self._reason is not None:
            return
        self._samples += block.size
        if self._samples > MOST_SAMPLES:
            self._blocks.clear()
            self._reason = f"it holds a file in memory several times, and this one is over {MOST_SAMPLES:,} samples"
            return
        self._blocks.append(block)

    def finish(self) -> Opinion:
        if self._reason is not None:
            return Opinion(self.NAME, reason=self._reason)
        seconds = sum(block.shape[1] for block in self._blocks) / self._rate_hz
        if seconds < SHORTEST_S:
            return Opinion(self.NAME, reason=_too_short(seconds))
        import pyloudnorm

        meter = pyloudnorm.Meter(self._rate_hz, filter_class="DeMan")
        heard = self._in_its_order()
        integrated_lufs = float(meter.integrated_loudness(heard))
        range_lu = float(meter.loudness_range(heard)) if seconds >= SHORTEST_RANGE_S else math.nan
        return _opinion(self.NAME, integrated_lufs, range_lu)

    def _in_its_order(self) -> FloatArray:
        """Shape (frames, channels), a channel that is missing between two silent; no LFE."""
        places = {place: self._layout.index(name) for place, name in enumerate(_ORDER) if name in self._layout}
        if len(self._layout) == 1:
            places = {0: 0}
        heard = np.zeros((sum(block.shape[1] for block in self._blocks), max(places) + 1))
        at = 0
        for block in self._blocks:
            for place, row in places.items():
                heard[at : at + block.shape[1], place] = block[row]
            at += block.shape[1]
        self._blocks.clear()
        return heard


class _Ffmpeg:
    NAME = "ffmpeg ebur128"

    def __init__(self, source: AudioSource) -> None:
        self._reason: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        info, program = source.info, shutil.which("ffmpeg")
        self._rate_hz, self._frames = info.sample_rate_hz, 0
        if program is None:
            self._reason = "it is not installed"
            return
        if info.layout not in _FFMPEG_LAYOUTS:
            self._reason = f"it would take these channels for others ({' '.join(info.layout)})"
            return
        # Not a pipe: nobody reads it while samples are written.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        command = [program, "-nostdin", "-hide_banner", "-nostats", "-f", "f32le", "-ar", str(info.sample_rate_hz)]
        command += ["-ac", str(info.channels), "-i", "pipe:0", "-af", "ebur128=framelog=verbose", "-f", "null", "-"]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._said
            )
        except OSError as error:
            self._said.close()
            self._reason = f"it cannot be started ({error.strerror})"

    def push(self, block: Block) -> None:
        if self._process is not None and self._process.stdin is not None and self._reason is None:
            self._frames += block.shape[1]
            try:
                self._process.stdin.write(np.ascontiguousarray(block.T, dtype="<f4").tobytes())
            except OSError:
                self._reason = "it ended before the file did"

    def finish(self) -> Opinion:
        if self._process is None or self._reason is not None:
            return Opinion(self.NAME, reason=self._reason)
        try:
            self._process.communicate(timeout=_ENDS_WITHIN_S)
        except (subprocess.TimeoutExpired, OSError):
            return Opinion(self.NAME, reason="it did not end with the file")
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace")
        found = _SUMMARY.search(said)
        if found is None:
            return Opinion(self.NAME, reason="it gave no summary")
        integrated_lufs, range_lu = (float(figure) for figure in found.groups())
        # Where nothing reaches the gate, or no window of 3 s was whole, it has figures all the same.
        if integrated_lufs <= ABSOLUTE_GATE_LUFS:
            integrated_lufs = -math.inf
        if self._frames < SHORTEST_RANGE_S * self._rate_hz:
            range_lu = math.nan
        return _opinion(self.NAME, integrated_lufs, range_lu, decimals=1)

    def close(self) -> None:
        """End the child, whatever it is doing; safe to call twice."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.kill()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        self._process.wait()
        self._said.close()


def _opinion(meter: str, integrated_lufs: float, range_lu: float, *, decimals: int = 2) -> Opinion:
    if not math.isfinite(integrated_lufs):
        return Opinion(meter, reason=f"nothing reaches the gate at {ABSOLUTE_GATE_LUFS:.0f} LUFS")
    return Opinion(meter, integrated_lufs, range_lu if math.isfinite(range_lu) else None, decimals=decimals)


def _too_short(seconds: float) -> str:
    return f"loudness takes {SHORTEST_S:g} s, and the file has {seconds:.3g}"
