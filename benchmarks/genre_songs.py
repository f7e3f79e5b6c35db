"""Songs whose genre is known: drawn by a seed from what is written about each family, and files whose title says it.

A family is drawn from its usual tempi and the patterns and sounds it is described by, each of which a song may lack,
so that no single cue always tells. A set drawn with one seed is for tuning, one with another for judging: that tells a
rule from a memory, but not a good description from a bad one, for which there are the files that others made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import corpus
import corpus_lmms
import groove_patterns
import grooves
import mixes
import numpy as np
from groove_patterns import BACKBEAT, EIGHTHS, FOUR, OFFBEAT, SIXTEENTHS
from grooves import Groove

FOLDER = corpus_lmms.ROOT / ".cache" / "genre"
SEEDS = {"tune": 101, "test": 202}
A_FAMILY = 8
"""Songs of each family in a set."""

Split = Literal["tune", "test"]
OTHER = "other"
"""Music of none of our families: what should be left unguessed."""


@dataclass(frozen=True, slots=True)
class Song:
    name: str
    path: Path
    family: tuple[str, ...]
    """The families that are right; two where a title leaves it open."""
    source: Literal["drawn to tune by", "drawn to judge by", "groove", "real"]


HALF_TIME = ("........x.......",)
ROLLING = (".xxx.xxx.xxx.xxx",)
TWO_STEP = ("x.........x.....", "x..x......x.....", "x.....x...x.....", "x.x.......xx....")
SPARSE = ("x.....o...x.....", "x..x......x.....", "x.........xx....", "x.....x.........")
BOOM_BAP = ("x......x..x.....", "x.x....x..x.....", "x..x...xx.......", "x......x.x......")
RIFFS = ("x..x..x...x..x..", "x.....x.x.....x.", "x..x......x..x..", "x.......x..x....")


def drawn(split: Split) -> Iterator[Song]:
    """``A_FAMILY`` songs of each family; what is not there yet is synthesised, which takes some minutes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEEDS[split])
    for family in ("ambient", "dnb", "dubstep", "hiphop", "house", "techno", "trance"):
        for number in range(A_FAMILY):
            groove = _draw(family, f"{family} {split} {number}", rng)
            path = FOLDER / f"{groove.name}.wav"
            if not path.exists():
                grooves.write(groove, path)
            yield Song(groove.name, path, (family,), "drawn to tune by" if split == "tune" else "drawn to judge by")


