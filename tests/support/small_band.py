"""Four stems that make a small mix: a kick, a bass that answers it, hats, a wide pad. Plain arithmetic at any rate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from uptrack_analysis.settings import StemFile
from uptrack_analysis.signal import Block, FloatArray

BPM = 124.0
BEAT_S = 60 / BPM
SECONDS = 24.0


def small_band(rate_hz: int = 44_100, seconds: float = SECONDS) -> dict[str, Block]:
    """Stems by name, shape (2, frames) each; their sum stays under full scale."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    beat = time_s / BEAT_S
    since_s = (beat % 1.0) * BEAT_S
    rng = np.random.default_rng(5)
    kick = np.exp(-since_s / 0.07) * np.sin(2 * np.pi * (50 * since_s + 3.5 * (1 - np.exp(-since_s / 0.02))))
    # A line of four notes on the off-beats, with harmonics that fall off as a filtered saw's do.
    note_hz = np.array([41.2, 41.2, 49.0, 36.7])[(beat // 4).astype(int) % 4]
    off_s = ((beat + 0.5) % 1.0) * BEAT_S
    phase = np.cumsum(note_hz) / rate_hz
    bass = sum(np.sin(2 * np.pi * n * phase) / n**1.5 for n in range(1, 7)) * np.exp(-off_s / 0.25)
    hats = rng.standard_normal((2, time_s.size))
    hats = np.diff(hats, n=2, axis=1, prepend=0.0, append=0.0)[:, : time_s.size] * np.exp(-off_s / 0.02)
    pad = np.stack([_chord(time_s, rng), _chord(time_s, rng)])
    pad *= 0.7 + 0.3 * np.sin(2 * np.pi * time_s / 11.0)
    return {
        "Kick": _pair(0.45 * kick),
        "Bass": _pair(0.2 * np.asarray(bass)),
        "Hats": (0.03 * hats).astype(np.float32),
        "Pad": (0.03 * pad).astype(np.float32),
    }


def mixed(stems: Mapping[str, Block]) -> Block:
    total: Block = np.sum(list(stems.values()), axis=0, dtype=np.float32)
    return total


def written(folder: Path, stems: Mapping[str, Block], rate_hz: int = 44_100) -> tuple[StemFile, ...]:
    """Each stem as a 24-bit file of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[StemFile] = []
    for name, samples in stems.items():
        path = folder / f"{name}.wav"
        soundfile.write(path, samples.T, rate_hz, subtype="PCM_24")
        files.append(StemFile(name, str(path), f"{{{name}}}"))
    return tuple(files)


def _chord(time_s: FloatArray, rng: np.random.Generator) -> FloatArray:
    notes_hz = (329.6, 392.0, 493.9, 659.3)
    voices = [
        np.sin(2 * np.pi * (n * hz * (1 + 0.001 * rng.standard_normal())) * time_s) / n
        for hz in notes_hz
        for n in (1, 2, 3)
    ]
    total: FloatArray = np.sum(voices, axis=0)
    return total


def _pair(mono: FloatArray) -> Block:
    return np.stack([mono, mono]).astype(np.float32)
