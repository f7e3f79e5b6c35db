"""The key of a synthesised track from the very notes that it plays: how far anyone gets who hears them without a fault.

Four pairs of profiles that symbolic key finders use (Krumhansl's method: Pearson's correlation with a histogram of
pitch classes, each note as long as it lasts; music21's classes of these names do no more and say the same), and our own
evidence, given the notes instead of the sound.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from key_scores import Key

from key_synth import Note, Recipe, notes
from uptrack_analysis.measure.key import probabilities
from uptrack_analysis.measure.key_evidence import evidence_of
from uptrack_analysis.signal import FloatArray

KEYS: tuple[Key, ...] = tuple((tonic, minor) for minor in (False, True) for tonic in range(12))

# fmt: off
PROFILES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    # Probe-tone ratings: Krumhansl and Kessler, Psychological Review 89, 1982.
    "Krumhansl": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    # Counted in the examples of Kostka and Payne's textbook: Temperley, Music and Probability, 2007.
    "Temperley": (
        (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
        (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
    ),
    # Chord tones counted by Budge (1943): Bellman, CMMR 2005.
    "Bellman": (
        (16.80, 0.86, 12.95, 1.41, 13.49, 11.93, 1.25, 20.28, 1.80, 8.04, 0.62, 10.57),
        (18.16, 0.69, 12.99, 13.34, 1.07, 11.15, 1.38, 21.07, 7.49, 1.53, 0.92, 10.21),
    ),
    # Folk songs of the Essen collection: Aarden, dissertation, Ohio State University, 2003.
    "Aarden": (
        (17.766, 0.146, 14.927, 0.160, 19.805, 11.359, 0.291, 22.062, 0.146, 8.155, 0.233, 4.951),
        (18.265, 0.738, 14.050, 16.860, 0.702, 14.436, 0.702, 18.616, 4.566, 1.932, 7.376, 1.756),
    ),
}
# fmt: on
_BEGINNING_S = 2.0
_PHRASE_BARS = 4


def by_profile(recipe: Recipe, profile: str) -> Key:
    """What a symbolic key finder says."""
    heard = _histogram(notes(recipe))
    fits = [
        float(np.corrcoef(heard, np.roll(weights, tonic))[0, 1]) for weights in PROFILES[profile] for tonic in range(12)
    ]
    return KEYS[int(np.argmax(fits))]


def by_our_evidence(recipe: Recipe) -> Key:
    """What we would say if we heard every note, its length, the bass and the bars."""
    written = notes(recipe)
    bass = [note for note in written if note.part == "bass"]
    begun_s = min(note.start_s for note in bass)
    beginning = [note for note in bass if note.start_s < begun_s + _BEGINNING_S]
    roots = np.zeros(12)
    for bar in sorted({note.bar for note in bass if note.bar % _PHRASE_BARS == 0}):
        roots[int(np.argmax(_histogram(note for note in bass if note.bar == bar)))] += 1
    shares = (_histogram(written), _histogram(bass), _histogram(beginning), roots)
    return KEYS[int(np.argmax(probabilities(evidence_of(*(part / part.sum() for part in shares)))))]


def _histogram(written: Iterable[Note]) -> FloatArray:
    """Seconds that each pitch class sounds, shape (12,)."""
    seconds = np.zeros(12)
    for note in written:
        seconds[note.midi % 12] += note.length_s
    return seconds