def _draw(family: str, name: str, rng: np.random.Generator) -> Groove:
    def one(patterns: Sequence[str]) -> tuple[str, ...]:
        return (patterns[int(rng.integers(len(patterns)))], patterns[int(rng.integers(len(patterns)))])

    def often(share: float = 0.75) -> bool:
        return bool(rng.random() < share)

    voices: dict[str, tuple[str, ...]] = {}
    gains = {"pad": float(rng.uniform(0.5, 1.5))}
    steps = 4
    match family:
        case "house":
            bpm = rng.uniform(119, 129)
            voices = {"kick": FOUR, "bass": one(("..x..x..x.....x.", "x..x..x...x..x..", "..x...x...x...x."))}
            voices |= {"clap": BACKBEAT} if often(0.9) else {}
            voices |= {"hat": OFFBEAT} if often(0.9) else {"hat": EIGHTHS}
            voices |= {"stab": one(RIFFS)} if often() else {}
        case "techno":
            bpm = rng.uniform(124, 146)
            voices = {"kick": FOUR, "hat": SIXTEENTHS if often(0.5) else OFFBEAT}
            voices |= {"bass": ROLLING if often(0.5) else OFFBEAT} if often(0.6) else {"sub": (".x...x...x...x..",)}
            voices |= {"rim": one(RIFFS)} if often() else {}
            voices |= {"clap": BACKBEAT} if often(0.35) else {}
            gains |= {"kick": float(rng.uniform(1.0, 1.5)), "pad": float(rng.uniform(0.1, 0.7))}
        case "trance":
            bpm = rng.uniform(128, 142)
            voices = {"kick": FOUR, "bass": ROLLING if often(0.6) else OFFBEAT, "hat": OFFBEAT}
            voices |= {"saws": SIXTEENTHS if often(0.5) else one(RIFFS)} if often(0.85) else {"stab": one(RIFFS)}
            voices |= {"clap": BACKBEAT} if often() else {}
        case "dnb":
            bpm = rng.uniform(168, 178)
            voices = {"kick": one(TWO_STEP), "snare": BACKBEAT if often() else ("....x..o.o..x...",)}
            voices |= {"hat" if often() else "ride": EIGHTHS}
            voices |= {"bass": one(RIFFS)} if often(0.5) else {"sub": one(("x.....x.........", "x.........x....."))}
        case "dubstep":
            bpm = rng.uniform(138, 145)
            voices = {"kick": one(SPARSE), "snare": HALF_TIME, "wobble": one(("x.....x...x.....", "x...x...x...x..."))}
            voices |= {"sub": ("x.......x.......",)} if often() else {}
            voices |= {"hat": EIGHTHS} if often(0.6) else {}
        case "hiphop":
            if often(0.5):  # trap, written at twice the tempo its snare is felt at
                bpm, steps = rng.uniform(130, 155), 8
                voices = {"kick": one(SPARSE), "clap": HALF_TIME, "sub": one(("x.....x.........", "x.........x....."))}
                voices = {voice: _stretched(patterns) for voice, patterns in voices.items()}
                rolls = ("x.x.x.x.x.x.x.x.x.x.xxxxx.x.x.x.", "x.x.x.xxx.x.x.x.x.x.x.x.xxx.xxxx")
                voices |= {"hat": one(rolls)}
            else:
                bpm = rng.uniform(80, 98)
                voices = {"kick": one(BOOM_BAP), "snare": BACKBEAT, "hat": EIGHTHS, "bass": one(RIFFS)}
            voices |= {"stab": _stretched(one(RIFFS)) if steps == 8 else one(RIFFS)} if often(0.6) else {}
        case _:
            bpm = rng.uniform(60, 105)
            voices = {"swell": ("x...............", "........x.......")}
            voices |= {"stab": one(("x...............", "......x.........", "..........x....."))} if often(0.5) else {}
            voices |= {"kick": ("x.........x.....",), "rim": ("....x.......x...",)} if often(0.3) else {}
            gains |= {"kick": 0.4, "rim": 0.3, "stab": 0.6}
    alternates = (float(bpm) / 2,) if bpm > 130 else ()
    for voice in voices:
        gains[voice] = gains.get(voice, 1.0) * float(rng.uniform(0.7, 1.3))
    swing = float(rng.uniform(0.5, 0.58)) if family in ("house", "hiphop") and steps == 4 else 0.5
    return Groove(
        name, float(bpm), voices, int(rng.integers(1 << 30)), steps, swing=swing, alternates=alternates, gains=gains
    )


def _stretched(patterns: Sequence[str]) -> tuple[str, ...]:
    return tuple("".join(f"{mark}." for mark in pattern) for pattern in patterns)


def named_grooves() -> Iterator[Song]:
    """The grooves made for the tempo benchmark, by others' patterns and before this: those whose name is a genre."""
    right = {
        "house": ("house",), "deep house": ("house",), "Latin house": ("house",), "techno": ("techno",),
        "rolling techno": ("techno", "trance"), "triplet techno": ("techno",), "trance": ("trance",),
        "offbeat trance": ("trance",), "two-step DnB": ("dnb",), "DnB": ("dnb",), "jungle": ("dnb",),
        "dubstep": ("dubstep",), "half-time": ("dubstep", "hiphop"), "trap": ("hiphop",), "reggaeton": (OTHER,),
        "dembow": (OTHER,), "waltz": (OTHER,), "slow three": (OTHER,),
    }  # fmt: skip
    corpus.CACHE.mkdir(parents=True, exist_ok=True)
    for groove in (*groove_patterns.TUNE, *groove_patterns.TEST):
        if groove.name in right:
            path = corpus.CACHE / f"{groove.name}.wav"
            if not path.exists():
                grooves.write(groove, path)
            yield Song(groove.name, path, right[groove.name], "groove")


def real() -> Iterator[Song]:
    """What others made whose title or package says what it is; most of the material says nothing."""
    said = {
        "Shovon-ProgressiveHousePluckDemo": ("house",), "Crunk(Demo)": ("hiphop",), "CapDan-ReggaeTry": (OTHER,),
        "CapDan-ReggaetonTry": (OTHER,), "Thomasso-AxeFromThe80s": (OTHER,),
    }  # fmt: skip
    for project in (*corpus_lmms.TUNE, *corpus_lmms.TEST):
        title = Path(project.name).stem
        if title in said:
            path, _bpm = corpus_lmms.render_at(project.name)
            yield Song(title, path, said[title], "real")
    for name, path in mixes.of_the_material():
        if name.startswith("fof"):  # "metal, not electronic"
            yield Song(name, path, (OTHER,), "real")
