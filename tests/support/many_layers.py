"""Sixty short stems and the mix of them: tones in patterns of their own, the same at any sample rate.

Most are stereo at 44.1 kHz and as long as the mix; some are mono, some at 48 or 96 kHz, some end early. One is silent
throughout, and one is not in the mix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from uptrack_analysis.signal import Block

COUNT = 60
SECONDS = 8.0
RATE_HZ = 44_100
SILENT, NOT_IN_MIX = 41, 23
_STEP_S = 60 / 124 / 4
_NOTE_S = 0.25
"""Until it has fallen by 72 dB."""


@dataclass(frozen=True)
class Layer:
    number: int

    @property
    def name(self) -> str:
        return f"Layer {self.number:02d}"

    @property
    def rate_hz(self) -> int:
        return 96_000 if self.number % 20 == 7 else 48_000 if self.number % 4 == 2 else RATE_HZ

    @property
    def channels(self) -> int:
        return 1 if self.number % 3 == 1 else 2

    @property
    def seconds(self) -> float:
        return SECONDS - 0.25 * (self.number % 9) if self.number % 5 == 0 else SECONDS

    def samples(self, rate_hz: int) -> Block:
        """Shape (channels, frames): a note every few sixteenths, with an overtone, louder on one side if stereo."""
        time_s = np.arange(round(self.seconds * rate_hz)) / rate_hz
        if self.number == SILENT:
            return np.zeros((self.channels, time_s.size), dtype=np.float32)
        rng = np.random.default_rng(self.number)
        hz = 60.0 * 2 ** (self.number * 7 / COUNT)
        wave = np.zeros(time_s.size)
        for step in range(int(self.seconds / _STEP_S)):
            if rng.random() < 0.35:
                at = slice(math.ceil(step * _STEP_S * rate_hz), math.ceil((step * _STEP_S + _NOTE_S) * rate_hz))
                since_s = time_s[at] - step * _STEP_S
                note = np.exp(-since_s / 0.03) * (1 - np.exp(-since_s / 0.002))
                phase = 2 * np.pi * hz * 2 ** (rng.integers(0, 5) / 12) * since_s
                wave[at] += note * (np.sin(phase) + np.sin(2 * phase) / 4)
        tilt = 0.6 * (self.number % 7 - 3) / 3
        sides = np.ones(1) if self.channels == 1 else np.array([1 - tilt, 1 + tilt])
        loudness = 0.1 if self.number == NOT_IN_MIX else 0.03
        layer: Block = (loudness * sides[:, None] * wave).astype(np.float32)
        return layer


def written(folder: Path) -> tuple[Path, Path]:
    """The mix, and the folder of its stems, in 24 bit."""
    stems = folder / "stems"
    stems.mkdir()
    mix = np.zeros((2, round(SECONDS * RATE_HZ)))
    for layer in map(Layer, range(COUNT)):
        soundfile.write(stems / f"{layer.name}.wav", layer.samples(layer.rate_hz).T, layer.rate_hz, subtype="PCM_24")
        if layer.number != NOT_IN_MIX:
            own = layer.samples(RATE_HZ)
            mix[:, : own.shape[1]] += own
    soundfile.write(folder / "mix.wav", mix.T, RATE_HZ, subtype="PCM_24")
    return folder / "mix.wav", stems
