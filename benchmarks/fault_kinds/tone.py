"""Faults of tone: an equaliser band left on, a sub too loud or too soft, from end to end or for a passage."""

from __future__ import annotations

import numpy as np
from fault_filters import band_db, bell, edges, low_end, low_shelf, no_louder_than
from fault_mixes import RATE_HZ, Mix, Sound
from fault_places import stretch

from fault_kinds.kind import LEVEL, Kind, Plant, Planted, _seconds, _whole

BELL_Q = 1.0
BELL_250_HZ = (225.0, 280.0)
BELL_4K_HZ = (3_000.0, 5_000.0)
_OCTAVE_BEND_DB = {250.0: 1.0, 4_000.0: 0.6}
"""How far the average octave lies over the line through its neighbours (Elowsson and Friberg's curve)."""


def _bell(around_hz: float, centres_hz: tuple[float, float], seconds: float | None = None) -> Plant:
    def plant(mix: Mix, amount_db: float, rng: np.random.Generator) -> Planted | None:
        """An EQ band left on: it makes more of what the mix has too much of already, or less of too little.

        A boost that fills a mix's own hole would be no fault, so the mix decides between boost and cut.
        """
        centre_hz = float(np.exp(rng.uniform(*np.log(centres_hz))))
        low, high = around_hz / 2**0.5, around_hz * 2**0.5
        octaves = [band_db(mix.sound, low * 2.0**k, high * 2.0**k) for k in (-1, 0, 1)]
        stands_out = octaves[1] - (octaves[0] + octaves[2]) / 2 > _OCTAVE_BEND_DB[around_hz]
        gain_db = amount_db if stands_out else -amount_db
        half = 2 ** (0.5 / BELL_Q)
        band = (centre_hz / half, centre_hz * half)
        return _in_place(mix, bell(mix.sound, centre_hz, gain_db, BELL_Q), seconds, amount_db, band, rng)

    return plant


SHELF_HZ = 80.0
SUB_HZ = (30.0, 60.0)


def _sub_shelf(sign: float, seconds: float | None = None) -> Plant:
    def plant(mix: Mix, amount_db: float, rng: np.random.Generator) -> Planted | None:
        """A shelf under the kick's body: the whole of 30 to 60 Hz goes with it."""
        shelved = low_shelf(mix.sound, SHELF_HZ, sign * amount_db)
        return _in_place(mix, shelved, seconds, amount_db, SUB_HZ, rng)

    return plant


BASS_HZ = (45.0, 250.0)
SUB_ALONE_HZ = 38.0
FOLLOWED_HZ = 10.0
SPARED_S = 0.05


def _sub_alone(mix: Mix, less_db: float, _rng: np.random.Generator) -> Planted | None:
    """A bass that is a sine under 45 Hz, as loud as the low end was, and of that low end so much less.

    The sine follows how loud 45 to 250 Hz is from moment to moment.
    """
    band = low_end(mix.sound, BASS_HZ[1]) - low_end(mix.sound, BASS_HZ[0])
    level = np.sqrt(np.maximum(low_end(np.square(band.mean(axis=0, keepdims=True)), FOLLOWED_HZ), 0.0))
    sine = level * np.float32(2**0.5) * np.sin(2 * np.pi * SUB_ALONE_HZ * np.arange(level.shape[1]) / RATE_HZ)
    change = sine.astype(np.float32) - band * np.float32(1 - 10 ** (-less_db / 20))
    # The head and the tail stay as they are: a mix that begins with a step would be another fault.
    fade, count = round(SPARED_S * RATE_HZ), level.shape[1]
    sound = np.asarray(mix.sound + change * edges(count, fade, count - fade, SPARED_S), dtype=np.float32)
    return Planted(no_louder_than(sound, mix.sound), *_whole(mix), less_db, 100.0, BASS_HZ[1])


PASSAGE_S = 20.0


def _in_place(
    mix: Mix,
    damaged: Sound,
    seconds: float | None,
    amount: float,
    band: tuple[float, float],
    rng: np.random.Generator,
) -> Planted | None:
    """``damaged`` instead of the mix, from end to end or for a passage in which the band itself sounds."""
    if seconds is None:
        return Planted(no_louder_than(damaged, mix.sound), *_whole(mix), amount, *band)
    heard = low_end(mix.sound, band[1])
    place = stretch(heard - low_end(heard, band[0]), seconds, rng)
    if place is None:
        return None
    gain = edges(mix.sound.shape[1], *place)
    sound = no_louder_than(mix.sound + gain * (damaged - mix.sound), mix.sound)
    return Planted(sound, *_seconds(place), amount, *band)


