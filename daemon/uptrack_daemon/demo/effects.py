"""Filters, reverb, echo and ducking for the demo's voices, each a function of whole signals and free of state.

Signals are float32 at ``RATE_HZ``, shape ``(frames,)`` or ``(2, frames)``; every function returns a new array of the
same shape unless it says otherwise. Filters are second-order sections of R. Bristow-Johnson's Audio EQ Cookbook, run
forward as a synthesiser would; low-pass and high-pass are Butterworth. They run in the analysis' own block filter:
``scipy.signal`` would have them too, but its import takes longer than the whole song.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uptrack_analysis.measure.block_filter import BlockFilter, Section

RATE_HZ = 44_100

Sound = NDArray[np.float32]


def low_pass(sound: Sound, cutoff_hz: float, *, order: int = 2) -> Sound:
    """Butterworth low-pass of ``order`` 1 to 3."""
    return _filtered(_low_pass_sections(cutoff_hz, order), sound)


def high_pass(sound: Sound, cutoff_hz: float, *, order: int = 2) -> Sound:
    """Butterworth high-pass of ``order`` 1 to 3."""
    return _filtered(_high_pass_sections(cutoff_hz, order), sound)


def band_pass(sound: Sound, low_hz: float, high_hz: float, *, order: int = 2) -> Sound:
    """What a high-pass at ``low_hz`` and a low-pass at ``high_hz``, each of ``order``, leave."""
    return _filtered(_high_pass_sections(low_hz, order) + _low_pass_sections(high_hz, order), sound)


def high_shelf(sound: Sound, corner_hz: float, gain_db: float) -> Sound:
    """High shelf of slope 1; half the gain is reached at ``corner_hz``."""
    amplitude = 10 ** (gain_db / 40)
    cosine = math.cos(2 * math.pi * corner_hz / RATE_HZ)
    alpha = math.sin(2 * math.pi * corner_hz / RATE_HZ) / math.sqrt(2)
    root = 2 * math.sqrt(amplitude) * alpha
    above, below = amplitude + 1, amplitude - 1
    b = (
        amplitude * (above + below * cosine + root),
        -2 * amplitude * (below + above * cosine),
        amplitude * (above + below * cosine - root),
    )
    a = (above - below * cosine + root, 2 * (below - above * cosine), above - below * cosine - root)
    return _filtered((_section(b, a),), sound)


def swept_low_pass(sound: Sound, cutoff_hz: ArrayLike, *, resonance: float = math.sqrt(0.5), filters: int = 5) -> Sound:
    """Low-pass whose cutoff moves: ``cutoff_hz`` broadcasts to shape (frames,), ``resonance`` is the filter's Q.

    A bank of ``filters`` fixed two-pole filters, spaced evenly in pitch over the range that is used, is cross-faded
    sample by sample; a filter with a coefficient per sample would be a Python loop.
    """
    pitch = np.log2(np.broadcast_to(np.asarray(cutoff_hz, dtype=np.float32), sound.shape[-1:]))
    lowest, highest = float(pitch.min()), float(pitch.max())
    if highest - lowest < 0.01:
        return _filtered((_resonant(2.0**lowest, resonance),), sound)
    steps = np.linspace(lowest, highest, filters)
    position = (pitch - np.float32(lowest)) * np.float32((filters - 1) / (highest - lowest))
    mixed = np.zeros_like(sound)
    for index, step in enumerate(steps):
        share = np.maximum(1 - np.abs(position - np.float32(index)), np.float32(0))
        heard = np.flatnonzero(share)
        if heard.size:
            span = slice(max(int(heard[0]) - _SETTLING, 0), int(heard[-1]) + 1)
            mixed[..., span] += share[span] * _filtered((_resonant(2.0 ** float(step), resonance),), sound[..., span])
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
        count = stereo.shape[-1] + self._tail.shape[-1] - 1
        size = 1 << (count - 1).bit_length()
        spectra = np.fft.rfft(stereo, size) * np.fft.rfft(self._tail, size)
        room = np.fft.irfft(spectra, size)[:, :count].astype(np.float32)
        room *= np.float32(wet)
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


def _low_pass_sections(cutoff_hz: float, order: int) -> tuple[Section, ...]:
    return _butterworth(cutoff_hz, order, high=False)


def _high_pass_sections(cutoff_hz: float, order: int) -> tuple[Section, ...]:
    return _butterworth(cutoff_hz, order, high=True)


def _butterworth(cutoff_hz: float, order: int, *, high: bool) -> tuple[Section, ...]:
    """Poles evenly on the circle: one on the axis if ``order`` is odd, pairs of the quality their angle gives."""
    sections: list[Section] = []
    if order % 2:
        tangent = math.tan(math.pi * cutoff_hz / RATE_HZ)
        b = (1.0, -1.0, 0.0) if high else (tangent, tangent, 0.0)
        sections.append(_section(b, (tangent + 1, tangent - 1, 0.0)))
    for pair in range(order // 2):
        angle = math.pi * (order - 1 - 2 * pair) / (2 * order)
        sections.append(_resonant(cutoff_hz, 1 / (2 * math.cos(angle)), high=high))
    return tuple(sections)


def _resonant(cutoff_hz: float, quality: float, *, high: bool = False) -> Section:
    omega = 2 * math.pi * min(cutoff_hz, 0.45 * RATE_HZ) / RATE_HZ
    alpha = math.sin(omega) / (2 * quality)
    cosine = math.cos(omega)
    edge = (1 + cosine) / 2 if high else (1 - cosine) / 2
    return _section((edge, -2 * edge if high else 2 * edge, edge), (1 + alpha, -2 * cosine, 1 - alpha))


def _section(b: tuple[float, float, float], a: tuple[float, float, float]) -> Section:
    return Section(b0=b[0] / a[0], b1=b[1] / a[0], b2=b[2] / a[0], a1=a[1] / a[0], a2=a[2] / a[0])


def _filtered(sections: tuple[Section, ...], sound: Sound) -> Sound:
    rows = np.atleast_2d(sound)
    kernel = BlockFilter(sections, rows.shape[0], np.float64)
    filtered = np.empty_like(rows)
    padded = np.zeros((rows.shape[0], kernel.frames))
    for start in range(0, rows.shape[1], kernel.frames):
        part = rows[:, start : start + kernel.frames]
        count = part.shape[1]
        padded[:, :count] = part
        filtered[:, start : start + count] = kernel.push(padded)[:, :count]
    return filtered.reshape(sound.shape)
