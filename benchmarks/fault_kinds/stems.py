"""Faults of one stem among the others, or of the stems beside their mix."""

from __future__ import annotations

import numpy as np
from fault_filters import later, low_end, no_louder_than
from fault_mixes import RATE_HZ, Mix, Sound
from fault_places import levels_db, mean_db

from fault_kinds.kind import LEVEL, LOUDER, Kind, Planted, _whole

KICK = "kick"
SETTLED = 6
"""Turns after which a gain that is set by what comes out has settled."""
BASSES = ("bass", "sub")
HIT_S = 0.04
BASS_HZ = (40.0, 120.0)


def _named(mix: Mix, words: tuple[str, ...]) -> str | None:
    return next((name for word in words for name in mix.stems if word in name.casefold()), None)


def _with_stems(mix: Mix, stems: dict[str, Sound], sounding: dict[str, Sound], stem: str, amount: float) -> Planted:
    """``stems`` are the files the analysis gets, ``sounding`` is what was summed."""
    assert mix.master is not None
    summed = np.asarray(np.sum(list(sounding.values()), axis=0), dtype=np.float32)
    return Planted(mix.master(summed), *_whole(mix), amount, stem=stem, stems=stems)


def _bass_over_kick(mix: Mix, over_db: float, _rng: np.random.Generator) -> Planted | None:
    """A bass that no longer makes room: also played under every hit, ``over_db`` over the kick's own 40 to 120 Hz.

    A kick in layers is all of them together, as it is heard.
    """
    layers = [sound for name, sound in mix.stems.items() if KICK in name.casefold()]
    bass = _named(mix, BASSES)
    if not layers or bass is None or mix.bpm is None:
        return None
    kick = np.asarray(np.sum(layers, axis=0), dtype=np.float32)
    hits = _hits(kick)
    if hits.size < 8:
        return None
    held = mix.stems[bass] + later(mix.stems[bass], 30.0 / mix.bpm)

    def below(sound: Sound) -> Sound:
        low = low_end(sound, BASS_HZ[1])
        return low - low_end(low, BASS_HZ[0])

    def at_hits(low: Sound) -> float:
        count = round(HIT_S * RATE_HZ)
        return float(np.mean([np.square(low[:, hit : hit + count], dtype=np.float64).sum() for hit in hits]))

    deep = below(held)
    wanted = at_hits(below(kick)) * 10 ** (over_db / 10)
    if at_hits(deep) < 1e-9 * wanted:
        return None
    # What it plays above stays: all of it would hide the lead, too. The filters' slopes take a part of what is added.
    louder, gain = held, 1.0
    for _ in range(SETTLED):
        gain *= (wanted / at_hits(below(louder))) ** 0.5
        louder = held + deep * np.float32(gain - 1.0)
    stems = {**mix.stems, bass: louder}
    planted = _with_stems(mix, stems, stems, bass, over_db)
    return Planted(no_louder_than(planted.sound, mix.sound), *_whole(mix), over_db, *BASS_HZ, stem=bass, stems=stems)


def _hits(kick: Sound) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    levels = levels_db(kick)
    loud = levels > levels.max() - 10.0
    return np.flatnonzero(loud[1:] & ~loud[:-1]) * round(0.01 * RATE_HZ)


def _muted(mix: Mix, under_db: float, _rng: np.random.Generator) -> Planted | None:
    """A stem that was muted when the mix was rendered: of all, the one that lies nearest ``under_db`` under the sum."""
    if len(mix.stems) < 2:
        return None
    whole = mean_db(np.asarray(np.sum(list(mix.stems.values()), axis=0), dtype=np.float32))
    stem = min(mix.stems, key=lambda name: abs(whole - mean_db(mix.stems[name]) - under_db))
    under = whole - mean_db(mix.stems[stem])
    if abs(under - under_db) > 4.0:
        return None
    return _with_stems(mix, mix.stems, {k: v for k, v in mix.stems.items() if k != stem}, stem, under)


def _delayed(mix: Mix, delay_ms: float, rng: np.random.Generator) -> Planted | None:
    """A stem that plays late in the mix, by a plug-in whose delay nobody makes up for: one of the three loudest."""
    if len(mix.stems) < 2:
        return None
    by_level = sorted(mix.stems, key=lambda name: mean_db(mix.stems[name]))
    stem = str(rng.choice(by_level[-3:]))
    late = later(mix.stems[stem], delay_ms / 1000)
    return _with_stems(mix, mix.stems, {**mix.stems, stem: late}, stem, delay_ms)


KINDS = (
    Kind(
        "bass over kick",
        # As loud as the kick in its own 40 ms, a bass hides 3 dB of it, from where the specification warns.
        ((0.0, "minor"), (4.0, "moderate"), (8.0, "major")),
        "dB over the kick",
        _bass_over_kick,
        ("low.kick_bass_mask",),
        (*LOUDER, "low.kick_bass_phase", "low.sub_balance", "low.boom", "low.tail_overlap", "ton.tilt", "ton.band"),
        "whole",
        stem=True,
    ),
    Kind(
        "stem muted",
        ((20.0, "minor"), (12.0, "moderate"), (5.0, "major")),
        "dB under the sum",
        _muted,
        ("int.stemsum",),
        (*LEVEL, "ton.tilt", "ton.band", "low.sub_balance"),
        "whole",
        stem=True,
    ),
    Kind(
        "stem delayed",
        ((5.0, "moderate"), (15.0, "major"), (40.0, "major")),
        "ms",
        _delayed,
        ("int.stemsum", "low.kick_bass_phase"),
        (*LEVEL, "low.kick_bass_mask", "dj.grid"),
        "whole",
        stem=True,
    ),
)
