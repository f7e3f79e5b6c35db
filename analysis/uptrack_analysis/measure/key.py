"""Key of the whole file: 24 keys weighed by their evidence, and no key where the evidence is thin.

``key_evidence.py`` says what speaks for a key; here the kinds of evidence are weighed (a conditional logit, McFadden
1974, so that what comes out are probabilities), named, and refused where too little sounds or nothing fits. Tuning is
measured first and taken out, so a track 30 cents flat keeps its key.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.chroma import C4_HZ, Chroma, ChromaMeter
from uptrack_analysis.measure.key_evidence import Heard, evidence, hear, profile_fits
from uptrack_analysis.measure.results import BassLine, BeatGrid, KeyEstimate
from uptrack_analysis.measure.tuning import densest, tuning_cents
from uptrack_analysis.signal import Block, FloatArray

MIN_SECONDS = 3.0
MIN_FIT = 0.40
"""Correlation with the best profile under which no key is named. Phrygian loops of two chords come down to 0.46."""
MIN_SPREAD = 0.53
"""Least entropy of the pitch classes, as a share of the entropy of twelve equal ones. One sawtooth over drums has 0.46
at most, the barest loops on one chord 0.58 (the tune half of ``benchmarks/key_accuracy.py``)."""
MIN_PEAKS_PER_FRAME = 5.8
"""Breakbeats have up to 4.8, the barest tracks 7."""
MIN_AGREEMENT = 0.27
"""Least of how well the notes fit a key times the share of them that agrees on a tuning. Cymbals, snares and breaks
ring at pitches that lie anywhere: 0.24 at most, and music 0.29 at least."""
WEIGHTS = np.array([0.8, 6.2, 28.2, 0.4, 5.0, 1.6, 0.7, 2.4, 1.6, 1.8])
"""Of the kinds of evidence in ``key_evidence.KINDS``, by maximum likelihood on the tune half of the corpus and, at a
third of its weight, six drawn sets, major and minor counted alike: ``benchmarks/key_accuracy.py --fit`` prints them."""

# fmt: off
_MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
# fmt: on
_ALTERNATIVES = 3


def key_name(tonic: int, minor: bool) -> str:
    """Name as DJ software spells it, such as "F# minor" or "Bb major"; ``tonic`` counts semitones from C."""
    return f"{_MINOR_NAMES[tonic % 12]} minor" if minor else f"{_MAJOR_NAMES[tonic % 12]} major"


def camelot(tonic: int, minor: bool) -> str:
    """Place on the Camelot wheel: 8A is A minor, 8B C major, and a fifth up is one hour on."""
    hour = (7 * (tonic if minor else tonic + 9) + 4) % 12 + 1
    return f"{hour}{'A' if minor else 'B'}"


@dataclass(frozen=True, slots=True)
class Listened:
    """A file heard to its end: all that its key is estimated from but the bars, which another meter finds."""

    heard: Heard
    tuning_cents: float | None
    unmeasured: dict[str, str]
    """Why there is no tuning, and why there can be no key, by the report's names of the figures."""


class KeyMeter:
    """Streaming kernel: blocks in; after ``finish``, ``estimate`` gives one ``KeyEstimate``.

    After ``finish``, ``bass`` is the bass line that was heard on the way, and ``unmeasured`` says why there is no key
    or no tuning: the report's name of the figure, and a sentence.

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

    bass: BassLine

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._chroma = ChromaMeter(rate_hz, channels)
        self.unmeasured: dict[str, str] = {}

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames)."""
        self._chroma.push(block)

    def finish(self) -> None:
        """Listen to everything pushed."""
        chroma = self._chroma.finish()
        self._listened = listen(chroma)
        self.unmeasured = self._listened.unmeasured
        self.bass = BassLine(chroma.hop_s, C4_HZ * 2 ** (chroma.bass_semitones / 12), chroma.bass_strength)

    def estimate(self, grid: BeatGrid | None) -> KeyEstimate:
        """The key, with the three next most likely; ``grid`` says where bars begin, if that is known."""
        return estimate_key(self._listened, grid)


def listen(chroma: Chroma) -> Listened:
    """All of a chroma that its key is estimated from."""
    tuning, out_of_tune = tuning_cents(chroma)
    unmeasured = {} if out_of_tune is None else {"key.tuning_cents": out_of_tune}
    heard = hear(chroma, tuning if tuning is not None else 0.0)
    why_not = _why_no_key(chroma, heard.classes)
    return Listened(heard, tuning, unmeasured if why_not is None else {"key.name": why_not, **unmeasured})


def estimate_key(listened: Listened, grid: BeatGrid | None = None) -> KeyEstimate:
    """Key and tuning; no key where ``listened.unmeasured`` says why."""
    if "key.name" in listened.unmeasured:
        return KeyEstimate(None, None, 0.0, (), listened.tuning_cents)
    probability = probabilities(evidence(listened.heard, grid))
    ranked = np.argsort(-probability, kind="stable")
    keys = [(int(place) % 12, bool(place >= 12), float(probability[place])) for place in ranked[: 1 + _ALTERNATIVES]]
    tonic, minor, confidence = keys[0]
    return KeyEstimate(tonic, minor, confidence, tuple(keys[1:]), listened.tuning_cents)


def probabilities(rows: FloatArray) -> FloatArray:
    """Of the 24 keys, shape (24,), from their evidence, shape (24, 10)."""
    weighed = rows @ WEIGHTS
    odds = np.exp(weighed - weighed.max())
    probability: FloatArray = odds / odds.sum()
    return probability


def _why_no_key(chroma: Chroma, classes: FloatArray) -> str | None:
    frames = chroma.salience.shape[0]
    if frames * chroma.hop_s < MIN_SECONDS:
        return f"a key needs at least {MIN_SECONDS:.0f} s of music, this is {frames * chroma.hop_s:.1f} s"
    if chroma.peaks < MIN_PEAKS_PER_FRAME * frames:
        return "too few steady tones between 100 Hz and 2 kHz to tell a key"
    entropy = -float(np.sum(classes * np.log(np.maximum(classes, 1e-12)))) / np.log(12)
    if entropy < MIN_SPREAD:
        return "only one or two notes sound, which belong to many keys"
    fit = float(profile_fits(classes).max())
    if fit < MIN_FIT:
        return "the notes that sound fit no major or minor key"
    if fit * densest(chroma)[1] < MIN_AGREEMENT:
        return "what rings agrees on neither a tuning nor a key, as drums do"
    return None
