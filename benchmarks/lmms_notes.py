"""The key an LMMS project is written in, from its notes alone, and only where they leave no choice.

Notes are read from the song editor's instrument tracks; one-shot samples are left out, because what pitch a sample has
is written nowhere. What counts: how long each pitch class sounds, how long it lies lowest, and which note is lowest
first and last. No audio and no key profile of any estimator is looked at.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from uptrack_analysis.signal import FloatArray

TICKS_PER_BAR = 192
A4 = 57
SAMPLE_FOLDERS_WITHOUT_PITCH = ("drums", "drumsynth", "effects", "misc", "beats")
DRUMSYNTH_WITH_PITCH = "drumsynth/instrument/"
# LMMS's chord list by number: only what stands in these projects and is plain; another number keeps its root only.
CHORDS = {0: (0,), 1: (0, 4, 7), 3: (0, 3, 7), 5: (0, 2, 7), 6: (0, 5, 7)}

# A key is named only where all of these hold.
LEAST_IN_SCALE = 0.93
LEAST_TONIC_LEAD = 1.3
LEAST_THIRD_SHARE = 0.02
LEAST_THIRD_RATIO = 4.0
MOST_UNKNOWN_PITCH = 0.15
LEAST_NOTES = 40
LEAST_BASS_SHARE = 0.25

# Major with Mixolydian's seventh; natural minor with the sixth and seventh of its dorian and harmonic forms and
# Phrygian's second.
SCALES = {False: (0, 2, 4, 5, 7, 9, 10, 11), True: (0, 1, 2, 3, 5, 7, 8, 9, 10, 11)}


@dataclass(frozen=True, slots=True)
class Note:
    start: int
    length: int
    pitch: int
    """semitones over C, an octave 12; LMMS's key 57 is A4"""


@dataclass(frozen=True, slots=True)
class Score:
    notes: tuple[Note, ...]
    unknown_share: float
    """How much of the sounding time belongs to samples of unknown pitch that may be melodic."""
    beats_hold_notes: bool
    """Whether something melodic plays in the beat editor, whose notes sound as often as its patterns are laid."""


def read_xml(project: Path) -> ET.Element:
    """``.mmpz`` is XML deflated as Qt's qCompress does: four bytes of length, then zlib."""
    raw = project.read_bytes()
    return ET.fromstring(zlib.decompress(raw[4:]) if project.suffix == ".mmpz" else raw)  # noqa: S314


def read_score(root: ET.Element) -> Score:
    """Every pitched note of the song editor, master pitch included."""
    head = root.find("head")
    master = int(float(head.get("masterpitch", "0"))) if head is not None else 0
    notes: list[Note] = []
    known = unknown = 0
    container = root.find("./song/trackcontainer")
    beats_hold_notes = False
    for track in container.findall("track") if container is not None else ():
        beats_hold_notes |= any(map(_plays_notes, track.findall("./bbtrack/trackcontainer/track")))
        inner = track.find("instrumenttrack")
        instrument = inner.find("instrument") if inner is not None else None
        if inner is None or instrument is None or track.get("type") != "0" or track.get("muted") == "1":
            continue
        found = _notes(track, inner, master)
        sounding = sum(note.length for note in found)
        if instrument.get("name") == "audiofileprocessor":
            sample = instrument.find("audiofileprocessor")
            source = sample.get("src", "") if sample is not None else ""
            unknown += sounding if _may_be_melodic(source) else 0
        elif len({note.pitch for note in found}) > 1 or _is_low(found):
            # A synthesiser that plays one high note all along is a noise, a riser or a drum.
            notes += found
            known += sounding
    return Score(tuple(notes), unknown / max(1, known + unknown), beats_hold_notes)


def _plays_notes(track: ET.Element) -> bool:
    instrument = track.find("./instrumenttrack/instrument")
    if instrument is None or track.get("muted") == "1" or track.find("./pattern/note") is None:
        return False
    if instrument.get("name") == "audiofileprocessor":
        sample = instrument.find("audiofileprocessor")
        return sample is not None and _may_be_melodic(sample.get("src", ""))
    return instrument.get("name") != "kicker"


