"""What speaks for each of the 24 keys: one row a key, majors from C, then minors from C; one column a kind of evidence.

Pitch classes alone mistake a key for its fifth and its relative, which share all notes but one or none. What tells them
apart is which note the bass stands on, with which it and each phrase begin, whether it also stands a fifth over and
under that one, and whether all three notes of the tonic chord are there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.chroma import BINS_PER_OCTAVE, BINS_PER_SEMITONE, Chroma
from uptrack_analysis.measure.results import BeatGrid
from uptrack_analysis.signal import FloatArray

KINDS = (
    "profile", "bass", "triad", "beginning", "scale", "bass in scale", "minor",
    "bass a fifth up", "bass a fourth up", "phrases",
)  # fmt: skip
"""Names of the columns of ``evidence``."""

# fmt: off
# Faraldo's "bgate" profiles (Faraldo, Jorda and Herrera, "A Multi-Profile Method for Key Estimation in EDM", AES
# Conference on Semantic Audio, 2017): means over Beatport tracks of known key, minor matters set to zero.
_MAJOR = np.array([1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30])
_MINOR = np.array([1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23])
# fmt: on
_SCALES = {False: (0, 2, 4, 5, 7, 9, 11), True: (0, 2, 3, 5, 7, 8, 10)}
_KEYS = tuple((tonic, minor) for minor in (False, True) for tonic in range(12))

# A class is heard where its tempered pitch lies. A little sharp of it, because what lies flat is the fifth harmonic of
# another note (14 cents under a major third), which would turn every minor chord of saws into a major one.
_CLASS_CENTRE_CENTS, _CLASS_WIDTH_CENTS = 2.0, 6.0
# A tone may be the third harmonic of another, a twelfth lower, and then lends it this much.
_TWELFTH = 0.2
# Frames near silence fade out: under this share of what loud frames hold they count less.
_QUIET = 0.03
_BEGINNING_S = 2.0
# Frames weighed together, which are copied in double precision: twelve minutes, so that only a longer file is cut.
_CHUNK = 2048
# Under this share of what loud frames, or loud bars, have the bass is not playing.
_BEGINS = 0.3
# A loop of two or four chords begins anew with each of these phrases, one of eight with every second.
_PHRASE_BARS = 4

_PitchClasses = np.ndarray[tuple[int], np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What is kept of a chroma, its tuning removed: enough for all evidence, and a hundredth of its size."""

    classes: FloatArray
    """Shares of the twelve pitch classes from C, shape (12,): ``pitch_classes``."""
    hop_s: float
    bass: _PitchClasses
    """Of each frame, shape (n_frames,), meaningless where its strength is 0."""
    bass_strength: FloatArray
    """shape (n_frames,), none negative"""


def hear(chroma: Chroma, offset_cents: float = 0.0) -> Heard:
    """What speaks for a key, of a chroma that lies ``offset_cents`` over A = 440 Hz."""
    bass = np.rint(chroma.bass_semitones - offset_cents / 100).astype(np.intp) % 12
    return Heard(pitch_classes(chroma, offset_cents), chroma.hop_s, bass, chroma.bass_strength)


def pitch_classes(chroma: Chroma, offset_cents: float = 0.0) -> FloatArray:
    """Shares of the twelve pitch classes from C, shape (12,), tuning removed; all zero without tones.

    Every frame counts the same however loud it is, except near silence.
    """
    place = np.arange(BINS_PER_OCTAVE) * (100 / BINS_PER_SEMITONE)
    centres = np.arange(12)[:, None] * 100 + offset_cents + _CLASS_CENTRE_CENTS
    distance = (place[None, :] - centres + 600.0) % 1200.0 - 600.0
    window = np.exp(-0.5 * (distance / _CLASS_WIDTH_CENTS) ** 2)
    frames = np.empty((chroma.salience.shape[0], 12))
    for first in range(0, frames.shape[0], _CHUNK):
        rows = slice(first, first + _CHUNK)
        # Not a matrix product: of a track it would be large enough for OpenBLAS to wake its threads.
        np.einsum("fb,cb->fc", chroma.salience[rows], window, out=frames[rows])
    strength = frames.sum(axis=1, keepdims=True)
    if not strength.any():
        return np.zeros(12)
    quiet = _QUIET * float(np.percentile(strength, 95))
    mean = (frames / (strength + max(quiet, 1e-12))).sum(axis=0)
    return _shares(mean + _TWELFTH * np.roll(mean, -7))


