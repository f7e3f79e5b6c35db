"""The demo's instruments: one function a voice, each returning one short sound.

Sounds are float32 at ``RATE_HZ``: shape ``(frames,)`` for what belongs in the middle, ``(2, frames)`` for what has a
width. Pitches are MIDI note numbers (69 is A4, 440 Hz), lengths are seconds, and every random choice comes from the
generator that is passed in, so one seed is one record. Filters, reverb and echoes live in ``effects``; which note is
played when is the business of ``song``.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from uptrack_daemon.demo import effects

RATE_HZ = effects.RATE_HZ
TABLE_SIZE = 2048

Sound = effects.Sound


def hertz(note: float) -> float:
    """Frequency of a MIDI note number in equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


def frames(seconds: float) -> int:
    return round(seconds * RATE_HZ)


# -- sources and envelopes ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _saw_table(harmonics: int) -> NDArray[np.float32]:
    """One period of a sawtooth with no partial above ``harmonics``, so that high notes do not alias."""
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=np.complex128)
    partials = np.arange(1, harmonics + 1)
    spectrum[1 : harmonics + 1] = -1j * TABLE_SIZE / (np.pi * partials)
    table = np.fft.irfft(spectrum, TABLE_SIZE).astype(np.float32)
    return np.append(table, table[0])


