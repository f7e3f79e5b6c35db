"""Faults at either end of the file: silence before or after the music, and music that is cut off."""

from __future__ import annotations

import numpy as np
from fault_mixes import RATE_HZ, Mix
from fault_places import levels_db, mean_db

from fault_kinds.kind import Kind, Planted


def _silent_head(mix: Mix, seconds: float, _rng: np.random.Generator) -> Planted:
    return Planted(np.pad(mix.sound, ((0, 0), (round(seconds * RATE_HZ), 0))), 0.0, seconds, seconds)


def _silent_tail(mix: Mix, seconds: float, _rng: np.random.Generator) -> Planted:
    end_s = mix.sound.shape[1] / RATE_HZ
    padded = np.pad(mix.sound, ((0, 0), (0, round(seconds * RATE_HZ))))
    return Planted(padded, end_s, end_s + seconds, seconds)


LATEST_HEAD_S = 15.0


def _cut_head(mix: Mix, level_dbfs: float, rng: np.random.Generator) -> Planted | None:
    """The beginning is missing: the first sample already stands at ``level_dbfs`` or up to 3 dB over it."""
    loud = np.abs(mix.sound[:, : round(LATEST_HEAD_S * RATE_HZ)]).max(axis=0)
    loud[: round(0.5 * RATE_HZ)] = 0.0
    places = np.flatnonzero((loud >= 10 ** (level_dbfs / 20)) & (loud < 10 ** ((level_dbfs + 3) / 20)))
    if places.size == 0:
        return None
    at = int(rng.choice(places))
    return Planted(mix.sound[:, at:].copy(), 0.0, 0.001, level_dbfs)


def _cut_tail(mix: Mix, under_mean_db: float, rng: np.random.Generator) -> Planted | None:
    """The end is missing: the last 10 ms lie ``under_mean_db`` under the mix's level; music or its fade goes on."""
    levels = levels_db(mix.sound)
    wanted = mean_db(mix.sound) - under_mean_db
    first = max(0, levels.size - round(20.0 / 0.01))
    near = first + np.flatnonzero(np.abs(levels[first:] - wanted) < 2.0)
    near = near[near < levels.size - 20]
    if near.size == 0:
        return None
    end = (int(rng.choice(near)) + 1) * round(0.01 * RATE_HZ)
    return Planted(mix.sound[:, :end].copy(), end / RATE_HZ - 0.01, end / RATE_HZ, -under_mean_db)


KINDS = (
    Kind(
        "head silence",
        # At 128 BPM 1 s is two beats; four beats make a DJ look for the start.
        ((1.0, "minor"), (2.5, "moderate"), (5.0, "major")),
        "s",
        _silent_head,
        ("int.headtail", "dj.grid"),
        ("dj.mixin_out", "dj.phrase"),
        "stretch",
        target="club",
    ),
    Kind(
        "tail silence",
        # Half a minute of nothing is a fader left up in a set, or a render range set wrong.
        ((5.0, "info"), (15.0, "minor"), (30.0, "moderate")),
        "s",
        _silent_tail,
        ("int.headtail",),
        ("dj.mixin_out",),
        "stretch",
        target="club",
    ),
    Kind(
        "head cut",
        ((-24.0, "moderate"), (-15.0, "moderate"), (-9.0, "moderate")),
        "dBFS at the first sample",
        _cut_head,
        ("int.headtail",),
        ("dj.grid", "dj.phrase", "dj.mixin_out", "int.click"),
        "point",
    ),
    Kind(
        "tail cut",
        # In the last 30 dB of a fade a cut is a detail; in the midst of music it is moderate at least.
        ((-30.0, "minor"), (-15.0, "moderate"), (0.0, "major")),
        "dB under the mix",
        lambda mix, amount, rng: _cut_tail(mix, -amount, rng),
        ("int.headtail",),
        ("dj.mixin_out", "int.click"),
        "point",
    ),
)
