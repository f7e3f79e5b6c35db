"""Small pieces of synthesised music for tests that need audio, not art."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf

RATE = 44_100


def beat(path: Path, *, seconds: float = 8.0, bpm: float = 125.0, gain: float = 0.5, seed: int = 1) -> Path:
    """A kick on every beat, a bass between, hats over it; 16-bit stereo, or what the suffix says."""
    length = round(seconds * RATE)
    time_s = np.arange(length) / RATE
    in_beat_s = time_s % (60.0 / bpm)
    in_eighth_s = time_s % (30.0 / bpm)
    kick = np.sin(2 * np.pi * (50 * in_beat_s + 6 * (1 - np.exp(-in_beat_s * 40)))) * np.exp(-in_beat_s * 12)
    bass = 0.4 * np.sin(2 * np.pi * 55 * time_s) * (1 - np.exp(-in_beat_s * 14))
    rng = np.random.default_rng(seed)
    hats = 0.15 * rng.standard_normal((2, length)) * np.exp(-in_eighth_s * 60)
    mix = gain * (np.stack([kick + bass, kick + bass]) + hats)
    sf.write(path, np.clip(mix, -1, 1).T, RATE)
    return path


def long_track(path: Path, *, minutes: float) -> Path:
    """A file that keeps a worker busy for a while: one beat, over and over; 16-bit stereo WAV."""
    loop, rate = sf.read(beat(path.with_name(f"loop-{path.name}"), seconds=9.6), dtype="int16")
    with sf.SoundFile(path, "w", rate, 2, subtype="PCM_16") as file:
        for _ in range(round(minutes * 60 / 9.6)):
            file.write(loop)
    return path
