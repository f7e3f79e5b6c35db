"""Faults of level and dynamics: clipped, limited to death, over full scale between the samples, pumping."""

from __future__ import annotations

import numpy as np
import soxr
from fault_filters import edges, limited_to_plr
from fault_mixes import RATE_HZ, Mix
from fault_places import levels_db, mean_db, stretch

from fault_kinds.kind import DISTORTED, LEVEL, LOUDER, Kind, Planted, _seconds, _whole

CLIPPED_S = 10.0


def _hard_clip(mix: Mix, over_db: float, rng: np.random.Generator) -> Planted | None:
    """A clip gain left on: ten seconds driven so that their peak lies ``over_db`` over full scale, and cut off flat."""
    place = stretch(mix.sound, CLIPPED_S, rng)
    if place is None:
        return None
    peak = float(np.abs(mix.sound[:, slice(*place)]).max())
    gain = 1 + edges(mix.sound.shape[1], *place) * np.float32(10 ** (over_db / 20) / peak - 1)
    return Planted(np.clip(mix.sound * gain, -1.0, 1.0 - 2.0**-23), *_seconds(place), over_db)


PLR_MISSED_DB = 0.4
"""A mix that no drive brings this near to the PLR asked for is left out: it has too little, or too much, to limit."""


def _over_limited(mix: Mix, plr_db: float, _rng: np.random.Generator) -> Planted | None:
    """The master's limiter driven until peaks stand no more than ``plr_db`` over the loudness."""
    limited, reached_db = limited_to_plr(mix.sound, plr_db)
    if abs(reached_db - plr_db) > PLR_MISSED_DB:
        return None
    return Planted(limited, *_whole(mix), reached_db)


RESAMPLED_HZ = 48_000
RESAMPLED_DRIVE_DB = 4.0


def _resampled_overs(mix: Mix, peak_dbtp: float, _rng: np.random.Generator) -> Planted:
    """A master clipped at its ceiling, then resampled: edges ring over, and a float file keeps it."""
    clean = mix.sound / np.float32(np.abs(mix.sound).max())
    clipped = np.clip(clean * np.float32(10 ** (RESAMPLED_DRIVE_DB / 20)), -1.0, 1.0)
    resampled = np.ascontiguousarray(soxr.resample(clipped.T, RATE_HZ, RESAMPLED_HZ).T)
    # Eight times between the samples: within 0.1 dB of what a meter may read.
    fine = soxr.resample(resampled.T, RESAMPLED_HZ, 8 * RESAMPLED_HZ)
    # The peak's moment is part of the truth.
    at = int(np.argmax(np.abs(fine).max(axis=1)))
    peak = float(np.abs(fine[at]).max())
    moment_s = at / (8 * RESAMPLED_HZ)
    sound = resampled * np.float32(10 ** (peak_dbtp / 20) / peak)
    return Planted(sound, moment_s, moment_s, peak_dbtp, rate_hz=RESAMPLED_HZ, subtype="FLOAT")


PUMP_RECOVERY = 0.75
"""Of a beat: past the 60 % from which a recovery is late."""


def _pumping(mix: Mix, depth_db: float, _rng: np.random.Generator) -> Planted | None:
    """A bus compressor keyed by every beat: down at once, back by a raised cosine over three quarters of the beat."""
    if mix.bpm is None or mix.beat_s is None:
        return None
    beat_s = 60.0 / mix.bpm
    since_s = (np.arange(mix.sound.shape[1]) / RATE_HZ - mix.beat_s) % beat_s
    back = np.clip(since_s / (PUMP_RECOVERY * beat_s), 0.0, 1.0)
    duck_db = -depth_db * (0.5 + 0.5 * np.cos(np.pi * back)) * np.clip(since_s / 0.003, 0.0, 1.0)
    return Planted(mix.sound * (10 ** (duck_db / 20)).astype(np.float32), *_whole(mix), depth_db)


DROP_BARS = 8
DROP_UNDER_MEAN_DB = 1.5
BREAK_S = 4.0


def _second_drop(mix: Mix, less_db: float, _rng: np.random.Generator) -> Planted | None:
    """A second drop left quieter than the first: turned down from where the music is loud again to the end."""
    if mix.bpm is None:
        return None
    levels = levels_db(mix.sound, 1.0)
    loud = np.convolve(levels, np.ones(3) / 3, mode="same") > mean_db(mix.sound) - DROP_UNDER_MEAN_DB
    edges_s = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    drop_s = DROP_BARS * 4 * 60.0 / mix.bpm
    drops = [(start, end) for start, end in edges_s.reshape(-1, 2).tolist() if end - start >= drop_s]
    if len(drops) != 2 or drops[1][0] - drops[0][1] < BREAK_S:
        return None
    start, count = drops[1][0] * RATE_HZ, mix.sound.shape[1]
    gain = 1 + edges(count, start, count) * np.float32(10 ** (-less_db / 20) - 1)
    return Planted(mix.sound * gain, float(drops[1][0]), float(drops[1][1]), less_db)


KINDS = (
    Kind(
        "hard clip",
        # A club master may be clipped on purpose, up to where its peaks have lost their height.
        ((3.0, "moderate"), (6.0, "major"), (12.0, "major")),
        "dB over full scale",
        _hard_clip,
        ("int.clip",),
        (*LOUDER, *DISTORTED, "dyn.level_jump", "ton.harsh"),
        "stretch",
        per_target={"club": ("minor", "moderate", "major")},
    ),
    Kind(
        "over-limiting",
        # PLR: families warn between 6 and 7.5 dB and call 4.5 to 6 bad.
        ((6.5, "minor"), (5.0, "moderate"), (4.0, "major")),
        "dB PLR",
        _over_limited,
        ("dyn.plr", "dyn.psr_span"),
        (*LOUDER, *DISTORTED, "dyn.pump", "int.clip", "low.tail_overlap"),
        "whole",
    ),
    Kind(
        "overs after resampling",
        # The targets' own scales: a club master may reach +1 dBTP and is bad at +2.5; a premaster has no reason to.
        ((1.8, "minor"), (3.0, "moderate"), (4.5, "major")),
        "dBTP",
        _resampled_overs,
        ("int.truepeak", "int.codec_overs"),
        (*LOUDER, "int.clip", "int.format"),
        "whole",  # dozens of peaks are equals
        per_target={"premaster": ("major", "major", "major")},
    ),
    Kind(
        "tempo-synced pumping",
        # The specification asks from 6 dB.
        ((3.0, "minor"), (6.0, "moderate"), (10.0, "major")),
        "dB",
        _pumping,
        ("dyn.pump",),
        (*LEVEL, "low.tail_overlap", "low.sub_balance", "ton.tilt", "ton.band", "dyn.transient_loss", "dyn.flat"),
        "whole",
    ),
    Kind(
        "second drop",
        # The specification asks from 1 LU; 3 are bad.
        ((1.5, "minor"), (3.0, "moderate"), (6.0, "major")),
        "dB quieter",
        _second_drop,
        ("lou.drop2_smaller",),
        (*LEVEL, "dyn.level_jump", "dyn.psr_span", "dyn.plr", "ton.tilt", "ton.band"),
        "stretch",
    ),
)
