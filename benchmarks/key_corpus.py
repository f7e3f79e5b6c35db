"""The files keys are judged on, each with its key or with ``None`` where it has none, split in a tune and a test half.

Constants were fitted on the tune half only. A project and its transposed variants stand in one half, and the two halves
of the synthesised tracks share neither a loop nor a seed. Audio is rendered once and kept in ``.cache``.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import drawn
import grooves
import numpy as np
import soundfile as sf

from key_synth import (
    ADD9,
    DOM7,
    FIFTH,
    MAJ,
    MAJ7,
    MIN,
    MIN7,
    MIN9,
    MINOR_MODES,
    RATE_HZ,
    SUS,
    Chord,
    Recipe,
    arrange,
    drums,
    note,
)
from lmms_notes import derive_key, read_score, read_xml
from track import ROOT
from uptrack_analysis.signal import FloatArray

CACHE = ROOT / ".cache" / "key"

from support.lmms import PROJECTS, render  # noqa: E402 - track.py shows the way to it

MATERIAL = Path(os.environ.get("UPTRACK_MATERIAL", ROOT.parent / "shared" / "material"))
NAMES = {
    **{name: place for place, name in enumerate(("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"))},
    "C#": 1,
    "D#": 3,
    "Gb": 6,
    "G#": 8,
    "A#": 10,
}

# Projects, named as LMMS does; whatever is not named here is for the test half.
TUNE_PROJECTS = ("Momo64-esp", "Skiessi-222", "Greshz-CoolSnip", "EsoXLB-CPU")
SEMITONES = (3, -4, 5, -2, 6, 1)
# Renders slower than its five minutes of music play.
TOO_SLOW = ("Jousboxx-BuzzerBeater",)

Loops = dict[str, tuple[tuple[str, tuple[Chord, ...]], ...]]
TUNE_LOOPS: Loops = {
    "minor": (
        ("minor", ((0, MIN), (8, MAJ), (3, MAJ), (10, MAJ))),
        ("minor", ((0, MIN), (5, MIN), (8, MAJ), (7, MIN))),
        ("minor", ((0, MIN), (10, MAJ), (8, MAJ), (10, MAJ))),
        ("harmonic", ((0, MIN), (0, MIN), (5, MIN), (7, MAJ))),
        ("minor", ((0, MIN9), (0, MIN9), (8, MAJ7), (10, ADD9))),
    ),
    "modal": (
        ("dorian", ((0, MIN7), (5, MAJ))),
        ("phrygian", ((0, MIN), (1, MAJ))),
        ("dorian", ((0, MIN), (0, MIN), (10, MAJ), (5, MAJ))),
    ),
    "one chord": (
        ("minor", ((0, MIN),)),
        ("minor", ((0, MIN7),)),
        ("dorian", ((0, MIN9),)),
    ),
    "major": (
        ("major", ((0, MAJ), (7, MAJ), (9, MIN), (5, MAJ))),
        ("major", ((0, MAJ), (5, MAJ), (0, MAJ), (7, MAJ))),
        ("major", ((0, MAJ), (9, MIN), (5, MAJ), (7, MAJ))),
        ("mixolydian", ((0, MAJ), (10, MAJ), (5, MAJ), (0, MAJ))),
        ("major", ((0, MAJ7), (0, MAJ7), (2, MIN7), (7, DOM7))),
        ("major", ((0, MAJ),)),
    ),
}
TEST_LOOPS: Loops = {
    "minor": (
        ("minor", ((0, MIN), (8, MAJ), (5, MIN), (7, MIN))),
        ("minor", ((0, MIN), (3, MAJ), (10, MAJ), (5, MIN))),
        ("minor", ((0, MIN), (7, MIN), (8, MAJ), (5, MIN))),
        ("minor", ((0, MIN), (10, MAJ), (5, MIN), (0, MIN))),
        ("harmonic", ((0, MIN), (8, MAJ), (7, MAJ), (0, MIN))),
        ("minor", ((0, MIN7), (3, MAJ7), (8, MAJ7), (5, MIN7))),
        ("minor", ((0, FIFTH), (8, FIFTH), (10, FIFTH), (0, FIFTH))),
    ),
    "modal": (
        ("dorian", ((0, MIN), (2, MIN), (3, MAJ), (5, MAJ))),
        ("phrygian", ((0, MIN), (0, MIN), (1, MAJ), (10, MIN))),
        ("dorian", ((0, MIN7), (0, MIN7), (5, DOM7), (0, MIN7))),
        ("phrygian", ((0, FIFTH), (1, FIFTH))),
    ),
    "one chord": (
        ("minor", ((0, MIN9),)),
        ("minor", ((0, MIN), (0, SUS))),
        ("phrygian", ((0, MIN),)),
    ),
    "major": (
        ("major", ((0, MAJ), (5, MAJ), (9, MIN), (7, MAJ))),
        ("major", ((0, MAJ), (4, MIN), (5, MAJ), (7, MAJ))),
        ("major", ((5, MAJ), (7, MAJ), (0, MAJ), (0, MAJ))),
        ("mixolydian", ((0, MAJ), (0, MAJ), (10, MAJ), (5, MAJ))),
        ("lydian", ((0, MAJ), (2, MAJ), (0, MAJ), (2, MAJ))),
        ("major", ((0, ADD9), (5, MAJ7), (0, ADD9), (5, MAJ7))),
        ("major", ((0, MAJ7), (9, MIN7), (2, MIN7), (7, DOM7))),
        ("major", ((0, ADD9),)),
        ("major", ((0, FIFTH), (5, FIFTH), (7, FIFTH), (5, FIFTH))),
    ),
}
# Loops that begin away from home, as many hits do: whoever believes the first bass note fails here. None begins on the
# chord of the relative minor: such a loop is a minor one by another name, and which is right is nobody's to say.
TUNE_TURNED: Loops = {
    "turned": (
        ("minor", ((8, MAJ), (10, MAJ), (0, MIN), (0, MIN))),
        ("minor", ((5, MIN), (8, MAJ), (0, MIN), (10, MAJ))),
        ("minor", ((3, MAJ), (8, MAJ), (0, MIN), (0, MIN))),
        ("major", ((7, MAJ), (5, MAJ), (0, MAJ), (5, MAJ))),
        ("major", ((5, MAJ), (0, MAJ), (7, MAJ), (0, MAJ))),
        ("major", ((2, MIN7), (7, DOM7), (0, MAJ7), (0, MAJ7))),
    )
}
TEST_TURNED: Loops = {
    "turned": (
        ("minor", ((8, MAJ), (5, MIN), (0, MIN), (7, MIN))),
        ("minor", ((3, MAJ), (10, MAJ), (0, MIN), (0, MIN))),
        ("minor", ((8, MAJ7), (10, ADD9), (7, MIN7), (0, MIN9))),
        ("phrygian", ((1, MAJ), (0, MIN))),
        ("major", ((5, MAJ), (7, MAJ), (9, MIN), (0, MAJ))),
        ("major", ((7, MAJ), (5, MAJ), (0, MAJ), (0, MAJ))),
    )
}
BEATS = Path("/usr/share/lmms/samples/beats")
LOOP_S = 20
ROUNDS = 2
CENTS = (0.0, 0.0, -30.0, 12.0, 30.0, 0.0, -18.0)


@dataclass(frozen=True, slots=True)
class Item:
    """One file; ``key`` is (tonic, minor), ``None`` where no key is the answer."""

    name: str
    group: str
    split: str
    path: Path
    key: tuple[int, bool] | None
    cents: float | None = None
    """How far it was tuned off A = 440 Hz, where that is known."""


def corpus() -> list[Item]:
    """Everything that can be had on this machine."""
    items = [*_synthesised("tune", TUNE_LOOPS), *_synthesised("tune", TUNE_TURNED, 201)]
    items += [*_synthesised("test", TEST_LOOPS), *_synthesised("test", TEST_TURNED, 201), *_without_key()]
    if MATERIAL.is_dir():
        items += _shared()
    if shutil.which("lmms"):
        items += [*_rendered(), *_beats()]
    return items


def drawn_tracks(seed: int) -> list[Item]:
    """A set that nobody has tuned on, with loops and drums drawn by chance, see ``drawn.py``."""
    items: list[Item] = []
    for number, (kind, recipe) in enumerate(drawn.recipes(seed)):
        name = f"drawn {seed} {recipe.mode} {number}" + (" sub" if recipe.foreign_sub is not None else "")
        items.append(
            Item(name, kind, "test", _wav(name, recipe), (recipe.tonic, recipe.mode in MINOR_MODES), recipe.cents)
        )
    for groove in drawn.beats_alone(seed):
        path = CACHE / f"{groove.name}.wav"
        if not path.exists():
            grooves.write(groove, path)
        items.append(Item(groove.name, "no key", "test", path, None))
    return items


def half_of(project: str) -> str:
    return "tune" if project in TUNE_PROJECTS else "test"


def _shared() -> Iterator[Item]:
    for entry in json.loads((MATERIAL / "manifest.json").read_text())["items"]:
        if entry["key_confidence"] in ("high", "medium") and entry["true_key"] and entry["kind"] != "stem_mix":
            tonic, mode = entry["true_key"].split()
            path = MATERIAL / entry["file"]
            of = (entry.get("variant_of") or entry["id"]).removeprefix("lmms_").replace("_", "-")
            tune = [name for name in TUNE_PROJECTS if name.lower() == of]
            yield Item(path.stem, "shared", "tune" if tune else "test", path, (NAMES[tonic], mode == "minor"))


def _rendered() -> Iterator[Item]:
    for project in sorted(PROJECTS.rglob("*.mmp*")):
        if project.stem in TOO_SLOW:
            continue
        score = read_score(read_xml(project))
        verdict = derive_key(score)
        if verdict.tonic is None or verdict.minor is None:
            continue
        name = str(project.relative_to(PROJECTS))
        by = SEMITONES[zlib.crc32(name.encode()) % len(SEMITONES)]
        for semitones in (0, by):
            path, _bpm = render(name, semitones)
            key = ((verdict.tonic + semitones) % 12, verdict.minor)
            yield Item(path.stem, "lmms", half_of(project.stem), path, key)


def _beats() -> Iterator[Item]:
    """LMMS's own drum loops, played over and over: what rings in them has pitches, and no key."""
    for number, loop in enumerate(sorted(BEATS.glob("*.ogg"))):
        path = CACHE / f"loop {loop.stem}.wav"
        if not path.exists():
            samples, rate_hz = sf.read(loop, always_2d=True)
            again = np.tile(samples, (-(-LOOP_S * rate_hz // len(samples)), 1))[: LOOP_S * rate_hz]
            path.parent.mkdir(parents=True, exist_ok=True)
            sf.write(path, again, rate_hz, subtype="PCM_16")
        yield Item(path.stem, "no key", "test" if number % 2 else "tune", path, None)


def _synthesised(split: str, loops: Loops, first: int = 1) -> Iterator[Item]:
    lines = [(group, *line) for group, of_group in loops.items() for line in of_group for _take in range(2)]
    for number, (group, mode, loop) in enumerate(lines * ROUNDS, start=first):
        seed = number + (1000 if split == "test" else 0)
        tonic, cents = (7 * number + 3) % 12, CENTS[number % len(CENTS)]
        # Every fourth has a kick and a sub that shout down the music, the sub on a note outside its triads.
        loud = number % 4 == 0
        sub = (tonic + (1, 6, 11, 2)[number // 4 % 4]) % 12 if loud else None
        recipe = Recipe(tonic, mode, loop, seed, cents, 2.0 if loud else 1.0, sub, _parts(number))
        name = f"{split}-{group.replace(' ', '-')}-{number:02d}"
        wav = _wav(name, recipe)
        yield Item(name + ("-sub" if loud else ""), group, split, wav, (tonic, mode in MINOR_MODES), cents)


def _parts(number: int) -> tuple[str, ...]:
    return (("bass", "pad", "arp", "lead"), ("bass", "pad", "arp"), ("bass", "pad", "lead"))[number % 3]


def _wav(name: str, recipe: Recipe) -> Path:
    # The recipe is part of the name: another recipe is another file.
    path = CACHE / f"{name}-{zlib.crc32(repr(recipe).encode()):08x}.wav"
    return path if path.exists() else _write(path, arrange(recipe))


def _write(path: Path, signal: FloatArray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.wav")
    sf.write(partial, signal.T, RATE_HZ, subtype="PCM_16")
    partial.rename(path)
    return path


def _without_key() -> Iterator[Item]:
    seconds = 24
    frames = seconds * RATE_HZ
    time_s = np.arange(frames) / RATE_HZ
    for split, seed in (("tune", 11), ("test", 12), ("tune", 13), ("test", 14)):
        rng = np.random.default_rng(seed)
        noise = 0.2 * rng.standard_normal(frames)
        sweep_hz = 80 * 2 ** (6 * (time_s % 8) / 8)
        sweep = 0.4 * np.sin(2 * np.pi * np.cumsum(sweep_hz) / RATE_HZ)
        step_s = float(rng.uniform(0.10, 0.13))
        beat = 0.5 * drums(frames, step_s, rng)
        one = np.zeros(frames)
        tone = note("saw", 50.0 + seed, 4 * step_s, "arp")
        for at in range(0, frames - tone.size, round(8 * step_s * RATE_HZ)):
            one[at : at + tone.size] += 0.3 * tone
        swell = noise * (0.2 + np.abs(np.sin(time_s)))
        made = {"drums": beat, "noise": swell, "sweep": sweep, "sweep and drums": sweep + beat, "one note": one + beat}
        for name, signal in made.items():
            path = CACHE / f"{split}-{name.replace(' ', '-')}-{seed}.wav"
            stereo = np.stack([signal, signal]) / max(1.0, float(np.abs(signal).max()))
            yield Item(path.stem, "no key", split, path if path.exists() else _write(path, stereo), None)
