"""Which of a bar's sixteenths is the first: what drums, harmony and the form of a piece say of each.

A bar is cut into four steps a beat. For each voice the bar's mean profile is taken (low attacks, the snare's range, the
hats'), and two kinds of change: of the spectrum from one beat to the next, which follows the bass and the chords, and
between stretches of eight beats, which follows the arrangement and begins phrases. Every step is then tried as the
bar's first, and what speaks for it is added up. The idea of combining accents, harmonic change and form is the field's
(Goto, JNMR 30(2), 2001; Davies and Plumbley, EUSIPCO 2006); the sum is this project's.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from uptrack_analysis.measure.attacks import EARLY_S
from uptrack_analysis.measure.onsets import OnsetEnvelope
from uptrack_analysis.signal import Block, FloatArray

STEPS_A_BEAT = 4

EVIDENCE: dict[str, tuple[float, ...]] = {
    "low": (1.2, 0.1, 0.0, -0.2, -0.6),
    "snare": (0.0, -0.4, 0.7, 0.1, -0.6),
    "hats": (-0.2, 0.2, 0.1, 0.3, -0.5),
    "change": (1.0, 0.6, -0.4, 0.1, 0.0),
}
"""Weights of a profile at the bar's first beat, its middle, its second and last beat, the eighths between, sixteenths.

Written down from how dance music is made (kick on one, snare on two and four, chords that change with the bar), then
moved by a logistic regression on the tuning half of ``benchmarks/corpus.py``, held to what was written down."""
PHRASE = 3.6
"""Weight of the share of the piece's turning points that fall on the bar's first step: all of several decide."""
FILE_BEGINS = 2.5
"""Weight of the file itself beginning there: exports begin at a bar's first beat far more often than by chance."""

_PHRASE_BEATS = 8
# Turning points are found to a step; half of the one beside still counts.
_BESIDE = 0.5
# Below this change of mean level (natural log, mean over bands; about 2 dB) a stretch merely goes on.
_TURN = 0.45
# What a single turning point is worth: one at full size counts as half a decision.
_ONE_TURN = 1.0
# Spread of a profile, as a share of its mean, that is only the grain of a few dozen bars.
_GRAIN = 0.15
# A file that begins within 6 ms of a step begins on it: attacks are timed to about 3.
_BEGIN_S = 0.006
# A flux frame tells of the time around its end, half a frame later than an attack.
_FRAME_LATE = 0.5


def first_step(
    envelope: OnsetEnvelope, beat_s: float, phase_s: float, beats_per_bar: int
) -> tuple[int, float, float] | None:
    """The step that begins a bar.

    Parameters
    ----------
    envelope : OnsetEnvelope
        Of the whole file.
    beat_s : float
        Exact: over the file, a step must not slip.
    phase_s : float
        Where some step of the grid lies, after the file's first sample.
    beats_per_bar : int

    Returns
    -------
    step : int
        Steps after ``phase_s``, 0 to steps in a bar.
    sure : float
        Probability of its beat of the bar among all steps, 0 to 1.
    score : float
        What it won with, for comparing phases; larger is better.
    None
        Less than two bars.
    """
    steps_a_bar = STEPS_A_BEAT * beats_per_bar
    step_s = beat_s / STEPS_A_BEAT
    seconds = envelope.groups.shape[1] / envelope.rate_hz
    bars = int((seconds - phase_s - step_s) / (steps_a_bar * step_s))
    if bars < 2:
        return None
    times_s = phase_s + step_s * np.arange(bars * steps_a_bar, dtype=np.float64)
    levels = _step_levels(envelope, times_s, step_s)
    profiles = _profiles(envelope, levels, times_s, steps_a_bar)
    score = sum(
        (_weigh(_standardised(profile), weights, steps_a_bar) for (profile, weights) in profiles),
        start=np.zeros(steps_a_bar),
    )
    score += PHRASE * _turns(levels, steps_a_bar)
    bar_s = steps_a_bar * step_s
    begins = (phase_s + step_s * np.arange(steps_a_bar) + bar_s / 2) % bar_s - bar_s / 2
    score += FILE_BEGINS * np.exp(-0.5 * (begins / _BEGIN_S) ** 2)
    odds = np.exp(score - score.max())
    best = int(np.argmax(score))
    return best, float(odds[best] / odds.sum()), float(score[best])


