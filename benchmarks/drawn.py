"""Material nobody has tuned anything on: grooves and chord loops drawn by chance, a set for every seed.

``--drawn SEED`` has ``tempo_accuracy.py`` and ``key_accuracy.py`` judge one such set instead of their corpus. A set is
blind only once, so take a seed that was not taken yet; what it makes is kept in ``.cache``. What chance decides is what
makes tracks differ: tempo, swing, which steps are struck, which chords follow each other and with which the loop
begins. What it does not decide is what makes a style: where its kick and its snare are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from groove_patterns import BACKBEAT, EIGHTHS, FOUR, OFFBEAT, SIXTEENTHS
from grooves import Groove

from key_synth import ADD9, DOM7, MAJ, MAJ7, MIN, MIN7, MIN9, MINOR_MODES, MODES, SUS, Chord, Recipe

STEPS = 16
HALF_TIME = ("........x.......",)

# How loops are drawn: ``drawn_odds.py`` tells from these how likely a key is, given the chords.
MINOR_CHOICES = ("minor", "minor", "dorian", "phrygian")
MAJOR_CHOICES = ("major", "major", "mixolydian")
LENGTHS = (2, 4, 4, 4)
DEGREES = (0, 2, 3, 4, 5, 6)
"""The second is left out: in minor it would be diminished."""
TURNED = 0.4
"""Share of the loops that may begin elsewhere than on the tonic."""
RICH = 0.35
"""Share of the loops of sevenths, ninths and added tones."""


@dataclass(frozen=True, slots=True)
class Style:
    """Where a style's drums are: ``x`` always, ``?`` by chance."""

    name: str
    bpm: tuple[float, float]
    kick: str
    snare: tuple[str, ...]
    hats: tuple[tuple[str, ...], ...]
    half: bool = False
    """Half of its tempo is as good an answer."""
    double: bool = False
    swing: float = 0.5
    dotted: float = 0.3
    """How often a bass or stab runs in threes of sixteenths over the bar."""


STYLES = (
    Style("house", (118, 128), FOUR[0], BACKBEAT, (OFFBEAT, EIGHTHS)),
    Style("techno", (128, 146), FOUR[0], ("............x...",), (SIXTEENTHS, OFFBEAT), dotted=0.6),
    Style("trance", (132, 142), FOUR[0], BACKBEAT, (OFFBEAT,), dotted=0.6),
    Style("drum and bass", (168, 178), "x..?..?...x..?..", BACKBEAT, (EIGHTHS, SIXTEENTHS), half=True),
    Style("dubstep", (136, 146), "x..?..?....?..?.", HALF_TIME, (EIGHTHS, ("x.o.x.o.x.oox.o.",)), half=True),
    Style("breaks", (124, 138), "x.?...?...x..?..", ("....x..o.o..x..o",), (EIGHTHS,)),
    Style("garage", (128, 135), "x......?..x..?..", BACKBEAT, (OFFBEAT, ("..x...xo..x...x.",)), swing=0.6),
    Style("electro", (122, 134), "x..x..?...x..?..", BACKBEAT, (SIXTEENTHS,)),
    Style("trap", (132, 152), "x..?..?...x...?.", HALF_TIME, (SIXTEENTHS,), half=True),
    Style("hip-hop", (84, 98), "x..?..?x..x.....", BACKBEAT, (EIGHTHS,), double=True, swing=0.58),
)


def grooves(seed: int, each: int = 3) -> Iterator[Groove]:
    """So many of every style."""
    for number, style in enumerate(style for style in STYLES for _ in range(each)):
        rng = np.random.default_rng((seed, number))
        bpm = round(float(rng.uniform(*style.bpm)), 1)
        voices = {
            "kick": tuple(_by_chance(style.kick, rng) for _ in range(2)),
            str(rng.choice(["snare", "clap"])): style.snare,
            str(rng.choice(["hat", "ride"])): style.hats[int(rng.integers(len(style.hats)))],
            "bass": (_line(style, rng),),
        }
        if rng.random() < 0.7:
            voices["stab"] = (_line(style, rng), _line(style, rng))
        if rng.random() < 0.4:
            voices[str(rng.choice(["rim", "tom"]))] = (_by_chance("...?..?....?..?.", rng),)
        levels = (bpm / 2,) if style.half else (bpm * 2,) if style.double else ()
        swing = style.swing if style.swing == 0.5 else round(float(rng.uniform(0.54, 0.66)), 2)
        name = f"drawn {seed} {style.name} {number % each + 1}"
        yield Groove(name, bpm, voices, seed * 1000 + number, swing=swing, alternates=levels)


