"""The demo's music: a house track in D minor at 128 BPM, as eight dry stems that a master chain can sum.

Dm, Dm, Bbmaj7, Gm into A7, every four bars, with added ninths. The seed chooses velocities, micro-timing, the lead's
phrase and all noise; harmony, form and groove stay. Voices come from ``synth``, processing from ``effects``, positions
from ``timeline``. Stems are float32, shape (2, frames), and leave headroom: the master adds about 7 dB.
"""

from __future__ import annotations

import numpy as np

from uptrack_daemon.demo import effects, synth
from uptrack_daemon.demo.effects import Sound
from uptrack_daemon.demo.timeline import (
    BAR_S,
    BREAK,
    BUILD,
    DROP_1,
    DROP_2,
    FRAMES,
    INTRO,
    LENGTH_S,
    OUTRO,
    PARTS,
    STEP_S,
    Part,
    bar_start_s,
    frame,
    part_at,
    step_s,
)

KEY = "D minor"

STEM_NAMES = ("Kick", "Sub", "Bass", "Perc", "Hats", "Chords", "Lead", "FX")

# Faders in dB, set by ear of the meters: third-octaves of the drops against published averages of released music.
FADERS_DB = {
    "Kick": -13.0,
    "Sub": -18.0,
    "Bass": -12.5,
    "Perc": -14.5,
    "Hats": -27.5,
    "Chords": -7.0,
    "Lead": -19.5,
    "FX": -23.0,
}

Notes = tuple[int, ...]

DM: Notes = (62, 65, 69, 74, 76)
BBMAJ7: Notes = (62, 65, 69, 70, 74)
GM: Notes = (62, 67, 69, 70, 74)
A7: Notes = (61, 64, 67, 69, 73)
LOOP: tuple[tuple[tuple[int, Notes, int], ...], ...] = (
    ((0, DM, 38),),
    ((0, DM, 38),),
    ((0, BBMAJ7, 46),),
    ((0, GM, 43), (8, A7, 45)),
)
"""Per bar of the loop: (step from which it sounds, chord, root of the bass)."""

LAST_BAR = OUTRO.end_bar - 1


def arrange(seed: int) -> dict[str, Sound]:
    """Play every part; returns the eight stems by name, in the order of ``STEM_NAMES``."""
    # One generator a stem, so that changing one part leaves the others' noise as it was.
    streams = dict(zip(STEM_NAMES, np.random.default_rng(seed).spawn(len(STEM_NAMES)), strict=True))
    kicks = _kick_steps()
    onsets = np.array([frame(step_s(bar, step)) for bar, step in kicks], dtype=np.int64)
    tight = effects.ducking(FRAMES, onsets, depth_db=14.0, hold_s=0.05, release_s=0.16)
    loose = effects.ducking(FRAMES, onsets, depth_db=6.0, hold_s=0.03, release_s=0.28)
    stems = {
        "Kick": _kick(streams["Kick"], kicks),
        "Sub": _sub(),
        "Bass": _bass(streams["Bass"]),
        "Perc": _percussion(streams["Perc"]),
        "Hats": _hats(streams["Hats"]),
        "Chords": _chords(streams["Chords"]),
        "Lead": _lead(streams["Lead"]),
        "FX": _effects(streams["FX"]),
    }
    side_chain = {"Sub": tight, "Bass": tight, "Chords": loose, "Lead": np.sqrt(loose), "FX": np.sqrt(loose)}
    for name in STEM_NAMES:  # in place: whole-song arrays are what takes time here
        stems[name] *= np.float32(10 ** (FADERS_DB[name] / 20))
        if name in side_chain:
            stems[name] *= side_chain[name]
    return stems


def _harmony(bar: int, step: int) -> tuple[Notes, int]:
    """Chord and bass root that sound at a step."""
    changes = LOOP[(bar - 1) % len(LOOP)]
    _, notes, root = next(change for change in reversed(changes) if change[0] <= step)
    return notes, root


def _is_fill(bar: int) -> bool:
    return bar in (BUILD.end_bar - 1, DROP_1.end_bar - 1, DROP_2.end_bar - 1)


