"""Defects of the signal: a hole, a click, an offset, the mains."""

from __future__ import annotations

import numpy as np
from fault_filters import no_louder_than
from fault_masking import sound_is_masked, tones_are_masked
from fault_mixes import RATE_HZ, Mix
from fault_places import levels_db, moment, moments

from fault_kinds.kind import LEVEL, Kind, Planted, _whole


def _dropout(mix: Mix, length_ms: float, rng: np.random.Generator) -> Planted | None:
    at = moment(mix.sound, rng)
    if at is None:
        return None
    end = at + round(length_ms / 1000 * RATE_HZ)
    sound = mix.sound.copy()
    sound[:, at:end] = 0.0
    return Planted(sound, at / RATE_HZ, end / RATE_HZ, length_ms)


CLICK_S = 0.001


def _click(mix: Mix, over_db: float, rng: np.random.Generator) -> Planted | None:
    """A wrong sample, a pop or a millisecond of noise, its peak ``over_db`` over the RMS of the 10 ms around it.

    Planted where it fits under full scale: what a converter cuts off again would be smaller than the truth says.
    """
    places = moments(mix.sound)
    if places.size == 0:
        return None
    rms = 10 ** (levels_db(mix.sound)[places // round(0.01 * RATE_HZ)] / 20)
    room = 1.0 - np.abs(mix.sound).max(axis=0)
    around = np.array([room[at : at + round(CLICK_S * RATE_HZ)].min() for at in places])
    sizes = rms * 10 ** (over_db / 20)
    fits = np.flatnonzero(sizes < around)
    if fits.size == 0:
        return None
    chosen = int(rng.choice(fits))
    at, size = int(places[chosen]), float(sizes[chosen])
    time_s = np.arange(round(CLICK_S * RATE_HZ)) / RATE_HZ
    shapes = {
        "sample": np.ones(1),
        "pop": np.exp(-time_s / 0.0002) * np.cos(2 * np.pi * 3_000 * time_s),
        "burst": rng.uniform(-1, 1, time_s.size),
    }
    shape = shapes[str(rng.choice(list(shapes)))]
    sound = mix.sound.copy()
    rows = slice(None) if sound.shape[0] < 2 or rng.random() < 0.5 else slice(0, 1)
    sound[rows, at : at + shape.size] += np.float32(size * rng.choice([-1, 1])) * shape.astype(np.float32)
    added = (sound - mix.sound)[:, at : at + shape.size]
    masked = sound_is_masked(mix.sound, added, at)
    return Planted(sound, at / RATE_HZ, (at + shape.size) / RATE_HZ, over_db, masked=masked)


def _offset(mix: Mix, percent: float, _rng: np.random.Generator) -> Planted | None:
    """A constant on every channel, to the side to which the mix leans by itself; room is made for it.

    Nothing is planted where a mix is further off already: turned down for the room, it would be off by less.
    """
    own = float(mix.sound.mean(dtype=np.float64))
    if abs(own) > percent / 100:
        return None
    sign = 1.0 if own >= 0 else -1.0
    most = 1.0 - percent / 100
    turned = mix.sound * np.float32(min(1.0, most / float(np.abs(mix.sound).max())))
    return Planted(turned + np.float32(sign * percent / 100), *_whole(mix), percent)


HUM_HARMONICS = (1.0, 0.35, 0.5, 0.2, 0.25)
"""Odd ones stronger, as a transformer's are."""


def _hum(mix: Mix, level_dbfs: float, rng: np.random.Generator) -> Planted:
    """The mains, its fundamental at that RMS level, with four harmonics, in every channel."""
    base_hz = float(rng.choice([50.0, 60.0])) + float(rng.uniform(-0.02, 0.02))
    time_s = np.arange(mix.sound.shape[1]) / RATE_HZ
    wave = sum(
        share * np.sin(2 * np.pi * order * base_hz * time_s + rng.uniform(0, 2 * np.pi))
        for order, share in enumerate(HUM_HARMONICS, start=1)
    )
    hum = np.float32(2**0.5 * 10 ** (level_dbfs / 20)) * np.asarray(wave, dtype=np.float32)
    sound = no_louder_than(mix.sound + hum, mix.sound)
    tones = [
        (base_hz * order, share**2 * 10 ** (level_dbfs / 10)) for order, share in enumerate(HUM_HARMONICS, start=1)
    ]
    masked = tones_are_masked(mix.sound, tones)
    return Planted(sound, *_whole(mix), level_dbfs, base_hz, base_hz * len(HUM_HARMONICS), masked=masked)


KINDS = (
    Kind(
        "dropout",
        ((5.0, "moderate"), (20.0, "blocker"), (100.0, "blocker")),
        "ms",
        _dropout,
        ("int.dropout",),
        ("int.click", "dyn.level_jump"),
        "point",
    ),
    Kind(
        "click",
        # At the RMS of the music around it a click is masked as often as not; twice that is heard.
        ((0.0, "minor"), (6.0, "moderate"), (12.0, "moderate"), (18.0, "major")),
        "dB over the music's RMS",
        _click,
        ("int.click",),
        ("int.truepeak", "int.codec_overs"),
        "point",
    ),
    Kind(
        "DC offset",
        ((0.6, "minor"), (1.0, "moderate"), (1.5, "major"), (2.5, "blocker")),
        "% FS",
        _offset,
        ("int.dc",),
        # An offset steps at both ends of the file, and is power at 0 Hz.
        ("int.headtail", "int.click", "low.rumble", *LEVEL),
        "whole",
    ),
    Kind(
        "hum",
        # Under music at -14 LUFS, -55 dBFS is heard in breaks on headphones, -35 in every break.
        ((-55.0, "minor"), (-45.0, "moderate"), (-35.0, "major")),
        "dBFS",
        _hum,
        ("int.hum",),
        ("int.headtail", "ton.resonance", "low.boom", "low.sub_balance", "ton.band", *LEVEL),
        "whole",
    ),
)
