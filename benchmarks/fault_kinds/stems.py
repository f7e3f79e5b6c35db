"""Faults of one stem among the others, or of the stems beside their mix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from fault_filters import band_db, bell, edges, later, low_end, no_louder_than
from fault_mixes import RATE_HZ, Mix, Sound
from fault_places import levels_db, mean_db

from fault_kinds.kind import LEVEL, LOUDER, Kind, Planted, _whole

LOW_END = ("low.sub_balance", "low.boom", "low.kick_bass_mask", "low.kick_bass_phase", "low.tail_overlap")
"""What more in the low end may honestly set off."""
REATTRIBUTED = ("ton.band", "ton.tilt", "ton.air", "low.mono", "low.mono_loss", "low.sub_balance", "ste.corr")
"""Findings that name a stem, and would name another without it."""
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


def _left_out(mix: Mix, under_db: float, _rng: np.random.Generator) -> Planted | None:
    """A stem that nobody exported: of all, the one that lies nearest ``under_db`` under the sum, on which it is heard.

    Under ``mix.master``, so that it has to be told from what that does. The truth names no stem: nobody knows it.
    """
    if len(mix.stems) < 3:
        return None
    summed = np.asarray(np.sum(list(mix.stems.values()), axis=0), dtype=np.float32)
    under = {name: mean_db(summed) - mean_db(sound) for name, sound in mix.stems.items()}
    gone = min(under, key=lambda name: abs(under[name] - under_db))
    if abs(under[gone] - under_db) > 4.0:
        return None
    kept = {name: sound for name, sound in mix.stems.items() if name != gone}
    assert mix.master is not None
    return Planted(mix.master(summed), *_whole(mix), under[gone], stems=kept)


HIGH_PARTS = ("lead", "arp", "pluck", "guitar", "pad", "chord", "string", "hat", "shaker", "clap", "snare")
RUMBLE_HZ = (25.0, 70.0)
LOW_END_HZ = 120.0


def _rumble_in_a_stem(mix: Mix, under_db: float, rng: np.random.Generator) -> Planted | None:
    """Rumble that came with a sample or a microphone, under a stem that plays high, ``under_db`` under the mix's lows.

    Only under a stem that has nothing of that size there by itself, so that all of it is needless.
    """
    summed = np.asarray(np.sum(list(mix.stems.values()), axis=0), dtype=np.float32)
    lows_db = mean_db(low_end(summed, LOW_END_HZ))
    high = [
        name
        for name, sound in mix.stems.items()
        if any(part in name.casefold() for part in HIGH_PARTS)
        and mean_db(low_end(sound, LOW_END_HZ)) < lows_db - under_db - 10.0
    ]
    if not high:
        return None
    stem = str(rng.choice(high))
    noise = rng.standard_normal((1, summed.shape[1])).astype(np.float32)
    band = low_end(noise, RUMBLE_HZ[1]) - low_end(noise, RUMBLE_HZ[0])
    rumble = band * np.float32(10 ** ((lows_db - under_db - mean_db(band)) / 20))
    # Where the stem pauses, its track's rumble goes on; at the ends it fades as the mix does.
    heard = edges(summed.shape[1], RATE_HZ // 2, summed.shape[1] - 2 * RATE_HZ, 0.4)
    stems = {**mix.stems, stem: mix.stems[stem] + rumble * heard}
    planted = _with_stems(mix, stems, stems, stem, under_db)
    return replace(planted, sound=no_louder_than(planted.sound, mix.sound))


RETURN = "Reverb return"
REVERB_S = 1.6
"""Until its tail has fallen by 60 dB."""
RETURN_BELOW_HZ = 250.0


def _reverb_in_the_low_end(mix: Mix, under_db: float, rng: np.random.Generator) -> Planted | None:
    """A hall that kick and bass are sent to, too, without a high-pass; ``under_db`` under all stems below 250 Hz."""
    if len(mix.stems) < 2 or mix.sound.shape[0] < 2:
        return None
    summed = np.asarray(np.sum(list(mix.stems.values()), axis=0), dtype=np.float32)
    count = round(REVERB_S * RATE_HZ)
    tail = rng.standard_normal((2, count)) * 10 ** (-3 * np.arange(count) / count)
    size = 2 ** (summed.shape[1] + count).bit_length()
    wet = np.fft.irfft(np.fft.rfft(summed, size) * np.fft.rfft(tail, size), size)[:, : summed.shape[1]]
    hall = (wet * edges(summed.shape[1], 0, summed.shape[1] - RATE_HZ, 0.5)).astype(np.float32)
    level_db = mean_db(low_end(summed, RETURN_BELOW_HZ)) - under_db
    hall *= np.float32(10 ** ((level_db - mean_db(low_end(hall, RETURN_BELOW_HZ))) / 20))
    stems = {**mix.stems, RETURN: hall}
    planted = _with_stems(mix, stems, stems, RETURN, under_db)
    return replace(planted, sound=no_louder_than(planted.sound, mix.sound))


MUD_HZ = 316.0
MUD_OCTAVE_HZ = (224.0, 447.0)
SUSTAINED = ("lead", "arp", "guitar", "pad", "chord", "string", "bass")
HELD_SHARE, HELD_UNDER_DB = 0.6, 20.0


def _crowded_low_mids(mix: Mix, over_db: float, _rng: np.random.Generator) -> Planted | None:
    """Two stems that hold on, both opened up around 316 Hz, until that octave of the sum has risen by ``over_db``."""
    held = {name: sound for name, sound in mix.stems.items() if any(part in name.casefold() for part in SUSTAINED)}
    held = {name: sound for name, sound in held.items() if _held_share(sound) >= HELD_SHARE}
    strongest = sorted(held, key=lambda name: -band_db(held[name], *MUD_OCTAVE_HZ))[:2]
    if len(strongest) < 2 or mix.master is None:
        return None
    summed = np.asarray(np.sum(list(mix.stems.values()), axis=0), dtype=np.float32)
    before_db, gains_db = band_db(summed, *MUD_OCTAVE_HZ), dict.fromkeys(strongest, 0.0)
    stems = dict(mix.stems)
    for _ in range(SETTLED):
        reached_db = band_db(np.asarray(np.sum(list(stems.values()), axis=0)), *MUD_OCTAVE_HZ) - before_db
        levels_db = [band_db(stems[name], *MUD_OCTAVE_HZ) for name in strongest]
        for name, level_db in zip(strongest, levels_db, strict=True):
            # Both rise, the weaker one to the stronger.
            gains_db[name] += over_db - reached_db + (max(levels_db) - level_db) / 2
            stems[name] = bell(mix.stems[name], MUD_HZ, gains_db[name], 1.0)
    planted = _with_stems(mix, stems, stems, strongest[0], over_db)
    sound = no_louder_than(planted.sound, mix.sound)
    return Planted(sound, *_whole(mix), over_db, *MUD_OCTAVE_HZ, stem=strongest[0], stems=stems)


def _held_share(sound: Sound) -> float:
    """Of the time in which it sounds at all: how much it stays within 20 dB of its loud moments."""
    levels = levels_db(sound)
    loud = float(np.percentile(levels, 99))
    sounding = levels[levels > loud - 30.0]
    return float((sounding > loud - HELD_UNDER_DB).mean()) if sounding.size else 0.0


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
    Kind(
        "stem left out",
        # As bad as one that was muted: what it does to the mix is said of nobody.
        ((20.0, "minor"), (12.0, "moderate"), (5.0, "major")),
        "dB under the sum",
        _left_out,
        ("int.stemsum",),
        # Whatever it was to blame for is somebody else's now, or nobody's, and what is measured against it is not.
        REATTRIBUTED,
        "whole",
        stem=True,
    ),
    Kind(
        "needless low end in a stem",
        # From a hundredth of the low end the rule warns, at a sixth it calls it bad.
        ((26.0, "info"), (17.0, "minor"), (12.0, "moderate"), (7.0, "major")),
        "dB under the mix's low end",
        _rumble_in_a_stem,
        ("low.needless",),
        (*LOUDER, *LOW_END, "low.rumble", "low.note_uneven", "ton.tilt", "ton.band", "int.headtail"),
        "whole",
        stem=True,
    ),
    Kind(
        "reverb in the low end",
        # The same limits, of all stems under 250 Hz.
        ((24.0, "info"), (17.0, "minor"), (12.0, "moderate"), (7.0, "major")),
        "dB under all stems below 250 Hz",
        _reverb_in_the_low_end,
        ("ste.reverb_low",),
        (
            *LOUDER,
            *LOW_END,
            "low.mono",
            "low.mono_loss",
            "ste.corr",
            "ste.mono_loss",
            "ste.narrow_wide",
            "ste.balance",
            "dyn.level_jump",
            "ton.mask_lead",
            "ton.mud",
            "ton.tilt",
            "ton.band",
            "ton.air",
            "dj.system",
            "int.headtail",
        ),
        "whole",
        stem=True,
    ),
    Kind(
        "crowded low mids",
        # Over the mix's own shape 2.5 dB is a warning and 6 bad; a mix stands where it stands by itself.
        ((3.0, "minor"), (6.0, "moderate"), (9.0, "major")),
        "dB more at 316 Hz",
        _crowded_low_mids,
        ("ton.mud", "ton.band", "low.boom", "ton.resonance"),
        (*LOUDER, *LOW_END, "ton.tilt", "ton.mask_lead", "low.note_uneven", "dj.system", "ste.narrow_wide"),
        "whole",
        "centre",
        stem=True,
    ),
)