def _place(track: Sound, sound: Sound, start_s: float, level: float = 1.0) -> None:
    start = max(frame(start_s), 0)
    count = min(sound.shape[-1], track.shape[-1] - start)
    if count > 0:
        track[..., start : start + count] += np.float32(level) * sound[..., :count]


def _track() -> Sound:
    return np.zeros((2, FRAMES), dtype=np.float32)


# -- drums -------------------------------------------------------------------------------------------------------------


def _kick_steps() -> list[tuple[int, int]]:
    """Every quarter outside the break, with a beat left out before the drops and the break."""
    steps: list[tuple[int, int]] = []
    for bar in range(1, LAST_BAR + 1):
        if bar in BREAK.bars:
            continue
        beats = (0, 4, 8) if _is_fill(bar) else (0, 4, 8, 12)
        steps += [(bar, step) for step in beats]
    return steps


def _kick(rng: np.random.Generator, steps: list[tuple[int, int]]) -> Sound:
    centre = np.zeros(FRAMES, dtype=np.float32)
    hit, soft = synth.kick(rng), synth.kick(rng, punch=0.35)
    for bar, step in steps:
        gentle = bar in INTRO.bars or bar in OUTRO.bars
        _place(centre, soft if gentle else hit, step_s(bar, step), rng.uniform(0.97, 1.0) * (0.85 if gentle else 1.0))
    return np.stack((centre, centre))


def _percussion(rng: np.random.Generator) -> Sound:
    track = _track()
    claps = [synth.clap(rng) for _ in range(3)]
    toms = {note: synth.tom(rng, note) for note in (43, 46, 50, 55)}
    for bar in range(BUILD.first_bar, OUTRO.first_bar + 2):
        if bar in BREAK.bars:
            continue
        for step in (4, 12):
            _place(track, claps[rng.integers(3)], step_s(bar, step) + rng.uniform(0, 0.003), rng.uniform(0.9, 1.0))
        if bar % 4 == 0:
            _place(track, claps[rng.integers(3)], step_s(bar, 15), 0.35)
        if _is_fill(bar):
            for step, note in ((10, 55), (11, 55), (12, 50), (13, 50), (14, 46), (15, 43)):
                tom = np.stack((toms[note] * (1.1 - 0.02 * (note - 43)), toms[note] * (0.9 + 0.02 * (note - 43))))
                _place(track, tom, step_s(bar, step), 0.7 + 0.04 * (step - 10))
    for bar in (BREAK.end_bar - 4, BREAK.end_bar - 3, BREAK.end_bar - 2, BREAK.end_bar - 1):
        # A roll that doubles: quarters, quarters, eighths, sixteenths, growing all the way.
        spacing = {4: 4, 3: 4, 2: 2, 1: 1}[BREAK.end_bar - bar]
        for step in range(0, 14 if spacing == 1 else 16, spacing):
            grown = (bar - BREAK.end_bar + 4 + step / 16) / 4
            _place(track, claps[rng.integers(3)], step_s(bar, step), (0.15 + 0.55 * grown) * rng.uniform(0.9, 1.0))
    return track


def _hats(rng: np.random.Generator) -> Sound:
    track = _track()
    closed, rings, shakes = [synth.hat(rng) for _ in range(4)], synth.hat(rng, open_s=0.16), synth.shaker(rng)
    shaken = [np.stack((shakes * (1 - lean), shakes * (1 + lean))) for lean in (-0.25, 0.25)]
    ghost = (0.0, 0.42, 0.0, 0.55) * 4
    for bar in range(1, LAST_BAR + 1):
        part = part_at(bar)
        sparse = part in (INTRO, OUTRO) or (part is BREAK and bar < BREAK.end_bar - 4)
        for step in range(16):
            human_s, velocity = rng.normal(0, 0.0012), rng.uniform(0.85, 1.0)
            if step % 4 == 2 and part is not BREAK:
                _place(track, rings, step_s(bar, step) + human_s, velocity * (0.55 if sparse else 0.9))
            if ghost[step] and not sparse:
                _place(track, closed[rng.integers(4)], step_s(bar, step) + human_s, velocity * ghost[step])
            if part in (BREAK, DROP_1, DROP_2) or sparse:
                accent = (0.55, 0.3, 0.45, 0.35)[step % 4] * (0.6 if part is BREAK else 1.0)
                _place(track, shaken[step % 2], step_s(bar, step) + human_s, velocity * accent)
    return track


