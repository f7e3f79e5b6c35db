"""How often the key is right, beside librosa and essentia on the same files: the MIREX score, by mode and by half.

``python benchmarks/key_accuracy.py`` prints the table, the failures and how far the probabilities can be believed;
``--fit`` prints the weights of evidence that the tune half and the sets drawn for tuning ask for. ``--drawn SEED``
judges a set of tracks drawn by chance instead (``drawn.py``). A second table says what the notes of these tracks give
away: to symbolic key finders, to us if we heard every note (``key_from_notes.py``), and to who knows how the chords
were drawn (``drawn_odds.py``).
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import drawn
import numpy as np
import scipy.optimize
import soundfile as sf
from drawn_odds import best_guess
from key_from_notes import PROFILES, by_our_evidence, by_profile
from key_scores import Key, mirex

from key_corpus import Item, corpus, drawn_tracks
from key_peers import essentia, librosa_krumhansl
from key_synth import Recipe
from uptrack_analysis.measure.chroma import ChromaMeter
from uptrack_analysis.measure.key import Listened, estimate_key, key_name, listen
from uptrack_analysis.measure.key_evidence import KINDS, evidence
from uptrack_analysis.measure.results import BeatGrid, KeyEstimate
from uptrack_analysis.measure.tempo import TempoMeter
from uptrack_analysis.measure.tuning import around
from uptrack_analysis.signal import FloatArray

BINS = (0.0, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)
# Pulls each weight towards zero by a Gaussian prior: a hundred tracks leave ten weights loose otherwise.
PRIOR = 0.01
# Drawn sets that weights are fitted to as well. Their chords are further from any idiom than songs are, so the 240
# tracks together count a third of what the tune half does.
TUNE_SEEDS = range(1, 7)
DRAWN_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Heard:
    item: Item
    listened: Listened
    grid: BeatGrid | None
    estimate: KeyEstimate

    @property
    def key(self) -> Key | None:
        tonic, minor = self.estimate.tonic, self.estimate.minor
        return None if tonic is None or minor is None else (tonic, minor)


def hear(item: Item) -> Heard:
    signal, rate_hz = sf.read(item.path, dtype="float32", always_2d=True)
    chroma, tempo = ChromaMeter(rate_hz, signal.shape[1]), TempoMeter(rate_hz, signal.shape[1])
    block = np.ascontiguousarray(signal.T)
    chroma.push(block)
    tempo.push(block)
    listened, grid = listen(chroma.finish()), tempo.finish().grid
    return Heard(item, listened, grid, estimate_key(listened, grid))


def choose(heard: Sequence[Heard], split: str, *, minor: bool | None = None, group: str | None = None) -> list[Heard]:
    """Files with a key, of one half, and of one mode or group if that is said."""
    return [
        one
        for one in heard
        if one.item.split == split
        and one.item.key is not None
        and minor in (None, one.item.key[1])
        and group in (None, one.item.group)
    ]


def mean_score(files: Sequence[Heard], answers: Mapping[str, Key | None]) -> float:
    return float(np.mean([mirex(one.item.key, answers.get(one.item.path.name)) for one in files if one.item.key]))


def print_scores(heard: Sequence[Heard], columns: Mapping[str, Mapping[str, Key | None]]) -> None:
    print(f"{'mean MIREX score':<24}{'files':>6}" + "".join(f"{name:>16}" for name in columns))
    for split in ("tune", "test"):
        groups = list(dict.fromkeys(one.item.group for one in choose(heard, split)))
        rows = {
            split: choose(heard, split),
            f"{split}, minor": choose(heard, split, minor=True),
            f"{split}, major": choose(heard, split, minor=False),
            **{f"    {group}": choose(heard, split, group=group) for group in groups},
        }
        for name, files in rows.items():
            if files:
                means = "".join(f"{mean_score(files, answers):16.2f}" for answers in columns.values())
                print(f"{name:<24}{len(files):>6}{means}")


def print_no_key(heard: Sequence[Heard]) -> None:
    for split in ("tune", "test"):
        silent = [one for one in heard if one.item.split == split and one.item.key is None]
        if not silent:
            continue
        keyed = [one for one in heard if one.item.split == split and one.item.key is not None]
        right, lost = sum(one.key is None for one in silent), sum(one.key is None for one in keyed)
        print(
            f"no key, {split}: said of {right} of {len(silent)} files without one, and of {lost} of {len(keyed)} with"
        )


def print_failures(heard: Sequence[Heard]) -> None:
    print("failures, ours (test):")
    for one in heard:
        if one.item.split == "test" and one.key != one.item.key:
            truth = "no key" if one.item.key is None else key_name(*one.item.key)
            said = "no key" if one.key is None else f"{key_name(*one.key)} ({one.estimate.confidence:.0%})"
            print(f"  {one.item.name:<42} is {truth:<10} said {said}")


def print_reliability(heard: Sequence[Heard]) -> None:
    """Of the answers given with some confidence, how many are right."""
    answered = [one for one in heard if one.item.split == "test" and one.item.key and one.key]
    confidence = np.array([one.estimate.confidence for one in answered])
    right = np.array([one.key == one.item.key for one in answered])
    print("how far a probability can be believed (test): said, right, files")
    for low, high in itertools.pairwise(BINS):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            print(f"  {confidence[inside].mean():4.0%}  {right[inside].mean():4.0%}  {int(inside.sum())}")
    named = [[one.key, *((tonic, minor) for tonic, minor, _ in one.estimate.alternatives[:2])] for one in answered]
    among = np.mean([one.item.key in three for one, three in zip(answered, named, strict=True)])
    print(f"  among the first three: {among:.0%}")


def print_tuning(heard: Sequence[Heard]) -> None:
    off = [
        abs(float(around(np.array([one.estimate.tuning_cents - one.item.cents]))[0]))
        for one in heard
        if one.item.cents is not None and one.estimate.tuning_cents is not None
    ]
    if off:
        print(f"tuning, {len(off)} files: off by {np.mean(off):.1f} cents in the mean, {max(off):.1f} at most")


def fit(corpus_half: Sequence[Heard], drawn_sets: Sequence[Heard]) -> FloatArray:
    """Weights of evidence by maximum likelihood, major and minor counted alike."""
    halves = [[one for one in part if one.item.key and one.key] for part in (corpus_half, drawn_sets)]
    used = halves[0] + halves[1]
    table = np.array([evidence(one.listened.heard, one.grid) for one in used])
    right = np.array([one.item.key[0] + 12 * one.item.key[1] for one in used if one.item.key is not None])
    share = np.repeat([1.0, DRAWN_SHARE], [len(part) for part in halves])
    for mode in (right >= 12, right < 12):
        share[mode] *= 0.5 / share[mode].sum()
    scale = table.reshape(-1, table.shape[2]).std(axis=0)
    table /= scale
    answers = table[np.arange(right.size), right]

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        weighed = table @ weights
        weighed -= weighed.max(axis=1, keepdims=True)
        odds = np.exp(weighed)
        total = odds.sum(axis=1)
        unlikely = np.log(total) - weighed[np.arange(right.size), right]
        mean = np.einsum("ik,ikf->if", odds / total[:, None], table)
        return float(share @ unlikely + PRIOR * weights @ weights), share @ (mean - answers) + 2 * PRIOR * weights

    found = scipy.optimize.minimize(loss, np.zeros(scale.size), jac=True, method="BFGS")
    return np.asarray(found.x / scale)


def print_from_notes(heard: Sequence[Heard], seed: int) -> None:
    """The same tracks, given the notes that they play instead of their sound."""
    recipes = [recipe for _, recipe in drawn.recipes(seed)]
    names = [one.item.path.name for one in heard if one.item.key is not None]
    finders: dict[str, Callable[[Recipe], Key]] = {
        "ours": by_our_evidence,
        **{name: functools.partial(by_profile, profile=name) for name in PROFILES},
        "knows the odds": best_guess,
    }
    print("from the notes themselves:")
    print_scores(
        heard,
        {name: dict(zip(names, map(finder, recipes), strict=True)) for name, finder in finders.items()},
    )


def main(arguments: Sequence[str] = ()) -> None:
    seed = drawn.seed_of(arguments)
    if "--fit" in arguments:
        tune_half = [hear(item) for item in corpus() if item.split == "tune"]
        drawn_sets = [hear(item) for number in TUNE_SEEDS for item in drawn_tracks(number)]
        for name, weight in zip(KINDS, fit(tune_half, drawn_sets), strict=True):
            print(f"  {name:<16} {weight:7.2f}")
        return
    items = corpus() if seed is None else drawn_tracks(seed)
    heard = [hear(item) for item in items]
    columns: dict[str, Mapping[str, Key | None]] = {"ours": {one.item.path.name: one.key for one in heard}}
    keyed = [item.path for item in items if item.key is not None]
    from_librosa, from_essentia = librosa_krumhansl(keyed), essentia(keyed)
    if isinstance(from_librosa, str):
        print(f"beside librosa: {from_librosa}")
    else:
        columns["librosa naive"] = from_librosa
    if isinstance(from_essentia, str):
        print(f"beside essentia: {from_essentia}")
    else:
        columns |= {f"essentia {profile}": answers for profile, answers in from_essentia.items()}
    print_scores(heard, columns)
    if seed is not None:
        print_from_notes(heard, seed)
    print_no_key(heard)
    print_tuning(heard)
    print_reliability(heard)
    print_failures(heard)


if __name__ == "__main__":
    main(sys.argv[1:])
