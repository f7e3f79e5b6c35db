"""The kinds of fault that ``faults.py`` plants: what each does to a mix, how bad it truly is, which rules answer it.

Every planter gets a clean mix, an amount and a seeded random generator, and returns the damaged sound with the truth:
where, in which band, in which stem, how much. ``None`` means that this mix cannot carry the fault (a mono file has no
balance, a mix without a known beat cannot pump with it).

**How bad an amount truly is** is set here before any rule is asked, by three yardsticks: an objective defect (a dropout
of 5 ms, an audible click, a cut in the midst of music) is moderate at least, because nobody means it; a tonal, dynamic
or stereo fault is minor from the limit that the rule's specification calls a warning and major from the one it calls
bad; a figure with a published scale (true peak, offset) is as bad as that scale says. A click or a hum that the music
masks (``fault_masking.py``) is heard by nobody, and need not be found.

**Answers** are the rules whose job the fault is, those nobody has written yet among them. **Consequences** are what
else a fault honestly causes: a mix driven 9 dB into a limiter *is* louder. A consequence is no answer and no alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import soxr
from fault_filters import band_db, bell, edges, later, limited_to_plr, low_end, low_shelf, no_louder_than
from fault_masking import sound_is_masked, tones_are_masked
from fault_mixes import RATE_HZ, Mix, Sound
from fault_places import levels_db, mean_db, moment, moments, stretch

from uptrack_analysis.report import SEVERITIES, Severity, Target

Shape = Literal["point", "stretch", "whole"]
"""A moment, whose distance counts; a stretch, whose overlap counts; the whole mix, which cannot be missed."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A damaged mix and the truth about it."""

    sound: Sound
    start_s: float
    end_s: float
    amount: float
    """In the kind's unit, as it came out."""
    low_hz: float | None = None
    high_hz: float | None = None
    stem: str | None = None
    stems: dict[str, Sound] = field(default_factory=dict)
    """What the analysis gets as stems, where the fault needs them."""
    rate_hz: int = RATE_HZ
    subtype: str = "PCM_24"
    masked: bool = False
    """The mix hides it, so that it is no fault to anybody's ears."""


Plant = Callable[[Mix, float, np.random.Generator], Planted | None]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    amounts: tuple[tuple[float, Severity], ...]
    """From harmless to worst: the amount, and how bad it truly is."""
    unit: str
    plant: Plant
    answers: tuple[str, ...]
    consequences: tuple[str, ...]
    shape: Shape
    band: Literal["centre", "upper edge"] | None = None
    """What of the band is compared; ``None`` where the fault has none."""
    target: Target | None = None
    """Judged for this delivery, whatever the mix's own is."""
    stem: bool = False
    """Needs stems."""
    per_target: Mapping[Target, tuple[Severity, ...]] = field(default_factory=dict)
    """Truths that differ by delivery."""

    def truth(self, index: int, target: Target) -> Severity:
        return self.per_target[target][index] if target in self.per_target else self.amounts[index][1]

    def counts(self, index: int, target: Target) -> bool:
        """Whether the amount is moderate or worse by truth, and so has to be found."""
        return SEVERITIES.index(self.truth(index, target)) >= SEVERITIES.index("moderate")


def _whole(mix: Mix) -> tuple[float, float]:
    return 0.0, mix.sound.shape[1] / RATE_HZ


# -- tone --------------------------------------------------------------------------------------------------------------


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


# -- stereo ------------------------------------------------------------------------------------------------------------


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


def _seconds(place: tuple[int, int]) -> tuple[float, float]:
    return place[0] / RATE_HZ, place[1] / RATE_HZ


# -- level -------------------------------------------------------------------------------------------------------------


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


# -- defects -----------------------------------------------------------------------------------------------------------


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


# -- ends --------------------------------------------------------------------------------------------------------------


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


# -- stems -------------------------------------------------------------------------------------------------------------


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


# -- the table ---------------------------------------------------------------------------------------------------------


LEVEL = ("lou.integrated", "lou.drop_vs_break", "lou.drop2_smaller", "dj.crate")
"""What any fault that changes the level may honestly set off."""
LOUDER = (
    *LEVEL,
    "int.dc",
    "dyn.plr",
    "dyn.psr_span",
    "dyn.flat",
    "dyn.transient_loss",
    "int.truepeak",
    "int.codec_overs",
)
DISTORTED = ("ton.tilt", "ton.band", "ton.air")
"""And what one that cuts peaks off may: the distortion it adds is spread over the spectrum in its own way."""

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