# -- low end -----------------------------------------------------------------------------------------------------------


def _sub() -> Sound:
    centre = np.zeros(FRAMES, dtype=np.float32)
    notes = {root: synth.sub(root, 3.1 * STEP_S) for _, _, root in (change for bar in LOOP for change in bar)}
    for part in (BUILD, DROP_1, DROP_2):
        for bar in part.bars:
            for step in (1, 5, 9, 13):  # between the kicks
                if not (_is_fill(bar) and step == 13):
                    _place(centre, notes[_harmony(bar, step)[1]], step_s(bar, step), 0.6 if part is BUILD else 1.0)
    return np.stack((centre, centre))


def _bass(rng: np.random.Generator) -> Sound:
    """A rolling line: root off the beat, octave and fifth where the bar turns."""
    centre = np.zeros(FRAMES, dtype=np.float32)
    line = ((2, 0, 0.9), (3, 0, 0.4), (6, 0, 0.8), (7, 12, 0.5), (10, 0, 0.9), (11, 0, 0.3), (14, 0, 0.7), (15, 7, 0.5))
    played: dict[tuple[int, int], Sound] = {}
    for part in (BUILD, DROP_1, DROP_2):
        for bar in part.bars:
            for step, interval, accent in line:
                if _is_fill(bar) and step > 11:
                    continue
                note = _harmony(bar, step)[1] + interval
                shade = int(accent > 0.6) if part is BUILD else int(accent * 3)
                if (note, shade) not in played:
                    played[note, shade] = synth.bass(note, 1.1 * STEP_S, accent=shade / 3)
                level = (0.7 + 0.3 * accent) * rng.uniform(0.94, 1.0) * (0.8 if part is BUILD else 1.0)
                _place(centre, played[note, shade], step_s(bar, step) + rng.normal(0, 0.0008), level)
    shaped = effects.high_pass(centre, 45.0)  # the sub's octave stays the sub's
    return np.stack((shaped, shaped))


# -- harmony -----------------------------------------------------------------------------------------------------------


def _chords(rng: np.random.Generator) -> Sound:
    """Stabs in the grooves behind a moving filter, a held and opening pad in the break."""
    stabs = _track()
    room = effects.Reverb(rng, decay_s=1.1, low_hz=300.0, high_hz=6_000.0)
    chords = {notes: synth.chord(rng, notes, 0.34, detune=0.10, spread=0.85) for notes in (DM, BBMAJ7, GM, A7)}
    envelope = synth.decay(0.34, 0.13, attack_s=0.004)
    sounds = {notes: room.send(chord * envelope, wet=0.16) for notes, chord in chords.items()}
    for part in (INTRO, BUILD, DROP_1, DROP_2, OUTRO):
        for bar in part.bars:
            rhythm = (2, 5, 10, 13) if bar % 2 else (2, 5, 8, 11, 14)
            for step in rhythm:
                if _is_fill(bar) and step > 10:
                    continue
                level = rng.uniform(0.85, 1.0) * (0.75 if step in (5, 13) else 1.0)
                _place(stabs, sounds[_harmony(bar, step)[0]], step_s(bar, step) + rng.normal(0, 0.0015), level)
    track = effects.swept_low_pass(stabs, _stab_cutoff_hz(), resonance=1.2)
    track += _pad(rng)
    return effects.high_pass(track, 170.0)


