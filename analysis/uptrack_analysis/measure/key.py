"""Key of the whole file: how well the sounding pitch classes fit 24 profiles of electronic dance music.

The profiles are Faraldo's "bgate" (Faraldo, Jorda and Herrera, "A Multi-Profile Method for Key Estimation in EDM", AES
Conference on Semantic Audio, 2017), taken from Beatport tracks of known key, with the pitch classes that matter little
set to zero. Fit is Pearson's correlation; the 24 fits become probabilities by a softmax of stated sharpness. Tuning is
the circular mean of where peaks lie within their semitones, so a track 30 cents flat keeps its key.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.chroma import BINS_PER_SEMITONE, Chroma, ChromaMeter
from uptrack_analysis.measure.results import KeyEstimate
from uptrack_analysis.signal import Block, FloatArray

MIN_SECONDS = 3.0
MIN_FIT = 0.68
"""Correlation under which no key is named: single drums and noise stay under it."""
MIN_SPREAD = 0.64
"""Least entropy of the pitch classes, as a share of the entropy of twelve equal ones: a drum rings on one or two."""
MIN_PEAKS_PER_FRAME = 2.0
SHARPNESS = 16.0
"""``probability ~ exp(SHARPNESS * correlation)``: a lead of 0.1 makes a key five times as likely as the next."""

# fmt: off
_MAJOR = np.array([1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30])
_MINOR = np.array([1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23])
_MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
# fmt: on
_ALTERNATIVES = 3
_NO_KEY = KeyEstimate(None, None, 0.0, ())


def key_name(tonic: int, minor: bool) -> str:
    """Name as DJ software spells it, such as "F# minor" or "Bb major"; ``tonic`` counts semitones from C."""
    return f"{_MINOR_NAMES[tonic % 12]} minor" if minor else f"{_MAJOR_NAMES[tonic % 12]} major"


def camelot(tonic: int, minor: bool) -> str:
    """Place on the Camelot wheel: 8A is A minor, 8B C major, and a fifth up is one hour on."""
    hour = (7 * (tonic if minor else tonic + 9) + 4) % 12 + 1
    return f"{hour}{'A' if minor else 'B'}"


class KeyMeter:
    """Streaming kernel: blocks in, one ``KeyEstimate`` out.

    ``reason`` says, after ``finish``, why there is no key; it is ``None`` when there is one.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    channels : int
        Rows of each block; the first two are the front left and right.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._chroma = ChromaMeter(rate_hz, channels)
        self.reason: str | None = None

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames)."""
        self._chroma.push(block)

    def finish(self) -> KeyEstimate:
        """The key of everything pushed, with the three next most likely."""
        estimate, self.reason = estimate_key(self._chroma.finish())
        return estimate


def estimate_key(chroma: Chroma) -> tuple[KeyEstimate, str | None]:
    """Key of a chroma, and the reason when there is none."""
    frames = chroma.salience.shape[0]
    if frames * chroma.hop_s < MIN_SECONDS:
        return _NO_KEY, f"a key needs at least {MIN_SECONDS:.0f} s of music, this is {frames * chroma.hop_s:.1f} s"
    if chroma.peaks < MIN_PEAKS_PER_FRAME * frames:
        return _NO_KEY, "too few steady tones between 100 Hz and 2 kHz to tell a key"
    classes = pitch_classes(chroma)
    shares = classes / classes.sum()
    entropy = -float(np.sum(shares * np.log(np.maximum(shares, 1e-12)))) / np.log(12)
    if entropy < MIN_SPREAD:
        return _NO_KEY, "only one or two notes sound, which belong to many keys"
    fit = _fit(classes)
    if float(fit.max()) < MIN_FIT:
        return _NO_KEY, "the notes that sound fit no major or minor key"
    odds = np.exp(SHARPNESS * (fit - fit.max()))
    probability = odds / odds.sum()
    ranked = np.argsort(-probability, kind="stable")
    keys = [(int(place) % 12, bool(place >= 12), float(probability[place])) for place in ranked[: 1 + _ALTERNATIVES]]
    tonic, minor, confidence = keys[0]
    return KeyEstimate(tonic, minor, confidence, tuple(keys[1:])), None


def pitch_classes(chroma: Chroma) -> FloatArray:
    """Mean strength of the twelve pitch classes from C, shape (12,), tuning removed; all zero without tones.

    Every frame counts the same, except near silence (60 dB under the strongest), where it fades out.
    """
    strength = chroma.salience.sum(axis=1, keepdims=True)
    if not strength.any():
        return np.zeros(12)
    mean = (chroma.salience / (strength + 1e-3 * strength.max())).sum(axis=0)
    offset = _tuning_semitones(mean)
    place = np.arange(mean.size) / BINS_PER_SEMITONE
    distance = (place[None, :] - (np.arange(12) + offset)[:, None] + 6.0) % 12.0 - 6.0
    weight = np.where(np.abs(distance) < 0.5, np.cos(np.pi * distance) ** 2, 0.0)
    classes: FloatArray = weight @ mean
    return classes


def tuning_cents(chroma: Chroma) -> float:
    """How far the tones lie over (or under) A = 440 Hz equal temperament, -50 to 50."""
    strength = chroma.salience.sum(axis=1, keepdims=True)
    weights = (chroma.salience / np.maximum(strength, 1e-12)).sum(axis=0)
    return 100.0 * _tuning_semitones(weights)


def _tuning_semitones(mean: FloatArray) -> float:
    turn = np.exp(2j * np.pi * np.arange(mean.size) / BINS_PER_SEMITONE)
    return float(np.angle(np.sum(mean * turn)) / (2 * np.pi))


def _fit(classes: FloatArray) -> FloatArray:
    """Correlation with the 24 keys, shape (24,): majors from C, then minors from C."""
    profiles = np.stack([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])
    profiles -= profiles.mean(axis=1, keepdims=True)
    profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
    centred = classes - classes.mean()
    norm = float(np.linalg.norm(centred))
    fit: FloatArray = profiles @ centred / norm if norm > 0.0 else np.zeros(24)
    return fit
