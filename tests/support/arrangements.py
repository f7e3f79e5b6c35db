"""Synthesised arrangements whose sections are known: a few voices, switched on and off by the bar.

A part is written ``"drop 16: kick bass*0.8 lead%4"``: its kind, its bars, the voices that play, the bass at a gain of
0.8 and the lead four bars out of eight. Voices are simple, but what tells sections apart in real music is there: a kick
that comes and goes, a bass under it, pads that swell, risers and rolls that grow through a part, small differences from
bar to bar, fills, a limiter at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from uptrack_analysis.measure.results import BeatGrid
from uptrack_analysis.signal import Block, FloatArray

STEPS = 16
BEATS_PER_BAR = 4
CHORDS = ((0, 3, 7), (-4, 0, 3), (-2, 2, 5), (-5, -2, 2))
"""Semitones over the root, a chord a bar: i, VI, VII, v."""
# Sixteenths on which a drum sounds.
GROOVES = {
    "four": {"kick": (0, 4, 8, 12), "clap": (4, 12), "hats": (2, 6, 10, 14), "shaker": tuple(range(16))},
    "breaks": {"kick": (0, 10), "clap": (4, 12), "hats": tuple(range(0, 16, 2)), "shaker": (3, 7, 9, 11, 15)},
    "half": {"kick": (0, 6), "clap": (8,), "hats": (0, 3, 6, 8, 11, 14), "shaker": tuple(range(0, 16, 2))},
}
BASS_STEPS = {"four": (2, 3, 6, 7, 10, 11, 14, 15), "breaks": (0, 3, 6, 10, 12, 14), "half": (0, 4, 8, 10, 12)}


@dataclass(frozen=True, slots=True)
class Part:
    kind: str
    bars: int
    voices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A song: ``sketch`` is one part a line; ``lead_s`` is silence before bar 1."""

    name: str
    bpm: float
    groove: str
    sketch: str
    seed: int = 1
    root_hz: float = 55.0
    lead_s: float = 0.0
    parts: tuple[Part, ...] = field(init=False)

    def __post_init__(self) -> None:
        parts: list[Part] = []
        for line in self.sketch.strip().splitlines():
            head, _, voices = line.partition(":")
            kind, bars = head.split()
            parts.append(Part(kind, int(bars), tuple(voices.split())))
        object.__setattr__(self, "parts", tuple(parts))

    @property
    def bar_s(self) -> float:
        return BEATS_PER_BAR * 60 / self.bpm

    @property
    def duration_s(self) -> float:
        return self.lead_s + self.bar_s * sum(part.bars for part in self.parts)

    @property
    def grid(self) -> BeatGrid:
        """The true beat grid."""
        beat_s = 60 / self.bpm
        first_s = self.lead_s % beat_s
        return BeatGrid(beat_s, first_s, self.lead_s % self.bar_s, BEATS_PER_BAR, 1.0, 0.0)

    def sections(self) -> tuple[tuple[str, float, float], ...]:
        """(kind, start_s, end_s) of runs of parts of one kind; the first takes in the silence before it."""
        found: list[tuple[str, float, float]] = []
        start_s = self.lead_s
        for part in self.parts:
            end_s = start_s + part.bars * self.bar_s
            if found and found[-1][0] == part.kind:
                found[-1] = (part.kind, found[-1][1], end_s)
            else:
                found.append((part.kind, start_s if found else 0.0, end_s))
            start_s = end_s
        return tuple(found)


def play(song: Arrangement, rate_hz: int = 44_100) -> Block:
    """The song as stereo samples, peaks just under full scale."""
    player = _Player(song, rate_hz)
    bar = 0
    for number, part in enumerate(song.parts):
        ahead = song.parts[number + 1] if number + 1 < len(song.parts) else None
        for index in range(part.bars):
            fill = ahead is not None and index == part.bars - 1
            player.bar(bar, part, index / part.bars, fill=fill)
            bar += 1
    # A limiter's shoulder: full parts come out as loud as masters do, thin ones keep their level.
    mix: Block = (0.95 * np.tanh(1.3 * player.mix)).astype(np.float32)
    return mix