def _stab_cutoff_hz() -> Sound:
    """The filter's ride over the whole song: closed intro, opening build, breathing drops, closing outro."""
    ride = (
        (INTRO.start_s, 450.0),
        (INTRO.end_s, 900.0),
        (BUILD.end_s, 3_600.0),
        (DROP_1.start_s + 4 * BAR_S, 2_600.0),
        (DROP_1.end_s, 5_500.0),
        (DROP_2.start_s, 3_400.0),
        (DROP_2.start_s + 4 * BAR_S, 3_000.0),
        (DROP_2.end_s, 6_500.0),
        (OUTRO.end_s, 400.0),
    )
    times_s, cutoffs_hz = zip(*ride, strict=True)
    pitch = np.interp(np.arange(FRAMES) / effects.RATE_HZ, times_s, np.log2(cutoffs_hz)).astype(np.float32)
    return np.exp2(pitch)


def _pad(rng: np.random.Generator) -> Sound:
    pad = _track()
    held: dict[tuple[Notes, int], Sound] = {}
    for bar in BREAK.bars:
        changes = LOOP[(bar - 1) % len(LOOP)]
        ends = [change[0] for change in changes[1:]] + [16]
        for (start, notes, root), end in zip(changes, ends, strict=True):
            if (notes, end - start) not in held:
                length_s = (end - start) * STEP_S + 0.25
                sound = synth.chord(rng, (root + 12 if root < 40 else root, *notes), length_s, detune=0.12, spread=0.9)
                held[notes, end - start] = sound * synth.gate(length_s, attack_s=0.12, release_s=0.25)
            _place(pad, held[notes, end - start], step_s(bar, start))
    span = slice(frame(BREAK.start_s), frame(BREAK.end_s + 0.3))
    rise = np.linspace(0.0, 1.0, span.stop - span.start)
    pad[:, span] = effects.swept_low_pass(pad[:, span], 500.0 * 2 ** (3.6 * rise**1.5), resonance=1.0)
    pad[:, span] *= (0.55 + 0.2 * rise).astype(np.float32)
    return pad


def _lead(rng: np.random.Generator) -> Sound:
    """A plucked phrase on chord tones in three-three-two, answered by its own echo."""
    track = _track()
    phrase = rng.permutation(5)
    played: dict[tuple[int, int], Sound] = {}
    for part, steps, level in (
        (BREAK, (0, 3, 6, 8, 11, 14), 0.75),
        (DROP_1, (0, 3, 6, 11), 0.8),
        (DROP_2, (0, 3, 6, 8, 11, 14), 0.9),
    ):
        for bar in part.bars:
            for index, step in enumerate(steps):
                if part is DROP_1 and (bar - part.first_bar) % 4 < 2 and step > 6:
                    continue
                notes, _ = _harmony(bar, step)
                note = notes[phrase[index % 5] % len(notes)] + (12 if (bar % 2 == 0 and index == 3) else 0) + 12
                shade = _brightness(part, bar)
                if (note, shade) not in played:
                    dry = effects.high_pass(synth.pluck(note, 0.5, brightness=shade / 4), 250.0)
                    played[note, shade] = effects.ping_pong(dry, delay_s=3 * STEP_S, feedback=0.55, wet=0.38)
                human_s, velocity = rng.normal(0, 0.0015), rng.uniform(0.8, 1.0)
                _place(track, played[note, shade], step_s(bar, step) + human_s, level * velocity)
    return track


def _brightness(part: Part, bar: int) -> int:
    """Filter of the lead in five shades: it opens through the break and stays open after."""
    if part is BREAK:
        return min((bar - part.first_bar) // 2, 3)
    return 3 if part is DROP_2 else 2


def _effects(rng: np.random.Generator) -> Sound:
    track = _track()
    _place(track, synth.vinyl_air(rng, BUILD.start_s + 0.6), 0.0, 0.25)
    _place(track, synth.vinyl_air(rng, 8 * BAR_S), BREAK.start_s, 0.25)
    _place(track, synth.vinyl_air(rng, LENGTH_S - OUTRO.start_s), OUTRO.start_s, 0.25)
    for part, bars, level in ((BUILD, 4, 0.9), (BREAK, 4, 1.0)):
        _place(track, synth.riser(rng, bars * BAR_S), part.end_s - bars * BAR_S, level)
    for part in PARTS[2:]:
        _place(track, synth.impact(rng, 3.2), bar_start_s(part.first_bar), 0.8 if part.kind == "drop" else 0.5)
    return track
