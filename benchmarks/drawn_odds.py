"""The most that can be known of a drawn track's key from its chords, by who also knows how ``drawn.py`` draws them.

Bayes' rule over all keys and modes: how likely each would have drawn just these chords, begun just here. Nobody hears
this way, and the odds hold for this generator alone; but where even they leave a doubt, a person may well have one. The
lead's own notes are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from drawn import DEGREES, LENGTHS, MAJOR_CHOICES, MINOR_CHOICES, RICH, TURNED, chords, starts
from key_from_notes import KEYS
from key_scores import Key, mirex

from key_synth import MODES, Chord, Recipe
from uptrack_analysis.signal import FloatArray

_SCORES = np.array([[mirex(truth, said) for truth in KEYS] for said in KEYS])


def best_guess(recipe: Recipe) -> Key:
    """The key with the highest MIREX score to be expected."""
    played = [(root + recipe.tonic, tones) for root, tones in recipe.loop]
    return KEYS[int(np.argmax(_SCORES @ odds(played)))]


def odds(played: Sequence[Chord]) -> FloatArray:
    """Probabilities of the 24 keys, shape (24,), given chords by their roots' pitch classes from C."""
    chance = np.zeros(24)
    for place, (tonic, minor) in enumerate(KEYS):
        loop = tuple(((root - tonic) % 12, tones) for root, tones in played)
        choices = MINOR_CHOICES if minor else MAJOR_CHOICES
        chance[place] = sum(_chance_begun_anywhere(loop, mode) for mode in choices) / len(choices)
    return np.asarray(chance / chance.sum())


def _chance_begun_anywhere(loop: tuple[Chord, ...], mode: str) -> float:
    """Of a loop being drawn in this mode, and being begun where it begins."""
    chance = 0.0
    for turn in range(len(loop)):
        home = len(loop) - turn
        drawn = loop[home:] + loop[:home]
        allowed = starts(drawn, mode)
        begun_here = (1 - TURNED) * (turn == 0) + TURNED * allowed.count(turn) / len(allowed)
        chance += begun_here * _chance_drawn(drawn, mode)
    return chance


def _chance_drawn(loop: tuple[Chord, ...], mode: str) -> float:
    degrees = [_degree(root, mode) for root, _ in loop]
    if degrees[0] != 0 or None in degrees or any(one == other for one, other in pairwise(degrees)):
        return 0.0
    share = 0.0
    for rich, how_often in ((True, RICH), (False, 1 - RICH)):
        of_each = [
            options.count(chord) / len(options)
            for chord, degree in zip(loop, degrees, strict=True)
            if degree is not None
            for options in [chords(mode, degree, rich=rich)]
        ]
        share += how_often * float(np.prod(of_each))
    length = LENGTHS.count(len(loop)) / len(LENGTHS)
    return float(share * length / (len(DEGREES) - 1) ** (len(loop) - 1))


def _degree(root: int, mode: str) -> int | None:
    scale = MODES[mode]
    return scale.index(root) if root in scale and scale.index(root) in DEGREES else None
