"""Which beat begins a bar and which bar begins a phrase, asked of the changes in an arrangement.

Parts of electronic music change on multiples of eight bars from somewhere. Where most of the change from beat to beat
lies, modulo bars and then modulo phrases, is that somewhere; a downbeat the tempo meter is sure of has its say.

Neither a change nor a phrase is nailed to one beat where the next is as good: the change is shared by the beats it may
lie on, and every bar of eight says how likely a phrase begins with it. The other way, what a resampler or an encoder
moves by a hair would move a phrase by bars.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.results import BeatGrid
from uptrack_analysis.measure.segmentation import novelty, standardised
from uptrack_analysis.measure.structure_features import Profile
from uptrack_analysis.signal import FloatArray

PHRASE_BARS = 8
# Bars compared on either side of a beat; whole ones, so that the groove itself is no change.
_REACH_BARS = 4
# A sure downbeat weighs as much as all the changes together, one guessed at (confidence 0) nothing.
_TRUST = 1.0
# The bar in which the music starts counts as much as this share of all changes.
_START_SHARE = 0.15
# A change that is sudden has lost an eighth of its size a beat further, and there this power leaves a sixtieth of it;
# where the next beat has all but a hundredth, it has half of the change.
_SHARPNESS = 32
# By so much more of all changes a phrase's beginning is e times as likely.
_DOUBT = 0.05


@dataclass(frozen=True, slots=True)
class PhraseGrid:
    """Bars of a file."""

    bar_s: float
    edges_s: FloatArray
    """shape (n + 1,): start of every bar, and the file's ends in place of the first and the last"""
    first_bar: int
    """Number of the first stretch's bar, where bar 1 begins with the first downbeat: 0 before it."""
    begins: FloatArray
    """shape (PHRASE_BARS,): how likely stretches of this index, modulo ``PHRASE_BARS``, begin phrases; sums to 1"""


def phrase_grid(profile: Profile, grid: BeatGrid, duration_s: float) -> PhraseGrid:
    """Bars and phrases of a file with a steady beat; at least two beats must fit into ``duration_s``."""
    per_bar = grid.beats_per_bar
    first_s = grid.first_beat_s % grid.beat_s
    beats = max(2, int(np.ceil((duration_s - first_s) / grid.beat_s)))
    beat_edges_s: FloatArray = first_s + np.arange(beats + 1, dtype=np.float64) * grid.beat_s
    beat_edges_s[-1] = duration_s
    found = profile.between(beat_edges_s)
    change = _at_peaks(novelty(standardised(found.scaled) * found.weights(), _REACH_BARS * per_bar), per_bar)
    change /= max(float(change.sum()), 1e-12)
    downbeats = np.bincount(np.arange(beats) % per_bar, change, per_bar)
    if grid.first_downbeat_s is not None:
        given = round((grid.first_downbeat_s - first_s) / grid.beat_s) % per_bar
        downbeats[given] += _TRUST * grid.downbeat_confidence
    downbeat = int(np.argmax(downbeats))
    bar_s = per_bar * grid.beat_s
    starts_s = first_s + downbeat * grid.beat_s + np.arange(-1, beats // per_bar + 2) * bar_s
    # What is less than half a bar at either end belongs to the bar beside it.
    inside = (starts_s >= bar_s / 2) & (starts_s <= duration_s - bar_s / 2)
    first = int(np.argmax(inside)) - 1 if inside.any() else 0
    edges_s = np.concatenate([[0.0], starts_s[inside], [duration_s]])
    of_bar = change[downbeat::per_bar]
    begins = np.bincount(np.arange(of_bar.size) % PHRASE_BARS, of_bar, PHRASE_BARS)
    audible = np.flatnonzero((found.levels_db > found.levels_db.min()).any(axis=1))
    if audible.size:
        begins[max(0, round((int(audible[0]) - downbeat) / per_bar)) % PHRASE_BARS] += _START_SHARE
    # Bars of ``of_bar`` count from the first downbeat, stretches from the file's start.
    likely = np.exp((begins - begins.max()) / _DOUBT)
    return PhraseGrid(bar_s, edges_s, first, np.roll(likely / likely.sum(), 1 - first))


def _at_peaks(change: FloatArray, around: int) -> FloatArray:
    """The change where it is largest within ``around`` beats on either side, shared by what comes close to that."""
    near = (change / np.maximum(_around(change, around).max(axis=1), 1e-12)) ** _SHARPNESS
    shared: FloatArray = change * near / np.maximum(_around(near, around).sum(axis=1), 1.0)
    return shared


def _around(values: FloatArray, reach: int) -> FloatArray:
    """Each value with those up to ``reach`` places from it, shape (n, 2 * reach + 1); nothing is zero."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(values, reach), 2 * reach + 1)
