"""Where in a mix a fault is planted: inside the music, by a seeded choice. Sounds as in ``fault_mixes``."""

from __future__ import annotations

import numpy as np
from fault_mixes import RATE_HZ, Sound
from numpy.typing import NDArray

FRAME_S = 0.01
EDGE_S = 3.0
"""No fault lies nearer to either end, except those that are about an end."""
MUSIC_UNDER_MEAN_DB = 6.0
"""A moment is music if its 10 ms, and those on both sides, come within this of the whole mix's power."""
STRETCH_UNDER_MEAN_DB = 1.0
SECOND_UNDER_MEAN_DB = 12.0


def levels_db(sound: Sound, frame_s: float = FRAME_S) -> NDArray[np.float64]:
    """RMS of both channels in frames, dBFS, shape (n_frames,)."""
    length = round(frame_s * RATE_HZ)
    count = sound.shape[1] // length
    power = np.square(sound[:, : count * length], dtype=np.float64).mean(axis=0).reshape(count, length).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-20)))


def mean_db(sound: Sound) -> float:
    return 10 * float(np.log10(max(np.square(sound, dtype=np.float64).mean(), 1e-20)))


def moments(sound: Sound) -> NDArray[np.int64]:
    """Every frame, in steps of 10 ms, that lies in the midst of music."""
    levels = levels_db(sound)
    loud = levels > mean_db(sound) - MUSIC_UNDER_MEAN_DB
    inside = loud[1:-1] & loud[:-2] & loud[2:]
    edge = round(EDGE_S / FRAME_S)
    inside[:edge] = inside[max(edge, inside.size - edge) :] = False
    return np.flatnonzero(inside) * round(FRAME_S * RATE_HZ) + round(1.5 * FRAME_S * RATE_HZ)


def moment(sound: Sound, rng: np.random.Generator) -> int | None:
    """One of them; ``None`` if the mix is too short or too quiet to have any."""
    places = moments(sound)
    if places.size == 0:
        return None
    jitter = int(rng.integers(0, round(FRAME_S * RATE_HZ) // 2))
    return int(rng.choice(places)) + jitter


def stretch(sound: Sound, seconds: float, rng: np.random.Generator) -> tuple[int, int] | None:
    """Start and end, in frames, of a stretch as loud as the mix and without a silent second; ``None`` without one."""
    per_second = 4
    levels = levels_db(sound, 1 / per_second)
    length = round(seconds * per_second)
    edge = per_second
    if levels.size < length + 2 * edge:
        return None
    power = 10 ** (levels / 10)
    sums = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(edge, levels.size - length - edge + 1)
    mean = 10 * np.log10(np.maximum(sums[starts + length] - sums[starts], 1e-20) / length)
    whole = mean_db(sound)
    seconds_db = 10 * np.log10(np.maximum(sums[per_second:] - sums[:-per_second], 1e-20) / per_second)
    quietest = np.array([seconds_db[start : start + length - per_second + 1].min() for start in starts])
    good = starts[(mean > whole - STRETCH_UNDER_MEAN_DB) & (quietest > whole - SECOND_UNDER_MEAN_DB)]
    if good.size == 0:
        return None
    start = int(rng.choice(good))
    frame = RATE_HZ // per_second
    return start * frame, (start + length) * frame
