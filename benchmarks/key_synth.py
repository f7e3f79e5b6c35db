"""Club tracks of known key, synthesised: what the shared material lacks (major keys, modes, mistuning, loud kicks).

A track is a loop of chords with bass, pad, arpeggio, lead and drums, arranged as intro, verse, break, drop and outro.
Its notes come from a seeded random generator, its key from the loop it was given; which loops and timbres serve for
tuning and which for judging is decided in ``key_corpus.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.fft

from uptrack_analysis.signal import FloatArray

RATE_HZ = 44_100
STEPS_PER_BAR = 16
BARS = 20
Chord = tuple[int, tuple[int, ...]]
"""Root in semitones over the tonic, and the chord's tones over the root."""

MAJ, MIN, SUS, FIFTH, DIM = (0, 4, 7), (0, 3, 7), (0, 5, 7), (0, 7), (0, 3, 6)
MAJ7, MIN7, DOM7, MIN9, ADD9 = (0, 4, 7, 11), (0, 3, 7, 10), (0, 4, 7, 10), (0, 3, 7, 10, 14), (0, 4, 7, 14)
MODES = {
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
}
MINOR_MODES = ("minor", "dorian", "phrygian", "harmonic")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a track is made of; ``seed`` decides all that is not said here."""

    tonic: int
    mode: str
    loop: tuple[Chord, ...]
    seed: int
    cents: float = 0.0
    drums: float = 1.0
    foreign_sub: int | None = None
    """A drone of this pitch class an octave under the bass, as loud as the kick, against the key."""
    parts: tuple[str, ...] = ("bass", "pad", "arp", "lead")
    timbres: tuple[str, ...] = ("saw", "square", "fm", "organ")


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it is written: when, in seconds from the start, and which, before the track is tuned off 440 Hz."""

    part: str
    bar: int
    start_s: float
    length_s: float
    midi: int


@dataclass(frozen=True, slots=True)
class _Score:
    notes: tuple[Note, ...]
    step_s: float
    timbre: dict[str, str]
    plan: list[tuple[str, ...]]


def notes(recipe: Recipe) -> tuple[Note, ...]:
    """Everything with a pitch that the track plays, the foreign sub aside, in the order of its parts."""
    return _write(recipe, np.random.default_rng(recipe.seed)).notes


def timbres(recipe: Recipe) -> dict[str, str]:
    """By part."""
    return _write(recipe, np.random.default_rng(recipe.seed)).timbre


def arrange(recipe: Recipe) -> FloatArray:
    """The track, shape (2, frames), peak 0.9; about 40 s."""
    rng = np.random.default_rng(recipe.seed)
    score = _write(recipe, rng)
    step_s, plan = score.step_s, score.plan
    frames = round((BARS * STEPS_PER_BAR * step_s + 1.5) * RATE_HZ)
    music, low = np.zeros(frames), np.zeros(frames)
    tuning = recipe.cents / 100
    level = {"bass": 0.5, "pad": 0.16, "arp": 0.18, "lead": 0.22}
    for one in score.notes:
        target = low if one.part == "bass" else music
        wave = note(score.timbre[one.part], round(one.midi + tuning, 3), round(one.length_s, 4), one.part)
        at = round(one.start_s * RATE_HZ)
        target[at : at + wave.size] += level[one.part] * wave[: frames - at]
    time_s = np.arange(frames) / RATE_HZ
    if recipe.foreign_sub is not None:
        hz = 440.0 * 2 ** ((24 + recipe.foreign_sub % 12 + tuning - 69) / 12)
        low += 0.6 * np.sin(2 * np.pi * hz * time_s)
    pump = 1.0 - float(rng.uniform(0.2, 0.8)) * np.exp(-(time_s % (4 * step_s)) * 9) * min(1.0, recipe.drums)
    wet = float(rng.uniform(0.1, 0.5))
    left, right = (pump * ((1 - wet) * music + wet * _reverb(music, recipe.seed + side)) for side in (0, 1))
    beat = recipe.drums * drums(frames, step_s, rng, plan)
    mix = np.stack([left + pump * low + beat, right + pump * low + beat])
    return np.asarray(0.9 * mix / np.abs(mix).max())


