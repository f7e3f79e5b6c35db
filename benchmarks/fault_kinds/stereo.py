"""Faults of the stereo image: a wide or cancelling low end, a channel upside down, one that leads, a lost side."""

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


LEAST_SIDE_DB = -25.0
"""Side over mid: a mix with less of it loses nothing that is heard."""


def _side_lost(mix: Mix, kept_db: float, _rng: np.random.Generator) -> Planted | None:
    """An export through a mono switch: the side turned down by so much, from end to end."""
    if not _has_a_side(mix):
        return None
    mid, side = (mix.sound[0] + mix.sound[1]) / 2, (mix.sound[0] - mix.sound[1]) / 2
    side *= np.float32(10 ** (kept_db / 20))
    return Planted(np.stack((mid + side, mid - side)), *_whole(mix), kept_db)


def _side_by_delay(mix: Mix, delay_ms: float, rng: np.random.Generator) -> Planted | None:
    """One signal, and a width that a delay of one channel makes on the master."""
    if not _has_a_side(mix):
        return None
    mid = mix.sound.mean(axis=0)
    channels = [mid, later(mid, delay_ms / 1000)]
    if rng.integers(2):
        channels.reverse()
    return Planted(np.stack(channels), *_whole(mix), delay_ms)


def _has_a_side(mix: Mix) -> bool:
    if mix.sound.shape[0] != 2:
        return False
    mid, side = (
        float(np.square(part, dtype=np.float64).mean())
        for part in (mix.sound[0] + mix.sound[1], mix.sound[0] - mix.sound[1])
    )
    return side > mid * 10 ** (LEAST_SIDE_DB / 10)


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
    Kind(
        "side lost",
        # 40 dB leave what a meter sees and no ear hears; from 60 dB on nothing is left that tells left from right.
        ((-40.0, "minor"), (-90.0, "moderate"), (-140.0, "moderate")),
        "dB of side kept",
        _side_lost,
        ("int.false_stereo",),
        # A side that cancels in mono was all the more of the level.
        (*LEVEL, "ste.narrow_wide", "ste.balance", "ton.tilt", "ton.band", "ton.air", "low.sub_balance"),
        "whole",
    ),
    Kind(
        "width by delay",
        # 0.2 ms puts a first notch at 2.5 kHz into the fold-down, 1 ms one at 500 Hz.
        ((0.1, "minor"), (0.3, "moderate"), (1.0, "major"), (12.0, "major")),
        "ms",
        _side_by_delay,
        ("int.false_stereo",),
        (
            *LEVEL,
            "ste.corr",
            "ste.mono_loss",
            "ste.narrow_wide",
            "ste.balance",
            "low.mono",
            "low.mono_loss",
            "low.kick_bass_phase",
            "low.sub_balance",
            "int.channel",
            "dj.system",
            "ton.tilt",
            "ton.band",
            "ton.air",
        ),
        "whole",
    ),
)
