"""Faults of the stereo image: a wide or cancelling low end, a channel upside down, one that leads."""

from __future__ import annotations

import numpy as np
from fault_filters import edges, later, low_end, no_louder_than
from fault_mixes import RATE_HZ, Mix, Sound
from fault_places import stretch

from fault_kinds.kind import LEVEL, Kind, Planted, _seconds, _whole

LOW_HZ = 120.0
WIDE_S = 20.0


def _side_in_low_end(mix: Mix, side_db: float, rng: np.random.Generator) -> Planted | None:
    """A widener on the bass: a delayed copy of the low mid as side, ``side_db`` over the mid."""
    low = low_end(mix.sound, LOW_HZ)
    place = _stereo_stretch(low, WIDE_S, rng)
    if place is None:
        return None
    mid = low.mean(axis=0)
    side = later(mid, 0.004) * np.float32(10 ** (side_db / 20)) * edges(mid.size, *place)
    sound = no_louder_than(mix.sound + np.stack((side, -side)), mix.sound)
    return Planted(sound, *_seconds(place), side_db, None, LOW_HZ)


def _antiphase_low_end(mix: Mix, loss_db: float, rng: np.random.Generator) -> Planted | None:
    """Bass turned from mid into side, at its own power: what a mono system loses is ``loss_db``."""
    low = low_end(mix.sound, LOW_HZ)
    place = _stereo_stretch(low, WIDE_S, rng)
    if place is None:
        return None
    mid = low.mean(axis=0)
    kept = 10 ** (-loss_db / 20)
    gain = edges(mid.size, *place)
    side = mid * gain * np.float32((1 - kept**2) ** 0.5)
    less = mid * gain * np.float32(1 - kept)
    sound = mix.sound + np.stack((side - less, -side - less))
    return Planted(no_louder_than(sound, mix.sound), *_seconds(place), loss_db, None, LOW_HZ)


def _inverted(mix: Mix, seconds: float, rng: np.random.Generator) -> Planted | None:
    """One channel's polarity flipped for a while; the longest is the whole mix."""
    length_s = mix.sound.shape[1] / RATE_HZ
    place = (0, mix.sound.shape[1]) if seconds >= 60 else _stereo_stretch(mix.sound, min(seconds, length_s / 2), rng)
    if place is None or mix.sound.shape[0] < 2:
        return None
    sound = mix.sound.copy()
    # Where it turns the wave passes through zero, as it does where a region begins.
    sound[int(rng.integers(2))] *= 1 - 2 * edges(sound.shape[1], *place)
    return Planted(sound, *_seconds(place), (place[1] - place[0]) / RATE_HZ)


def _balance(mix: Mix, lead_db: float, _rng: np.random.Generator) -> Planted | None:
    """The side that is quieter already, above the bass, turned down for good."""
    if mix.sound.shape[0] < 2:
        return None
    high = mix.sound - low_end(mix.sound, 200.0)
    quieter = int(np.argmin(np.square(high, dtype=np.float64).sum(axis=1)))
    sound = mix.sound.copy()
    sound[quieter] *= np.float32(10 ** (-lead_db / 20))
    return Planted(sound, *_whole(mix), lead_db)


def _stereo_stretch(sound: Sound, seconds: float, rng: np.random.Generator) -> tuple[int, int] | None:
    """Of the part that is damaged: a wide low end in a break without bass would be no fault."""
    return stretch(sound, seconds, rng) if sound.shape[0] == 2 else None


KINDS = (
    Kind(
        "side in the low end",
        # Usual is -18 dB; families warn at -15 and call -6 bad.
        ((-10.0, "minor"), (-5.0, "moderate"), (0.0, "major")),
        "dB side over mid",
        _side_in_low_end,
        ("low.mono", "low.mono_loss"),
        # The delayed copy still resembles the mid by a third, so that one side gains.
        (*LEVEL, "int.dc", "ste.balance", "ste.corr", "int.channel", "dj.system", "low.kick_bass_phase"),
        "stretch",
        "upper edge",
    ),
    Kind(
        "antiphase low end",
        # Fold-down loss: 1.5 dB is a warning, 3 dB is bad.
        ((4.0, "moderate"), (8.0, "major"), (20.0, "major")),
        "dB lost in mono",
        _antiphase_low_end,
        # Where the low end is most of the music, the channels as a whole cancel.
        ("low.mono_loss", "low.mono", "int.channel"),
        (*LEVEL, "ste.corr", "dj.system", "low.kick_bass_phase", "ste.balance", "ste.narrow_wide"),
        "stretch",
        "upper edge",
    ),
    Kind(
        "one channel inverted",
        # From 10 s on the specification calls it a fault, and nobody means it.
        ((12.0, "moderate"), (25.0, "major"), (60.0, "blocker")),
        "s",
        _inverted,
        ("int.channel", "ste.corr"),
        (*LEVEL, "low.mono", "low.mono_loss", "ste.mono_loss", "ste.narrow_wide", "dj.system"),
        "stretch",
    ),
    Kind(
        "balance",
        # 1 dB is a warning, 2.2 bad, from 3 dB on it is a fault of the channels.
        ((1.0, "minor"), (2.0, "moderate"), (3.0, "major"), (6.0, "major")),
        "dB",
        _balance,
        ("ste.balance", "int.channel"),
        ("low.mono", "low.mono_loss", *LEVEL),
        "whole",
    ),
)