def _profiles(
    envelope: OnsetEnvelope, levels: FloatArray, times_s: FloatArray, steps_a_bar: int
) -> list[tuple[FloatArray, tuple[float, ...]]]:
    """Each voice's strongest attack within half a step of each step, and the harmony's change: means over all bars."""
    attacks, frame_s = envelope.attacks, 1.0 / envelope.rate_hz
    step_s = float(times_s[1] - times_s[0])
    edges_s = np.append(times_s, times_s[-1] + step_s) - step_s / 2
    voices = {
        "low": _strongest(attacks.low, attacks.rate_hz, edges_s - EARLY_S),
        "snare": _strongest(envelope.groups[2], envelope.rate_hz, edges_s + _FRAME_LATE * frame_s),
        "hats": _strongest(envelope.groups[3], envelope.rate_hz, edges_s + _FRAME_LATE * frame_s),
        "change": _change(levels, STEPS_A_BEAT),
    }
    return [(voice.reshape(-1, steps_a_bar).mean(axis=0), EVIDENCE[name]) for name, voice in voices.items()]


def _strongest(strength: FloatArray | Block, rate_hz: float, edges_s: FloatArray) -> FloatArray:
    edges = np.clip(np.round(edges_s * rate_hz).astype(np.intp), 0, strength.size - 1)
    return np.maximum.reduceat(strength, edges)[:-1].astype(np.float64)


def _step_levels(envelope: OnsetEnvelope, times_s: FloatArray, step_s: float) -> FloatArray:
    """Mean level of each band from each step to the next, shape (n_steps, n_bands)."""
    frames = envelope.levels.shape[0]
    edges = np.round(np.append(times_s, times_s[-1] + step_s) * envelope.rate_hz).astype(np.intp)
    edges = np.clip(edges, 0, frames - 1)
    levels = np.add.reduceat(envelope.levels, edges, axis=0)[:-1].astype(np.float64)
    levels /= np.maximum(np.diff(edges), 1)[:, None]
    return levels


def _change(levels: FloatArray, reach: int) -> FloatArray:
    """Difference between the means of ``reach`` steps after and before each step, mean over bands; 0 near the ends."""
    change = np.zeros(levels.shape[0])
    if levels.shape[0] >= 2 * reach:
        inner = change[reach : levels.shape[0] - reach + 1]
        # Band by band: all at once would be the levels of a whole file several times over.
        for band in levels.T:
            until = np.concatenate([np.zeros(1), np.cumsum(band)])
            inner += np.abs(until[2 * reach :] - 2 * until[reach:-reach] + until[: -2 * reach])
        inner /= reach * levels.shape[1]
    return change


def _turns(levels: FloatArray, steps_a_bar: int) -> FloatArray:
    """Share of the turning points that fall on each step of the bar, less where there were few."""
    reach = _PHRASE_BEATS * STEPS_A_BEAT
    change = _change(levels, reach)
    # A turning point is the largest change four beats to either side.
    side = reach // 2
    around = sliding_window_view(np.pad(change, side), 2 * side + 1).max(axis=1)
    size = np.where((change >= around) & (change > _TURN), change**2, 0.0)
    turns = size.reshape(-1, steps_a_bar).sum(axis=0)
    turns += _BESIDE * (np.roll(turns, 1) + np.roll(turns, -1))
    share: FloatArray = turns / (_ONE_TURN + size.sum())
    return share


def _standardised(profile: FloatArray) -> FloatArray:
    """Zero mean and unit variance, unless nearly flat: the grain of a flat profile means nothing."""
    flat: FloatArray = (profile - profile.mean()) / (profile.std() + _GRAIN * profile.mean() + 1e-9)
    return flat


def _weigh(profile: FloatArray, weights: tuple[float, ...], steps_a_bar: int) -> FloatArray:
    """What a profile says for each step being the bar's first."""
    places = np.arange(steps_a_bar)
    middle = places == steps_a_bar / 2 if steps_a_bar % (2 * STEPS_A_BEAT) == 0 else places < 0
    first = places == 0
    beats = (places % STEPS_A_BEAT == 0) & ~first & ~middle
    eighths = places % STEPS_A_BEAT == STEPS_A_BEAT // 2
    sixteenths = places % 2 == 1
    template = np.zeros(steps_a_bar)
    for members, weight in zip((first, middle, beats, eighths, sixteenths), weights, strict=True):
        if members.any():
            template[members] = weight / np.count_nonzero(members)
    turned = np.stack([np.roll(profile, -start) for start in range(steps_a_bar)])
    said: FloatArray = turned @ template
    return said