def saw(note: float, length_s: float, *, phase: float = 0.0, highest_hz: float = 17_000.0) -> Sound:
    """Band-limited sawtooth at full scale, shape (frames,); ``phase`` counts in periods."""
    frequency_hz = hertz(note)
    harmonics = int(np.clip(highest_hz / frequency_hz, 1, TABLE_SIZE // 2 - 1))
    table = _saw_table(harmonics)
    position = (np.arange(frames(length_s)) * (frequency_hz / RATE_HZ) + phase) % 1.0 * TABLE_SIZE
    index = position.astype(np.int32)
    between = (position - index).astype(np.float32)
    return (table[index] + between * (table[index + 1] - table[index])).astype(np.float32, copy=False)


def sine(note: float, length_s: float) -> Sound:
    radians = 2 * np.pi * hertz(note) / RATE_HZ * np.arange(frames(length_s))
    sound: Sound = np.sin(radians).astype(np.float32)
    return sound


def noise(rng: np.random.Generator, length_s: float, channels: int | None = None) -> Sound:
    shape = frames(length_s) if channels is None else (channels, frames(length_s))
    return rng.standard_normal(shape, dtype=np.float32)


def decay(length_s: float, time_constant_s: float, *, attack_s: float = 0.001) -> Sound:
    """Exponential decay after a short raised-cosine attack, ending in silence, shape (frames,)."""
    time_s = np.arange(frames(length_s)) / RATE_HZ
    curve = np.exp(-time_s / time_constant_s)
    return (curve * _edges(time_s.size, attack_s, min(0.01, length_s / 4))).astype(np.float32)


def gate(length_s: float, *, attack_s: float, release_s: float) -> Sound:
    """Held level with raised-cosine attack and release, both inside ``length_s``, shape (frames,)."""
    return _edges(frames(length_s), attack_s, release_s).astype(np.float32)


def _edges(count: int, attack_s: float, release_s: float) -> NDArray[np.float64]:
    curve = np.ones(count)
    for fade_s, order in ((attack_s, 1), (release_s, -1)):
        fade = min(frames(fade_s), count)
        if fade:
            ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / fade)
            curve[::order][:fade] *= ramp
    return curve


# -- drums -------------------------------------------------------------------------------------------------------------


def kick(rng: np.random.Generator, *, body_hz: float = 73.4, punch: float = 1.0) -> Sound:
    """Four-to-the-floor kick: a sine that falls from the click down to ``body_hz``, driven into a soft clip."""
    length_s = 0.36
    time_s = np.arange(frames(length_s)) / RATE_HZ
    pitch_hz = body_hz + 150.0 * np.exp(-time_s / 0.022) + punch * 1_100.0 * np.exp(-time_s / 0.0035)
    body = np.sin(2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ) * np.exp(-((time_s / 0.21) ** 1.6))
    body *= _edges(time_s.size, 0.0008, 0.06)
    driven = np.tanh(1.7 * body) / np.tanh(1.7)
    click = effects.band_pass(noise(rng, length_s), 2_000.0, 9_000.0) * decay(length_s, 0.004, attack_s=0.0003)
    sound: Sound = (driven + 0.10 * punch * click).astype(np.float32)
    return sound


def clap(rng: np.random.Generator) -> Sound:
    """Three quick hands and a fourth that rings, in a small bright room; shape (2, frames)."""
    length_s = 0.5
    hands = np.zeros((2, frames(length_s)), dtype=np.float32)
    for onset_s, level, fall_s in ((0.0, 0.7, 0.006), (0.011, 0.8, 0.006), (0.023, 0.9, 0.007), (0.034, 1.0, 0.060)):
        hit = noise(rng, length_s - onset_s, channels=2)
        hit = 0.75 * hit.mean(axis=0) + 0.25 * hit  # hands in the middle, a little air at the sides
        hands[:, frames(onset_s) :] += level * hit * decay(length_s - onset_s, fall_s, attack_s=0.0004)
    dry = effects.band_pass(hands, 750.0, 5_500.0)
    dry += 0.8 * effects.band_pass(hands, 1_000.0, 2_000.0)
    room = effects.Reverb(rng, decay_s=0.55, low_hz=500.0, high_hz=7_000.0)
    return room.send(dry, wet=0.22)


def hat(rng: np.random.Generator, *, open_s: float | None = None) -> Sound:
    """Closed hat, or an open one that rings for ``open_s``: noise with a little struck metal; shape (2, frames)."""
    length_s = 0.09 if open_s is None else open_s + 0.05
    fall_s = 0.018 if open_s is None else open_s / 2.2
    metal = np.zeros(frames(length_s), dtype=np.float32)
    for ratio in (1.0, 1.342, 1.683, 2.137, 2.461, 2.914):  # clangorous, no two share a partial
        metal += np.sign(sine(69 + 12 * np.log2(ratio * 1_480.0 / 440.0), length_s))
    wide = noise(rng, length_s, channels=2)
    mixed = 0.6 * wide.mean(axis=0) + 0.5 * wide + 0.12 * metal
    return effects.high_pass(mixed, 7_200.0, order=3) * decay(length_s, fall_s, attack_s=0.0006)


def shaker(rng: np.random.Generator) -> Sound:
    """A soft sixteenth-note shaker with a rounded onset, shape (frames,)."""
    length_s = 0.08
    return effects.band_pass(noise(rng, length_s), 5_000.0, 11_000.0) * decay(length_s, 0.022, attack_s=0.012)


def tom(rng: np.random.Generator, note: float) -> Sound:
    """Electronic tom for the fills, shape (frames,)."""
    length_s = 0.26
    time_s = np.arange(frames(length_s)) / RATE_HZ
    pitch_hz = hertz(note) * (1 + 0.7 * np.exp(-time_s / 0.03))
    body = np.sin(2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ) * decay(length_s, 0.085)
    skin = effects.band_pass(noise(rng, length_s), 900.0, 5_000.0) * decay(length_s, 0.02)
    sound: Sound = (np.tanh(1.4 * body) + 0.12 * skin).astype(np.float32)
    return sound


# -- notes -------------------------------------------------------------------------------------------------------------


def sub(note: float, length_s: float) -> Sound:
    """The floor under the bass: a sine with a trace of its octave, shape (frames,)."""
    tone = sine(note, length_s) + 0.10 * sine(note + 12, length_s)
    return (tone * gate(length_s, attack_s=0.006, release_s=0.03)).astype(np.float32, copy=False)


def bass(note: float, length_s: float, *, accent: float) -> Sound:
    """Two saws and a square through a filter that snaps shut; ``accent`` 0 to 1 opens it; shape (frames,)."""
    tone = saw(note, length_s) + 0.8 * saw(note + 0.06, length_s, phase=0.31)
    tone += 0.5 * (saw(note, length_s) - saw(note, length_s, phase=0.5))
    time_s = np.arange(tone.shape[-1]) / RATE_HZ
    cutoff_hz = 260.0 + (900.0 + 2_200.0 * accent) * np.exp(-time_s / (0.05 + 0.05 * accent))
    filtered = effects.swept_low_pass(tone.astype(np.float32, copy=False), cutoff_hz, resonance=1.1)
    sound: Sound = np.tanh(0.8 * filtered) * gate(length_s, attack_s=0.003, release_s=0.02)
    return sound


def chord(rng: np.random.Generator, notes: tuple[int, ...], length_s: float, *, detune: float, spread: float) -> Sound:
    """A chord of detuned saws: three a note, the outer two moved ``spread`` (0 to 1) apart; shape (2, frames).

    All three share the middle to some degree, so the chord stays whole when a club sums it to mono.
    """
    mixed = np.zeros((2, frames(length_s)), dtype=np.float32)
    for note in notes:
        for offset, place, level in ((0.0, 0.0, 0.9), (-detune, -spread, 0.7), (detune, spread, 0.7)):
            voice = level * saw(note + offset, length_s, phase=float(rng.random()))
            mixed[0] += np.sqrt(0.5 * (1 - place)) * voice
            mixed[1] += np.sqrt(0.5 * (1 + place)) * voice
    return mixed / np.float32(np.sqrt(2.0 * len(notes)))


def pluck(note: float, length_s: float, *, brightness: float) -> Sound:
    """The lead's voice: saw and octave square with a quick filter, shape (frames,)."""
    tone = saw(note, length_s) + 0.45 * (saw(note + 12, length_s) - saw(note + 12, length_s, phase=0.5))
    time_s = np.arange(tone.shape[-1]) / RATE_HZ
    cutoff_hz = 500.0 + (1_500.0 + 5_500.0 * brightness) * np.exp(-time_s / 0.07)
    filtered = effects.swept_low_pass(tone.astype(np.float32, copy=False), cutoff_hz, resonance=1.4)
    return filtered * decay(length_s, 0.16, attack_s=0.002)


# -- effects between sections ------------------------------------------------------------------------------------------


def riser(rng: np.random.Generator, length_s: float) -> Sound:
    """Noise that climbs and opens until the drop, shape (2, frames)."""
    rise = np.linspace(0.0, 1.0, frames(length_s))
    wide = noise(rng, length_s, channels=2)
    air = effects.swept_low_pass(
        effects.high_pass(0.7 * wide.mean(axis=0) + 0.5 * wide, 400.0), 500.0 * 2 ** (4.6 * rise), resonance=1.6
    )
    swell = (rise**2.2 * _edges(rise.size, 0.05, 0.012)).astype(np.float32)
    return air * swell


def impact(rng: np.random.Generator, length_s: float) -> Sound:
    """What a drop lands on: a short boom and a long bright wash, shape (2, frames)."""
    time_s = np.arange(frames(length_s)) / RATE_HZ
    wide = noise(rng, length_s, channels=2)
    wash = effects.swept_low_pass(
        effects.high_pass(0.7 * wide.mean(axis=0) + 0.5 * wide, 600.0), 1_500.0 + 9_000.0 * np.exp(-time_s / 0.5)
    )
    boom = np.sin(2 * np.pi * np.cumsum(70.0 + 60.0 * np.exp(-time_s / 0.05)) / RATE_HZ) * decay(length_s, 0.16)
    return (0.5 * wash * decay(length_s, length_s / 4, attack_s=0.002) + boom).astype(np.float32)


def vinyl_air(rng: np.random.Generator, length_s: float) -> Sound:
    """A bed of filtered noise that glues intro and break, shape (2, frames)."""
    wide = noise(rng, length_s, channels=2)
    bed = effects.band_pass(0.7 * wide.mean(axis=0) + 0.4 * wide, 900.0, 6_000.0)
    return bed * gate(length_s, attack_s=1.0, release_s=0.6)
