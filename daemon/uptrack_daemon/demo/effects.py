"""Filters, reverb, echo and ducking for the demo's voices, each a function of whole signals and free of state.

Signals are float32 at ``RATE_HZ``, shape ``(frames,)`` or ``(2, frames)``; every function returns a new array of the
same shape unless it says otherwise. Filters are Butterworth sections run forward, as a synthesiser would.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import signal

RATE_HZ = 44_100

Sound = NDArray[np.float32]
Sections = NDArray[np.float64]
"""Second-order sections, shape (n_sections, 6)."""


def low_pass(sound: Sound, cutoff_hz: float, *, order: int = 2) -> Sound:
    return _filtered(_butterworth("lowpass", order, cutoff_hz), sound)


def high_pass(sound: Sound, cutoff_hz: float, *, order: int = 2) -> Sound:
    return _filtered(_butterworth("highpass", order, cutoff_hz), sound)


def band_pass(sound: Sound, low_hz: float, high_hz: float, *, order: int = 2) -> Sound:
    return _filtered(_butterworth("bandpass", order, low_hz, high_hz), sound)


def high_shelf(sound: Sound, corner_hz: float, gain_db: float) -> Sound:
    """High shelf of slope 1 (R. Bristow-Johnson, Audio EQ Cookbook); half the gain is reached at ``corner_hz``."""
    amplitude = 10 ** (gain_db / 40)
    cosine = np.cos(2 * np.pi * corner_hz / RATE_HZ)
    alpha = np.sin(2 * np.pi * corner_hz / RATE_HZ) / np.sqrt(2)
    root = 2 * np.sqrt(amplitude) * alpha
    above, below = amplitude + 1, amplitude - 1
    b = (
        amplitude * (above + below * cosine + root),
        -2 * amplitude * (below + above * cosine),
        amplitude * (above + below * cosine - root),
    )
    a = (above - below * cosine + root, 2 * (below - above * cosine), above - below * cosine - root)
    return _filtered(_section(b, a), sound)


def swept_low_pass(sound: Sound, cutoff_hz: ArrayLike, *, resonance: float = 0.71, filters: int = 5) -> Sound:
    """Low-pass whose cutoff moves: ``cutoff_hz`` broadcasts to shape (frames,), ``resonance`` is the filter's Q.

    A bank of ``filters`` fixed two-pole filters, spaced evenly in pitch over the range that is used, is cross-faded
    sample by sample; a filter with a coefficient per sample would be a Python loop.
    """
    pitch = np.log2(np.broadcast_to(np.asarray(cutoff_hz, dtype=np.float32), sound.shape[-1:]))
    lowest, highest = float(pitch.min()), float(pitch.max())
    if highest - lowest < 0.01:
        return _resonant(sound, 2.0**lowest, resonance)
    steps = np.linspace(lowest, highest, filters)
    position = (pitch - np.float32(lowest)) * np.float32((filters - 1) / (highest - lowest))
    mixed = np.zeros_like(sound)
    for index, step in enumerate(steps):
        share = np.maximum(1 - np.abs(position - np.float32(index)), np.float32(0))
        heard = np.flatnonzero(share)
        if heard.size:
            span = slice(max(int(heard[0]) - _SETTLING, 0), int(heard[-1]) + 1)
            mixed[..., span] += share[span] * _resonant(sound[..., span], 2.0 ** float(step), resonance)
    return mixed


# A filter joins the bank's mix this many frames after it starts, when it has forgotten that it started from silence.
_SETTLING = 2_048


class Reverb:
    """A room: decaying stereo noise, coloured, for ``send`` to convolve with.

    Left and right tails share half of their power, so the room neither collapses nor cancels in mono.
    """

    def __init__(self, rng: np.random.Generator, *, decay_s: float, low_hz: float, high_hz: float) -> None:
        count = round(decay_s * RATE_HZ)
        both, sides = rng.standard_normal((1, count)), rng.standard_normal((2, count))
        time_s = np.arange(count) / RATE_HZ
        tail = (both + sides) * 10 ** (-3 * time_s / decay_s) * (1 - np.exp(-time_s / 0.006))
        coloured = band_pass(tail.astype(np.float32), low_hz, high_hz, order=1)
        self._tail = coloured / np.sqrt(np.mean(np.sum(coloured**2, axis=-1)))

    def send(self, sound: Sound, *, wet: float) -> Sound:
        """``sound`` with its room, shape (2, frames + tail)."""
        stereo = np.broadcast_to(sound, (2, sound.shape[-1]))
        room = signal.oaconvolve(stereo, self._tail, axes=-1).astype(np.float32) * np.float32(wet)
        room[:, : stereo.shape[-1]] += stereo
        return room


def ping_pong(sound: Sound, *, delay_s: float, feedback: float, wet: float, repeats: int = 5) -> Sound:
    """Echoes that answer left and right and darken as they go, shape (2, frames + echoes)."""
    echo = high_pass(low_pass(sound, 4_500.0), 300.0)
    delay = round(delay_s * RATE_HZ)
    stereo = np.zeros((2, sound.shape[-1] + repeats * delay), dtype=np.float32)
    stereo[:, : sound.shape[-1]] = sound
    for repeat in range(1, repeats + 1):
        span = slice(repeat * delay, repeat * delay + echo.size)
        level = np.float32(wet * feedback ** (repeat - 1))
        near, far = (0, 1) if repeat % 2 else (1, 0)
        stereo[near, span] += level * echo
        stereo[far, span] += np.float32(0.35) * level * echo
        echo = low_pass(echo, 3_500.0, order=1)
    return stereo


def ducking(count: int, onsets: NDArray[np.int64], *, depth_db: float, hold_s: float, release_s: float) -> Sound:
    """Side-chain gain, shape (count,): down by ``depth_db`` at each onset, held, and back by a raised cosine."""
    length = round((hold_s + release_s) * RATE_HZ)
    hold = round(hold_s * RATE_HZ)
    floor = 10 ** (-depth_db / 20)
    shape = np.full(length, floor)
    shape[hold:] += (1 - floor) * (0.5 - 0.5 * np.cos(np.pi * np.arange(length - hold) / (length - hold)))
    shape[: round(0.002 * RATE_HZ)] = np.linspace(1.0, floor, round(0.002 * RATE_HZ))  # a step would click
    gain = np.ones(count)
    for onset in onsets:
        part = gain[onset : onset + length]
        np.minimum(part, shape[: part.size], out=part)
    return gain.astype(np.float32)


def _resonant(sound: Sound, cutoff_hz: float, quality: float) -> Sound:
    omega = 2 * np.pi * min(cutoff_hz, 0.45 * RATE_HZ) / RATE_HZ
    alpha = np.sin(omega) / (2 * quality)
    cosine = np.cos(omega)
    b = ((1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2)
    return _filtered(_section(b, (1 + alpha, -2 * cosine, 1 - alpha)), sound)


@lru_cache(maxsize=64)
def _butterworth(kind: Literal["lowpass", "highpass", "bandpass"], order: int, *corners_hz: float) -> Sections:
    # Designing costs more than filtering one short sound, and the same few filters serve hundreds.
    corners = corners_hz if kind == "bandpass" else corners_hz[0]
    return signal.butter(order, corners, kind, fs=RATE_HZ, output="sos")


def _section(b: tuple[float, float, float], a: tuple[float, float, float]) -> Sections:
    return np.array([[*b, *a]], dtype=np.float64) / a[0]


def _filtered(sections: Sections, sound: Sound) -> Sound:
    filtered = signal.sosfilt(sections.astype(np.float32), sound, axis=-1)
    return filtered.astype(np.float32, copy=False)