def _write(recipe: Recipe, rng: np.random.Generator) -> _Score:
    bpm = float(rng.integers(118, 142))
    step_s = 60.0 / bpm / 4
    plan = _plan(BARS)
    scale = MODES[recipe.mode]
    register = {"bass": 36 + int(rng.choice([0, 0, 12])), "pad": 60, "arp": 72, "lead": 72}
    timbre = {part: str(rng.choice(recipe.timbres)) for part in register}
    writers: dict[str, Callable[..., list[tuple[int, int, int]]]] = {
        "bass": _bass,
        "pad": _pad,
        "arp": _arp,
        "lead": _lead,
    }
    styles = {part: int(rng.integers(4)) for part in register}
    written: list[Note] = []
    for part in recipe.parts:
        lowest = register[part] + recipe.tonic % 12 - (12 if recipe.tonic % 12 > 7 else 0)
        for bar in range(BARS):
            if part not in plan[bar]:
                continue
            chord = recipe.loop[bar % len(recipe.loop)]
            for start, length, pitch in writers[part](chord, scale, styles[part], bar, rng):
                written.append(Note(part, bar, (bar * STEPS_PER_BAR + start) * step_s, length * step_s, lowest + pitch))
    return _Score(tuple(written), step_s, timbre, plan)


def _plan(bars: int) -> list[tuple[str, ...]]:
    full = ("drums", "bass", "pad", "arp", "lead")
    intro, verse, rest, outro = ("drums", "bass"), ("drums", "bass", "arp"), ("pad", "arp", "lead"), ("drums", "bass")
    parts = (intro, verse, rest, full, outro)
    return [parts[min(bar * len(parts) // bars, len(parts) - 1)] for bar in range(bars)]


def _bass(chord: Chord, _scale: tuple[int, ...], style: int, _bar: int, rng: np.random.Generator):  # type: ignore[no-untyped-def]
    root = chord[0] if chord[0] <= 7 else chord[0] - 12
    match style:
        case 0:  # offbeats
            return [(beat + 2, 2, root) for beat in (0, 4, 8, 12)]
        case 1:  # rolling, with the octave
            return [(step, 1, root + (12 if rng.random() < 0.15 else 0)) for step in range(16) if step % 4]
        case 2:  # long
            return [(0, 12, root), (12, 4, root + (7 if rng.random() < 0.3 else 0))]
        case _:  # syncopated
            return [(step, 2, root) for step in (0, 3, 6, 10, 13)]


def _pad(chord: Chord, _scale: tuple[int, ...], style: int, _bar: int, _rng: np.random.Generator):  # type: ignore[no-untyped-def]
    tones = [chord[0] + tone - (12 if chord[0] + tone >= 12 else 0) for tone in chord[1]]
    if style < 2:
        return [(0, 16, tone) for tone in tones]
    return [(start, 2, tone) for start in ((0, 6, 12) if style == 2 else (2, 6, 10, 14)) for tone in tones]  # stabs


def _arp(chord: Chord, _scale: tuple[int, ...], style: int, _bar: int, rng: np.random.Generator):  # type: ignore[no-untyped-def]
    tones = [chord[0] + tone for tone in chord[1]]
    if style == 0:
        return [(step, 1, tones[step % len(tones)]) for step in range(16)]
    if style == 1:
        return [(step, 1, tones[-1 - (step // 2) % len(tones)]) for step in range(0, 16, 2)]
    return [(step, 1, int(rng.choice(tones)) + 12 * int(rng.integers(2))) for step in range(16) if rng.random() < 0.7]


def _lead(chord: Chord, scale: tuple[int, ...], _style: int, bar: int, rng: np.random.Generator):  # type: ignore[no-untyped-def]
    notes, step = [], 0
    tones = [(chord[0] + tone) % 12 for tone in chord[1]]
    while step < STEPS_PER_BAR:
        length = int(rng.choice([1, 2, 2, 3, 4]))
        # Strong beats take a tone of the chord, the rest walk the scale.
        pitch = int(rng.choice(tones if step % 4 == 0 else scale))
        if rng.random() < 0.75:
            notes.append((step, min(length, STEPS_PER_BAR - step), pitch))
        step += length
    if bar % 4 == 3:
        notes[-1:] = [(12, 4, 0 if rng.random() < 0.5 else 7)]
    return notes


@cache
def note(timbre: str, midi: float, length_s: float, part: str) -> FloatArray:
    """One note with a decaying or a held envelope, peak about 1."""
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    time_s = np.arange(round((length_s + 0.08) * RATE_HZ)) / RATE_HZ
    top = min(24 if part == "bass" else 40, int(12_000 / hz))
    order = np.arange(1, max(2, top + 1))
    if timbre == "fm":
        depth = 3.0 * np.exp(-time_s * 6) + 0.4
        wave = np.sin(2 * np.pi * hz * time_s + depth * np.sin(4 * np.pi * hz * time_s))
    else:
        strength = {"saw": 1.0 / order, "square": (order % 2) / order, "organ": np.isin(order, (1, 2, 3, 4, 6, 8)) / 3}
        cut = np.exp(-order * hz / (900.0 if part == "bass" else 4_000.0))
        weights = strength[timbre] * cut
        phase = np.arange(4096) / 4096
        table = (weights[:, None] * np.sin(2 * np.pi * order[:, None] * phase + order[:, None])).sum(axis=0)
        table /= np.abs(table).max()
        detune = (-0.08, 0.0, 0.07) if timbre == "saw" and part != "bass" else (0.0,)
        wave = np.zeros(time_s.size)
        for spread in detune:
            wave += table[(hz * 2 ** (spread / 12) * time_s * 4096).astype(int) % 4096] / len(detune)
    held = part == "pad"
    decay = np.exp(-time_s * (1.0 if held else 3.0))
    envelope = np.minimum(1.0, time_s / (0.03 if held else 0.004)) * np.clip((length_s + 0.08 - time_s) / 0.08, 0, 1)
    return np.asarray(wave * decay * envelope)


def drums(
    frames: int, step_s: float, rng: np.random.Generator, plan: list[tuple[str, ...]] | None = None
) -> FloatArray:
    """Kick, clap and hats; the kick rings at a pitch of its own, the tom is tuned too."""
    time_s = np.arange(frames) / RATE_HZ
    beat_s, bar_s = 4 * step_s, 16 * step_s
    playing = np.ones(frames)
    if plan is not None:
        bar = np.minimum((time_s / bar_s).astype(int), len(plan) - 1)
        playing = np.array(["drums" in parts for parts in plan], dtype=float)[bar]
    end_hz = float(rng.uniform(42, 65))
    since = time_s % beat_s
    sweep = float(rng.uniform(3, 9)) * (1 - np.exp(-since * 35))
    kick = np.tanh(2.5 * np.sin(2 * np.pi * (end_hz * since + sweep)) * np.exp(-since * float(rng.uniform(5, 10))))
    noise = rng.standard_normal(frames)
    hat = 0.15 * noise * np.exp(-((time_s + beat_s / 2) % beat_s) * 35)
    clap = 0.3 * np.diff(noise, prepend=0.0) * np.exp(-((time_s - beat_s) % (2 * beat_s)) * 18)
    tom_hz = float(rng.uniform(90, 180))
    at_s = (time_s - 14 * step_s) % (2 * bar_s)
    tom = 0.4 * np.sin(2 * np.pi * tom_hz * (at_s + 0.02 * (1 - np.exp(-at_s * 30)))) * np.exp(-at_s * 9)
    return np.asarray(0.7 * playing * (kick + hat + clap + tom))


def _reverb(dry: FloatArray, seed: int) -> FloatArray:
    length = RATE_HZ
    tail = np.random.default_rng(seed).standard_normal(length) * np.exp(-np.arange(length) / RATE_HZ * 5)
    size = scipy.fft.next_fast_len(dry.size + length)
    wet = scipy.fft.irfft(scipy.fft.rfft(dry, size) * scipy.fft.rfft(tail, size), size)[: dry.size]
    return np.asarray(wet * np.sqrt((dry**2).mean() / max(1e-12, (wet**2).mean())))
