"""How often the key is right, beside librosa and essentia on the same files: the MIREX score, by mode and by half.

``python benchmarks/key_accuracy.py`` prints the table, the failures and how far the probabilities can be believed;
``--fit`` prints the weights of evidence that the tune half asks for, ``--drawn SEED`` judges a set of tracks drawn by
chance instead (``drawn.py``).
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import drawn
import numpy as np
import soundfile as sf

from key_corpus import Item, corpus, drawn_tracks
from key_peers import Key, essentia, librosa_krumhansl
from uptrack_analysis.measure.chroma import Chroma, ChromaMeter
from uptrack_analysis.measure.key import estimate_key, key_name
from uptrack_analysis.measure.key_evidence import KINDS, bass_notes, evidence, pitch_classes
from uptrack_analysis.measure.results import KeyEstimate
from uptrack_analysis.measure.tuning import around, tuning_cents
from uptrack_analysis.signal import FloatArray

BINS = (0.0, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)
# Pulls each weight towards zero by a Gaussian prior: a hundred tracks leave seven weights loose otherwise.
PRIOR = 0.01


@dataclass(frozen=True, slots=True)
class Heard:
    item: Item
    chroma: Chroma
    estimate: KeyEstimate

    @property
    def key(self) -> Key | None:
        tonic, minor = self.estimate.tonic, self.estimate.minor
        return None if tonic is None or minor is None else (tonic, minor)


def mirex(truth: Key, said: Key | None) -> float:
    """Score of one answer as the MIREX key task weighs it: 1 right, 0.5 a fifth off, 0.3 relative, 0.2 parallel."""
    if said is None:
        return 0.0
    up = (said[0] - truth[0]) % 12
    if said[1] == truth[1]:
        return {0: 1.0, 5: 0.5, 7: 0.5}.get(up, 0.0)
    if up == 0:
        return 0.2
    return 0.3 if up == (3 if truth[1] else 9) else 0.0


def listen(item: Item) -> Heard:
    signal, rate_hz = sf.read(item.path, dtype="float32", always_2d=True)
    meter = ChromaMeter(rate_hz, signal.shape[1])
    meter.push(np.ascontiguousarray(signal.T))
    chroma = meter.finish()
    return Heard(item, chroma, estimate_key(chroma)[0])


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


def fit(heard: Sequence[Heard]) -> FloatArray:
    """Weights of evidence by maximum likelihood over the tune half, major and minor counted alike."""
    rows, places = [], []
    for one in heard:
        if one.item.split == "tune" and one.item.key is not None and one.key is not None:
            offset = tuning_cents(one.chroma)[0] or 0.0
            rows.append(evidence(pitch_classes(one.chroma, offset), *bass_notes(one.chroma, offset)))
            places.append(one.item.key[0] + 12 * one.item.key[1])
    table, right = np.array(rows), np.array(places)
    scale = table.reshape(-1, table.shape[2]).std(axis=0)
    table = table / scale
    minors = int((right >= 12).sum())
    share = np.where(right >= 12, 0.5 / minors, 0.5 / (right.size - minors))
    weights = np.zeros(table.shape[2])
    # Newton's method on a convex function: ten steps are plenty.
    for _ in range(20):
        weighed = table @ weights
        chance = np.exp(weighed - weighed.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        mean = np.einsum("ik,ikf->if", chance, table)
        slope = share @ (mean - table[np.arange(right.size), right]) + 2 * PRIOR * weights
        spread = np.einsum("ik,ikf,ikg->ifg", chance, table, table) - mean[:, :, None] * mean[:, None, :]
        curve = np.einsum("i,ifg->fg", share, spread) + 2 * PRIOR * np.eye(weights.size)
        weights -= np.linalg.solve(curve, slope)
    return np.asarray(weights / scale)


def main(arguments: Sequence[str] = ()) -> None:
    seed = drawn.seed_of(arguments)
    items = corpus() if seed is None else drawn_tracks(seed)
    fitting = "--fit" in arguments
    heard = [listen(item) for item in items if item.split == "tune" or not fitting]
    if fitting:
        for name, weight in zip(KINDS, fit(heard), strict=True):
            print(f"  {name:<16} {weight:7.2f}")
        return
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
    print_no_key(heard)
    print_tuning(heard)
    print_reliability(heard)
    print_failures(heard)


if __name__ == "__main__":
    main(sys.argv[1:])
