"""Hard grooves with a known tempo and first downbeat, synthesised: what takes estimators to half, double or two thirds.

A groove is a bar of sixteen steps (twelve for triplets and for three beats) a voice, ``x`` loud, ``o`` soft; several
bars take turns. Voices enter and leave by phrases of four bars, notes are left out or added at random, and the song
begins anywhere in the file. A note's time is the first sample of its sound. Everything follows from the seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 44_100
SECONDS = 48.0
PITCHED = ("bass", "stab", "sub", "wobble", "saws", "swell")

Audio = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Groove:
    """``voices``: name to one or more bars of steps; ``swing``: share of a pair of steps the first one takes."""

    name: str
    bpm: float
    voices: dict[str, tuple[str, ...]]
    seed: int
    steps_a_beat: int = 4
    beats_per_bar: int = 4
    swing: float = 0.5
    alternates: tuple[float, ...] = ()
    """Tempi in BPM that are as defensible as the written one."""
    chords: bool = True
    gains: Mapping[str, float] = field(default_factory=dict)
    """Voice (or "pad") to a factor on its level; 1 where it is not named."""

    @property
    def start_s(self) -> float:
        """Where bar 1 begins in the file."""
        return float(np.random.default_rng(self.seed).uniform(0.0, 1.5))


def write(groove: Groove, path: Path) -> None:
    """Synthesise to 16-bit stereo WAV, peaking at -1 dBFS."""
    signal = synthesise(groove)
    soundfile.write(path, (signal * (0.89 / np.abs(signal).max())).T, RATE_HZ, subtype="PCM_16")


def synthesise(groove: Groove) -> Audio:
    """shape (2, frames)."""
    rng = np.random.default_rng(groove.seed + 1)
    out = np.zeros((2, round(SECONDS * RATE_HZ) + 2 * RATE_HZ))
    beat_s = 60.0 / groove.bpm
    steps_a_bar = groove.steps_a_beat * groove.beats_per_bar
    bar_s = beat_s * groove.beats_per_bar
    bars = int((SECONDS - groove.start_s) / bar_s)
    root = int(rng.integers(0, 12))
    progression = rng.permutation([0, 3, 5, 7, 8, 10])[:4]
    sounds = {voice: [_sound(voice, rng) for _ in range(4)] for voice in groove.voices if voice not in PITCHED}
    enters = _entries(tuple(groove.voices), bars, rng)
    for bar in range(bars):
        begins_s = groove.start_s + bar * bar_s
        note = root + int(progression[bar // 2 % 4])
        for voice, patterns in groove.voices.items():
            if not enters[voice][bar // 4]:
                continue
            for step, mark in enumerate(patterns[bar % len(patterns)]):
                if mark == "." or rng.random() < 0.02:
                    continue
                place = step + (2 * groove.swing - 1.0 if step % 2 else 0.0)
                at = round((begins_s + place * bar_s / steps_a_bar) * RATE_HZ)
                level = (1.0 if mark == "x" else 0.35) * rng.uniform(0.85, 1.0) * groove.gains.get(voice, 1.0)
                sound = _pitched(voice, note, rng) if voice in PITCHED else sounds[voice][int(rng.integers(0, 4))]
                _add(out, level * sound, at, voice)
        if groove.chords:
            _add(out, groove.gains.get("pad", 1.0) * _pad(note, bar_s), round(begins_s * RATE_HZ), "pad")
    out += 2e-4 * rng.standard_normal(out.shape)
    ended: Audio = out[:, : round(SECONDS * RATE_HZ)].astype(np.float32)
    return ended


def _entries(voices: tuple[str, ...], bars: int, rng: np.random.Generator) -> dict[str, list[bool]]:
    """Which phrases of four bars each voice plays; something always does."""
    phrases = bars // 4 + 1
    plays = {voice: [bool(rng.random() < 0.85) for _ in range(phrases)] for voice in voices}
    for phrase in range(phrases):
        if not any(plays[voice][phrase] for voice in voices):
            plays[voices[0]][phrase] = True
    return plays


def _add(out: NDArray[np.float64], sound: NDArray[np.float64], at: int, voice: str) -> None:
    pan = {"hat": 0.6, "ride": 0.4, "rim": 0.45, "tom": 0.55}.get(voice, 0.5)
    end = min(out.shape[1], at + sound.size)
    if end > at:
        out[0, at:end] += 2 * (1 - pan) * sound[: end - at]
        out[1, at:end] += 2 * pan * sound[: end - at]


def _sound(voice: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """One drum hit."""
    length = round(0.35 * RATE_HZ)
    t = np.arange(length) / RATE_HZ
    noise = rng.standard_normal(length)
    bright = np.diff(noise, prepend=0.0)
    match voice:
        case "kick":
            tone = np.sin(2 * np.pi * (48 * t + rng.uniform(4, 9) * (1 - np.exp(-t * 40))))
            return np.asarray(0.9 * tone * np.exp(-t * 11) + 0.05 * bright * np.exp(-t * 300))
        case "snare" | "clap":
            body = 0.5 * np.sin(2 * np.pi * 188 * t) if voice == "snare" else 0.0
            return np.asarray(0.35 * (0.8 * noise + body) * np.exp(-t * 20))
        case "hat":
            return np.asarray(0.12 * np.diff(bright, prepend=0.0) * np.exp(-t * 75))
        case "ride":
            return np.asarray(0.08 * bright * np.exp(-t * 14))
        case "rim":
            return np.asarray(0.3 * np.sin(2 * np.pi * 820 * t) * np.exp(-t * 70) + 0.03 * bright * np.exp(-t * 200))
        case "tom":
            return np.asarray(0.5 * np.sin(2 * np.pi * (110 * t + 3 * (1 - np.exp(-t * 30)))) * np.exp(-t * 12))
        case _:
            raise ValueError(f"expected a drum, got {voice}")


def _pitched(voice: str, note: int, rng: np.random.Generator) -> NDArray[np.float64]:
    if voice not in ("bass", "stab"):
        return _sustained(voice, note, rng)
    length = round((0.22 if voice == "bass" else 0.3) * RATE_HZ)
    t = np.arange(length) / RATE_HZ
    if voice == "bass":
        hz = 32.7 * 2 ** (note / 12)
        wave = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 9))
        return np.asarray(0.25 * wave * np.exp(-t * 9) * np.minimum(1.0, t / 0.003))
    chord = sum(
        np.sin(2 * np.pi * 130.8 * 2 ** ((note + step) / 12) * k * t + rng.uniform(0, 6)) / k
        for step in (0, 3, 7)
        for k in range(1, 6)
    )
    return np.asarray(0.07 * chord * np.exp(-t * 10) * np.minimum(1.0, t / 0.004))


SUSTAINED_S = {"sub": 0.9, "wobble": 0.8, "saws": 0.5, "swell": 7.0}


def _sustained(voice: str, note: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """One long note: a sine of an 808, a bass whose brightness wobbles, a chord of detuned saws, a pad that swells."""
    seconds = SUSTAINED_S[voice]
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hz = 32.7 * 2 ** (note % 12 / 12)
    edges = np.minimum(1.0, np.minimum(t / 0.004, (seconds - t) / 0.05))
    match voice:
        case "sub":
            return np.asarray(0.55 * np.sin(2 * np.pi * hz * t + 3 * np.exp(-t * 30)) * np.exp(-t * 1.5) * edges)
        case "wobble":
            open_to = 2.0 + 14.0 * (0.5 - 0.5 * np.cos(2 * np.pi * rng.uniform(3.0, 9.0) * t))
            wave = sum(np.sin(2 * np.pi * hz * k * t) / k**0.5 * np.clip(open_to - k, 0.0, 1.0) for k in range(1, 17))
            return np.asarray(0.16 * wave * edges)
        case "saws":
            chord = sum(
                np.sin(2 * np.pi * 261.6 * 2 ** ((note + step + cents / 100) / 12) * k * t + rng.uniform(0, 6)) / k
                for step in (0, 3, 7)
                for cents in (-9, 7)
                for k in range(1, 13)
            )
            return np.asarray(0.05 * chord * np.exp(-t * 3) * edges)
        case _:
            swells = np.sin(np.pi * t / seconds) ** 2
            tones = sum(
                np.sin(2 * np.pi * 130.8 * 2 ** ((note + step) / 12) * k * t + rng.uniform(0, 6)) / k**2
                for step in (-12, 0, 7, 14)
                for k in range(1, 5)
            )
            return np.asarray(0.12 * tones * swells)


def _pad(note: int, seconds: float) -> NDArray[np.float64]:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * 130.8 * 2 ** ((note + step) / 12) * t) for step in (0, 3, 7, 12))
    return np.asarray(0.035 * chord * np.minimum(1.0, np.minimum(t / 0.05, (seconds - t) / 0.05)))


def no_beat(seconds: float = 30.0) -> dict[str, Audio]:
    """Sounds without a beat: what should be answered with no tempo. shape (2, frames) each."""
    rng = np.random.default_rng(9)
    frames = round(seconds * RATE_HZ)
    t = np.arange(frames) / RATE_HZ
    noise = rng.standard_normal(frames)
    swell = np.interp(t, np.sort(rng.uniform(0, seconds, 12)), rng.uniform(0.1, 1.0, 12))
    drone = sum(np.sin(2 * np.pi * hz * t + hz) for hz in (55.0, 82.4, 110.3, 164.8, 246.9)) * swell
    # Syllables: bursts of coloured noise, 3 to 7 a second, never steady.
    speech = np.zeros(frames)
    moment = 0.0
    while moment < seconds - 0.4:
        length = rng.uniform(0.08, 0.25)
        at = slice(round(moment * RATE_HZ), round((moment + length) * RATE_HZ))
        tone = np.sign(np.sin(2 * np.pi * rng.uniform(90, 180) * t[at]))
        speech[at] += np.hanning(at.stop - at.start) * (0.7 * tone + 0.3 * noise[at]) * rng.uniform(0.3, 1.0)
        moment += length + rng.exponential(0.08) + (rng.uniform(0.3, 0.8) if rng.random() < 0.15 else 0.0)
    sparse = 0.02 * drone
    for moment in rng.uniform(0, seconds - 2, 9):
        begins = round(moment * RATE_HZ)
        ring = np.sin(2 * np.pi * rng.uniform(200, 900) * t[: 2 * RATE_HZ]) * np.exp(-3 * t[: 2 * RATE_HZ])
        sparse[begins : begins + ring.size] += 0.4 * ring
    crackle = np.where(rng.random(frames) < 2e-4, rng.standard_normal(frames), 0.0)
    sounds = {"noise": noise, "drone": drone, "speech": speech, "sparse ambient": sparse, "crackle": crackle}
    return {name: np.tile(0.5 * x / np.abs(x).max(), (2, 1)).astype(np.float32) for name, x in sounds.items()}
