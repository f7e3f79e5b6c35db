"""Whether music hides what was planted in it: then nobody hears a fault, and none has to be found.

By critical bands (Zwicker and Fastl, Psychoacoustics, 3rd edition, chapters 4 and 6): a tone in noise is heard from 2
to 6 dB under the noise's power in the band around it, a sound of a few milliseconds when it is about as strong as what
sounds there within a dozen milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from fault_mixes import RATE_HZ, Sound
from numpy.typing import NDArray

# fmt: off
EDGES_HZ = np.array([
    20, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700, 4400, 5300, 6400, 7700, 9500, 12000, 15500,
], dtype=np.float64)
# fmt: on
TONE_DB = -4.0
WINDOW_S = 1.0
"""A steady tone is noticed where nothing covers it for a second; a gap between two kicks is forward masked."""
HEARD_SHARE = 0.05
"""Of the windows: three seconds of a minute."""
SHORT_S = 0.005
SHORT_DB = 0.0
NEAR_S = 0.012
LOW_BAND_HZ = 100.0
"""A critical band's width under 500 Hz."""


def tones_are_masked(music: Sound, tones: Sequence[tuple[float, float]]) -> bool:
    """Whether (frequency in Hz, mean-square power) of every tone lies under the music in nearly every window."""
    length = round(WINDOW_S * RATE_HZ)
    frames = music[:, : music.shape[1] // length * length].reshape(music.shape[0], -1, length)
    power = _bin_powers(frames)
    heard = np.zeros(frames.shape[1], dtype=np.bool_)
    for hz, tone in tones:
        # The band around the tone, not the one of a table that it falls in by a hair.
        low, high = (round(edge * length / RATE_HZ) for edge in (max(20.0, hz - LOW_BAND_HZ / 2), hz + LOW_BAND_HZ / 2))
        heard |= (tone > power[..., low:high].sum(axis=-1) * 10 ** (TONE_DB / 10)).any(axis=0)
    return bool(np.mean(heard) < HEARD_SHARE)


def sound_is_masked(music: Sound, added: Sound, at: int) -> bool:
    """Whether a short sound, shape (channels, frames) from frame ``at`` on, is weaker in every band than the music."""
    if added.shape[1] > round(SHORT_S * RATE_HZ):
        raise ValueError(f"expected at most {1000 * SHORT_S:.0f} ms, got {1000 * added.shape[1] / RATE_HZ:.1f} ms")
    length, near, hop = (round(seconds * RATE_HZ) for seconds in (SHORT_S, NEAR_S, 0.001))
    centre = at + added.shape[1] // 2
    own = np.zeros((music.shape[0], 1, length), dtype=np.float32)
    begin = length // 2 - added.shape[1] // 2
    own[:, 0, begin : begin + added.shape[1]] = added
    starts = centre - near - length // 2 + hop * np.arange(2 * near // hop + 1)
    starts = starts[(starts >= 0) & (starts + length <= music.shape[1])]
    around = music[:, starts[:, None] + np.arange(length)]
    own_power, music_power = _band_powers(own)[:, 0], _band_powers(around).max(axis=1)
    return bool((own_power <= music_power * 10 ** (SHORT_DB / 10)).all())


def _band_powers(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean-square power in every critical band from 1 kHz on, and in all below it as one, which five milliseconds do
    not tell apart; shape (channels, frames, bands)."""
    power = _bin_powers(frames)
    edges = np.searchsorted(np.fft.rfftfreq(frames.shape[-1], 1 / RATE_HZ), EDGES_HZ)
    sums = np.concatenate([np.zeros((*power.shape[:2], 1)), np.cumsum(power, axis=-1)], axis=-1)
    return np.asarray(sums[..., edges[1:]] - sums[..., edges[:-1]])


def _bin_powers(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    length = frames.shape[-1]
    window = np.hanning(length + 1)[:-1]
    spectrum = np.abs(np.fft.rfft(frames * window))
    return np.asarray(np.square(spectrum) * (2 / (length * np.square(window).sum())))
