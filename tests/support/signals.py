"""Test signals with known properties, float32, shape (channels, frames), full scale 1.0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np

from uptrack_analysis.signal import Block


def amplitude(level_db: float) -> float:
    return float(10 ** (level_db / 20))


def tone(rate_hz: int, seconds: float, level_dbfs: float, *, frequency_hz: float = 1000.0, channels: int = 2) -> Block:
    """A sine in every channel, in phase; ``level_dbfs`` is its peak."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = amplitude(level_dbfs) * np.sin(2 * np.pi * frequency_hz * time_s)
    return np.tile(wave, (channels, 1)).astype(np.float32)


def tones(rate_hz: int, parts: Iterable[tuple[float, float]]) -> Block:
    """A 1 kHz stereo sine whose peak level steps through (seconds, dBFS); ``-inf`` is silence. Its phase runs on."""
    envelope = np.concatenate([np.full(round(seconds * rate_hz), amplitude(level)) for seconds, level in parts])
    wave = envelope * np.sin(2 * np.pi * 1000 * np.arange(envelope.size) / rate_hz)
    return np.tile(wave, (2, 1)).astype(np.float32)


def music(rate_hz: int, seconds: float, *, seed: int = 1, channels: int = 2) -> Block:
    """A synthesised groove: kick on every beat of 125 bpm, moving bass, noisy hats, a wide pad. Peaks near -3 dBFS."""
    return _music(rate_hz, seconds, seed, channels).copy()


@cache
def _music(rate_hz: int, seconds: float, seed: int, channels: int) -> Block:
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate_hz)
    time_s = np.arange(frames) / rate_hz
    beat = time_s % 0.48
    kick = np.sin(2 * np.pi * (45 * beat + 9 * (1 - np.exp(-beat * 30)))) * np.exp(-beat * 9)
    bass = np.sin(2 * np.pi * 55 * time_s + 2 * np.sin(2 * np.pi * 110 * time_s)) * (0.3 + 0.7 * (beat / 0.48))
    swell = 0.4 + 0.6 * np.sin(2 * np.pi * time_s / 8) ** 2
    rows = []
    for channel in range(channels):
        hats = rng.standard_normal(frames) * np.exp(-(time_s % 0.12) * 60)
        pad = sum(np.sin(2 * np.pi * f * time_s + channel * f) for f in (220.0, 277.2, 329.6))
        rows.append(0.9 * kick + 0.35 * bass + 0.08 * hats + 0.08 * swell * pad)
    mix = np.stack(rows)
    scaled: Block = (mix * (amplitude(-3) / np.abs(mix).max())).astype(np.float32)
    return scaled


def cut(signal: Block, sizes: Iterable[int]) -> Iterator[Block]:
    """The signal in blocks of these sizes, what is left over as the last."""
    position = 0
    for size in sizes:
        if position >= signal.shape[1]:
            return
        yield signal[:, position : position + size]
        position += size
    if position < signal.shape[1]:
        yield signal[:, position:]
