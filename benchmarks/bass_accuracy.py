"""How much of the time the bass's pitch class is right, by timbre: ``python benchmarks/bass_accuracy.py``.

Over the sets of tracks that were drawn for tuning (``key_accuracy.TUNE_SEEDS``), in frames in which one note of the
bass is written for four fifths of the time that any is. Beside it: if a note counted as much an octave higher.
"""

from __future__ import annotations

from collections import defaultdict

import drawn
import numpy as np
import soundfile as sf
from key_accuracy import TUNE_SEEDS

from key_corpus import drawn_tracks
from key_synth import Recipe, notes, timbres
from uptrack_analysis.measure import chroma
from uptrack_analysis.measure.key import listen
from uptrack_analysis.signal import FloatArray

_LEAST_S, _LEAST_SHARE = 0.2, 0.8


def written_bass(recipe: Recipe, frames: int, hop_s: float) -> FloatArray:
    """Seconds of each pitch class that the bass has within each frame, two hops long; shape (frames, 12)."""
    seconds = np.zeros((frames, 12))
    centres_s = np.arange(frames) * hop_s
    for note in notes(recipe):
        if note.part == "bass":
            until = np.minimum(centres_s + hop_s, note.start_s + note.length_s)
            seconds[:, note.midi % 12] += np.maximum(0.0, until - np.maximum(centres_s - hop_s, note.start_s))
    return seconds


def main() -> None:
    shipped = chroma._BASS_LOSS_AN_OCTAVE
    right: dict[tuple[str, float], list[float]] = defaultdict(list)
    for seed in TUNE_SEEDS:
        for (_, recipe), item in zip(drawn.recipes(seed), drawn_tracks(seed), strict=False):
            signal, rate_hz = sf.read(item.path, dtype="float32", always_2d=True)
            for loss in (0.0, shipped):
                chroma._BASS_LOSS_AN_OCTAVE = loss
                meter = chroma.ChromaMeter(rate_hz, signal.shape[1])
                meter.push(np.ascontiguousarray(signal.T))
                found = meter.finish()
                heard = listen(found).heard
                seconds = written_bass(recipe, heard.bass.size, found.hop_s)
                sure = (seconds.sum(axis=1) > _LEAST_S) & (seconds.max(axis=1) > _LEAST_SHARE * seconds.sum(axis=1))
                share = float(np.mean(heard.bass[sure] == seconds[sure].argmax(axis=1)))
                sub = "beside a foreign sub" if recipe.foreign_sub is not None else "no foreign sub"
                for group in ("all", timbres(recipe)["bass"], sub):
                    right[group, loss].append(share)
    print(f"{'bass right, share of the time':<32}{'tracks':>6}{'no loss':>10}{f'{shipped:.2f} an octave':>18}")
    for group in dict.fromkeys(name for name, _ in right):
        without, with_it = (np.mean(right[group, loss]) for loss in (0.0, shipped))
        print(f"{group:<32}{len(right[group, shipped]):>6}{without:10.2f}{with_it:18.2f}")


if __name__ == "__main__":
    main()
