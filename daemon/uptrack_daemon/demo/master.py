"""The demo's master bus: a little tone, soft saturation, a look-ahead limiter. Sums stems into the mix.

Signals are float32, shape (2, frames). Nothing here filters below 30 Hz, so a DC offset in a stem survives to the
mix, as it does through most master chains made of plug-ins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from uptrack_daemon.demo import effects
from uptrack_daemon.demo.effects import RATE_HZ, Sound


@dataclass(frozen=True, slots=True)
class Settings:
    drive_db: float = 7.5
    """Gain into saturation and limiter: sets the loudness."""
    ceiling_db: float = -0.8
    """Level the limiter holds, between samples too."""
    release_db_per_s: float = 60.0
    look_ahead_s: float = 0.0015


def sum_stems(stems: Iterable[Sound]) -> Sound:
    parts = iter(stems)
    total = next(parts).copy()
    for part in parts:
        total += part
    return total


def master(summed: Sound, settings: Settings | None = None) -> Sound:
    """The finished mix, with 8 ms of fade at its head and half a second at its tail."""
    chosen = settings or Settings()
    shaped = effects.high_shelf(summed, 9_000.0, 1.0)
    limited = limit(saturate(shaped * np.float32(10 ** (chosen.drive_db / 20))), chosen)
    return _faded(limited, head_s=0.008, tail_s=0.5)


def saturate(sound: Sound, knee: float = 0.6) -> Sound:
    """Leave samples under ``knee`` alone and bend what is above towards 1.6: level without a hard edge."""
    bent = sound.copy()
    loud = np.abs(sound) > knee
    over = sound[loud]
    room = np.float32(1.6 - knee)
    bent[loud] = np.copysign(knee + room * np.tanh((np.abs(over) - knee) / room), over)
    return bent


# Gain is worked out once for this many samples: a third of a millisecond is short beside the look-ahead.
_BLOCK = 16


def limit(sound: Sound, settings: Settings) -> Sound:
    """Brick wall: the least gain any block in the look-ahead needs, released in dB a second, then smoothed.

    A mean of as many values as the minimum looked at never exceeds what the block in the middle needs. One block more
    in the minimum covers the straight lines drawn between blocks, so the ceiling holds exactly where it was measured:
    at the samples and half-way between them.
    """
    count = sound.shape[-1]
    blocks = -(-count // _BLOCK)
    peaks = np.zeros(blocks * _BLOCK)
    peaks[:count] = _peaks(sound)
    needed_db = 20 * np.log10(
        np.maximum(peaks.reshape(blocks, _BLOCK).max(axis=1) / 10 ** (settings.ceiling_db / 20), 1)
    )
    # Instant attack, straight release: the highest of all earlier needs, each fallen by its age.
    fallen_db = np.arange(blocks) * (settings.release_db_per_s * _BLOCK / RATE_HZ)
    reduction_db = np.maximum.accumulate(needed_db + fallen_db) - fallen_db
    window = 2 * max(1, round(settings.look_ahead_s * RATE_HZ / _BLOCK)) + 1
    around = np.pad(10 ** (-reduction_db / 20), window // 2 + 1 + window // 2, mode="edge")
    least = sliding_window_view(around, window + 2).min(axis=-1)
    gain = np.convolve(least, np.full(window, 1 / window), mode="valid")
    centres = np.arange(blocks) * _BLOCK + (_BLOCK - 1) / 2
    return sound * np.interp(np.arange(count), centres, gain).astype(np.float32)


# Half-sample interpolation: sinc at +-0.5, +-1.5 ... under a Kaiser window.
_TAPS = 16
_HALF_SAMPLE = (np.sinc(np.arange(_TAPS) - (_TAPS - 1) / 2) * np.kaiser(_TAPS, 6.0)).astype(np.float32)


def _peaks(sound: Sound) -> Sound:
    """The larger of each sample and its two half-way neighbours in both channels, shape (frames,)."""
    peaks: Sound = np.abs(sound).max(axis=0)
    start = _TAPS // 2 - 1  # between[start + k] lies between samples k and k + 1
    for samples in sound:
        between = np.abs(np.convolve(samples, _HALF_SAMPLE))[start : start + samples.size]
        np.maximum(peaks, between, out=peaks)
        np.maximum(peaks[1:], between[:-1], out=peaks[1:])
    return peaks


def _faded(sound: Sound, *, head_s: float, tail_s: float) -> Sound:
    faded = sound.copy()
    for fade_s, order in ((head_s, 1), (tail_s, -1)):
        count = min(round(fade_s * RATE_HZ), sound.shape[-1])
        ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)
        faded[:, ::order][:, :count] *= ramp
    return faded