def _may_be_melodic(sample: str) -> bool:
    folder = sample.partition("/")[0]
    return folder not in SAMPLE_FOLDERS_WITHOUT_PITCH or sample.startswith(DRUMSYNTH_WITH_PITCH)


def _is_low(notes: list[Note]) -> bool:
    return bool(notes) and notes[0].pitch < A4 - 12


def _notes(track: ET.Element, inner: ET.Element, master: int) -> list[Note]:
    shift = A4 - int(inner.get("basenote", "57")) + (master if inner.get("usemasterpitch", "1") == "1" else 0)
    chord = inner.find("chordcreator")
    number = int(chord.get("chord", "0")) if chord is not None and chord.get("chord-enabled") == "1" else 0
    found = []
    for pattern in track.findall("pattern"):
        if pattern.get("muted") == "1":
            continue
        at = int(pattern.get("pos", "0"))
        for note in pattern.findall("note"):
            # A negative length is a step of the beat editor: a sixteenth.
            length = int(note.get("len", "0"))
            length = length if length > 0 else TICKS_PER_BAR // 16
            pitch = int(note.get("key", "0")) + shift
            start = at + int(note.get("pos", "0"))
            found += [Note(start, length, pitch + step) for step in CHORDS.get(number, (0,))]
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    tonic: int | None
    minor: bool | None
    why: str


def derive_key(score: Score) -> Verdict:
    """The key, or the first reason why the notes leave it open."""
    if len(score.notes) < LEAST_NOTES:
        return Verdict(None, None, f"{len(score.notes)} notes")
    if score.beats_hold_notes:
        return Verdict(None, None, "the beat editor holds notes too")
    if score.unknown_share > MOST_UNKNOWN_PITCH:
        return Verdict(None, None, f"{score.unknown_share:.0%} of the time is samples of unknown pitch")
    classes = np.zeros(12)
    for note in score.notes:
        classes[note.pitch % 12] += note.length
    classes /= classes.sum()
    bass, first, last = lowest_notes(score)
    evidence = {}
    for tonic in range(12):
        for minor in (False, True):
            turned = np.roll(classes, -tonic)
            in_scale = float(turned[list(SCALES[minor])].sum())
            third, other = turned[3 if minor else 4], turned[4 if minor else 3]
            if in_scale < LEAST_IN_SCALE or third < max(LEAST_THIRD_SHARE, LEAST_THIRD_RATIO * other):
                continue
            # Duration of the tonic, its share of the bass, and where the bass begins and ends: a quarter each.
            evidence[tonic, minor] = float(
                turned[0] + 0.5 * turned[7] + bass[tonic] + 0.25 * ((first == tonic) + (last == tonic))
            )
    if not evidence:
        return Verdict(None, None, "no scale holds the notes")
    ranked = sorted(evidence, key=lambda key: -evidence[key])
    best = ranked[0]
    if len(ranked) > 1 and evidence[best] < LEAST_TONIC_LEAD * evidence[ranked[1]]:
        return Verdict(None, None, f"between {ranked[0]} and {ranked[1]}")
    tonic, minor = best
    if bass[tonic] < LEAST_BASS_SHARE:
        return Verdict(None, None, f"the bass stands on {tonic} for only {bass[tonic]:.0%}")
    return Verdict(tonic, minor, f"bass {bass[tonic]:.0%} on the tonic, first {first}, last {last}")


def lowest_notes(score: Score) -> tuple[FloatArray, int, int]:
    """Share of the time each pitch class lies lowest, shape (12,), and the lowest first and last."""
    # A sixteenth at a time; what sounds over middle C alone is no bass.
    step = TICKS_PER_BAR // 16
    end = max(note.start + note.length for note in score.notes)
    lowest = np.full(end // step + 1, 10_000)
    for note in score.notes:
        span = slice(note.start // step, max(note.start // step + 1, (note.start + note.length) // step))
        lowest[span] = np.minimum(lowest[span], note.pitch)
    sounding = lowest[lowest < A4 - 9]
    if sounding.size == 0:
        sounding = lowest[lowest < 10_000]
    share = np.bincount(sounding % 12, minlength=12) / sounding.size
    return share, int(sounding[0] % 12), int(sounding[-1] % 12)