def bass_notes(heard: Heard) -> tuple[FloatArray, FloatArray]:
    """Shares of the pitch classes in the bass, and in its first two seconds, shape (12,) each."""
    strength = heard.bass_strength
    whole = np.bincount(heard.bass, weights=strength, minlength=12)
    begun = np.flatnonzero(strength > _BEGINS * np.percentile(strength, 90)) if strength.any() else np.array([0])
    first = slice(int(begun[0]), int(begun[0]) + max(1, round(_BEGINNING_S / heard.hop_s)))
    start = np.bincount(heard.bass[first], weights=strength[first], minlength=12)
    return _shares(whole.astype(np.float64)), _shares(start.astype(np.float64))


def phrase_roots(heard: Heard, grid: BeatGrid | None) -> FloatArray | None:
    """Shares of the phrases that begin with a bar of each pitch class, shape (12,).

    Phrases of four bars are counted from the first downbeat. Each has one vote, for the note that its first bar's bass
    stands on longest and strongest: a kick, a fill or a passing note in one of them does not matter.

    Returns
    -------
    None
        It is not known where bars begin, or no phrase begins with a bass.
    """
    if grid is None or grid.first_downbeat_s is None or not heard.bass.size:
        return None
    frames_s = np.arange(heard.bass.size) * heard.hop_s
    bar = np.floor((frames_s - grid.first_downbeat_s) / (grid.beats_per_bar * grid.beat_s)).astype(np.intp)
    inside = bar >= 0
    bars = int(bar[-1]) + 1
    if bars < 1:
        return None
    place = bar[inside] * 12 + heard.bass[inside]
    by_bar = np.bincount(place, weights=heard.bass_strength[inside], minlength=12 * bars).reshape(bars, 12)
    strength = by_bar.sum(axis=1)
    playing = (strength > _BEGINS * np.percentile(strength, 90)) & (np.arange(bars) % _PHRASE_BARS == 0)
    if not playing.any():
        return None
    return _shares(np.bincount(by_bar[playing].argmax(axis=1), minlength=12).astype(np.float64))


def evidence(heard: Heard, grid: BeatGrid | None = None) -> FloatArray:
    """Shape (24, 10), columns as in ``KINDS``. Where bars are not known, the beginning stands for all phrases."""
    bass, beginning = bass_notes(heard)
    phrases = phrase_roots(heard, grid)
    return evidence_of(heard.classes, bass, beginning, beginning if phrases is None else phrases)


def evidence_of(classes: FloatArray, bass: FloatArray, beginning: FloatArray, phrases: FloatArray) -> FloatArray:
    """Shape (24, 10), columns as in ``KINDS``.

    Parameters
    ----------
    classes, bass, beginning, phrases : numpy.ndarray, shape (12,)
        Shares of the pitch classes from C: of all that sounds, in the bass, in its first two seconds, and in the bass
        where phrases begin.
    """
    rows = []
    for (tonic, minor), profile in zip(_KEYS, profile_fits(classes), strict=True):
        fourth, fifth = (tonic + 5) % 12, (tonic + 7) % 12
        chord = classes[[tonic, (tonic + (3 if minor else 4)) % 12, fifth]]
        scale = [(tonic + step) % 12 for step in _SCALES[minor]]
        rows.append(
            (
                profile,
                np.sqrt(bass[tonic]),
                np.cbrt(np.prod(chord)),
                beginning[tonic],
                classes[scale].sum(),
                bass[scale].sum(),
                float(minor),
                bass[fifth],
                bass[fourth],
                phrases[tonic],
            )
        )
    return np.array(rows, dtype=np.float64)


def profile_fits(classes: FloatArray) -> FloatArray:
    """Pearson's correlation with the 24 profiles, shape (24,)."""
    profiles = np.stack([np.roll(_MINOR if minor else _MAJOR, tonic) for tonic, minor in _KEYS])
    profiles -= profiles.mean(axis=1, keepdims=True)
    profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
    centred = classes - classes.mean()
    norm = float(np.linalg.norm(centred))
    fits: FloatArray = profiles @ centred / norm if norm > 0.0 else np.zeros(24)
    return fits


def _shares(weights: FloatArray) -> FloatArray:
    total = float(weights.sum())
    return weights / total if total > 0.0 else np.zeros(12)