def beats_alone(seed: int, count: int = 12) -> Iterator[Groove]:
    """Drums and nothing that has a pitch of its own: their key is none."""
    for groove in list(grooves(seed + 1, each=2))[:count]:
        drums = {voice: bars for voice, bars in groove.voices.items() if voice not in ("bass", "stab", "tom")}
        yield replace(groove, name=f"{groove.name}, drums alone", voices=drums, chords=False)


def _by_chance(steps: str, rng: np.random.Generator) -> str:
    return "".join(("x" if rng.random() < 0.5 else ".") if step == "?" else step for step in steps)


def _line(style: Style, rng: np.random.Generator) -> str:
    """A bar of a pitched voice: in threes of sixteenths, or struck by chance, strong steps more often."""
    if rng.random() < style.dotted:
        first = int(rng.integers(3))
        return "".join("x" if step % 3 == first else "." for step in range(STEPS))
    return "".join("x" if rng.random() < (0.5 if step % 2 == 0 else 0.2) else "." for step in range(STEPS))


def recipes(seed: int, count: int = 40) -> Iterator[tuple[str, Recipe]]:
    """Tracks of a drawn loop, every second in a major mode; (kind, recipe), of which the kind says how it begins."""
    for number in range(count):
        rng = np.random.default_rng((seed, 500 + number))
        minor = number % 2 == 0
        mode = str(rng.choice(MINOR_CHOICES if minor else MAJOR_CHOICES))
        loop = _loop(mode, rng)
        turn = int(rng.choice(starts(loop, mode))) if rng.random() < TURNED else 0
        loop = loop[turn:] + loop[:turn]
        loud = rng.random() < 0.25
        tonic = int(rng.integers(12))
        yield (
            "begins at home" if loop[0][0] == 0 else "begins elsewhere",
            Recipe(
                tonic,
                mode,
                loop,
                seed * 1000 + number,
                cents=round(float(rng.uniform(-30, 30))),
                drums=2.0 if loud else 1.0,
                foreign_sub=(tonic + int(rng.choice([1, 2, 6, 11]))) % 12 if loud else None,
                parts=("bass", "pad", *_some(("arp", "lead"), rng)),
            ),
        )


def starts(loop: Sequence[Chord], mode: str) -> list[int]:
    """Chords that a loop may begin with: begun on the relative's, it is that one's loop by another name."""
    relative = 3 if mode in MINOR_MODES else 9
    return [place for place, (root, _) in enumerate(loop) if root != relative]


def _some(parts: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
    chosen = tuple(part for part in parts if rng.random() < 0.6)
    return chosen or (parts[0],)


def _loop(mode: str, rng: np.random.Generator) -> tuple[Chord, ...]:
    """Two to four chords on degrees of the mode, the first of them the tonic's, of which there may be more."""
    length = int(rng.choice(LENGTHS))
    degrees = [0]
    while len(degrees) < length:
        degrees.append(int(rng.choice([d for d in DEGREES if d != degrees[-1]])))
    rich = bool(rng.random() < RICH)
    return tuple(_one_of(chords(mode, degree, rich=rich), rng) for degree in degrees)


def chords(mode: str, degree: int, *, rich: bool) -> tuple[Chord, ...]:
    """Of the mode's own tones, each as likely; a diminished triad becomes an open one, as in most of this music."""
    scale = MODES[mode]
    root = scale[degree]
    third, fifth = ((scale[(degree + step) % 7] - root) % 12 for step in (2, 4))
    if fifth != 7:
        return ((root, SUS),)
    if not rich:
        return ((root, MAJ if third == 4 else MIN),)
    if third == 4:
        dominant = degree == 4 and mode not in MINOR_MODES
        return ((root, DOM7),) if dominant else ((root, MAJ7), (root, ADD9))
    return (root, MIN7), (root, MIN9)


def _one_of(choice: Sequence[Chord], rng: np.random.Generator) -> Chord:
    return choice[int(rng.integers(len(choice)))] if len(choice) > 1 else choice[0]


def seed_of(arguments: Sequence[str]) -> int | None:
    """The number after ``--drawn``; ``None`` without it."""
    return int(arguments[arguments.index("--drawn") + 1]) if "--drawn" in arguments else None