KINDS = (
    Kind(
        "bell 250 Hz",
        # The families warn at 3 dB in an octave and call 5 bad; a bell of Q 1 moves its octave by about four fifths.
        ((3.0, "minor"), (6.0, "moderate"), (9.0, "major"), (12.0, "major")),
        "dB",
        _bell(250.0, BELL_250_HZ),
        ("ton.band", "ton.mud", "low.boom", "ton.resonance"),
        (*LEVEL, "ton.tilt", "ton.mask_lead", "low.sub_balance", "low.note_uneven"),
        "whole",
        "centre",
    ),
    Kind(
        "bell 250 Hz, a passage",
        ((6.0, "moderate"), (9.0, "major"), (12.0, "major")),
        "dB",
        _bell(250.0, BELL_250_HZ, PASSAGE_S),
        ("ton.band", "ton.mud", "low.boom", "ton.resonance"),
        (*LEVEL, "ton.tilt", "ton.mask_lead", "low.sub_balance", "low.note_uneven"),
        "stretch",
        "centre",
    ),
    Kind(
        "bell 3–5 kHz",
        ((3.0, "minor"), (6.0, "moderate"), (9.0, "major"), (12.0, "major")),
        "dB",
        _bell(4_000.0, BELL_4K_HZ),
        ("ton.band", "ton.harsh", "ton.resonance"),
        (*LEVEL, "ton.tilt", "ton.sibil", "ton.air", "ton.mask_lead"),
        "whole",
        "centre",
    ),
    Kind(
        "bell 3–5 kHz, a passage",
        ((6.0, "moderate"), (9.0, "major"), (12.0, "major")),
        "dB",
        _bell(4_000.0, BELL_4K_HZ, PASSAGE_S),
        ("ton.band", "ton.harsh", "ton.resonance"),
        (*LEVEL, "ton.tilt", "ton.sibil", "ton.air", "ton.mask_lead"),
        "stretch",
        "centre",
    ),
    Kind(
        "sub shelf up",
        # The specification warns at 3 dB off the profile and calls 5 bad.
        ((3.0, "minor"), (6.0, "moderate"), (9.0, "major")),
        "dB",
        _sub_shelf(1.0),
        ("low.sub_balance", "low.boom", "low.rumble"),
        # A shelf lifts what offset a mix has, too.
        (*LEVEL, "int.dc", "ton.tilt", "ton.band", "low.kick_bass_mask", "low.note_uneven", "dj.system"),
        "whole",
        "upper edge",
    ),
    Kind(
        "sub shelf up, a passage",
        ((6.0, "moderate"), (9.0, "major")),
        "dB",
        _sub_shelf(1.0, PASSAGE_S),
        ("low.sub_balance", "low.boom", "low.rumble"),
        # A shelf lifts what offset a mix has, too.
        (*LEVEL, "int.dc", "ton.tilt", "ton.band", "low.kick_bass_mask", "low.note_uneven", "dj.system"),
        "stretch",
        "upper edge",
    ),
    Kind(
        "sub shelf down",
        ((3.0, "minor"), (6.0, "moderate"), (9.0, "major")),
        "dB",
        _sub_shelf(-1.0),
        ("low.sub_balance",),
        (*LEVEL, "ton.tilt", "ton.band", "low.note_uneven", "low.boom", "dj.system"),
        "whole",
        "upper edge",
    ),
    Kind(
        "sub shelf down, a passage",
        ((6.0, "moderate"), (9.0, "major")),
        "dB",
        _sub_shelf(-1.0, PASSAGE_S),
        ("low.sub_balance",),
        (*LEVEL, "ton.tilt", "ton.band", "low.note_uneven", "low.boom", "dj.system"),
        "stretch",
        "upper edge",
    ),
    Kind(
        "sub alone",
        # Small speakers begin between 100 and 200 Hz: 6 dB less there are heard, 12 leave no bassline.
        ((6.0, "minor"), (12.0, "moderate"), (18.0, "major")),
        "dB less of 45 to 250 Hz",
        _sub_alone,
        ("low.sub_absent",),
        (
            *LEVEL,
            "ton.tilt",
            "ton.band",
            "low.sub_balance",
            "low.boom",
            "low.note_uneven",
            "low.rumble",
            "low.mono",
            "low.mono_loss",
            "dj.system",
            "dyn.plr",
            "dyn.psr_span",
        ),
        "whole",
    ),
)
