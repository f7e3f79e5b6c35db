"""Filters, splits and gains that faults are made of. Sounds as in ``fault_mixes``; each function returns a new one."""

from __future__ import annotations

import math

import numpy as np
from fault_mixes import RATE_HZ, Sound, integrated_lufs
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt, sosfiltfilt

from uptrack_daemon.demo import master


def bell(sound: Sound, centre_hz: float, gain_db: float, q: float) -> Sound:
    """R. Bristow-Johnson's peaking filter: ``gain_db`` at the centre, half of it at the edges of ``1/q``."""
    amplitude, omega = 10 ** (gain_db / 40), 2 * math.pi * centre_hz / RATE_HZ
    alpha, cosine = math.sin(omega) / (2 * q), math.cos(omega)
    b = (1 + alpha * amplitude, -2 * cosine, 1 - alpha * amplitude)
    a = (1 + alpha / amplitude, -2 * cosine, 1 - alpha / amplitude)
    return _filtered(b, a, sound)


def low_shelf(sound: Sound, corner_hz: float, gain_db: float) -> Sound:
    """Low shelf of slope 1; half the gain is reached at ``corner_hz``."""
    amplitude, omega = 10 ** (gain_db / 40), 2 * math.pi * corner_hz / RATE_HZ
    cosine, root = math.cos(omega), 2 * math.sqrt(amplitude) * math.sin(omega) / math.sqrt(2)
    above, below = amplitude + 1, amplitude - 1
    b = (
        amplitude * (above - below * cosine + root),
        2 * amplitude * (below - above * cosine),
        amplitude * (above - below * cosine - root),
    )
    a = (above + below * cosine + root, -2 * (below + above * cosine), above + below * cosine - root)
    return _filtered(b, a, sound)


def low_end(sound: Sound, below_hz: float) -> Sound:
    """What lies below, without delay: ``sound - low_end(sound)`` is the rest."""
    split = sosfiltfilt(butter(4, below_hz, fs=RATE_HZ, output="sos"), sound.astype(np.float64), axis=1)
    return np.asarray(split, dtype=np.float32)


def band_db(sound: Sound, low_hz: float, high_hz: float) -> float:
    """Power of all channels between two frequencies, in dB."""
    spectrum = np.square(np.abs(np.fft.rfft(sound.astype(np.float64), axis=1))).sum(axis=0)
    frequencies = np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ)
    chosen = (frequencies >= low_hz) & (frequencies < high_hz)
    return 10 * float(np.log10(max(spectrum[chosen].sum(), 1e-30)))


def no_louder_than(sound: Sound, peak_of: Sound) -> Sound:
    """Turned down, if it peaks higher than another: whoever boosts a band makes room on the fader."""
    most, allowed = float(np.abs(sound).max()), float(np.abs(peak_of).max())
    return sound if most <= allowed else sound * np.float32(allowed / most)


def later(sound: Sound, seconds: float) -> Sound:
    """The sound after so much silence; what it is late by is cut off at the end, as an export does it."""
    frames = round(seconds * RATE_HZ)
    delayed = np.zeros_like(sound)
    delayed[..., frames:] = sound[..., : sound.shape[-1] - frames]
    return delayed


def edges(count: int, start: int, end: int, ramp_s: float = 0.01) -> NDArray[np.float32]:
    """A gain that is 1 between two frames and 0 elsewhere, with ramps that do not click."""
    ramp = max(1, round(ramp_s * RATE_HZ))
    gain = np.interp(np.arange(count), [start - ramp, start, end, end + ramp], [0.0, 1.0, 1.0, 0.0])
    return gain.astype(np.float32)


LIMITER = master.Settings(ceiling_db=-0.8, release_db_per_s=300.0)
"""The demo's look-ahead limiter behind its saturation, released fast: that is how loudness is forced."""
MOST_DRIVE_DB = 30.0


def limited_to_plr(sound: Sound, plr_db: float) -> tuple[Sound, float]:
    """Driven into the limiter until its ceiling stands ``plr_db`` over the loudness; and the PLR that was reached.

    Loudness grows by ever less than the drive, so each pass asks for as much as the last one fell short by.
    """
    level = integrated_lufs(sound)
    if level is None:
        raise ValueError("expected music, got silence")
    drive_db, gained = LIMITER.ceiling_db - plr_db - level, 1.0
    limited, reached_db, before = sound, math.inf, (0.0, math.inf)
    for _ in range(6):
        limited = master.limit(master.saturate(sound * np.float32(10 ** (drive_db / 20))), LIMITER)
        loudness = integrated_lufs(limited)
        assert loudness is not None
        reached_db = 20 * math.log10(float(np.abs(limited).max())) - loudness
        missing = reached_db - plr_db
        if abs(missing) < 0.15 or drive_db > MOST_DRIVE_DB:
            break
        if math.isfinite(before[1]) and drive_db != before[0]:
            gained = min(1.0, max(0.2, (before[1] - reached_db) / (drive_db - before[0])))
        before = (drive_db, reached_db)
        drive_db += missing / gained
    return limited, reached_db


def _filtered(b: tuple[float, ...], a: tuple[float, ...], sound: Sound) -> Sound:
    section = np.array([[*b, *a]]) / a[0]
    return np.asarray(sosfilt(section, sound.astype(np.float64), axis=1), dtype=np.float32)