class _Player:
    def __init__(self, song: Arrangement, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.song = song
        self.rng = np.random.default_rng(song.seed)
        self.mix: FloatArray = np.zeros((2, round(song.duration_s * rate_hz)))
        self.step_s = song.bar_s / STEPS
        self.groove = GROOVES[song.groove]
        self.sounds: dict[tuple[str, float, int], FloatArray] = {}

    def bar(self, bar: int, part: Part, share: float, *, fill: bool) -> None:
        for voice in part.voices:
            name, _, level = voice.partition("*")
            name, _, turn = name.partition("%")
            if turn and bar // int(turn) % 2 == 0:
                continue
            gain = float(level or 1.0)
            if name in ("kick", "clap", "hats", "shaker"):
                sound = {"kick": self._kick, "clap": self._clap, "hats": self._hat, "shaker": self._shaker}[name]()
                for step in self.groove[name]:
                    if not (fill and name == "kick" and step >= 12):
                        self._place(bar, step, sound, gain * self.rng.uniform(0.9, 1.0))
            elif name == "bass":
                for step in BASS_STEPS[self.song.groove]:
                    note = self.song.root_hz * 2 ** (CHORDS[bar % 4][0] / 12)
                    self._place(bar, step, self._bass(note), gain * self.rng.uniform(0.85, 1.0))
            elif name == "sub":
                self._place(bar, 0, self._sub(self.song.root_hz * 2 ** (CHORDS[bar % 4][0] / 12)), gain)
            elif name in ("pad", "swell"):
                brightness = 0.35 if name == "pad" else 0.1 + 0.9 * share
                self._place(bar, 0, self._chord(bar, brightness), gain * (1.0 if name == "pad" else 0.6 + 0.5 * share))
            elif name in ("arp", "lead"):
                chord, octave = CHORDS[bar % 4], 4 if name == "arp" else 8
                for count, step in enumerate((0, 3, 6, 8, 11, 14) if name == "lead" else range(0, 16, 2)):
                    note = self.song.root_hz * octave * 2 ** (chord[count % 3] / 12)
                    self._place(bar, step, self._pluck(note), gain * self.rng.uniform(0.7, 1.0))
            elif name == "riser":
                self._place(bar, 0, self._noise(share, share + 1 / part.bars), gain)
            elif name == "roll":
                spacing = 4 if share < 0.5 else 2 if share < 0.75 else 1
                for step in range(0, 14 if fill else 16, spacing):
                    self._place(bar, step, self._clap(), gain * (0.3 + 0.6 * share) * self.rng.uniform(0.9, 1.0))
            elif name == "air":
                self._place(bar, 0, self._air(), gain)
            else:
                raise ValueError(f"no voice is called {name!r}")

    def _place(self, bar: int, step: float, sound: FloatArray, gain: float) -> None:
        start = round((self.song.lead_s + bar * self.song.bar_s + step * self.step_s) * self.rate_hz)
        count = min(sound.shape[1], self.mix.shape[1] - start)
        self.mix[:, start : start + count] += gain * sound[:, :count]

    def _times(self, seconds: float) -> FloatArray:
        return np.arange(round(seconds * self.rate_hz)) / self.rate_hz

    def _kick(self) -> FloatArray:
        key = ("kick", 0.0, 0)
        if key not in self.sounds:
            time_s = self._times(0.3)
            phase = np.cumsum(self.song.root_hz * 0.9 + 160 * np.exp(-time_s / 0.025)) / self.rate_hz
            self.sounds[key] = np.tile(0.75 * np.sin(2 * np.pi * phase) * np.exp(-time_s / 0.11), (2, 1))
        return self.sounds[key]

    def _clap(self) -> FloatArray:
        time_s = self._times(0.18)
        noise = self.rng.standard_normal((2, time_s.size)) * np.exp(-time_s / 0.04)
        return 0.14 * (noise - np.roll(noise, 9, axis=1) * 0.5)

    def _hat(self) -> FloatArray:
        time_s = self._times(0.09)
        noise = self.rng.standard_normal((2, time_s.size + 1))
        return 0.09 * np.diff(noise, axis=1) * np.exp(-time_s / 0.03)

    def _shaker(self) -> FloatArray:
        time_s = self._times(0.05)
        noise = self.rng.standard_normal((2, time_s.size + 1))
        return 0.05 * np.diff(noise, axis=1) * np.sin(np.pi * time_s / 0.05)

    def _bass(self, note_hz: float) -> FloatArray:
        key = ("bass", note_hz, 0)
        if key not in self.sounds:
            time_s = self._times(self.step_s * 0.95)
            wave = sum(np.sin(2 * np.pi * note_hz * k * time_s) / k**1.3 for k in range(1, 9))
            self.sounds[key] = np.tile(0.26 * wave * np.minimum(1, (time_s[-1] - time_s) / 0.01), (2, 1))
        return self.sounds[key]

    def _sub(self, note_hz: float) -> FloatArray:
        key = ("sub", note_hz, 0)
        if key not in self.sounds:
            time_s = self._times(self.song.bar_s * 0.98)
            edge = np.clip(np.minimum(time_s, time_s[-1] - time_s) / 0.02, 0, 1)
            self.sounds[key] = np.tile(0.3 * np.sin(2 * np.pi * note_hz * time_s) * edge, (2, 1))
        return self.sounds[key]

    def _chord(self, bar: int, brightness: float) -> FloatArray:
        key = ("chord", round(brightness, 1), bar % 4)
        if key not in self.sounds:
            time_s = self._times(self.song.bar_s)
            rows = []
            for detune in (-0.003, 0.003):
                wave = np.zeros(time_s.size)
                for semitone in CHORDS[bar % 4]:
                    note = self.song.root_hz * 4 * 2 ** (semitone / 12) * (1 + detune)
                    highest = max(2, int(min(12_000, 600 * 2 ** (4.5 * brightness)) / note))
                    wave += sum(np.sin(2 * np.pi * note * k * time_s + k) / k for k in range(1, highest + 1))
                rows.append(wave)
            edge = np.clip(np.minimum(time_s, time_s[-1] - time_s) / 0.03, 0, 1)
            self.sounds[key] = 0.05 * np.stack(rows) * edge
        return self.sounds[key]

    def _pluck(self, note_hz: float) -> FloatArray:
        key = ("pluck", note_hz, 0)
        if key not in self.sounds:
            time_s = self._times(0.3)
            wave = sum(np.sin(2 * np.pi * note_hz * k * time_s) / k * np.exp(-time_s * k * 3) for k in range(1, 9))
            self.sounds[key] = np.tile(0.12 * wave * np.exp(-time_s / 0.12), (2, 1))
        return self.sounds[key]

    def _noise(self, start: float, end: float) -> FloatArray:
        """A bar of a riser that goes from nothing to loud over its part."""
        time_s = self._times(self.song.bar_s)
        level = np.linspace(start, end, time_s.size) ** 2
        noise = self.rng.standard_normal((2, time_s.size + 1))
        return 0.16 * np.diff(noise, axis=1) * level

    def _air(self) -> FloatArray:
        time_s = self._times(self.song.bar_s)
        noise = self.rng.standard_normal((2, time_s.size))
        return 0.012 * np.cumsum(noise - np.roll(noise, 40, axis=1), axis=1) / 4
