"""Drum patterns with a known tempo and a known first downbeat, float32, shape (1, frames).

Sixteen steps a bar (a multiple of four where a bar has other than four beats); a note's time is its first sample.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from uptrack_analysis.signal import Block

RATE_HZ = 11_025

# The tresillo of the last two (3 + 3 + 2) is what makes a sum of autocorrelations say two thirds.
PATTERNS = {
    "house": {"kick": "x...x...x...x...", "snare": "....x.......x...", "hat": "..x...x...x...x."},
    "techno": {"kick": "x...x...x...x...", "hat": "..x...x...x...x.", "bass": ".xxx.xxx.xxx.xxx"},
    "garage": {"kick": "x......x..x.....", "snare": "....x.......x...", "hat": "x.xxx.x.x.xxx.x."},
    "breaks": {"kick": "x.x.......xx....", "snare": "....x..x.x..x...", "hat": "x.x.x.x.x.x.x.x."},
    "dembow": {"kick": "x...x...x...x...", "snare": "...x..x....x..x.", "hat": "x.x.x.x.x.x.x.x."},
    "trance": {"kick": "x...x...x...x...", "hat": "..x...x...x...x.", "bass": "x..x..x..x..x.x."},
    "half-time": {"kick": "x..x......x.....", "snare": "........x.......", "hat": "x.x.x.x.x.x.x.xx"},
    "dotted": {"kick": "x...x...x...x...", "snare": "....x.......x...", "bass": "x..x..x..x..x..x"},
    "waltz": {"kick": "x...........", "snare": "....x...x...", "bass": "x..........."},
}


def groove(
    pattern: str | Mapping[str, str],
    bpm: float,
    *,
    seconds: float = 24.0,
    rate_hz: int = RATE_HZ,
    drift: float = 0.0,
    starts_s: float = 0.1,
    misses: float = 0.03,
) -> Block:
    """A pattern over and over, notes left out at random; ``drift`` is the share by which the last step is longer."""
    voices = PATTERNS[pattern] if isinstance(pattern, str) else pattern
    rng = np.random.default_rng(sum(map(ord, "".join(voices.values()))))
    length = rate_hz // 5
    time_s = np.arange(length) / rate_hz
    noise = rng.standard_normal((3, length))
    sounds = {
        "kick": 0.9 * np.sin(2 * np.pi * (50 * time_s + 6 * (1 - np.exp(-time_s * 35)))) * np.exp(-time_s * 14),
        "snare": 0.4 * (noise[0] + np.sin(2 * np.pi * 190 * time_s)) * np.exp(-time_s * 25),
        "hat": 0.1 * np.diff(noise[1], prepend=0) * np.exp(-time_s * 70),
        "bass": 0.3 * np.sign(np.sin(2 * np.pi * 65 * time_s)) * np.exp(-time_s * 12),
    }
    signal = np.zeros(round(seconds * rate_hz) + length)
    step, moment_s = 0, starts_s
    while moment_s < seconds:
        for sound, steps in voices.items():
            if steps[step % len(steps)] == "x" and rng.random() >= misses:
                start = round(moment_s * rate_hz)
                signal[start : start + length] += sounds[sound][: signal.size - start] * rng.uniform(0.8, 1.0)
        moment_s += 15 / bpm * (1 + drift * moment_s / seconds)
        step += 1
    return (0.5 * signal[None]).astype(np.float32)
